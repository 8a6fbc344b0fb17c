"""Public holidays as frozen sets of day numbers, from the `holidays` package, loaded on first use."""

from __future__ import annotations

from functools import lru_cache

from ._clock import day_number
from .errors import InputError, did_you_mean, given

NOWHERE: frozenset[int] = frozenset()


@lru_cache(maxsize=None)
def holiday_days(region: str, year: int) -> frozenset[int] | None:
    """The public holidays of a country (`ES`) or subdivision (`ES-CT`) in a year; None where the calendar does not reach."""
    import holidays

    country, _, subdivision = region.partition("-")
    calendar = getattr(holidays, country, None)
    if calendar is None or not region_known(region):
        return None
    if not calendar.start_year <= year <= calendar.end_year:
        return None
    days = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    return frozenset(day_number(day) for day in days)


@lru_cache(maxsize=None)
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
            f"no holiday calendar for {given(region)}; write an ISO code such as `ES` or `ES-CT`" + did_you_mean(region, known)
        )
    return region
