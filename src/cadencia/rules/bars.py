"""What is not permitted at all: barred contact, a fact that bars it, and regions whose rules are not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from .._model import Names, Word
from .._time.clock import EVER, FOREVER, micros
from .._time.spans import Span
from .base import Limit
from .block import Block
from .choice import Choice, in_region
from .filters import Candidate

if TYPE_CHECKING:
    from .._view import View


class Barred(Limit):
    """No contact at all of the kind that its filters name; with `while_fact`, only while that fact of the prospect is known.

    A fact that is not known bars nothing: a rule that binds only those who know of it.
    """

    rule: Literal["barred"] = "barred"
    while_fact: Word | None = None

    @property
    def memory(self) -> int | None:
        return 0

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        if self.while_fact is None:
            needs = self._needs(candidate)
            final = not needs and self.in_force is None and self.stages is None
            yield self.block(EVER, FOREVER, "barred", needs=needs, final=final, channel=candidate.channel)
            return
        fact = case.prospect.facts.get(self.while_fact)
        if fact is None or fact.value in (False, None, "", "no", "false"):
            return
        start = EVER if fact.since is None else micros(fact.since)
        end = FOREVER if fact.until is None else micros(fact.until)
        if start < end:
            yield self.block(
                start, end, "barred_by_fact", needs=("fact_over",) if end == FOREVER else (), fact=self.while_fact
            )

    def _needs(self, candidate: Candidate) -> tuple[str, ...]:
        if self.subjects is not None and not candidate.subjects:
            return ("subject",)
        if any(item.consent is not None for item in self.unless):
            return ("consent",)
        return ("exception",) if self.unless or self.stages is not None else ()


def _countries(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(sorted(value))


class KnownRegion(Limit):
    """Contact only where a region is known and, with `among`, where every plausible one is of these or lies in them."""

    rule: Literal["known_region"] = "known_region"
    among: Annotated[Names | None, AfterValidator(_countries)] = None

    @property
    def memory(self) -> int | None:
        return 0

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        if not case.regions:
            yield self.block(EVER, FOREVER, "region_unknown", needs=("region",))
        for region in case.regions:
            if self.among is not None and not in_region(Choice(frozenset(self.among)), region):
                yield self.block(EVER, FOREVER, "region_without_rules", needs=("rules_of_region",), region=region)


__all__ = ["Barred", "KnownRegion"]
