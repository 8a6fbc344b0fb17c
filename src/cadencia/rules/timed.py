"""What rules with delays have in common: on which clock, calendar and hours they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, model_validator

from .._time.hours import DaysField, WeekField, WeekHours, week_table
from .._time.periods import Delay
from ..errors import InputError
from .clock import check_clock, zones_of
from .delays import ClockNames, Clockwork, Holidays, calendar_of
from .history import ReadsHistory

if TYPE_CHECKING:
    from .._view import View
    from .deadlines import Timed

__all__ = ["KeepsTime", "check_hours", "clockwork_of"]


class KeepsTime(ReadsHistory):
    """A limit with delays: on which clock, calendar and hours they run.

    Attributes:
        clock: the prospect's zones, a named zone, or both; the later end counts.
        calendar: whose public holidays are no business days: regions, `prospect` or `prospect_country`.
        business_days: the weekdays that are business days.
        hours: what a business hour is; needed for delays in business hours.
    """

    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    calendar: Holidays | None = None
    business_days: DaysField = (0, 1, 2, 3, 4)
    hours: WeekField | None = None

    def delays(self) -> tuple[Delay, ...]:
        """Every delay the rule may use."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _hours_given(self) -> KeepsTime:
        check_hours(self)
        return self

    def clockwork(self, view: View) -> Clockwork:
        """The zones, calendar and hours for a case."""
        return clockwork_of(self, view)


def check_hours(rule: KeepsTime | Timed) -> None:
    """Refuse delays in business hours of which nobody said what they are."""
    if rule.hours is None and any(delay.kind == "business_hours" for delay in rule.delays()):
        raise InputError(
            'a delay in business hours needs `hours`; write for example `hours: {mon-fri: ["09:00-18:00"]}`'
        )


def clockwork_of(rule: KeepsTime | Timed, view: View) -> Clockwork:
    """The zones, calendar and hours of a rule for a case; made once for each."""
    key = ("clockwork", id(rule))
    known = view.memo.get(key)  # and not `remember`, which costs a call and a closure for every block
    if known is None:
        hours = None if rule.hours is None else WeekHours(week_table(rule.hours))
        known = view.memo[key] = (
            rule,
            Clockwork(zones_of(view, rule.clock), calendar_of(view, rule.calendar, rule.business_days), hours),
        )
    made: Clockwork = known[1]
    return made
