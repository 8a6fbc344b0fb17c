"""Packs: the contact law of a jurisdiction as a layer, with the source of every rule. Facts with sources, not legal advice.

A pack is data, one file a jurisdiction under `packs/`. Only provisions that were verified are active; those that were not, and those that
no rule can express, are listed and say so.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, ValidationError, model_validator

from ._country_names import REGION, SUCH_AS, code_for, code_hint, looks_like_code
from ._model import Model, Names
from ._provisions import BUSINESS, PURPOSES, SEGMENTS, limits_of
from .errors import InputError, PolicyError, did_you_mean, given, mistakes_of
from .policy import Policy
from .rules.base import InForce, Limit
from .touch import CHANNELS, Disposition

__all__ = ["NOTICE", "Pack", "Provision"]

#: What every pack says of itself.
NOTICE: Final = "Facts with sources, not legal advice."

#: How strongly a provision was verified, the strongest first.
Strength = Literal["primary text", "quoted text", "official page", "press", "none"]
Status = Literal["active", "unverified", "not expressible"]
Binding = Literal["law", "regulator guideline", "regulator opinion", "regulator policy", "code of conduct", "practice"]


class Provision(Model):
    """One rule of the law with its source.

    Attributes:
        id: the same in every version; the id of its limits begins with it.
        says: what it says, in one sentence of ours.
        status: `active`; `unverified`, listed and without effect; or `not expressible`, with the reason.
        through: for an active provision without limits of its own: the provisions, or the part of every policy, that carry it.
        reason: why it is not expressible, or what `through` means.
        citation: where it stands.
        strength: how it was seen: the text itself, a text that quotes it, the page of an authority, or the press.
        single_source: only one such source was seen.
        checked: when it was compared with its sources.
        seen_at: where the sources are.
        binding: law, or what else it is.
        channels, purposes: what it speaks of; the well-known words of `CHANNELS` and of the packs.
        segment: whom it protects: `consumer` or `residential`; everybody when None.
        scope: what else narrows it, in words.
        in_force: from when until when.
        consequence: what a breach may cost.
        note: how we read it, and what it does not say.
        limits: the rules it becomes, without what the scope already says.
    """

    _mistake: ClassVar[type[InputError]] = PolicyError

    id: str = Field(pattern=r"^[A-Z]{2}[A-Z0-9-]*$")
    says: str
    status: Status
    through: Names = ()
    reason: str | None = None
    citation: str
    strength: Strength
    single_source: bool = False
    checked: date
    seen_at: tuple[str, ...] = ()
    binding: Binding = "law"
    channels: tuple[str, ...]
    purposes: tuple[str, ...]
    segment: Literal["consumer", "residential"] | None = None
    scope: str | None = None
    in_force: InForce | None = None
    consequence: str | None = None
    note: str | None = None
    limits: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Provision:
        for names, known in ((self.channels, CHANNELS), (self.purposes, PURPOSES)):
            for name in names:
                if name not in known:
                    raise InputError(f"{given(name)} is not a well-known word" + did_you_mean(name, known))
        if (self.status == "active") is not bool(self.limits or self.through):
            raise InputError("an active provision has `limits` or `through`, and no other has")
        if (self.status == "not expressible" or (self.through and not self.limits)) and not self.reason:
            raise InputError("a provision without limits needs a `reason`")
        if (self.status == "unverified") is not (self.strength == "none"):
            raise InputError("`strength: none` is for what is unverified, and for nothing else")
        return self

    @property
    def verified(self) -> bool:
        """Whether its figures were seen in a source."""
        return self.status != "unverified"

    def in_force_on(self, day: date) -> bool:
        """Whether the provision is in force on a date; whether it is active is another question."""
        first, last = (self.in_force.from_, self.in_force.to) if self.in_force else (None, None)
        return (first is None or first <= day) and (last is None or day <= last)


class Pack(Model):
    """The contact law of one jurisdiction: a country, or a part of one that has rules of its own.

    Attributes:
        jurisdiction: an ISO code, `FR` or `US-PA`.
        name: the jurisdiction in English.
        checked: when the pack was compared with its sources.
        rules: its provisions, by id: active, unverified and not expressible.
        policy: its active provisions as a layer that can only tighten. It binds prospects who may be in the jurisdiction.

    Example:
        >>> from cadencia import Pack, Policy
        >>> house = Policy(name="house", channels=["phone"])
        >>> policy = Pack.load("FR") & house
        >>> decision = policy.decide({"id": "p1", "zones": "Europe/Paris", "regions": "FR"}, as_of="2026-03-07T11:00+01:00",
        ...                          purpose="marketing")
        >>> decision.answer
        'blocked'
    """

    _mistake: ClassVar[type[InputError]] = PolicyError

    pack: Literal[1] = 1
    jurisdiction: str = Field(pattern=REGION)
    name: str
    notice: str = NOTICE
    checked: date
    dispositions: dict[str, Disposition] = Field(default_factory=dict)
    rules: tuple[Provision, ...]

    @model_validator(mode="after")
    def _unique(self) -> Pack:
        ids = [item.id for item in self.rules]
        for name in ids:
            if ids.count(name) > 1:
                raise InputError(f"two provisions have the id {given(name)}")
        return self

    @classmethod
    def load(cls, jurisdiction: str) -> Pack:
        """The pack of a jurisdiction, by its ISO code.

        Raises:
            PolicyError: no such pack is shipped; the nearest one is offered.
        """
        if jurisdiction not in cls.names():
            raise PolicyError(f"no pack {given(jurisdiction)} is shipped with this version; {_instead(jurisdiction)}")
        return _load(jurisdiction)

    @staticmethod
    def names() -> tuple[str, ...]:
        """The jurisdictions that have a pack, in order."""
        return _names()

    @property
    def active(self) -> tuple[Provision, ...]:
        """The provisions that forbid something."""
        return tuple(item for item in self.rules if item.status == "active")

    def in_force_on(self, day: date) -> tuple[Provision, ...]:
        """The active provisions in force on a date."""
        return tuple(item for item in self.active if item.in_force_on(day))

    def provision(self, rule_id: str) -> Provision:
        """The provision behind a rule of the pack's policy, by the rule's id as decisions show it.

        Raises:
            PolicyError: no provision of this pack stands behind it.
        """
        name = rule_id.rpartition("/")[2].partition(".")[0]
        for item in self.rules:
            if item.id == name:
                return item
        raise PolicyError(
            f"pack {given(self.jurisdiction)} has no rule {given(rule_id)}"
            + did_you_mean(name, [item.id for item in self.rules])
        )

    @cached_property
    def policy(self) -> Policy:
        """The active provisions as a layer: channels are left to others. It binds prospects who may be in the jurisdiction."""
        return self.layer()

    @cached_property
    def everywhere(self) -> Policy:
        """The same for whoever is contacted from the jurisdiction, wherever they are: the law that follows the caller."""
        return self.layer(everywhere=True)

    @cached_property
    def for_business(self) -> Policy:
        """The layer without the provisions that protect consumers only."""
        return self.layer(BUSINESS)

    def layer(self, segment: str | None = None, *, everywhere: bool = False) -> Policy:
        """The layer for a segment: `business` is without what protects consumers only, `consumer` and `residential` keep it whatever the
        tags of a prospect, and None asks the tag `business`. With `everywhere` it follows the caller.
        """
        known: dict[tuple[str | None, bool], Policy] = self.__dict__.setdefault("_layers", {})
        key = ("consumer" if segment in SEGMENTS else segment), everywhere
        if key not in known:
            name = ":".join(filter(None, ("caller" if everywhere else "pack", self.jurisdiction, key[0])))
            known[key] = self._layer(name, None if everywhere else self.jurisdiction, key[0])
        return known[key]

    def binds(self, provision: Provision, segment: str | None) -> bool:
        """Whether anything is left of an active provision for a segment."""
        if not provision.limits:
            return not (segment == BUSINESS and provision.segment is not None)
        return bool(limits_of(provision, None, segment))

    def _layer(self, name: str, region: str | None, segment: str | None) -> Policy:
        limits: list[Limit] = [limit for item in self.rules for limit in limits_of(item, region, segment)]
        because = f"{self.name}, checked {self.checked.isoformat()}. {self.notice}"
        return Policy(
            name=name, version=self.checked.isoformat(), because=because, dispositions=self.dispositions, rules=limits
        )

    def __and__(self, other: Pack | Policy) -> Policy:
        """The pack laid over a policy, or another pack: permitted is what both permit."""
        return self.policy & (other.policy if isinstance(other, Pack) else other)

    def __rand__(self, other: Policy) -> Policy:
        return other & self.policy


_FOLDER: Final = files(__package__ or "cadencia") / "packs"


def _instead(jurisdiction: str) -> str:
    """What to write for a pack that is not there: the code for a name, a near code for a code, else what there is."""
    code = code_for(jurisdiction)
    if code in _names():
        return code_hint(jurisdiction)
    near = did_you_mean(jurisdiction.upper(), _names()) if looks_like_code(jurisdiction) else ""
    if near:
        return near.removeprefix("; ")
    known = ", ".join(name for name in _names() if "-" not in name)
    word = "" if looks_like_code(jurisdiction) or code else f"; {SUCH_AS}"
    return f"there are {known}, and `cadencia packs` lists them all{word}"


@cache
def _names() -> tuple[str, ...]:
    found = (item.name for item in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


@cache
def _load(jurisdiction: str) -> Pack:
    data = json.loads((_FOLDER / f"{jurisdiction}.json").read_text(encoding="utf-8"))
    try:
        return Pack.model_validate(data)
    except ValidationError as error:  # a file of ours that is wrong: a test finds it first
        raise PolicyError(*mistakes_of(error, f"pack {given(jurisdiction)}", Pack)) from None
