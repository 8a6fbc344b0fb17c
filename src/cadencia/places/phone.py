"""From a telephone number: what its prefix says, which is a set and not a fact. Needs the extra `phone`.

A landline stands where its area code says. A mobile travels, and in North America nobody can tell one from a landline, so
such a number may be anywhere in its country unless the caller chooses to trust the prefix. A toll-free or other number without a
place may be anywhere its country code is used, and one of a satellite or of the whole world tells nothing. Whoever has moved or
is travelling abroad with the number is not seen by any prefix.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Literal

from .._territories import lies_in
from ..errors import InputError, MissingExtra, given, one_line
from .address import country_zones
from .place import Place, place_of

__all__ = ["phone_place"]

#: The country code of numbers that belong to no country.
_WORLD = "001"


def phone_place(
    number: str,
    *,
    country: str | None = None,
    mobile: Literal["country", "prefix"] = "country",
    source: str = "phone",
    since: datetime | str | None = None,
) -> Place:
    """Where the owner of a telephone number may be.

    Args:
        number: in international form, `+34 612 345 678`, or as it is dialled in `country`.
        country: two letters of ISO 3166-1, for numbers without `+`.
        mobile: a number that is or may be a mobile is in any zone of its `country`, or only where its `prefix` says.
        source: what to note as the source of the evidence; `since` is when it was learned.

    Raises:
        InputError: this is no telephone number, or it cannot be one of its country.
        MissingExtra: phonenumbers is not installed.

    Example:
        >>> from cadencia.places import phone_place
        >>> [item.zone for item in phone_place("+34 928 123 456").zones]
        ['Atlantic/Canary']
        >>> [item.zone for item in phone_place("+34 612 345 678").zones]
        ['Africa/Ceuta', 'Atlantic/Canary', 'Europe/Madrid']
    """
    book = _phonenumbers()
    try:
        found = book.parse(number, country)
    except book.NumberParseException as error:
        hint = (
            "write it as `+34612345678`, or name its country"
            if not number.strip().startswith("+")
            else "write all of it"
        )
        raise InputError(f"phone {given(number)} is no telephone number ({_reason(error)}); {hint}") from None
    if not book.is_possible_number(found):
        raise InputError(f"phone {given(number)} is too long or too short for its country; write all of it and no more")
    kind = _kind(book, found)
    regions = _plausible(book, found) if kind in ("fixed_line", "mobile", "fixed_line_or_mobile") else []
    if not regions:  # a number without a place may be of any country that shares the code
        regions = [name for name in book.region_codes_for_country_code(found.country_code) if name != _WORLD]
    if not regions:
        return place_of([], [], "worldwide", source, since)
    zones = {zone for region in regions for zone in country_zones(region)}
    if kind == "fixed_line" or (mobile == "prefix" and kind in ("mobile", "fixed_line_or_mobile")):
        zones = _zones_of_prefix(found) or zones
    elif kind in ("mobile", "fixed_line_or_mobile"):
        zones |= _zones_of_prefix(found)
    return place_of(zones, regions, kind, source, since)


def _kind(book: Any, found: Any) -> str:
    """What a number is used for."""
    kinds = book.PhoneNumberType
    return {
        kinds.FIXED_LINE: "fixed_line",
        kinds.MOBILE: "mobile",
        kinds.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
        kinds.TOLL_FREE: "toll_free",
        kinds.UNKNOWN: "not_assigned",
    }.get(book.number_type(found), "not_geographic")


def _plausible(book: Any, found: Any) -> list[str]:
    """The regions in which a number with a place is in use: its country, and territories that have it in a range of theirs.

    Where a territory shares the mobiles of the country whole (Italy with the Vatican, Australia with Christmas Island) the range
    says nothing of it and stands for the country, unless one law holds in both: then it costs nothing to name both.
    """
    own = book.region_code_for_number(found)
    if own in (None, _WORLD):
        return []
    sample = book.example_number_for_type(own, book.number_type(found))
    return [own] + [
        name
        for name in book.region_codes_for_country_code(found.country_code)
        if name != own
        and book.is_valid_number_for_region(found, name)
        and (
            lies_in(name).partition("-")[0] == lies_in(own).partition("-")[0]
            or sample is None
            or not book.is_valid_number_for_region(sample, name)
        )
    ]


def _zones_of_prefix(found: Any) -> set[str]:
    """The zones of the longest known prefix of a number; none where it has none but the country code, which several countries may share."""
    from phonenumbers import timezone
    from phonenumbers.tzdata import TIMEZONE_DATA

    zones: tuple[str, ...] = timezone.time_zones_for_number(found)
    widest = TIMEZONE_DATA.get(str(found.country_code), ())
    return set() if set(zones) == set(widest) else {zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE}


def _reason(error: Exception) -> str:
    return one_line(str(error).rpartition(") ")[2]).rstrip(".").lower()


@cache
def _phonenumbers() -> Any:
    try:
        import phonenumbers
    except ImportError:
        raise MissingExtra("reading a telephone number", "phone") from None
    return phonenumbers
