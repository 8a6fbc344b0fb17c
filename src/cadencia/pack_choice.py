"""Which packs bind a prospect: one for every plausible region and for the caller's own, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from ._country_names import code_hint, looks_like_code
from ._provisions import BUSINESS, PURPOSES, SEGMENTS
from ._territories import code_of, lies_in
from .errors import InputError, did_you_mean, given
from .pack import NOTICE, Pack, Provision
from .places.address import known_parts
from .policy import Policy
from .prospect import Prospect

if TYPE_CHECKING:
    from .case import Case

__all__ = ["Chosen", "PackChoice", "packs_for"]

Segment = Literal["consumer", "residential", "business"]
_SEGMENTS: Final = (*SEGMENTS, BUSINESS)


class Chosen(NamedTuple):
    """One pack that binds.

    Attributes:
        pack: the pack.
        because: why it was chosen.
        rules: its provisions that may speak: active, for the purpose and segment, and in force on the date that were given.
        policy: the layer it becomes.
    """

    pack: Pack
    because: str
    rules: tuple[Provision, ...]
    policy: Policy


class PackChoice(NamedTuple):
    """The packs that bind a prospect, why, and what is not known.

    Attributes:
        chosen: each pack with its reason.
        missing: what must be known before the law can be named: `region`, or `rules_of_region` where a region has no pack.
        says: one line for each reason, the missing facts first.
        policy: all of it as one layer; where something is missing it closes, and names that.
    """

    chosen: tuple[Chosen, ...]
    missing: tuple[str, ...]
    says: tuple[str, ...]
    policy: Policy

    @property
    def packs(self) -> tuple[str, ...]:
        """The jurisdictions chosen."""
        return tuple(item.pack.jurisdiction for item in self.chosen)

    def __str__(self) -> str:
        return "\n".join(self.says)

    def to_dict(self) -> dict[str, Any]:
        """The choice as plain data."""
        chosen = [
            {
                "pack": item.pack.jurisdiction,
                "because": item.because,
                "layer": item.policy.name,
                "rules": [rule.id for rule in item.rules],
            }
            for item in self.chosen
        ]
        return {"packs": chosen, "missing": list(self.missing), "says": list(self.says), "policy": self.policy.name}


def packs_for(
    prospect: Prospect | Case,
    *,
    purpose: str | None = None,
    segment: Segment | None = None,
    caller: str | Iterable[str] | None = None,
    on: date | str | None = None,
) -> PackChoice:
    """The packs that bind contact with a prospect, united: what one forbids is forbidden.

    Args:
        prospect: whose plausible regions count, each of them. A bare country may be any of its parts, so all their packs bind.
        purpose: what the contact is for; it narrows the provisions that are listed, never the policy, which reads each purpose itself.
        segment: `business` leaves out what protects consumers only; so does the tag `business` where no segment is given. `consumer` and
            `residential` leave nothing out, whatever the tag. Unknown leaves nothing out either.
        caller: the region or regions from which the contact is made, if their law follows the caller.
        on: the date for which provisions are listed; every one when not given. The policy knows its dates itself.

    Raises:
        InputError: a segment or date that cannot be read, or a caller whose region has no pack.

    Example:
        >>> from cadencia import Prospect, packs_for
        >>> choice = packs_for(Prospect(id="p1", regions="FR"), purpose="marketing", caller="ES")
        >>> choice.packs
        ('FR', 'ES')
        >>> packs_for(Prospect(id="p2")).missing
        ('region',)
    """
    person = prospect if isinstance(prospect, Prospect) else prospect.prospect
    if segment is not None and segment not in _SEGMENTS:
        raise InputError(
            f"segment: {given(segment)} is not one of {', '.join(_SEGMENTS)}" + did_you_mean(segment, _SEGMENTS)
        )
    told = segment if segment is not None or BUSINESS not in person.tags else BUSINESS
    day = _date(on)
    regions = tuple(sorted({item.region for item in person.regions}))
    says: list[str] = []
    missing: list[str] = []
    layers: list[Policy] = []
    chosen: list[Chosen] = []
    silent: list[str] = []

    def choose(name: str, because: str, policy: Policy, pack: Pack) -> None:
        if any(item.policy.name == policy.name for item in chosen):
            return
        rules = tuple(item for item in pack.active if _speaks(pack, item, purpose, told, day))
        chosen.append(Chosen(pack, because, rules, policy))
        says.append(f"{name}: {because}")
        if purpose in PURPOSES and not any(purpose in item.purposes for item in pack.active):
            silent.append(name)

    for region in regions:
        for name, because in _packs_of(region):
            pack = Pack.load(name)
            choose(name, because, pack.layer(told), pack)
        country = lies_in(region).partition("-")[0]
        if not _known_part(region) and country not in regions:
            missing.append("rules_of_region")
            layers.append(_closed(country))
            says.append(f"{region}: no part of {country} that is known, so it stays closed until the part is named")
        elif not _packs_of(region):
            missing.append("rules_of_region")
            layers.append(_closed())
            nobody = region in Pack.names()
            says.append(
                f"{region}: its pack has no rule that binds by itself, so it stays closed until the country is named"
                if nobody
                else f"{region}: no pack is shipped for it, so it stays closed until its rules are known"
            )
    if not regions:
        missing.append("region")
        layers.append(_closed())
        says.append("region: not known, so nobody can say which law binds; it stays closed until a region is known")
    for region in (caller,) if isinstance(caller, str) else tuple(caller or ()):
        place = lies_in(region)
        country = place.partition("-")[0]
        found = [name for name in (place, country) if name in Pack.names()] if country in _with_rules() else []
        if not found or not _known_part(region):
            known = [name for name in Pack.names() if name.partition("-")[0] in _with_rules()]
            what = (
                f"{given(region)} is no part of {country} that is known"
                if found
                else f"no pack with rules is shipped for {given(region)}"
            )
            raise InputError(
                f"caller: {what}; leave it out, or write one of the regions of `Pack.names()`"
                + (did_you_mean(region.upper(), known) if looks_like_code(region) else f"; {code_hint(region)}")
            )
        for name in found:
            pack = Pack.load(name)
            choose(name, "the caller is there", pack.layer(told, everywhere=True), pack)
    if silent:
        says.append(
            f"{', '.join(silent)}: none of {'its' if len(silent) == 1 else 'their'} rules is for the purpose `{purpose}`"
        )
    if purpose is not None and purpose not in PURPOSES:
        says.append(f"purpose `{purpose}`: not one of {', '.join(PURPOSES)}, so it is taken for each of them")
    says.append(
        "what protects consumers only is left out: the contact is a business"
        if told == BUSINESS
        else "consumers and businesses alike"
        if told is None
        else f"nothing is left out: the contact is {'a consumer' if told == 'consumer' else 'residential'}, whatever its tags"
    )
    says.append(NOTICE)
    policy = Policy(name="packs")
    for layer in (*layers, *(item.policy for item in chosen)):
        policy = policy & layer
    return PackChoice(tuple(chosen), tuple(dict.fromkeys(missing)), tuple(says), policy)


def _packs_of(region: str) -> list[tuple[str, str]]:
    """The packs of a region, each with its reason."""
    place = lies_in(region)
    country, dash, _ = place.partition("-")
    known = Pack.names()
    if country not in _with_rules():
        return []
    found = [(country, f"the prospect may be in {region}")] if country in known else []
    if dash:
        return found + ([(place, f"{place} has rules of its own")] if place in known else [])
    parts = [name for name in known if name.startswith(f"{country}-")]
    return found + [
        (name, f"the prospect may be in any part of {country}; naming the part lifts this") for name in parts
    ]


@cache
def _with_rules() -> tuple[str, ...]:
    """The countries whose packs have a rule that binds by itself; a frame for others to fill in has none."""
    return tuple(name for name in Pack.names() if "-" not in name and Pack.load(name).active)


def _known_part(region: str) -> bool:
    """Whether the law of a region can be named: where parts of a country have packs of their own, only a part that is known."""
    country, dash, part = lies_in(region).partition("-")
    if not dash or not any(name.startswith(f"{country}-") for name in Pack.names()):
        return True
    return part in known_parts(country) or code_of(region) is not None


def _closed(country: str | None = None) -> Policy:
    """A layer that closes where a region, or the part of a country, is not known, or has no pack; it names what is missing."""
    from .rules.bars import KnownRegion

    among = [name for name in _with_rules() if name != country]
    if country is not None:
        among += [f"{country}-{part}" for part in known_parts(country)]
    rule = KnownRegion(id="known-region", among=among, because="a law can be named only where the region is known")
    return Policy(name="packs:known" + (f":{country}" if country else ""), rules=[rule])


def _speaks(pack: Pack, item: Provision, purpose: str | None, segment: str | None, day: date | None) -> bool:
    return (
        (purpose is None or purpose not in PURPOSES or purpose in item.purposes)
        and pack.binds(item, segment)
        and (day is None or item.in_force_on(day))
    )


def _date(value: date | str | None) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"on: {given(value)} is not a date; write for example `2026-11-22`") from None
