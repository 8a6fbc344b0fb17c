"""From a postal address or a profile: the zones of a country (`zone.tab` of the tz database) and of some subdivisions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from .._country_names import code_for, looks_like_code
from .._territories import code_of
from .._time.clock import check_zone
from ..errors import InputError, did_you_mean, given
from .place import Place, place_of

__all__ = ["address_place", "country_zones", "known_parts", "zone_place"]

#: Codes that the tz database does not list, and those under which it lists their zones: parts of ISO 3166-1 `SH`, and Kosovo.
_PARTS: Final = {"AC": "SH", "TA": "SH", "XK": "RS"}


def address_place(
    country: str, subdivision: str | None = None, *, source: str = "address", since: datetime | str | None = None
) -> Place:
    """Where an address may be.

    Args:
        country: two letters of ISO 3166-1: `US`.
        subdivision: of ISO 3166-2, with or without its country: `TX`, `US-TX`. Of countries with several zones those of the US,
            Canada, Australia, Brazil, Spain and Portugal are known, and territories with a country code of their own (`FR-974`
            is `RE`); any other has every zone of its country.
        source: what to note as the source of the evidence; `since` is when it was learned.

    Raises:
        InputError: no such country, or no such subdivision where they are known.
    """
    if country not in _countries() and country not in _PARTS:
        code = code_for(country)
        near = f", here `{code}`" if code else ""
        if not code and looks_like_code(country):
            near = did_you_mean(country.upper(), _countries())
        such = "" if code else " such as `ES`"
        raise InputError(f"country {given(country)} is not known; write two letters of ISO 3166{such}{near}")
    if not subdivision:
        return place_of(country_zones(country), [country], "country", source, since)
    code = subdivision.removeprefix(f"{country}-")
    own = code_of(f"{country}-{code}")
    if own is not None:  # a territory: on the clock of its own, and not of the country it belongs to
        return place_of(country_zones(own), [f"{country}-{code}"], "subdivision", source, since)
    known = _subdivisions().get(country)
    if known is not None and code not in known:
        raise InputError(
            f"subdivision {given(subdivision)} is not one of {country}; write a code of ISO 3166-2 such as "
            f"`{country}-{next(iter(known))}`" + did_you_mean(code.upper(), known)
        )
    zones = country_zones(country) if known is None else tuple(known[code])
    return place_of(zones, [f"{country}-{code}"], "subdivision", source, since)


def zone_place(zone: str, *, source: str = "profile", since: datetime | str | None = None) -> Place:
    """Where somebody is who names a zone: there, in no known region, since people keep a zone when they move.

    Raises:
        InputError: no such zone; the nearest is offered.
    """
    return place_of([check_zone(zone)], [], "profile", source, since)


def country_zones(country: str) -> tuple[str, ...]:
    """Every zone of a country, sorted; empty where the tz database has none."""
    return _countries().get(_PARTS.get(country, country), ())


def known_parts(country: str) -> tuple[str, ...]:
    """The subdivisions of a country that are known by name; none where only the country is."""
    return tuple(_subdivisions().get(country, ()))


@cache
def _countries() -> Mapping[str, tuple[str, ...]]:
    """The zones of every country, from the tz database that cadencia is installed with."""
    found: dict[str, list[str]] = {}
    folder = files("tzdata") / "zoneinfo"
    for line in (folder / "iso3166.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            found[line.split("\t")[0]] = []
    for line in (folder / "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country].append(zone)
    return {country: tuple(sorted(zones)) for country, zones in found.items()}


@cache
def _subdivisions() -> Mapping[str, Mapping[str, list[str]]]:
    data = json.loads((files(__package__) / "subdivisions.json").read_text(encoding="utf-8"))
    del data["about"]
    return data  # type: ignore[no-any-return]
