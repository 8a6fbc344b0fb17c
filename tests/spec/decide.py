"""The answer, naively: an option is permitted at an instant when no rule forbids any instant of the contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cadencia import Case, Policy
from cadencia.rules.base import Limit
from cadencia.rules.consent import ContactPoints, OptOuts, Suppressions, UnreadableTouches
from cadencia.touch import DISPOSITIONS

from .clock import TICK
from .counting import end_of
from .probing import instants
from .rules import forbidden


def limits(policy: Policy, case: Case) -> list[tuple[Any, Any]]:
    """Every limit and stop rule with the dispositions of its layer, what always binds, and the wishes."""
    always: list[Any] = [ContactPoints(), OptOuts(), Suppressions(), UnreadableTouches()]
    found = [(rule, DISPOSITIONS) for rule in (*always, *case.prospect.wishes)]
    for layer in (policy, *policy.layers):
        found += [(rule, {**DISPOSITIONS, **layer.dispositions}) for rule in layer.rules if isinstance(rule, Limit)]
    return found


def known(case: Case, as_of: datetime) -> Case:
    """The case without bookings that are overdue: their end has passed undone."""
    account = case.account

    def due(touches: Any) -> Any:
        return tuple(touch for touch in touches if not touch.booked or end_of(touch) >= as_of)

    others = account and account.model_copy(update={"touches": due(account.touches)})
    return case.model_copy(update={"touches": due(case.touches), "account": others})


def permitted(policy: Policy, case: Case, candidate: Any, t: datetime, as_of: datetime) -> bool:
    """Whether nothing forbids a contact that begins at t and lasts as long as the candidate says."""
    kept = known(case, as_of)
    asked = limits(policy, kept)
    end = t + candidate.duration * TICK
    during = instants([rule for rule, _ in asked], kept, t, end) if candidate.duration else [t]
    # two contents under one id close a case, overdue or not: that alone is asked of the whole case
    return not any(
        forbidden(rule, case if rule.rule == "unreadable_touches" else kept, candidate, instant, table)
        for instant in during
        for rule, table in asked
    )
