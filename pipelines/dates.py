"""Data dates: the partition key of everything. The wall clock never enters here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pipelines.errors import CityPulseError

CITY_TIMEZONE = ZoneInfo("Asia/Shanghai")


class DateError(CityPulseError):
    """A date or a range of dates cannot be understood."""

    exit_status = 2


def parse_date(text: str) -> date:
    """Read `YYYY-MM-DD`; raise `DateError` saying what was found."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DateError(
            f"'{text}' is not a date: write it as YYYY-MM-DD, e.g. 2020-02-18."
        ) from None


@dataclass(frozen=True)
class DateWindow:
    """A closed range of data dates."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise DateError(
                f"the range ends on {self.end} before it starts on {self.start}: swap them."
            )

    @classmethod
    def parse(
        cls, date_: str | None = None, from_: str | None = None, to: str | None = None
    ) -> DateWindow | None:
        """Build a window from `--date` or `--from/--to`; None when all are absent."""
        if date_ is not None:
            if from_ is not None or to is not None:
                raise DateError("give either --date or --from and --to, not both.")
            day = parse_date(date_)
            return cls(day, day)
        if from_ is None and to is None:
            return None
        if from_ is None or to is None:
            raise DateError("--from and --to go together: give both.")
        return cls(parse_date(from_), parse_date(to))

    def __iter__(self) -> Iterator[date]:
        for offset in range(len(self)):
            yield self.start + timedelta(days=offset)

    def __len__(self) -> int:
        return (self.end - self.start).days + 1

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        return str(self.start) if self.start == self.end else f"{self.start}..{self.end}"

    def extended_back(self, days: int) -> DateWindow:
        """The same window, starting `days` days earlier."""
        return DateWindow(self.start - timedelta(days=days), self.end)
