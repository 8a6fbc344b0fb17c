"""The code of ISO 3166 for the name of a country, and what to write instead of what is no code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from .errors import did_you_mean

__all__ = ["REGION", "SUCH_AS", "code_for", "code_hint", "looks_like_code"]

#: A code of ISO 3166, for a country or a subdivision.
REGION: Final = r"^[A-Z]{2}(-[A-Z0-9]{1,4})?$"
#: What to write where nothing tells which code is meant.
SUCH_AS: Final = "write an ISO 3166 code such as `ES` or `US-CA`"

#: What has the shape of a code, in whatever case; `EU` does, though it is none of ISO 3166.
_CODE_SHAPE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,4})?")
#: What people write for a country, and the data at hand do not.
_ALSO: Final = {"uk": "GB", "greatbritain": "GB"}


def looks_like_code(word: str) -> bool:
    """Whether a word may be a code with a slip in it, so that a near code is worth offering."""
    return _CODE_SHAPE.fullmatch(word) is not None


def code_for(name: str) -> str | None:
    """The code of a country by its name, where the data at hand has the name: `ES` for `Spain`."""
    folded = _folded(name)
    return (_names().get(folded) or _names_elsewhere().get(folded)) if folded else None


def code_hint(word: str, known: Collection[str] = ()) -> str:
    """What to write instead of something that is no code, or none of those that are known."""
    code = code_for(word)
    if code is not None:
        return f"write its ISO 3166 code, `{code}`"
    meant = word.strip().upper()
    if meant != word and re.fullmatch(REGION, meant) and (meant in known if known else meant[:2] in _names().values()):
        return f"write `{meant}`"
    near = did_you_mean(word, known) if looks_like_code(word) else ""
    return SUCH_AS + near


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
    return found | _ALSO


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
