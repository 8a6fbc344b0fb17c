"""The only disjunction: a limit that forbids where all of several limits forbid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from .._time.spans import Span
from ..errors import InputError, given
from .base import Limit, Rule
from .block import Block
from .evidence import Covering
from .filters import Candidate
from .registry import RuleField

if TYPE_CHECKING:
    from .._view import View


def _limits(value: tuple[Rule, ...]) -> tuple[Any, ...]:
    for rule in value:
        if not isinstance(rule, Limit):
            raise InputError(f"rule {given(rule.id)} is not a limit; `any_of` takes limits only")
    if len({rule.id for rule in value}) != len(value):
        raise InputError("two rules of `any_of` have the same id; give each its own")
    return value


class AnyOf(Limit):
    """Permits where any of its limits permits. Evaluated whole in each plausible zone: what one zone forbids is forbidden."""

    rule: Literal["any_of"] = "any_of"
    rules: Annotated[tuple[RuleField, ...], AfterValidator(_limits)]

    @model_validator(mode="after")
    def _some(self) -> AnyOf:
        if not self.rules:
            raise InputError("`rules: []` permits nothing; name at least one limit")
        return self

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The rules, which are all limits."""
        return self.rules  # type: ignore[return-value]

    @property
    def memory(self) -> int | None:
        longest = 0
        for rule in self.limits:
            if rule.looks_back is None:
                return None
            longest = max(longest, rule.looks_back)
        return longest

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for view in case.one_zone_each():
            yield from self._together(view, candidate, span)

    def _together(self, view: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        answers = [list(rule.answer(view, candidate, span)) for rule in self.limits]
        if not all(answers):
            return
        edges = sorted(
            {
                span[0],
                span[1],
                *(min(max(edge, span[0]), span[1]) for blocks in answers for block in blocks for edge in block[:2]),
            }
        )
        children = [_Sweep(blocks) for blocks in answers]
        for start, end in pairwise(edges):
            for child in children:
                child.move(start)
            if not all(child.rules for child in children):
                continue
            # time alone may help as soon as one child waits only for time
            stuck = all(child.needs for child in children)
            yield self.block(
                start, end, "any_of",
                needs=tuple(sorted({need for child in children for need in child.needs})) if stuck else (),
                touches=Covering([child.here for child in children], start),
                final=all(child.final for child in children),
                rules=tuple(sorted({rule for child in children for rule in child.rules})),
            )  # fmt: skip


class _Sweep:
    """What is said by those blocks of one limit that cover an instant, which moves on.

    Attributes:
        needs, rules: what they need and whose they are, each with the number of times that it is said.
        final: how many of them nothing can lift.
    """

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        self._order = sorted(range(len(blocks)), key=lambda place: blocks[place].start)
        self._ends = sorted(blocks, key=lambda block: block.end, reverse=True)
        self._oldest = self._begun = 0
        self.needs: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.final = 0

    @property
    def here(self) -> tuple[list[Block], list[int], int, int]:
        """The blocks, their order, and which of that order may cover the instant."""
        return self._blocks, self._order, self._oldest, self._begun

    def move(self, at: int) -> None:
        """On to an instant, later than the last one."""
        blocks, order = self._blocks, self._order
        while self._begun < len(order) and blocks[order[self._begun]].start <= at:
            self._count(blocks[order[self._begun]], 1)
            self._begun += 1
        while self._ends and self._ends[-1].end <= at:
            self._count(self._ends.pop(), -1)
        while self._oldest < self._begun and blocks[order[self._oldest]].end <= at:
            self._oldest += 1

    def _count(self, block: Block, one: int) -> None:
        self.final += one * block.final
        for counter, names in ((self.needs, block.needs), (self.rules, (block.rule,))):
            for name in names:
                counter[name] += one
                if not counter[name]:
                    del counter[name]
