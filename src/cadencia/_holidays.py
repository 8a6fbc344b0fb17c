"""Public holidays as frozen sets of day numbers, from the `holidays` package, loaded on first use."""

from __future__ import annotations

from functools import cache, lru_cache

from ._clock import day_date, day_number
from .errors import InputError, did_you_mean, given


@cache
def holiday_days(region: str, year: int) -> frozenset[int] | None:
    """The public holidays of a country (`ES`) or subdivision (`ES-CT`) in a year; None where the calendar does not reach.

    A subdivision that the calendar does not name (`ES-M`, a province) may keep the holidays of any that it does name.
    """
    import holidays

    country, _, subdivision = region.partition("-")
    calendar = getattr(holidays, country, None)
    if calendar is None or not region_known(country):
        return None
    if not calendar.start_year <= year <= calendar.end_year:
        return None
    if subdivision and not region_known(region):
        named = holidays.list_supported_countries(include_aliases=False)[country]
        parts = [country, *(f"{country}-{name}" for name in named)]
        return frozenset().union(*(holiday_days(part, year) or () for part in parts))
    days = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    return frozenset(day_number(day) for day in days)


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
        raise InputError(
            f"no holiday calendar for {given(region)}; write an ISO code such as `ES` or `ES-CT`"
            + did_you_mean(region, known)
        )
    return region
