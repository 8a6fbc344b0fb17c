"""From a provision of a pack to limits: the scope that a person writes becomes the filters that the rules read.

What a scope leaves out is written as `except`, so that a channel or purpose by a name of one's own stays inside: nobody
leaves the scope of a law by calling a call something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .rules.base import Limit
from .rules.registry import read_rule
from .touch import CHANNELS

if TYPE_CHECKING:
    from .pack import Provision

#: Purposes with a well-known meaning in the packs. Any other one is taken for each of them.
PURPOSES: Final = ("marketing", "debt_collection", "service", "research", "legal_notice")
#: The tag of a prospect who is contacted as a business.
BUSINESS: Final = "business"
#: Whom a provision protects, when it is not everybody.
SEGMENTS: Final = ("consumer", "residential")


def limits_of(provision: Provision, region: str | None) -> tuple[Limit, ...]:
    """The limits of an active provision; with a region they speak only of prospects who may be there."""
    found: list[Limit] = []
    for entry in provision.limits if provision.status == "active" else ():
        data = {**entry, "id": provision.id + str(entry.get("id", ""))}
        data["because"] = f"{provision.says} [{provision.citation}]"
        scope = _scope(provision)
        data |= scope
        if region is not None:
            data.setdefault("regions", [region])
        if provision.in_force is not None:
            data["in_force"] = provision.in_force.model_dump(mode="json", by_alias=True, exclude_none=True)
        if provision.segment is not None:
            data["unless"] = [*_listed(data.get("unless", ())), {"tags": [BUSINESS]}]
        for name in ("counts", "since"):
            counts = data.get(name)
            if isinstance(counts, Mapping) and "same" in counts:
                same = _scope(provision) if counts["same"] == "scope" else {}
                data[name] = {**same, **{key: value for key, value in counts.items() if key != "same"}}
        rule = read_rule(data)
        assert isinstance(rule, Limit)
        found.append(rule)
    return tuple(found)


def _scope(provision: Provision) -> dict[str, Any]:
    return {
        name: {"except": rest}
        for name, chosen, known in (
            ("channels", provision.channels, CHANNELS),
            ("purposes", provision.purposes, PURPOSES),
        )
        if chosen and (rest := sorted(set(known) - set(chosen)))
    }


def _listed(value: Mapping[str, Any] | Iterable[Any]) -> list[Any]:
    return [value] if isinstance(value, Mapping) else list(value)
