"""Gaps that depend on the place of a touch among the others, where some touches are known only to the day.

Such a touch may come before or after others of its date, so it has a first and a last place it may have; every gap between
them is taken, and the longest counts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .._time.clock import DAY, EVER, FOREVER
from .._time.periods import Delay
from .._time.spans import Span
from .delays import Clockwork, close_to, over

if TYPE_CHECKING:
    from .._view import Seen


class Gapped(Protocol):
    """A rule with a delay after the n-th touch; after so many (`changes`) it is always the same."""

    @property
    def changes(self) -> int: ...

    def gap(self, attempt: int) -> Delay: ...


class Places(NamedTuple):
    """The touches of a history with the places they may have.

    Attributes:
        touches: in order of their first instants.
        tops: their last instants, in order.
        first, last: by touch, the places it may have, from 1.
    """

    touches: Sequence[Seen]
    tops: list[int]
    first: list[int]
    last: list[int]

    @classmethod
    def of(cls, touches: Sequence[Seen]) -> Places:
        """The places of touches that are in order."""
        tops, starts = sorted(seen.hi for seen in touches), [seen.lo for seen in touches]
        first = [bisect_left(tops, seen.lo) + 1 for seen in touches]
        return cls(touches, tops, first, [bisect_right(starts, seen.hi) for seen in touches])

    def gaps(self, rule: Gapped, index: int) -> list[Delay]:
        """The gaps after a touch in any of its places."""
        first, last = (min(place, rule.changes + 1) for place in (self.first[index], self.last[index]))
        return [rule.gap(place) for place in range(first, last + 1)]

    def ahead(self, rule: Gapped, clockwork: Clockwork, span: Span) -> Iterator[tuple[int, int, Seen, Delay]]:
        """What a touch would break at later touches, by coming too close to them or by moving others one place up.

        Gives `(start, end, at which touch, the gap of the candidate)`.
        """
        touches, tops, changes = self.touches, self.tops, rule.changes
        sound = self._sound(rule, clockwork)
        for place in range(bisect_right(tops, span[0]), len(touches) + 1):  # the candidate comes after so many touches
            low = max(touches[place - 1].lo if place else EVER, span[0])
            high = min(tops[place] if place < len(touches) else FOREVER, span[1])
            if low >= span[1]:
                break
            if low >= high:
                continue
            gap = rule.gap(place + 1)
            farthest = over(gap, clockwork, high, high).at + 2 * DAY
            moved = self._moved(rule, clockwork, place) if place < changes else None
            begin = bisect_left(sound, low - 3 * DAY, key=lambda index: touches[index].lo)
            for index in sound[begin:]:
                seen = touches[index]
                end = min(high, seen.hi)
                if moved is None and seen.lo >= farthest:
                    break
                if low >= end:
                    continue
                if moved is not None and self._delayed(moved, index) > seen.lo:
                    yield low, end, seen, gap
                    continue
                if seen.lo < farthest:
                    for start, finish in close_to(gap, clockwork, seen.lo, (low, end)):
                        yield start, finish, seen, gap

    def _sound(self, rule: Gapped, clockwork: Clockwork) -> list[int]:
        """The touches that do not come too close to an earlier one wherever they and it may lie."""
        order = sorted(range(len(self.touches)), key=lambda index: self.touches[index].hi)
        over_: list[int] = []
        for index in order:
            seen = self.touches[index]
            end = seen.end if seen.lo == seen.hi else seen.lo
            over_.append(min(over(gap, clockwork, seen.lo, end).at for gap in self.gaps(rule, index)))
        latest = list(accumulate(over_, max))
        found: list[int] = []
        for index, seen in enumerate(self.touches):
            before = bisect_left(self.tops, seen.lo)
            if not before or latest[before - 1] <= seen.hi:
                found.append(index)
        return found

    def _moved(self, rule: Gapped, clockwork: Clockwork, place: int) -> list[tuple[int, int, int]]:
        """When the gaps are over after touches that move one place up: so far the latest, of which touch, and the latest of others."""
        found: list[tuple[int, int, int]] = []
        best, which, second = EVER, -1, EVER
        for index, seen in enumerate(self.touches):
            first, last = max(self.first[index], place + 1), min(self.last[index], rule.changes)
            if first <= last:
                gaps = (rule.gap(attempt + 1) for attempt in range(first, last + 1))
                at = max(over(gap, clockwork, seen.hi, seen.end).at for gap in gaps)
                if at > best:
                    best, which, second = at, index, best
                else:
                    second = max(second, at)
            found.append((best, which, second))
        return found

    def _delayed(self, moved: list[tuple[int, int, int]], index: int) -> int:
        """When the last such gap is over after a touch, itself apart, that may come before this one."""
        best, which, second = moved[self.last[index] - 1]
        return second if which == index else best
