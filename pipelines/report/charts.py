"""Geometry of the report's charts: figures in, positions and paths out; `charts.html` draws them.

Numbers printed in a chart are cells of a figure like any other; axis ticks are the chart's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from pipelines.report.figures import FigureResult, Row, Value
from pipelines.report.values import MINUS, cell_value

TICKS = 4
LABEL_GAP = 15.0
# a bar over three times the next is drawn at one and a half times it, with a break
CUT_FROM = 3.0
CUT_TO = 1.5
VALUE_GAP = 6.0
VALUE_WIDTH = 34.0


@dataclass(frozen=True)
class Series:
    """A column drawn as a line (or as bars); `style` is a CSS class.

    `format` is how the last value is written at the line's end; None: it is not.
    """

    column: str
    label: str
    style: str
    format: str | None = "integer"


@dataclass(frozen=True)
class Frame:
    """The drawing's size and the plot area inside it, in pixels."""

    width: float
    height: float
    left: float = 44.0
    right: float = 104.0
    top: float = 12.0
    bottom: float = 24.0

    @property
    def plot_right(self) -> float:
        return self.width - self.right

    @property
    def plot_bottom(self) -> float:
        return self.height - self.bottom


WIDE = Frame(680, 210)
HALF = Frame(330, 170, left=40.0, right=72.0)
SMALL = Frame(216, 118, left=38.0, right=10.0, top=8.0)
SPARK = Frame(96, 24, left=1.0, right=3.0, top=3.0, bottom=3.0)


@dataclass(frozen=True)
class Tick:
    position: float
    text: str


@dataclass
class EndLabel:
    """A series' last point: where its name and its value (a cell of the figure) are written."""

    x: float
    y: float
    row: int
    text_y: float


@dataclass(frozen=True)
class Line:
    series: Series
    path: str
    end: EndLabel | None


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Everything `charts.html` needs to draw one chart."""

    frame: Frame
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: Sequence[Line]
    bars: Sequence[Bar] = ()
    bar_series: Series | None = None
    band: str | None = None
    marker_x: float | None = None


def nice_ticks(low: float, high: float, count: int = TICKS) -> list[float]:
    """About `count` round numbers that cover [low, high]; steps are 1, 2, 2.5 or 5 x 10^n."""
    span = (high - low) or abs(high) or 1.0
    raw = span / count
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [index * step for index in range(first, max(last, first + 1) + 1)]


def tick_text(value: float) -> str:
    """A tick's label, without needless decimals."""
    text = f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.1f}"
    return text.replace("-", MINUS)


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None


class _Axes:
    """Maps x (days or plain numbers) and y to pixels."""

    def __init__(self, frame: Frame, xs: Sequence[float], ticks: Sequence[float]) -> None:
        self.frame = frame
        self.x_low, self.x_high = min(xs), max(xs)
        self.y_low, self.y_high = ticks[0], ticks[-1]

    def x(self, value: float) -> float:
        span = (self.x_high - self.x_low) or 1.0
        width = self.frame.plot_right - self.frame.left
        return round(self.frame.left + (value - self.x_low) / span * width, 1)

    def y(self, value: float) -> float:
        span = (self.y_high - self.y_low) or 1.0
        height = self.frame.plot_bottom - self.frame.top
        return round(self.frame.plot_bottom - (value - self.y_low) / span * height, 1)


def _path(axes: _Axes, points: Sequence[tuple[float, float | None]]) -> str:
    """A line that breaks where a value is missing: missing is not zero, nor interpolated."""
    parts, pen_down = [], False
    for x, y in points:
        if y is None:
            pen_down = False
            continue
        parts.append(f"{'L' if pen_down else 'M'}{axes.x(x)} {axes.y(y)}")
        pen_down = True
    return " ".join(parts)


def _spread(labels: list[EndLabel], gap: float) -> None:
    """Push end labels apart so that none covers another."""
    labels.sort(key=lambda label: label.text_y)
    for above, below in pairwise(labels):
        below.text_y = max(below.text_y, above.text_y + gap)


def _day_number(value: Value) -> float:
    return float(date.fromisoformat(str(value)).toordinal())


def _day_ticks(axes: _Axes, language: str) -> list[Tick]:
    """Ticks a whole number of weeks (or a few days) apart, the last day always among them."""
    days = int(axes.x_high - axes.x_low)
    step = 7 if days > 14 else 3 if days > 6 else 1
    last = date.fromordinal(int(axes.x_high))
    found = []
    for back in range(0, days + 1, step):
        day = last - timedelta(days=back)
        text = f"{day.month}/{day.day}" if language == "zh" else f"{day.day} {day:%b}"
        found.append(Tick(axes.x(day.toordinal()), text))
    return found[::-1]


def _number_ticks(axes: _Axes) -> list[Tick]:
    ticks = nice_ticks(axes.x_low, axes.x_high, 8)
    inside = [tick for tick in ticks if axes.x_low <= tick <= axes.x_high]
    return [Tick(axes.x(tick), tick_text(tick)) for tick in inside]


def _end_label(
    axes: _Axes, rows: Sequence[Row], xs: Sequence[float], column: str
) -> EndLabel | None:
    for index in range(len(rows) - 1, -1, -1):
        value = _number(rows[index].get(column))
        if value is not None:
            return EndLabel(axes.x(xs[index]), axes.y(value), index, axes.y(value))
    return None


