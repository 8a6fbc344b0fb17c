"""`cadencia zones`: where the owner of a number or an address may be."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from ..language import messages
from ..places import Place, address_place, phone_place, zone_place
from .options import Language
from .shared import UsageError, check_language, clean, told

__all__ = ["zones"]


class Mobile(StrEnum):
    """How far a mobile may travel."""

    country = "country"
    prefix = "prefix"


def zones(
    phone: Annotated[str | None, typer.Argument(help="A telephone number, as `+34612345678`.")] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="Of the address, and of a number without `+`: two letters.")
    ] = None,
    state: Annotated[str | None, typer.Option("--state", help="Of the address: a code of ISO 3166-2, as `TX`.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="The zone that a profile names.")] = None,
    mobile: Annotated[
        Mobile, typer.Option("--mobile", help="A mobile may be anywhere in its country, or where its prefix says.")
    ] = Mobile.country,
    language: Language = "en",
    json_: Annotated[bool, typer.Option("--json", help="As JSON, for a prospect.")] = False,
) -> None:
    """Show every zone and region in which somebody may be, each with its source: all of them must permit."""
    with told():
        check_language(language)
        if state is not None and country is None:
            raise UsageError("--state: only with `--country`; write for example `--country US --state TX`")
        places: list[Place] = []
        if phone is not None:
            places.append(phone_place(phone, country=country, mobile=mobile.value))
        if country is not None and (phone is None or phone.strip().startswith("+") or state is not None):
            places.append(address_place(country, state))
        if zone is not None:
            places.append(zone_place(zone))
        if not places:
            raise UsageError("nothing to look at; write for example `cadencia zones +34612345678`")
        found = places[0]
        for place in places[1:]:
            found = found | place
        if json_:
            print(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        else:
            for line in _lines(found, language, mobile is Mobile.prefix):
                print(clean(line))


def _lines(place: Place, language: str, trusted: bool) -> list[str]:
    words = messages(language)["places"]
    told = [str((trusted and words.get(f"{kind}_prefix")) or words[kind]) for kind in place.kind]
    told += [f"{words['zone']} {item.zone} ({words['source'][item.source or '']})" for item in place.zones]
    told += [f"{words['region']} {item.region} ({words['source'][item.source or '']})" for item in place.regions]
    return told if place.zones else [*told, words["nowhere"]]
