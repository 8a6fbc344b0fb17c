"""What the tests of packs share."""

from __future__ import annotations

from collections.abc import Iterable

from cadencia import Pack, Policy
from cadencia.rules.base import Rule


def rules_of(pack: Pack, ids: Iterable[str]) -> list[Rule]:
    """The rules of a pack's policy that stand for some provisions."""
    wanted = set(ids)
    found = [rule for rule in pack.policy.rules if pack.provision(rule.id).id in wanted]
    assert {pack.provision(rule.id).id for rule in found} == wanted
    return found


def alone(pack: Pack, ids: Iterable[str], channels: Iterable[str]) -> Policy:
    """A policy of some provisions only."""
    return Policy(
        name="alone", channels=tuple(channels), dispositions=pack.dispositions, rules=tuple(rules_of(pack, ids))
    )
