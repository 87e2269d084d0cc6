"""Footfall against what it would be without the epidemic: a model fitted on the time before.

Visitors of venue v on a day of class c are Poisson with mean A_v * W_c. The class is the weekday; a
public holiday counts as Sunday, a make-up workday as Friday. There is no trend within the fit: over
eight weeks it cannot be told from the season, and it would be carried on for months. The level is
that of the newest ordinary days. Days of the Spring Festival have a factor of their own, or no
prediction where no festival before is on record (docs/methods/footfall.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta

import polars as pl

DAY_SCHEMA: dict[str, type[pl.DataType]] = {
    "data_date": pl.Date,
    "reporting_venue_count": pl.Int64,
    "open_venue_count": pl.Int64,
    "matched_venue_count": pl.Int64,
    "visitors": pl.Int64,
    "matched_visitors": pl.Int64,
    "predicted_visitors": pl.Float64,
    "open_predicted_visitors": pl.Float64,
    "relative_error": pl.Float64,
    "fit_day_count": pl.Int64,
    "fit_last_date": pl.Date,
    "festival_factor": pl.Float64,
}
_MAX_SWEEPS = 500
_CONVERGED = 1e-12


@dataclass(frozen=True)
class FootfallParameters:
    """Of seeds/parameters; days unless said otherwise."""

    fit_days: int
    fit_min_days: int
    fit_min_weekdays: int
    fit_max_age_days: int
    lunar_half_window_days: int

    @classmethod
    def of(cls, parameters: Mapping[str, float]) -> FootfallParameters:
        """From names and values of seeds/parameters."""
        return cls(
            fit_days=int(parameters["footfall_fit_days"]),
            fit_min_days=int(parameters["footfall_fit_min_days"]),
            fit_min_weekdays=int(parameters["footfall_fit_min_weekdays"]),
            fit_max_age_days=int(parameters["footfall_fit_max_age_days"]),
            lunar_half_window_days=int(parameters["lunar_half_window_days"]),
        )


@dataclass(frozen=True)
class CalendarDay:
    """What the model knows of a date. `epidemic_from`: of the epidemic known by then, if any."""

    data_date: date
    day_class: int
    lunar_new_year_date: date
    days_from_lunar_new_year: int
    is_festival: bool
    epidemic_from_date: date | None


@dataclass(frozen=True)
class Fit:
    """A fitted model: levels A_v by venue, W_c by day class, and how well it did on its own days.

    `residual_share`: root mean square of (city's visitors / predicted - 1), corrected for the
    classes fitted; `class_days`: fit days of each class.
    """

    levels: Mapping[str, float]
    classes: Mapping[int, float]
    class_days: Mapping[int, int]
    residual_share: float
    day_count: int
    last_date: date

    def relative_error(self, day_class: int) -> float:
        """Standard error of the city's prediction over the prediction, for one day of the class."""
        return self.residual_share * math.sqrt(1 + 1 / self.class_days[day_class])


def recovery_days(
    visits: pl.DataFrame, days: pl.DataFrame, window: list[date], parameters: FootfallParameters
) -> pl.DataFrame:
    """One row (DAY_SCHEMA) a date of `window` on which a venue reported.

    `visits`: data_date, venue_id, visitors, is_open. `days`: the columns of `CalendarDay`, every
    date that a fit may need. A date whose prediction would be a guess has predicted_visitors null.
    A row of date D rests on no visit after D.
    """
    names = [field.name for field in fields(CalendarDay)]
    known = (CalendarDay(*row) for row in days.select(names).iter_rows())
    calendar = {each.data_date: each for each in known}
    book = _Book(visits.sort("data_date", "venue_id"), calendar, parameters)
    rows = [book.row(day) for day in window]
    return pl.DataFrame([row for row in rows if row is not None], schema=DAY_SCHEMA)


class _Book:
    """The visits by date, and the fits made of them (many dates share one)."""

    def __init__(
        self,
        visits: pl.DataFrame,
        calendar: Mapping[date, CalendarDay],
        parameters: FootfallParameters,
    ) -> None:
        self._by_date = {
            key[0]: frame for key, frame in visits.partition_by("data_date", as_dict=True).items()
        }
        self._calendar = calendar
        self._parameters = parameters
        self._fits: dict[tuple[date, ...], Fit | None] = {}

    def row(self, day: date) -> dict[str, object] | None:
        """The day's figures; None when no venue reported."""
        visits = self._by_date.get(day)
        if visits is None:
            return None
        opened = visits.filter("is_open")
        row: dict[str, object] = {
            "data_date": day,
            "reporting_venue_count": visits.height,
            "open_venue_count": opened.height,
            "visitors": int(opened["visitors"].sum()),
        }
        fit, about = self._fit_before(day), self._calendar[day]
        if fit is None:
            return row
        factor, factor_error = 1.0, 0.0
        if about.is_festival:
            found = self._festival_factor(day)
            if found is None:
                return row
            factor, factor_error = found
        compared = compare(visits, fit, about.day_class, factor)
        error = math.hypot(fit.relative_error(about.day_class), factor_error)
        return row | asdict(compared) | {
            "relative_error": round(error, 6),
            "fit_day_count": fit.day_count,
            "fit_last_date": fit.last_date,
            "festival_factor": round(factor, 6),
        }  # fmt: skip

    def _fit_before(self, day: date) -> Fit | None:
        """The fit on the newest ordinary days before `day` and before the epidemic, if it has seen
        enough days, and enough of the day's class."""
        about = self._calendar[day]
        until = min(day, about.epidemic_from_date or day)
        oldest = day - timedelta(days=self._parameters.fit_max_age_days)
        ordinary = [
            each
            for each in self._by_date
            if oldest <= each < until and not self._calendar[each].is_festival
        ]
        chosen = tuple(sorted(ordinary)[-self._parameters.fit_days :])
        if len(chosen) < self._parameters.fit_min_days:
            return None
        if chosen not in self._fits:
            self._fits[chosen] = fit_days(
                {each: self._by_date[each] for each in chosen},
                {each: self._calendar[each].day_class for each in chosen},
            )
        fit = self._fits[chosen]
        enough = self._parameters.fit_min_weekdays
        return fit if fit and fit.class_days.get(about.day_class, 0) >= enough else None

    def _festival_factor(self, day: date) -> tuple[float, float] | None:
        """What the days around the same lunar day of the last festival were of their ordinary
        prediction, and the factor's relative error; None where they are not on record."""
        about = self._calendar[day]
        festivals = {each.lunar_new_year_date for each in self._calendar.values()}
        earlier = [each for each in festivals if each < about.lunar_new_year_date]
        if not earlier:
            return None
        centre = max(earlier) + timedelta(days=about.days_from_lunar_new_year)
        half = self._parameters.lunar_half_window_days
        actual, predicted, errors = 0, 0.0, []
        for offset in range(-half, half + 1):
            found = self._ordinary(centre + timedelta(days=offset))
            if found is None:
                return None
            compared, error = found
            actual += compared.matched_visitors
            predicted += compared.predicted_visitors
            errors.append(error)
        if not actual or not predicted:
            return None
        return actual / predicted, math.sqrt(sum(e * e for e in errors)) / len(errors)

    def _ordinary(self, day: date) -> tuple[Compared, float] | None:
        """A day of an earlier festival, without an epidemic, against its ordinary prediction, and
        the prediction's relative error."""
        visits, about = self._by_date.get(day), self._calendar.get(day)
        if visits is None or about is None or about.epidemic_from_date is not None:
            return None
        fit = self._fit_before(day)
        if fit is None:
            return None
        return compare(visits, fit, about.day_class, 1.0), fit.relative_error(about.day_class)


@dataclass(frozen=True)
class Compared:
    """Sums over the venues that reported and are in the fit, and over the open ones of them."""

    matched_venue_count: int
    matched_visitors: int
    predicted_visitors: float
    open_predicted_visitors: float


def compare(visits: pl.DataFrame, fit: Fit, day_class: int, factor: float) -> Compared:
    """A day's visitors beside factor x prediction, to 0.0001; a closed venue had no visitors."""
    count = actual = 0
    predicted = open_predicted = 0.0
    for venue_id, visitors, is_open in visits.select("venue_id", "visitors", "is_open").iter_rows():
        level = fit.levels.get(venue_id)
        if level is None:
            continue
        expected = level * fit.classes[day_class] * factor
        count += 1
        predicted += expected
        if is_open:
            actual += visitors
            open_predicted += expected
    return Compared(count, actual, round(predicted, 4), round(open_predicted, 4))


def fit_days(visits: Mapping[date, pl.DataFrame], classes: Mapping[date, int]) -> Fit | None:
    """Maximum likelihood of A_v and W_c over open venues by iterative proportional fitting.

    The sums by venue and by class are all the likelihood needs (Poisson, log link), so each sweep
    matches both in turn until neither moves. None where nobody was ever open.
    """
    cells: dict[tuple[str, int], tuple[int, int]] = {}
    for day in sorted(visits):
        opened = visits[day].filter("is_open").select("venue_id", "visitors")
        for venue_id, visitors in opened.iter_rows():
            total, count = cells.get((venue_id, classes[day]), (0, 0))
            cells[venue_id, classes[day]] = (total + visitors, count + 1)
    venues, kinds = sorted({v for v, _ in cells}), sorted({c for _, c in cells})
    if not sum(total for total, _ in cells.values()):
        return None
    level, effect = _proportional_fit(cells, venues, kinds)
    class_days = {kind: sum(classes[day] == kind for day in visits) for kind in kinds}
    residuals = _residuals(visits, classes, level, effect)
    free = len(residuals) - len(kinds)
    if free < 1:
        return None
    return Fit(
        levels=level,
        classes=effect,
        class_days=class_days,
        residual_share=math.sqrt(sum(r * r for r in residuals) / free),
        day_count=len(visits),
        last_date=max(visits),
    )


def _proportional_fit(
    cells: Mapping[tuple[str, int], tuple[int, int]], venues: list[str], kinds: list[int]
) -> tuple[dict[str, float], dict[int, float]]:
    level, effect = dict.fromkeys(venues, 0.0), dict.fromkeys(kinds, 1.0)
    for _ in range(_MAX_SWEEPS):
        for venue in venues:
            found = [(kind, cells[venue, kind]) for kind in kinds if (venue, kind) in cells]
            weight = sum(count * effect[kind] for kind, (_, count) in found)
            level[venue] = sum(total for _, (total, _) in found) / weight if weight else 0.0
        moved = 0.0
        for kind in kinds:
            of_kind = [(venue, cells[venue, kind]) for venue in venues if (venue, kind) in cells]
            weight = sum(count * level[venue] for venue, (_, count) in of_kind)
            new = sum(total for _, (total, _) in of_kind) / weight if weight else 0.0
            moved = max(moved, abs(new - effect[kind]))
            effect[kind] = new
        if moved < _CONVERGED:
            break
    return level, effect


def _residuals(
    visits: Mapping[date, pl.DataFrame],
    classes: Mapping[date, int],
    level: Mapping[str, float],
    effect: Mapping[int, float],
) -> list[float]:
    """The city's visitors over predicted, less one, a fit day."""
    found = []
    for day in sorted(visits):
        opened = visits[day].filter("is_open")
        expected = effect[classes[day]] * sum(level[venue] for venue in opened["venue_id"])
        if expected:
            found.append(int(opened["visitors"].sum()) / expected - 1)
    return found
