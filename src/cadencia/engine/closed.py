"""Nothing opens: whether that is the end, and what would lift it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._time.clock import DAY, FOREVER
from .._time.spans import gaps, union
from ..decision import Blocked, Stop
from ..inquiry import Inquiry
from .openings import Openings

if TYPE_CHECKING:
    from ..decision import Decided
    from ..rules.filters import Candidate

__all__ = ["closed", "lifting"]

#: How far past the horizon a blocked case is searched for the date on which time alone would open it.
_FAR = 730 * DAY


def closed(asked: Openings, inquiry: Inquiry) -> Decided:
    """`Stop` when every option is covered by stops or by what nothing can lift, else `Blocked` with what would help."""
    ends: list[int] = []
    for option in inquiry.options:
        blocks = asked.blocks(option.candidate, asked.start, asked.start + 1)
        whole = [block.end for block in blocks if (block.stops or block.final) and block.end >= asked.end]
        if not whole:
            blocks = asked.blocks(option.candidate, asked.start, asked.end)
            lasting = union((block.start, block.end) for block in blocks if block.stops or block.final)
            whole = [finish for begin, finish in lasting if begin <= asked.start and finish >= asked.end]
        if not whole:
            return Blocked(inquiry)
        ends.append(max(whole))
    return Stop(inquiry, until=min(ends)) if ends else Blocked(inquiry)


def lifting(asked: Openings, candidate: Candidate) -> tuple[tuple[str, ...], int | None]:
    """What an option that never opens needs, and the instant before which even that would not help.

    All the needs together suffice. Without needs the instant is when time alone opens the option.
    """
    now = asked.blocks(candidate, asked.start, asked.start + 1)
    if any((block.stops or block.final) and not block.needs and block.end >= FOREVER for block in now):
        return (), None
    needs = {need for block in asked.blocks(candidate, asked.start, asked.end) for need in block.needs}
    far = min(asked.start + max(_FAR, asked.end - asked.start), FOREVER - DAY)
    reach = asked.end
    while True:
        blocks = asked.blocks(candidate, asked.start, reach)
        left = gaps(union((block.start, block.end) for block in blocks if not block.needs), asked.start, reach)
        if left or reach >= far:
            break
        reach = min(asked.start + 3 * (reach - asked.start), far)
    needs |= {need for block in blocks for need in block.needs}
    if not left:
        return tuple(sorted(needs or {"policy"})), None
    return tuple(sorted(needs)), left[0][0] if left[0][0] > asked.start else None
