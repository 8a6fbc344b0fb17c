"""A block, what a limit answers with; and of several the chain that they make, and the one that speaks for an end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import Any, Literal, NamedTuple, get_args

from ..errors import one_line

__all__ = ["Block", "Scope", "chain_link", "chain_of", "checked", "principal"]

Scope = Literal["case", "channel", "contact_point"]


class Block(NamedTuple):
    """No, from here to there, because.

    Attributes:
        start, end: instants in microseconds, half open; `end` is `FOREVER` when time alone lifts nothing.
        rule: the id of the rule that says so.
        code: what kind of no, one word; with `details` it renders in any language.
        needs: what would lift it, when time alone does not.
        touches: ids of the touches that counted, a tuple or what equals one.
        stops: it ends the case, the channel or the contact point (`scope`).
        final: nothing can lift it (an exhausted or expired case).
    """

    start: int
    end: int
    rule: str
    code: str
    needs: tuple[str, ...] = ()
    touches: Sequence[str] = ()
    details: tuple[tuple[str, Any], ...] = ()
    stops: bool = False
    scope: Scope = "case"
    final: bool = False


def checked(blocks: Iterable[Any], rule: str) -> Iterator[Block]:
    """The blocks of a third party's rule, as they are.

    Raises:
        ValueError: one of them is no block of this rule that can be united, told and kept.
    """
    for block in blocks:
        if not isinstance(block, Block):
            raise ValueError(f"{one_line(block, 60)} is not a block; write `self.block(start, end, code)`")
        names = (block.code, *block.needs, *block.touches, *(name for name, _ in block.details))
        wrong = [
            what
            for what, good in {
                "rule": block.rule == rule,
                "start and end": type(block.start) is int and type(block.end) is int and block.start < block.end,
                "code, needs, touches and the names of details": all(isinstance(name, str) for name in names),
                "details": all(_plain(value) for _, value in block.details),
                "scope": block.scope in get_args(Scope),
            }.items()
            if not good
        ]
        if wrong:
            raise ValueError(f"block {one_line(block, 120)} has a wrong {wrong[0]}")
        yield block


def _plain(value: Any) -> bool:
    """Whether a detail can be kept as JSON."""
    if isinstance(value, (list, tuple)):
        return all(_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(name, str) and _plain(item) for name, item in value.items())
    return value is None or isinstance(value, (str, int)) or (isinstance(value, float) and isfinite(value))


def chain_of(blocks: list[Block], start: int, end: int) -> list[Block]:
    """From `start`, the covering block that ends last (ties by rule, then by content), then the one at its end, and so on."""
    waiting = sorted(blocks, key=lambda block: block.start, reverse=True)
    chain: list[Block] = []
    best: Block | None = None  # of all that have begun, the one that ends last
    at = start
    while at < end:
        while waiting and waiting[-1].start <= at:
            block = waiting.pop()
            best = block if best is None else chain_link([best, block])
        if best is None or best.end <= at:
            break
        chain.append(best)
        at = best.end
    return chain


def chain_link(covering: list[Block]) -> Block:
    """Of some blocks the one that ends last, ties by rule, then by content."""
    best = covering[0]
    end = best[1]
    for block in covering:
        if block[1] >= end and block is not best and (block[1] > end or _before(block, best)):
            best = block
            end = block[1]
    return best


def _before(block: Block, other: Block) -> bool:
    """Whether a block comes before another that ends with it."""
    if block[2] != other[2]:
        return block[2] < other[2]
    return (block.code, tuple(block.touches), str(block.details)) < (
        other.code,
        tuple(other.touches),
        str(other.details),
    )


def principal(blocks: list[Block], start: int) -> Block:
    """The block that speaks for a stop: of those that cover now, a stop before a final limit, the longest, ties by rule."""
    ending = [block for block in blocks if (block.stops or block.final) and block.start <= start < block.end]
    return min(
        ending,
        key=lambda block: (
            not block.stops,
            -block.end,
            block.rule,
            block.code,
            tuple(block.touches),
            str(block.details),
        ),
    )
