"""The touches that several blocks share, each told without being kept once more."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from .block import Block

__all__ = ["Covering", "Evidence", "Staying", "Stretch"]


class Evidence(Sequence[str]):
    """Ids out of many that several blocks share: equal to the tuple of them, and made one only when read.

    A dense history has a block for each touch, and each names the touches of a whole period: kept apart, they are the square
    of the history.
    """

    __slots__ = ()

    def __len__(self) -> int:
        return sum(1 for _ in self)  # a tuple of it would ask for its length first

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return tuple(self)[index]

    @abstractmethod
    def __iter__(self) -> Iterator[str]:
        """Each id in order."""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Evidence):
            return tuple(self) == tuple(other)
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    def __lt__(self, other: Sequence[str]) -> bool:
        return tuple(self) < tuple(other)

    def __gt__(self, other: Sequence[str]) -> bool:
        return tuple(self) > tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)


class Stretch(Evidence):
    """Some ids in a row."""

    __slots__ = ("_all", "_first", "_last")

    def __init__(self, everything: Sequence[str], first: int, last: int) -> None:
        self._all = everything
        self._first = first
        self._last = last

    def __len__(self) -> int:
        return self._last - self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._all[self._first : self._last])


class Staying(Evidence):
    """Of some ids in a row those that stay beyond an instant: of touches that come in order and leave in any.

    `leaves` says of each id when it leaves; how many stay is known from the start.
    """

    __slots__ = ("_after", "_all", "_first", "_last", "_leaves", "_many")

    def __init__(
        self, everything: Sequence[str], first: int, last: int, leaves: Sequence[int], after: int, many: int
    ) -> None:
        self._all = everything
        self._first = first
        self._last = last
        self._leaves = leaves
        self._after = after
        self._many = many

    def __len__(self) -> int:
        return self._many

    def __iter__(self) -> Iterator[str]:
        here = slice(self._first, self._last)
        return (name for name, leaves in zip(self._all[here], self._leaves[here], strict=True) if leaves > self._after)


class Covering(Evidence):
    """The touches of those blocks of several limits that cover an instant, each once.

    `answers` holds for each limit its blocks, their order by start, and which of that order may cover the instant.
    """

    __slots__ = ("_answers", "_at")

    def __init__(self, answers: Sequence[tuple[Sequence[Block], Sequence[int], int, int]], at: int) -> None:
        self._answers = answers
        self._at = at

    def __iter__(self) -> Iterator[str]:
        found: dict[str, None] = {}
        for blocks, order, first, last in self._answers:
            for place in sorted(order[first:last]):
                if blocks[place].end > self._at:
                    found.update(dict.fromkeys(blocks[place].touches))
        return iter(found)
