"""Parts of a country that have a country code of their own: one place with two names, `RE` and `FR-974`."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

#: The subdivision that a country code names where the law of the country it belongs to holds, as in its other parts.
_SAME_LAW: Final = {
    "GP": "FR-971", "MQ": "FR-972", "GF": "FR-973", "RE": "FR-974", "YT": "FR-976", "BL": "FR-BL", "MF": "FR-MF", "PM": "FR-PM",
    "AS": "US-AS", "GU": "US-GU", "MP": "US-MP", "PR": "US-PR", "UM": "US-UM", "VI": "US-VI",
}  # fmt: skip
#: Other subdivisions with a country code, whose law is their own or differs; one place all the same, with one clock.
_SAME_PLACE: Final = {
    "FR-NC": "NC", "FR-PF": "PF", "FR-TF": "TF", "FR-WF": "WF", "NL-AW": "AW", "NL-CW": "CW", "NL-SX": "SX", "NL-BQ1": "BQ",
    "NL-BQ2": "BQ", "NL-BQ3": "BQ", "NO-21": "SJ", "NO-22": "SJ", "FI-01": "AX", "CN-HK": "HK", "CN-91": "HK", "CN-MO": "MO",
    "CN-92": "MO", "CN-TW": "TW", "CN-71": "TW",
}  # fmt: skip
_OTHER_SPELLING: Final = {f"FR-{code}": name for code, name in _SAME_LAW.items() if name.startswith("FR-9")}
_CODES: Final = {name: code for code, name in _SAME_LAW.items()} | _SAME_PLACE


def lies_in(region: str) -> str:
    """A region by the name it has as a part of the country whose law holds there: `FR-974` for `RE`; itself for any other."""
    return _SAME_LAW.get(region) or _OTHER_SPELLING.get(region, region)


@lru_cache(maxsize=1024)
def all_lie_in(regions: frozenset[str]) -> frozenset[str]:
    """The same for several."""
    return frozenset(map(lies_in, regions))


def code_of(region: str) -> str | None:
    """The country code that a subdivision has to itself: `RE` for `FR-974`."""
    return _CODES.get(lies_in(region))
