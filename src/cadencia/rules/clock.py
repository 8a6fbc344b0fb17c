"""Whose clock a rule reads: the prospect's, in every plausible zone, or that of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._model import Names
from .._time.clock import Zone, check_zone, zone_of
from ..errors import InputError

if TYPE_CHECKING:
    from .._view import View

__all__ = ["check_clock", "zones_of"]


def zones_of(view: View, clock: Names) -> tuple[Zone, ...]:
    """The zones that a rule's `clock` names; empty when the prospect's are asked for and none is known."""
    zones: list[Zone] = []
    for name in clock:
        if name == "prospect":
            if not view.zones:
                return ()
            zones.extend(view.zones)
        else:
            zones.append(zone_of(name))
    return tuple(dict.fromkeys(zones))


def check_clock(value: tuple[str, ...]) -> tuple[str, ...]:
    """Every name is `prospect` or a zone."""
    for name in value:
        if name != "prospect":
            check_zone(name)
    if not value:
        raise InputError("clock: `[]` names no zone; write `prospect` or a zone such as `Europe/Madrid`")
    return value
