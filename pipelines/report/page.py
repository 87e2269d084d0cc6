"""What the templates may use: cells of figures, wording that follows a value's sign, and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipelines.report import charts
from pipelines.report.figures import FigureResult, Row, Value
from pipelines.report.values import (
    Language,
    cell_value,
    format_value,
    is_text_format,
    label,
)

TEMPLATES_FOLDER = Path(__file__).parent / "templates"
DASH = "—"

Direction = Literal["up", "down", "same", "unknown"]


class Page:
    """One report in one language: the only way a value gets into the HTML."""

    def __init__(self, results: Mapping[str, FigureResult], language: Language) -> None:
        self.results = results
        self.language = language

    # --- words -----------------------------------------------------------------------------

    def t(self, zh: str, en: str) -> str:
        """A phrase in the page's language."""
        return zh if self.language == "zh" else en

    def label(self, group: str, code: Value) -> str:
        return label(group, code, self.language)

    # --- values ----------------------------------------------------------------------------

    def has(self, figure_id: str) -> bool:
        """Whether the figure has any row."""
        return bool(self.results[figure_id].rows)

    def raw(self, figure_id: str, column: str, row: int = 0) -> Value:
        """A value to decide by, not to print; None when missing."""
        rows = self.results[figure_id].rows
        return cell_value(rows[row], column, self.language) if row < len(rows) else None

    def cell(
        self,
        figure_id: str,
        column: str,
        format_name: str = "integer",
        row: int = 0,
        mark_stale: bool = False,
    ) -> Markup:
        """A value as it is printed, traceable to its figure; a marker when it is missing."""
        rows = self.results[figure_id].rows
        shown: Row = rows[row] if row < len(rows) else {"missing_reason": "not_collected"}
        value = self.raw(figure_id, column, row)
        if value is None:
            return self._missing(figure_id, column, row, shown)
        text = format_value(value, format_name, self.language)
        stale = self._stale_mark(shown) if mark_stale else Markup("")
        return Markup(
            '<span data-figure="{}" data-row="{}" data-column="{}" data-format="{}">{}</span>{}'
        ).format(figure_id, row, column, format_name, text, stale)

    def svg_cell(self, figure_id: str, column: str, format_name: str, row: int) -> Markup:
        """A present value as SVG text content."""
        value = cell_value(self.results[figure_id].rows[row], column, self.language)
        return Markup(
            '<tspan data-figure="{}" data-row="{}" data-column="{}" data-format="{}">{}</tspan>'
        ).format(
            figure_id, row, column, format_name, format_value(value, format_name, self.language)
        )

    def _missing(self, figure_id: str, column: str, row: int, shown: Row) -> Markup:
        reason = shown.get("missing_reason")
        known = reason in ("suppressed", "not_collected")
        text = label("missing_reason", reason, self.language) if known else DASH
        title = text if known else self.t("无可比数据", "nothing to compare with")
        return Markup(
            '<span class="missing" data-figure="{}" data-row="{}" data-column="{}" '
            'data-missing="{}" title="{}">{}</span>'
        ).format(figure_id, row, column, reason or "none", title, text)

    def _stale_mark(self, shown: Row) -> Markup:
        if shown.get("missing_reason") != "stale":
            return Markup("")
        day = format_value(shown["value_date"], "day", self.language)
        title = self.t(f"沿用{day}数据", f"carried forward from {day}")
        return Markup('<abbr class="stale" title="{}">{}</abbr>').format(title, self.t("旧", "old"))

    def direction(self, figure_id: str, column: str, format_name: str) -> Direction:
        """Where a change points once rounded as printed: a change that prints as zero is none."""
        value = self.raw(figure_id, column)
        if not isinstance(value, int | float):
            return "unknown"
        text = format_value(value, format_name, self.language)
        if not any(digit in text for digit in "123456789"):
            return "same"
        return "up" if value > 0 else "down"

    # --- charts ----------------------------------------------------------------------------

    def line(
        self, column: str, zh: str, en: str, style: str, format_name: str | None = "integer"
    ) -> charts.Series:
        return charts.Series(column, self.t(zh, en), style, format_name)

    def time_chart(
        self,
        figure_id: str,
        x_column: str,
        lines: Sequence[charts.Series],
        size: Literal["wide", "half"] = "wide",
        bars: charts.Series | None = None,
        from_zero: bool = True,
        marker: float | None = None,
    ) -> charts.Chart | None:
        return charts.time_chart(
            self.results[figure_id],
            x_column,
            lines,
            language=self.language,
            frame=charts.WIDE if size == "wide" else charts.HALF,
            bars=bars,
            from_zero=from_zero,
            marker=marker,
        )

    def ranked_chart(
        self,
        figure_id: str,
        column: str,
        label_group: str | None = None,
        label_column: str | None = None,
        target_column: str | None = None,
        name_width: float = 110.0,
    ) -> charts.RankedChart | None:
        result = self.results[figure_id]
        names = None
        if label_group and label_column:
            names = [self.label(label_group, row[label_column]) for row in result.rows]
        return charts.ranked_chart(
            result,
            column,
            language=self.language,
            names=names,
            target_column=target_column,
            name_width=name_width,
        )

    def forecast_charts(self, figure_id: str, limit: int) -> list[tuple[Value, charts.Chart]]:
        """One small chart a category, in the figure's order: the forecast inside its interval."""
        result = self.results[figure_id]
        series = charts.Series("demand_units", "", "line-main")
        found = []
        for category in dict.fromkeys(row["category"] for row in result.rows):
            chart = charts.time_chart(
                result,
                "target_date",
                [series],
                language=self.language,
                frame=charts.SMALL,
                band=("demand_lower_units", "demand_upper_units"),
                rows=[row for row in result.rows if row["category"] == category],
            )
            if chart is not None:
                found.append(
                    (
                        category,
                        replace(chart, x_ticks=chart.x_ticks[:: len(chart.x_ticks) - 1 or 1]),
                    )
                )
        return found[:limit]

    def sparkline(self, figure_id: str, x_column: str, column: str) -> charts.Chart | None:
        return charts.time_chart(
            self.results[figure_id],
            x_column,
            [charts.Series(column, "", "line-main")],
            language=self.language,
            frame=charts.SPARK,
            from_zero=False,
        )


def environment() -> Environment:
    """Jinja as the report uses it: an unknown name is an error, never an empty string."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["is_text"] = is_text_format
    env.filters["anchor"] = lambda figure_id: "q-" + str(escape(figure_id)).replace("/", "-")
    return env


def render_page(page: Page, styles: str) -> str:
    """The whole HTML document."""
    template = environment().get_template("report.html")
    return template.render(page=page, results=page.results, styles=Markup(styles))  # noqa: S704
