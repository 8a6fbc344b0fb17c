"""The normal form of a policy, which its fingerprint is made from: all that can change a decision, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .errors import did_you_mean, given
from .touch import DISPOSITIONS

if TYPE_CHECKING:
    from .policy import Policy
    from .rules.base import Rule

__all__ = ["dispositions_in", "fingerprint_of", "mistaken_words", "unknown_dispositions"]


def fingerprint_of(policy: Policy) -> str:
    """A hash of the normal form."""
    text = json.dumps(_form(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _form(policy: Policy) -> dict[str, Any]:
    calendars = {name: item.model_dump(mode="json") for name, item in policy.calendars.items()}
    return {
        **({"calendars": calendars} if calendars else {}),
        "format": policy.cadencia,
        "channels": policy.channels,
        "dispositions": {
            name: [item.went_out, item.delivered, item.reached] for name, item in policy.dispositions.items()
        },
        "rules": {rule.id: _told(_as_ever(rule.model_dump(mode="json", by_alias=True))) for rule in policy.rules},
        "layers": {layer.name: layer.fingerprint for layer in policy.layers},
    }


def _told(data: Any) -> Any:
    """Data without what cannot change a decision, lists of names in order."""
    if isinstance(data, dict):
        return {key: _told(value) for key, value in data.items() if key != "because"}
    return [_told(item) for item in data] if isinstance(data, list) else data


def _as_ever(data: dict[str, Any]) -> dict[str, Any]:
    """A rule's data without the options that came later and are not used: older policies keep their fingerprints."""
    later = [("subjects", data), *(("subjects", item) for item in data.get("unless", ()))]
    for item in data.get("unless", ()):
        if item["consent"] is not None:
            later += [("valid_for", item["consent"]), ("ended_by", item["consent"])]
    for name, part in later:
        if part.get(name, True) is None:
            del part[name]
    for inner in data.get("rules", ()):
        _as_ever(inner)
    return data


def dispositions_in(data: Any) -> set[str]:
    """Every disposition that a rule's data names."""
    found: set[str] = set()
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "dispositions" and value:
                found.update(value.get("except", ()) if isinstance(value, dict) else value)
            elif key == "after" and data.get("rule") == "recall":
                found.update(name for name in value if name != "otherwise")
            else:
                found |= dispositions_in(value)
    elif isinstance(data, list):
        for item in data:
            found |= dispositions_in(item)
    return found


def unknown_dispositions(rules: Iterable[Rule], declared: Mapping[str, Any]) -> list[str]:
    """A line for each disposition that a rule names and nobody declared."""
    return [
        f"rule {given(rule.id)}: disposition {given(name)} is neither well known nor declared under `dispositions`"
        + did_you_mean(name, [*DISPOSITIONS, *declared])
        for rule in rules
        for name in sorted(dispositions_in(rule.model_dump(mode="json", by_alias=True)))
        if name not in DISPOSITIONS and name not in declared
    ]


def mistaken_words(data: Mapping[str, Any]) -> list[str]:
    """The same of data that cannot be read as a whole: of those rules that can be read alone."""
    from .rules.registry import read_rule

    declared, rules = data.get("dispositions") or {}, data.get("rules")
    if not isinstance(declared, Mapping) or not isinstance(rules, (list, tuple)):
        return []
    found: list[Rule] = []
    for item in rules:
        with suppress(ValueError):  # pydantic's errors and ours: told already
            found.append(read_rule(item))
    return unknown_dispositions(found, declared)
