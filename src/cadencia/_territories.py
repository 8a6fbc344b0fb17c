"""Codes of ISO 3166: parts of a country with a country code of their own (`RE` is `FR-974`), and the code for a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
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


#: What has the shape of a code, in whatever case; `EU` and `UK` do, though they are none of ISO 3166.
_CODE_SHAPE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,4})?")


def looks_like_code(word: str) -> bool:
    """Whether a word may be a code with a slip in it, so that a near code is worth offering."""
    return _CODE_SHAPE.fullmatch(word) is not None


def code_for(name: str) -> str | None:
    """The code of a country by its name, where the data at hand has the name: `ES` for `Spain`."""
    folded = _folded(name)
    return (_names().get(folded) or _names_elsewhere().get(folded)) if folded else None


def code_hint(word: object) -> str:
    """What to write instead of something that is no code."""
    code = code_for(word) if isinstance(word, str) else None
    if code is not None:
        return f"write its ISO 3166 code, `{code}`"
    if isinstance(word, str) and word != word.upper() and looks_like_code(word):
        return f"write it in capitals, `{word.upper()}`"
    return "write an ISO 3166 code such as `ES` or `US-CA`"


def _folded(name: str) -> str:
    """A name without case, accents, spaces and signs."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


@cache
def _names() -> Mapping[str, str]:
    """The codes by English name or three letters: of the tz database, and of the calendar package where it has another."""
    from holidays.registry import COUNTRIES

    found = {_folded(word): names[1] for key, names in COUNTRIES.items() for word in (key, names[2])}
    for line in (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, name = line.split("\t")[:2]
            found[_folded(name)] = code
    return found


@cache
def _names_elsewhere() -> Mapping[str, str]:
    """The codes by the names that countries have in other languages, where the extra `phone` is installed."""
    try:
        from phonenumbers.geodata.locale import LOCALE_DATA
    except ImportError:
        return {}
    return {
        _folded(name): code
        for code, names in sorted(LOCALE_DATA.items())
        for name in names.values()
        if not name.startswith("*") and _folded(name)
    }
