"""Whether something owed can still be done in time, and if not, what keeps it from being done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from .._time.clock import FOREVER
from ..rules.block import chain_of
from ..rules.filters import TouchFilter
from .asking import LONGEST_HORIZON, not_allowed

if TYPE_CHECKING:
    from .._view import Seen, View
    from ..rules.base import Due
    from ..rules.choice import Choice
    from ..rules.filters import Candidate
    from .openings import Openings
    from .question import Question

__all__ = ["booked_for", "foreseen", "might_meet"]

#: What is owed without touching anybody: no limit can keep it from being done.
_UNLIMITED: Final = frozenset({"task", "record"})
#: What is owed from an instant on, that instant included; after a touch only what follows it counts.
_FROM: Final = frozenset({"opening", "qualification"})


def foreseen(question: Question, rule: Any, view: View, item: Due) -> tuple[bool, tuple[str, ...]]:
    """Whether something owed may still be met by its due, and if not the rules that keep it from being met.

    It may where a contact that would meet it is permitted by then, or booked; of those that are not, the one that opens first
    says why.
    """
    assert item.due is not None
    if item.code in _UNLIMITED or not _ours(rule) or question.booked_for(rule, view, item):
        return True, ()
    last = min(item.due, question.start + LONGEST_HORIZON)
    nearest: tuple[int, Candidate] | None = None
    for candidate in question.might_meet(rule, item):
        opening = question.option(candidate, question.start, max(last + 1, question.end)).opening
        if opening is not None and opening <= last:
            return True, ()
        if nearest is None or (FOREVER if opening is None else opening) < nearest[0]:
            nearest = FOREVER if opening is None else opening, candidate
    if nearest is None:
        return False, (not_allowed("").rule,)
    chain = chain_of(question.blocks(nearest[1], question.start, last + 1), question.start, last + 1)
    return False, tuple(dict.fromkeys(block.rule for block in chain))


def _met_by(rule: Any) -> TouchFilter:
    """Which touches meet a deadline; one that does not say is met by any of ours."""
    found = getattr(rule, "met_by", None)
    return found if isinstance(found, TouchFilter) else TouchFilter()


def _ours(rule: Any) -> bool:
    """Whether a touch of ours can meet a deadline; what only they can do, no limit keeps them from."""
    directions = _met_by(rule).directions
    return directions is None or directions.has("outbound")


def booked_for(rule: Any, view: View, item: Due) -> bool:
    """Whether a booking would meet something owed by its due; how it will end is not known, and may be as it must."""
    assert item.due is not None
    met_by = _met_by(rule)
    return any(
        seen.booked
        and seen.outbound
        and seen.hi <= item.due
        and (seen.lo > item.since or item.anchor in _FROM)
        and _may_meet(met_by, seen)
        for seen in view.touches
    )


def _may_meet(met_by: TouchFilter, planned: Seen | Candidate) -> bool:
    """Whether something planned may match, as far as it is known beforehand."""
    return (
        (met_by.channels is None or met_by.channels.has(planned.channel))
        and (met_by.purposes is None or met_by.purposes.may_have(planned.purpose))
        and (met_by.steps is None or met_by.steps.may_have(planned.step))
        and (met_by.subjects is None or met_by.subjects.may_have_any(planned.subjects))
    )


def might_meet(question: Openings, rule: Any) -> Iterator[Candidate]:
    """What might be done to meet a deadline: what is asked about where that meets it, else the same as it would have to be."""
    met_by = _met_by(rule)
    for candidate in question.candidates(question.engine.channels or ()):
        for purpose in _names(met_by.purposes, candidate.purpose):
            for step in _names(met_by.steps, candidate.step):
                fits = met_by.subjects is None or met_by.subjects.may_have_any(candidate.subjects)
                for subjects in (candidate.subjects,) if fits else _each(met_by.subjects):
                    other = candidate._replace(purpose=purpose, step=step, subjects=subjects)
                    if _may_meet(met_by, other):
                        yield other


def _names(choice: Choice | None, asked: str | None) -> tuple[str | None, ...]:
    """The name that is asked about where it is chosen, else those that are; of a choice of all but some, one that is not known."""
    if choice is None or choice.may_have(asked):
        return (asked,)
    return (None,) if choice.excluded else tuple(sorted(choice.names))


def _each(choice: Choice | None) -> tuple[tuple[str, ...], ...]:
    return ((),) if choice is None or choice.excluded else tuple((name,) for name in sorted(choice.names))
