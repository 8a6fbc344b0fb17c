"""Recall: how long to wait after an attempt, by how it ended."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import model_validator

from .._model import OneOrMore
from .._time.clock import FOREVER
from .._time.periods import Delay, DelayField
from .._time.spans import Span
from ..errors import InputError
from .block import Block
from .delays import over
from .filters import Candidate, TouchFilter
from .timed import KeepsTime

if TYPE_CHECKING:
    from .._view import View

__all__ = ["Recall", "TouchFilter"]


class Recall(KeepsTime):
    """How long to wait after an attempt, by how it ended, and by the how-manieth in a row it was.

    `after` is a table: a disposition (or `otherwise`) with one delay, or a list for the first, second, ... in a row. Only the
    last attempt speaks (all attempts of that instant, the longest wait). Bookings have no disposition and do not speak.
    """

    rule: Literal["recall"] = "recall"
    after: dict[str, Annotated[tuple[DelayField, ...], OneOrMore]]

    @model_validator(mode="after")
    def _some(self) -> Recall:
        if not self.after or not all(self.after.values()):
            raise InputError(
                "`after` needs at least one delay a line; write for example `after: {busy: 30m, otherwise: 1 day}`"
            )
        return self

    def delays(self) -> tuple[Delay, ...]:
        return tuple(delay for row in self.after.values() for delay in row)

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        clockwork = self.clockwork(case)
        for segment in self.history(case, candidate):
            if segment.lo >= span[1] or segment.hi <= span[0]:
                continue
            touches, starts, tops, runs = segment.done, segment.done_starts, segment.done_tops, segment.done_runs

            def speaks(index: int, starts: list[int] = starts, tops: list[int] = tops) -> bool:
                """Whether a touch, or an earlier one, may be the last when the span begins."""
                after = bisect_right(starts, tops[index])
                return after == len(starts) or tops[after] > span[0]

            for index in range(bisect_left(range(len(touches)), True, key=speaks), bisect_left(starts, span[1])):
                seen = touches[index]
                row = self.after.get(seen.disposition, self.after.get("otherwise"))
                if row is None:
                    continue
                after = bisect_right(starts, seen.hi)
                until = segment.hi if after == len(touches) else min(segment.hi, touches[after].hi)
                if until <= span[0]:  # pragma: no cover - `speaks` begins at what may matter; this only spares work
                    continue
                delay = row[min(runs[index], len(row)) - 1]
                done = over(delay, clockwork, seen.hi, seen.end)
                end = min(FOREVER if done.needs else done.at, until)
                start = max(seen.lo, segment.lo)
                if start < end:
                    code = f"{done.needs[0]}_unknown" if done.needs else "recall"
                    yield self.block(
                        start, end, code, needs=done.needs, touches=(seen.id,),
                        disposition=seen.disposition, gap=str(delay), nth=runs[index], **dict(done.about),
                    )  # fmt: skip
