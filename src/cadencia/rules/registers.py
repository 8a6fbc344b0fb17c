"""Whether a register of people who do not want to be contacted has been asked, and what it said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from .._model import Word
from .._time.clock import EVER, FOREVER, day_number, micros
from .._time.spans import Span, gaps, union
from .base import Limit
from .block import Block
from .clock import check_clock, zones_of
from .delays import ClockNames, Clockwork, TimelessDelay, calendar_of, over
from .filters import Candidate

if TYPE_CHECKING:
    from .._time.clock import Zone
    from .._view import View
    from ..prospect import RegisterCheck


class ClearRegister(Limit):
    """Contact only while a register has been asked and does not list the person.

    Attributes:
        registry: the name under which the prospect's `registers` hold the answers.
        max_age: an answer older than this no longer counts; it counts for ever when not given.
        grace: how long after its date a listing begins to bind; at once when not given, or when its date is not known.
        required: whether the register must be asked at all. If not, only a known listing forbids.
    """

    rule: Literal["clear_register"] = "clear_register"
    registry: Word
    max_age: TimelessDelay | None = None
    grace: TimelessDelay | None = None
    required: bool = True
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)

    @property
    def memory(self) -> int | None:
        return 0

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        zones = zones_of(case, self.clock)
        checks = [item for item in case.prospect.registers if self._speaks(item, candidate)]
        if self.required:
            if self.max_age is not None and self.max_age.kind != "elapsed" and not zones and checks:
                yield self.block(EVER, FOREVER, "zone_unknown", needs=("zone",))
                asked = union((micros(item.since), FOREVER) for item in checks)  # how old it is, only a zone would say
            else:
                asked = union(self._good(case, item, zones) for item in checks)
            for start, end in gaps(asked, EVER, FOREVER):
                yield self.block(
                    start, end, "register_unchecked",
                    needs=("register_check",) if end == FOREVER else (), registry=self.registry,
                )  # fmt: skip
        for item in checks:
            if item.listed:
                start = self._binds(case, item, zones)
                cleared = (micros(other.since) for other in checks if not other.listed and other.since > item.since)
                end = min(cleared, default=FOREVER)
                if start < end:
                    yield self.block(
                        start, end, "register_listed",
                        needs=("register_cleared",) if end == FOREVER else (), registry=self.registry,
                    )  # fmt: skip

    def _speaks(self, item: RegisterCheck, candidate: Candidate) -> bool:
        """Whether an answer is about a candidate: a listing may be, a clear one must be."""
        if item.registry != self.registry or item.channel not in (None, candidate.channel):
            return False
        if item.contact_point in (None, candidate.point):
            return True
        return item.listed and candidate.point is None

    def _good(self, case: View, item: RegisterCheck, zones: tuple[Zone, ...]) -> Span:
        """From when until when an answer counts; too old in one zone is too old."""
        since = micros(item.since)
        if self.max_age is None:
            return since, FOREVER
        ends = [over(self.max_age, works, since, since) for works in _clockworks(case, zones)]
        return since, min(since if end.needs else end.at for end in ends)

    def _binds(self, case: View, item: RegisterCheck, zones: tuple[Zone, ...]) -> int:
        """From when on a listing forbids: not before it is known, and as early as its date and the grace allow."""
        since = micros(item.since)
        if item.listed_on is None or self.grace is None or not zones:
            return since
        day = day_number(item.listed_on)
        listed = [(works, zone.at(day)) for works, zone in zip(_clockworks(case, zones), zones, strict=True)]
        return max(since, min(over(self.grace, works, at, at).at for works, at in listed))


def _clockworks(case: View, zones: tuple[Zone, ...]) -> list[Clockwork]:
    calendar = calendar_of(case, None)
    return [Clockwork((zone,), calendar) for zone in zones] or [Clockwork((), calendar)]


__all__ = ["ClearRegister"]
