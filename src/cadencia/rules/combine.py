"""The only disjunction: a limit that forbids where all of several limits forbid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from .._time.spans import Span
from ..errors import InputError, given
from .base import Limit, Rule
from .block import Block
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
        starts = [sorted((block.start, place) for place, block in enumerate(blocks)) for blocks in answers]
        live: list[list[int]] = [[] for _ in answers]  # the blocks that cover, by place
        begun = [0] * len(answers)
        for start, end in pairwise(edges):
            for child, blocks in enumerate(answers):
                held = [place for place in live[child] if blocks[place].end > start]
                more = begun[child]
                while more < len(blocks) and starts[child][more][0] <= start:
                    held.append(starts[child][more][1])
                    more += 1
                live[child] = sorted(held) if more > begun[child] else held
                begun[child] = more
            if not all(live):
                continue
            covering = [[blocks[place] for place in live[child]] for child, blocks in enumerate(answers)]
            flat = [block for blocks in covering for block in blocks]
            # time alone may help as soon as one child waits only for time
            stuck = all(any(block.needs for block in blocks) for blocks in covering)
            yield self.block(
                start, end, "any_of",
                needs=tuple(sorted({need for block in flat for need in block.needs})) if stuck else (),
                touches=dict.fromkeys(touch for block in flat for touch in block.touches),
                final=all(any(block.final for block in blocks) for blocks in covering),
                rules=tuple(sorted({block.rule for block in flat})),
            )  # fmt: skip
