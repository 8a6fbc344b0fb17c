"""The rules of a policy, told apart by kind, and those that bind always."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..rules.base import Deadline, Limit, Preference, Rule
from ..rules.consent import ContactPoints, OptOuts, Suppressions, UnreadableTouches
from ..touch import DISPOSITIONS, Disposition

if TYPE_CHECKING:
    from .._view import View
    from ..policy import Policy

__all__ = ["ALWAYS", "Ruled", "Rules", "in_force"]

ALWAYS: tuple[Limit, ...] = (Suppressions(), OptOuts(), ContactPoints(), UnreadableTouches())


class Ruled(NamedTuple):
    """A rule with the dispositions of the layer that wrote it."""

    rule: Any
    table: Mapping[str, Disposition]


class Rules:
    """The rules of a policy told apart by kind, each with its layer's words."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.limits: list[Ruled] = [Ruled(rule, DISPOSITIONS) for rule in ALWAYS]
        self.preferences: list[Ruled] = []
        self.deadlines: list[Ruled] = []
        self.declared: set[str] = set(DISPOSITIONS)
        layers = policy._as_layers()
        lists = [set(layer.channels) for layer in layers if layer.channels is not None]
        self.channels: tuple[str, ...] | None = tuple(sorted(set.intersection(*lists))) if lists else None
        for layer in layers:
            table = {**DISPOSITIONS, **layer.dispositions} if layer.dispositions else DISPOSITIONS
            self.declared |= set(layer.dispositions)
            for rule in layer.bound_rules:
                named = rule.model_copy(update={"id": f"{layer.name}/{rule.id}"}) if policy.layers else rule
                kinds: list[tuple[type[Rule], list[Ruled]]] = [
                    (Limit, self.limits), (Preference, self.preferences), (Deadline, self.deadlines),
                ]  # fmt: skip
                next(found for kind, found in kinds if isinstance(named, kind)).append(Ruled(named, table))
        self.limits.sort(key=lambda item: item.rule.id)
        self.preferences.sort(key=lambda item: (item.rule.rank, item.rule.id))
        self.deadlines.sort(key=lambda item: item.rule.id)

    @property
    def name(self) -> str:
        """The name that decisions show."""
        return self.policy.name

    @property
    def fingerprint(self) -> str:
        """The fingerprint that decisions show."""
        return self.policy.fingerprint

    @property
    def rules(self) -> list[Rule]:
        """Every rule, the always-binding ones included, under the ids that decisions show."""
        return [item.rule for item in (*self.limits, *self.preferences, *self.deadlines)]

    def limits_of(self, view: View) -> list[Ruled]:
        """The policy's limits and the prospect's own wishes."""
        wishes = view.prospect.wishes
        if not wishes:
            return self.limits
        own = [Ruled(wish.model_copy(update={"id": f"wish/{wish.id}"}), DISPOSITIONS) for wish in wishes]
        return sorted([*self.limits, *own], key=lambda item: str(item.rule.id))


def in_force(rule: Rule, view: View, instant: int) -> bool:
    """Whether a preference or deadline is in force at an instant."""
    return rule.in_force is None or any(start <= instant < end for start, end in rule.in_force.spans(view.zones))
