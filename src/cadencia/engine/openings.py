"""The few lines that unite blocks. One primitive: the blocks of a candidate on a span. An option is what they leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._time.clock import DAY, EVER, FOREVER
from .._time.spans import Span, gaps, union
from ..errors import RuleFailure
from ..inquiry import Option
from ..rules.block import Block
from ..rules.hours import OnTheClock
from .ruled import Ruled, Rules

if TYPE_CHECKING:
    from .._view import View
    from ..case import Case
    from ..rules.filters import Candidate

__all__ = ["Openings"]

_FIRST_LOOK = 4 * DAY


class Openings:
    """What some limits leave open of a case, for what is wanted, in a span."""

    __slots__ = (
        "case",
        "end",
        "engine",
        "failures",
        "limits",
        "reports",
        "start",
        "view",
        "wanted",
        "_spoken",
        "_steady",
    )

    def __init__(
        self, engine: Rules, case: Case, view: View, limits: list[Ruled], wanted: Candidate, start: int, end: int
    ) -> None:
        self.engine, self.case, self.view, self.limits = engine, case, view, limits
        self.wanted, self.start, self.end = wanted, start, end
        self.failures: dict[str, RuleFailure] = {}
        self.reports: dict[tuple[str, ...], None] = {}
        self._steady: dict[Candidate, list[Block]] = {}
        self._spoken: dict[Candidate, tuple[list[Ruled], list[Ruled]]] = {}

    def candidates(self, channels: Iterable[str]) -> list[Candidate]:
        """What might be done on these channels: one for each contact point, or one without an address."""
        points = self.view.prospect.contact_points
        found: list[Candidate] = []
        for channel in channels:
            addresses = None if points is None else [point.address for point in points if point.channel == channel]
            found += [self.wanted._replace(channel=channel, point=address) for address in addresses or (None,)]
        return found

    def blocks(self, candidate: Candidate, start: int, end: int) -> list[Block]:
        """Every block of a candidate on `[start, end)`, by rule; one that a contact of that length would run into begins earlier.

        What does not follow the calendar is asked once for the whole span of the question, and cut.
        """
        steady, clocks = self._limits(candidate)
        if start < self.start or end > self.end:
            return self._ask([*steady, *clocks], candidate, start, end)
        found = [block for block in self.steady(candidate) if block.start < end and block.end > start]
        return found + self._ask(clocks, candidate, start, end)

    def steady(self, candidate: Candidate) -> list[Block]:
        """The blocks, in the whole span of the question, of the limits that do not follow the calendar."""
        found = self._steady.get(candidate)
        if found is None:
            found = self._steady[candidate] = self._ask(self._limits(candidate)[0], candidate, self.start, self.end)
        return found

    def _limits(self, candidate: Candidate) -> tuple[list[Ruled], list[Ruled]]:
        """The limits that may speak of a candidate: those that do not follow the calendar, and those that do."""
        found = self._spoken.get(candidate)
        if found is None:
            found = self._spoken[candidate] = ([], [])
            for item in self.limits:
                try:
                    speaks = item.rule.covers(self.view, candidate)
                except Exception:  # it is asked, and raises again where that is a block
                    speaks = True
                if speaks:
                    found[isinstance(item.rule, OnTheClock)].append(item)
        return found

    def _ask(self, limits: list[Ruled], candidate: Candidate, start: int, end: int) -> list[Block]:
        long = candidate.duration
        span = (start, end + long)
        found: list[Block] = []
        for rule, table in limits:
            view = self.view.using(table)
            try:
                for block in rule.answer(view, candidate, span):
                    found.append(block._replace(start=max(block.start - long, EVER)) if long else block)
            except Exception as error:  # when in doubt, closed: whatever a rule raises is a block
                self.failures.setdefault(rule.id, RuleFailure(rule.id, error))
                found.append(
                    Block(
                        EVER, FOREVER, rule.id, "rule_error", ("rule_mended",), (), (("error", type(error).__name__),)
                    )
                )
        return found

    def permitted(self, candidate: Candidate, start: int, end: int) -> list[Span]:
        """What the blocks leave of `[start, end)`."""
        return gaps(union((block.start, block.end) for block in self.blocks(candidate, start, end)), start, end)

    def option(self, candidate: Candidate, start: int, end: int) -> Option:
        """The first permitted stretch: looked for in a short span first, then in a longer one. `until` None: open to the end."""
        if any(block.start <= start and block.end >= end for block in self.steady(candidate)):
            return Option(candidate, None, None)
        length = _FIRST_LOOK
        while True:
            look = min(start + length, end)
            blocks = self.blocks(candidate, start, look)
            if any(block.start <= start and block.end >= end for block in blocks):
                return Option(candidate, None, None)
            for begin, finish in gaps(union((block.start, block.end) for block in blocks), start, look):
                if finish < look:
                    return Option(candidate, begin, finish)
                if look == end:
                    return Option(candidate, begin, None)
                break
            if look == end:
                return Option(candidate, None, None)
            length *= 4
