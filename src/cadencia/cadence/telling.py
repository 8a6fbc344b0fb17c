"""What touches were for, told to the rules of the policy: a touch without a purpose had that of the step that it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .walk import runs_of

if TYPE_CHECKING:
    from .._view import View
    from ..case import Case
    from ..touch import Touch
    from .models import Cadence

__all__ = ["told"]


def told(cadence: Cadence, case: Case, view: View, entered: int | None) -> Case:
    """The case with the purpose of each touch of ours that was a step; the same case where each says its own."""
    if all(touch.purpose is not None or touch.direction != "outbound" for touch in _touches(case)):
        return case
    steps = {taken.seen.id: taken.step for run in runs_of(cadence, view, entered) for taken in run.taken}

    def with_purposes(touches: Iterable[Touch]) -> tuple[Touch, ...]:
        return tuple(
            touch.model_copy(update={"purpose": cadence.by_id[steps[touch.id]].purpose})
            if touch.purpose is None and touch.id in steps
            else touch
            for touch in touches
        )

    account = case.account and case.account.model_copy(update={"touches": with_purposes(case.account.touches)})
    return case.model_copy(update={"touches": with_purposes(case.touches), "account": account})


def _touches(case: Case) -> Iterator[Touch]:
    yield from case.touches
    if case.account is not None:
        yield from case.account.touches
