"""A place: the zones and regions in which somebody may be, each with its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._time.clock import read_instant
from ..prospect import Region, ZoneEvidence

__all__ = ["Place", "place_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """Zones and regions, each with its source; `|` unites two places.

    Attributes:
        zones: every plausible zone; empty: not known, and rules on local time are closed.
        regions: every plausible country or subdivision.
        kind: what was looked at: `mobile`, `fixed_line`, `fixed_line_or_mobile`, `toll_free`, `not_geographic`, `worldwide`,
            `not_assigned`, `country`, `subdivision`, `profile`; several for a union.
    """

    zones: tuple[ZoneEvidence, ...] = ()
    regions: tuple[Region, ...] = ()
    kind: tuple[str, ...] = ()

    def __or__(self, other: Place) -> Place:
        return Place(
            _united(self.zones, other.zones), _united(self.regions, other.regions), _united(self.kind, other.kind)
        )

    def to_dict(self) -> dict[str, Any]:
        """The place as JSON-ready data: `zones` and `regions` are what a `Prospect` takes."""
        return {
            "zones": [item.model_dump(mode="json", exclude_none=True) for item in self.zones],
            "regions": [item.model_dump(mode="json", exclude_none=True) for item in self.regions],
            "kind": list(self.kind),
        }


def place_of(
    zones: Iterable[str], regions: Iterable[str], kind: str, source: str, since: datetime | str | None
) -> Place:
    """A place from names, sorted, all of one source."""
    known = None if since is None else read_instant(since, "since")
    return Place(
        tuple(ZoneEvidence(zone=name, source=source, since=known) for name in sorted(set(zones))),
        tuple(Region(region=name, source=source, since=known) for name in sorted(set(regions))),
        (kind,),
    )


def _united(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*first, *(item for item in second if item not in first))
