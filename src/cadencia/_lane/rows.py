"""Plain data straight to a digest: a prospect and touches as mappings, read once, without models in between.

Only rows of the plainest shape are read here, and strictly; anything else, and every mistake, goes through the models,
which accept the same and say what is wrong. What is accepted here the models accept too, with the same meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from .._time.clock import EPOCH, EVER, FOREVER, moment
from .digest import Digest, Row

if TYPE_CHECKING:
    from ..case import Case

_PROSPECT: Final = frozenset({"id", "name", "zones", "regions", "owner", "owner_kind"})
_DIRECTIONS: Final = frozenset({"outbound", "inbound"})
_MICROSECOND: Final = timedelta(microseconds=1)
_five: Final = itemgetter("id", "at", "channel", "disposition", "direction")
_read: Final = datetime.fromisoformat

_known_words: set[tuple[Any, Any, Any]] = set()
_known_places: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}


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
            from ..case import Case

            touches = [
                {
                    "id": name,
                    "at": moment(start),
                    "channel": channel,
                    "disposition": disposition,
                    "direction": direction,
                }
                for start, _, channel, direction, disposition, name in self.rows
            ]
            self._case: Case = Case.of(self._prospect, touches)
            return self._case


def read_raw(prospect: dict[str, Any], touches: Sequence[Any]) -> Raw | None:
    """The rows as a `Raw`; None where they are not of the plainest shape, or where something may be wrong."""
    try:
        zones, regions = prospect["zones"], prospect["regions"]
        place = _known_places.get((zones, regions)) or place_in(zones, regions)
    except (KeyError, TypeError):
        return None
    if (
        place is None
        or type(prospect.get("id")) is not str
        or not prospect["id"].strip()
        or (len(prospect) != 3 and not _ordinary(prospect))
    ):
        return None
    rows: dict[str, Row] = {}
    latest, tidy = EVER, True
    try:
        for touch in touches:
            name, at, channel, disposition, direction = _five(touch)
            start = (_read(at) - EPOCH) // _MICROSECOND  # a time without an offset is a TypeError here
            if len(touch) != 5:
                return None
            if (channel, disposition, direction) not in _known_words and not _plain_words(
                channel, disposition, direction
            ):
                return None
            if start <= latest:
                tidy = False
            latest = start
            rows[name] = start, start, channel, direction, disposition, name
        if not all(map(str.strip, rows)):  # texts, all of them, and none blank
            return None
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    if len(rows) != len(touches):
        return None
    raw = Raw(place, list(rows.values()), False, tidy)
    if rows and not (raw.rows[0][0] > EVER and raw.latest < FOREVER):
        return None
    raw._prospect = prospect.copy()
    return raw


def _plain_words(channel: Any, disposition: Any, direction: Any) -> bool:
    """Whether a channel, disposition and direction are texts that the models accept and the lane can read; kept by content."""
    words = channel, disposition, direction
    if (
        not all(type(word) is str and word.strip() for word in words)
        or direction not in _DIRECTIONS
        or disposition == "cancelled"
    ):
        return False
    if len(_known_words) < 10_000:  # pragma: no branch - a bound on memory, far above what a test should reach
        _known_words.add(words)
    return True


def _ordinary(prospect: dict[str, Any]) -> bool:
    """Whether a prospect has only keys that this page knows, all of them texts."""
    return prospect.keys() <= _PROSPECT and all(type(value) is str and value.strip() for value in prospect.values())


def place_in(zone: Any, region: Any) -> tuple[str, tuple[str, ...]] | None:
    """The place of a zone and region that the models accept; kept by name."""
    from ..errors import InputError
    from ..prospect import Prospect

    if type(zone) is not str or type(region) is not str:
        return None
    try:
        prospect = Prospect(id="p", zones=zone, regions=region)
    except InputError:
        return None
    if len(_known_places) > 10_000:  # pragma: no cover - a bound on memory, far above what a test should reach
        _known_places.clear()
    place = _known_places[zone, region] = prospect.zones[0].zone, tuple(item.region for item in prospect.regions)
    return place