def time_chart(
    result: FigureResult,
    x_column: str,
    lines: Sequence[Series],
    *,
    language: str,
    frame: Frame = WIDE,
    bars: Series | None = None,
    band: tuple[str, str] | None = None,
    from_zero: bool = True,
    rows: Sequence[Row] | None = None,
    marker: float | None = None,
) -> Chart | None:
    """Lines (and bars, and a band) over dates or over a number; None when there is no value.

    `rows` limits the chart to some of the figure's rows; positions then count within the figure.
    """
    shown = list(result.rows) if rows is None else list(rows)
    is_date = bool(shown) and isinstance(shown[0].get(x_column), str)
    xs = [_day_number(row[x_column]) if is_date else float(row[x_column] or 0) for row in shown]
    columns = [series.column for series in lines] + list(band or ())
    columns += [bars.column] if bars else []
    values = [v for row in shown for c in columns if (v := _number(row.get(c))) is not None]
    if not values:
        return None
    low, high = min(values), max(values)
    ticks = nice_ticks(min(low, 0.0) if from_zero else low, high)
    axes = _Axes(frame, xs, ticks)
    drawn = []
    for series in lines:
        points = [(x, _number(row.get(series.column))) for x, row in zip(xs, shown, strict=True)]
        end = _end_label(axes, shown, xs, series.column)
        drawn.append(Line(series, _path(axes, points), end))
    _spread([line.end for line in drawn if line.end], 2 * LABEL_GAP)
    return Chart(
        frame=frame,
        x_ticks=_day_ticks(axes, language) if is_date else _number_ticks(axes),
        y_ticks=[Tick(axes.y(tick), tick_text(tick)) for tick in ticks],
        lines=drawn,
        bars=_bars(axes, shown, xs, bars) if bars else (),
        bar_series=bars,
        band=_band(axes, shown, xs, band) if band else None,
        marker_x=axes.x(marker) if marker is not None else None,
    )


def _bars(axes: _Axes, rows: Sequence[Row], xs: Sequence[float], series: Series) -> list[Bar]:
    width = 0.72 * (axes.frame.plot_right - axes.frame.left) / max(axes.x_high - axes.x_low, 1)
    found = []
    for x, row in zip(xs, rows, strict=True):
        value = _number(row.get(series.column))
        if value is not None:
            top, zero = axes.y(max(value, 0.0)), axes.y(min(max(0.0, axes.y_low), axes.y_high))
            bottom = axes.y(min(value, 0.0)) if value < 0 else zero
            found.append(
                Bar(round(axes.x(x) - width / 2, 1), top, round(width, 1), round(bottom - top, 1))
            )
    return found


def _band(
    axes: _Axes, rows: Sequence[Row], xs: Sequence[float], columns: tuple[str, str]
) -> str | None:
    edges = [
        (x, _number(row.get(columns[0])), _number(row.get(columns[1])))
        for x, row in zip(xs, rows, strict=True)
    ]
    whole = [(x, low, high) for x, low, high in edges if low is not None and high is not None]
    if len(whole) < 2:
        return None
    upper = " L".join(f"{axes.x(x)} {axes.y(high)}" for x, _, high in whole)
    lower = " L".join(f"{axes.x(x)} {axes.y(low)}" for x, low, _ in reversed(whole))
    return f"M{upper} L{lower} Z"


@dataclass(frozen=True)
class RankedBar:
    """One bar of a ranked list: its name, the row of the figure, lengths in pixels.

    A bar far longer than all others is cut, so that the others can be compared.
    """

    name: str
    row: int
    y: float
    length: float
    value_x: float
    target_x: float | None
    is_cut: bool


@dataclass(frozen=True)
class RankedChart:
    width: float
    height: float
    bar_left: float
    bar_height: float
    bars: Sequence[RankedBar]


def _axis_length(values: Sequence[float]) -> float:
    """The length of the axis: the largest value, unless it dwarfs the second largest."""
    largest, second, *_ = *sorted({0.0, *values}, reverse=True), 0.0
    if second > 0 and largest > CUT_FROM * second:
        return CUT_TO * second
    return largest or 1.0


def _value_x(bar_end: float, target_x: float | None) -> float:
    """Where a bar's value is written: after its end, or after a target tick that would cross it."""
    crosses = target_x is not None and bar_end - 2 <= target_x <= bar_end + VALUE_GAP + VALUE_WIDTH
    return round((target_x if crosses and target_x else bar_end) + VALUE_GAP, 1)


def ranked_chart(
    result: FigureResult,
    column: str,
    *,
    language: str,
    names: Sequence[str] | None = None,
    target_column: str | None = None,
    width: float = 330.0,
    name_width: float = 110.0,
) -> RankedChart | None:
    """Horizontal bars in the figure's order, with a tick at each row's target if it has one."""
    pitch, height, value_width = 22.0, 13.0, 58.0
    rows = [
        (index, row, value)
        for index, row in enumerate(result.rows)
        if (value := _number(row.get(column))) is not None
    ]
    if not rows:
        return None
    targets = [_number(row.get(target_column)) if target_column else None for _, row, _ in rows]
    longest = _axis_length([value for *_, value in rows] + [t for t in targets if t is not None])
    scale = (width - name_width - value_width) / longest
    bars = []
    for place, ((index, row, value), target) in enumerate(zip(rows, targets, strict=True)):
        length = round(min(max(value, 0.0), longest) * scale, 1)
        target_x = None if target is None else round(name_width + target * scale, 1)
        bars.append(
            RankedBar(
                name=names[index] if names else str(cell_value(row, "name", language)),
                row=index,
                y=round(4 + place * pitch, 1),
                length=length,
                value_x=_value_x(name_width + length, target_x),
                target_x=target_x,
                is_cut=value > longest,
            )
        )
    return RankedChart(width, 8 + pitch * len(rows), name_width, height, bars)
