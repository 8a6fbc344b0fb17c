"""Which step a touch is, which steps may be in turn when it begins, and which were taken for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .conditions import holds
from .states import State

if TYPE_CHECKING:
    from .._view import Seen, View
    from .models import Cadence, Step

__all__ = ["for_others", "in_turn", "left_to_take", "of_another_case", "said_last", "served_by", "step_of"]


def step_of(cadence: Cadence, view: View, state: State, seen: Seen, turn: list[Step]) -> Step | None:
    """The step that a touch is; None where it counts for limits only."""
    if not seen.outbound or not seen.out or state.place is None:
        return None
    own = seen.person == view.prospect.id
    if seen.step is not None:
        named = cadence.by_id.get(seen.step)
        if named is None or named.task:
            return None
        if named.person == "same":
            return named if own else None
        # with our own person a step for others is one of somebody else's case, unless it had come to be with them
        return named if not own or (state.place == named.id and _come_to(named, state, seen)) else None
    if not own:
        return None
    mine = (
        step for step in turn
        if seen.channel in step.channels and seen.purpose in ((step.purpose,) if step.named else (None, step.purpose))
        and (step.person == "same" or _come_to(step, state, seen))
    )  # fmt: skip
    return next(mine, None)


def _come_to(step: Step, state: State, seen: Seen) -> bool:
    """Whether a step that goes on with whoever was last is with the person of a touch."""
    return step.person == "last" and (state.by is None or state.by.person == seen.person)


def for_others(cadence: Cadence, seen: Seen) -> bool:
    """Whether a touch names a step that is not for the person of the case."""
    step = None if seen.step is None else cadence.by_id.get(seen.step)
    return step is not None and step.person != "same"


def of_another_case(cadence: Cadence, seen: Seen) -> Step | None:
    """The step for others that a touch with our own person names: it was one of somebody else's case."""
    return cadence.by_id[str(seen.step)] if for_others(cadence, seen) else None


def served_by(cadence: Cadence, seen: Seen, taken: str | None) -> set[str]:
    """The steps that are taken once ever and were, by a touch: as the step that it was or names, or because it had their purpose."""
    if not seen.outbound or not seen.out:
        return set()
    return {
        step.id
        for step in cadence.steps
        if step.once == "ever"
        and (seen.purpose == step.purpose or taken == step.id or (seen.step == step.id and seen.purpose is None))
    }


def in_turn(cadence: Cadence, view: View, state: State, seen: Seen, lo: int) -> Iterator[Step]:
    """The steps that may be the one in turn when a touch begins: those whose condition does not hold then are passed over."""
    place = state.place
    passed: set[str] = set()
    while place in cadence.by_id and place not in passed:
        passed.add(place)
        step = cadence.by_id[place]
        if left_to_take(state, step) and any(start <= seen.lo < end for start, end in holds(view, step.when, lo)):
            yield step
            if step.if_impossible == "hold":
                return
        place = cadence.past(step)


def left_to_take(state: State, step: Step) -> bool:
    """Whether a step touches somebody, has not been taken for good, and says something else than the last touch of ours."""
    return not step.task and step.id not in state.once and step.id not in state.met and not said_last(state, step)


def said_last(state: State, step: Step) -> bool:
    """Whether the last touch of ours to the one whom a step is with had its purpose."""
    return state.said is not None and state.said.to(step, state.by) == step.purpose
