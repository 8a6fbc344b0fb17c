"""Not the same channel again and again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from .._clock import EVER, FOREVER
from .._spans import Span
from .base import Block, ReadsHistory, Segment
from .filters import Candidate

if TYPE_CHECKING:
    from .._view import Seen, View


class NoRepeatedChannel(ReadsHistory):
    """Not more than `at_most` counted touches running on one channel; 1 means never the same channel twice running.

    It can leave a prospect with a single channel blocked until another channel is there; `cadencia check` warns.
    """

    rule: Literal["no_repeated_channel"] = "no_repeated_channel"
    at_most: Annotated[int, Field(ge=1)] = 1

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for segment in self.history(case, candidate):
            for block in self._segment(segment, candidate.channel):
                start, end = max(block.start, segment.lo), min(block.end, segment.hi)
                if start < end:
                    yield block._replace(start=start, end=end)

    def _segment(self, segment: Segment, channel: str) -> Iterator[Block]:
        groups = together(segment.touches)
        counts = [[seen.id for seen in group if seen.channel == channel] for _, _, group in groups]
        start = EVER
        before: list[str] = []  # ids of the run that ends just before the candidate
        for place in range(len(groups) + 1):
            end = groups[place][1] + (groups[place][1] != groups[place][0]) if place < len(groups) else FOREVER
            after: list[str] = []
            for later in counts[place:]:
                if not later or len(after) > self.at_most:
                    break
                after += later
            run = before + after
            if run and len(run) >= self.at_most and start < end:
                yield self.block(
                    start, end, "repeated_channel",
                    needs=("other_channel",) if end == FOREVER else (),
                    touches=run, channel=channel, running=len(run),
                )  # fmt: skip
            if place < len(groups):
                start = groups[place][0]
                before = (before + counts[place])[-self.at_most - 1 :] if counts[place] else []


def together(touches: list[Seen]) -> list[tuple[int, int, list[Seen]]]:
    """Touches of one instant, or whose dates overlap, as `(lo, hi, touches)` in order: the last touch is all of the last group."""
    groups: list[tuple[int, int, list[Seen]]] = []
    for seen in touches:
        if groups and seen.lo <= groups[-1][1]:
            lo, hi, group = groups[-1]
            groups[-1] = lo, max(hi, seen.hi), [*group, seen]
        else:
            groups.append((seen.lo, seen.hi, [seen]))
    return groups
