"""Plain data straight to a digest: a prospect and touches as mappings, read once, without models in between.

Only rows of the plainest shape are read here, and strictly; anything else, and every mistake, goes through the models,
which accept the same and say what is wrong. What is accepted here the models accept too, with the same meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from ._clock import SECOND, moment
from ._digest import Digest, Row

if TYPE_CHECKING:
    from .case import Case

_PROSPECT: Final = frozenset({"id", "name", "zones", "regions", "owner", "owner_kind"})
#: The years 1800 to 2200, in which a double holds every microsecond.
_FIRST: Final = -5_364_662_400 * SECOND
_LAST: Final = 7_258_118_400 * SECOND

_five: Final = itemgetter("id", "at", "channel", "disposition", "direction")
_read: Final = datetime.fromisoformat

_known_places: dict[tuple[str, str | None], tuple[str, tuple[str, ...]]] = {}


class Raw(Digest):
    """The digest of a prospect and touches given as data; the case is made when somebody asks for more than the answer."""

    __slots__ = ("_case", "_prospect")

    _prospect: dict[str, Any]

    def digest(self) -> Digest:
        """Itself: so that a case and a `Raw` are asked alike."""
        return self

    def case(self) -> Case:
        """The case in models."""
        try:
            return self._case
        except AttributeError:  # the slot is still empty
            from .case import Case

            touches = [
                {"id": name, "at": moment(start), "channel": channel, "disposition": disposition}
                | {"direction": "outbound" if outbound else "inbound"}
                for start, _, channel, outbound, disposition, name in self.rows
            ]
            self._case: Case = Case.of(self._prospect, touches)
            return self._case


def read_raw(prospect: dict[str, Any], touches: Iterable[Any]) -> Raw | None:
    """The rows as a `Raw`; None where they are not of the plainest shape, or where something may be wrong."""
    try:
        zones, regions = prospect["zones"], prospect["regions"]
        place = _known_places.get((zones, regions)) or _place(zones, regions)
    except (KeyError, TypeError):
        return None
    if place is None or type(prospect["id"]) is not str or (len(prospect) != 3 and not _ordinary(prospect)):
        return None
    rows: list[Row] = []
    for touch in touches:
        try:
            name, at, channel, disposition, direction = _five(touch)
            begun = _read(at)
            "".join((name, channel, disposition))  # texts, all three
        except (KeyError, ValueError, TypeError):
            return None
        if type(touch) is not dict or len(touch) != 5 or begun.tzinfo is None or disposition == "cancelled":
            return None
        start = round(begun.timestamp() * 1e6)  # exact: a double holds the microseconds of these years
        if direction == "outbound":
            rows.append((start, start, channel, True, disposition, name))
        elif direction == "inbound":
            rows.append((start, start, channel, False, disposition, name))
        else:
            return None
    raw = Raw(place, rows, False)
    if rows and not (rows[0][0] > _FIRST and raw.latest < _LAST and len({row[5] for row in rows}) == len(rows)):
        return None
    raw._prospect = prospect.copy()
    return raw


def _ordinary(prospect: dict[str, Any]) -> bool:
    """Whether a prospect has only keys that this page knows, all of them texts."""
    return prospect.keys() <= _PROSPECT and all(type(value) is str for value in prospect.values())


def _place(zone: str, region: str | None) -> tuple[str, tuple[str, ...]] | None:
    """The place of a zone and region that the models accept; kept by name."""
    from .errors import InputError
    from .prospect import Prospect

    if type(zone) is not str or not (region is None or type(region) is str):
        return None
    try:
        prospect = Prospect(id="p", zones=zone, regions=() if region is None else region)
    except InputError:
        return None
    if len(_known_places) > 10_000:
        _known_places.clear()
    place = _known_places[zone, region] = prospect.zones[0].zone, tuple(item.region for item in prospect.regions)
    return place
