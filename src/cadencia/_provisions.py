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


def limits_of(provision: Provision, region: str | None, segment: str | None = None) -> tuple[Limit, ...]:
    """The limits of an active provision; with a region they speak only of prospects who may be there.

    Where nobody has said to which segment a contact belongs, the tag `business` of each prospect tells. Where somebody has, no tag does:
    for a business whatever excepts one is left out, and a consumer keeps it whatever the tag.
    """
    found: list[Limit] = []
    if segment == BUSINESS and provision.segment is not None:
        return ()
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
        if segment is not None and "unless" in data:
            unless = [_told(item, segment == BUSINESS) for item in _listed(data["unless"])]
            if {} in unless:
                continue
            data["unless"] = [item for item in unless if item is not None]
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


def _told(fact: Mapping[str, Any], business: bool) -> dict[str, Any] | None:
    """An exception where it is known whether the contact is a business: what else it asks for, or None where it cannot hold."""
    if _listed_names(fact.get("tags")) != [BUSINESS]:
        return dict(fact)
    return {key: value for key, value in fact.items() if key != "tags"} if business else None


def _listed_names(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, (list, tuple)) else []


def _listed(value: Mapping[str, Any] | Iterable[Any]) -> list[Any]:
    return [value] if isinstance(value, Mapping) else list(value)
