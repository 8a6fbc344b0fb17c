"""Public holidays as frozen sets of day numbers, from the `holidays` package, loaded on first use."""

from __future__ import annotations

import json
import warnings
from datetime import date
from functools import cache, lru_cache
from threading import Lock
from typing import Final

from .._country_names import code_hint
from .._territories import lies_in
from ..errors import InputError, given
from .clock import day_date, day_number

#: What the name of a policy's own calendar looks like; no region does.
OWN_NAME = "[a-z][a-z0-9_-]*"
#: What a rule may ask of the prospect's regions: whatever is kept in each plausible one, or in its country as a whole.
PROSPECT: Final = "prospect"
PROSPECT_COUNTRY: Final = "prospect_country"
OF_PROSPECT: Final = (PROSPECT, PROSPECT_COUNTRY)
#: How a country is written when somebody may be in any part of it; no region has such a name.
_ANY_PART: Final = "-*"
#: How many parts of a country an explanation names.
_FEW: Final = 4
#: Held while warnings are watched, which is done for the whole process.
_ASKING: Final = Lock()


@lru_cache(maxsize=4096)
def regions_named(names: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...] | None:
    """The calendars that a rule's names mean for a prospect in `own` regions; None when these are asked for and not known."""
    found: set[str] = set()
    for name in names:
        if name not in OF_PROSPECT:
            found.add(name)
        elif not own:
            return None
        else:
            whole = name == PROSPECT_COUNTRY
            found.update(lies_in(region).partition("-")[0] if whole else _plausible(region) for region in own)
    return tuple(sorted(found))


def _plausible(region: str) -> str:
    """A bare country may be any of its parts, if the calendar tells them apart."""
    if "-" in region:
        return lies_in(region)
    return region + _ANY_PART if _parts(region) else region


def each_plausible(region: str) -> tuple[str, ...]:
    """The calendars of which one is meant, where a name stands for any of several."""
    country, _, part = region.partition("-")
    if not part or "=" in region or region_known(region):
        return (region,)
    return (country, *(f"{country}-{name}" for name in _parts(country)))


def _parts(country: str) -> tuple[str, ...]:
    import holidays

    return tuple(holidays.list_supported_countries(include_aliases=False).get(country, ()))


@cache
def holiday_days(region: str, year: int) -> frozenset[int] | None:
    """The public holidays of a country (`ES`) or subdivision (`ES-CT`) in a year; None where the calendar does not reach.

    A subdivision that the calendar does not name (`ES-M`, a province) may keep the holidays of any that it does name; so may a
    country of which any part is meant.
    """
    if "=" in region:
        return _own_days(region, year)
    import holidays

    country, _, subdivision = region.partition("-")
    calendar = getattr(holidays, country, None)
    if calendar is None or not region_known(country):
        return None
    if not calendar.start_year <= year <= calendar.end_year:
        return None
    if subdivision and not region_known(region):
        parts = [holiday_days(part, year) for part in each_plausible(region)]
        return None if None in parts else frozenset().union(*filter(None, parts))
    with _ASKING, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        days = frozenset(map(day_number, holidays.country_holidays(country, subdiv=subdivision or None, years=year)))
    # some calendars say that they are not complete outside certain years, by a warning and nothing else
    return None if any("available only" in str(item.message) for item in told) else days


def _own_days(bound: str, year: int) -> frozenset[int] | None:
    """The holidays of a policy's own calendar, bound as `name={content}`."""
    content = json.loads(bound.partition("=")[2])
    if content["years"] is not None and year not in content["years"]:
        return None
    named = [holiday_days(region, year) for region in content["holidays"]]
    if any(days is None for days in named):
        return None
    closed, opened = (
        {day_number(date.fromisoformat(day)) for day in content[key] if day.startswith(f"{year:04}-")}
        for key in ("closed", "open")
    )
    return (frozenset().union(*filter(None, named)) - opened) | closed


def calendar_name(region: str) -> str:
    """A region or calendar as it is named: without the content of a policy's own calendar."""
    return region.partition("=")[0].removesuffix(_ANY_PART)


@lru_cache(maxsize=65536)
def kept_in(region: str, day: int) -> str:
    """Where a holiday of a region is kept, as an explanation says it: the parts, where only some of a bare country keep it."""
    country = region.removesuffix(_ANY_PART)
    year = day_date(day).year
    if country == region or day in (holiday_days(country, year) or ()):
        return calendar_name(region)
    keep = [part for part in each_plausible(region) if day in (holiday_days(part, year) or ())]
    keep = [part for part in keep if part.isupper()] or keep  # a code rather than a name that only the calendar gives
    return ", ".join(keep[:_FEW]) + (", ..." if len(keep) > _FEW else "")


@lru_cache(maxsize=4096)
def closed_days(regions: tuple[str, ...], first: int, last: int) -> frozenset[int]:
    """The dates of `first..last` that are holidays in any of the regions; every date of a year that is not covered."""
    closed: set[int] = set()
    for region in regions:
        for year in range(day_date(first).year, day_date(last).year + 1):
            days = holiday_days(region, year)
            if days is None:
                closed.update(day for day in range(first, last + 1) if day_date(day).year == year)
            else:
                closed.update(day for day in days if first <= day <= last)
    return frozenset(closed)


@cache
def region_known(region: str) -> bool:
    """Whether the calendar package knows a country or subdivision."""
    import holidays

    country, dash, subdivision = region.partition("-")
    supported = holidays.list_supported_countries(include_aliases=False)
    return country in supported and (not dash or subdivision in supported[country])


def check_region(region: str) -> str:
    """The region if it has a holiday calendar, or an `InputError` that offers the nearest one."""
    if not region_known(region):
        import holidays

        supported = holidays.list_supported_countries(include_aliases=False)
        country = region.partition("-")[0]
        known = [f"{country}-{name}" for name in supported.get(country, ())] or list(supported)
        raise InputError(f"no holiday calendar for {given(region)}; {code_hint(region, known)}")
    return region
