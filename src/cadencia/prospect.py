"""Who we might contact: where they may be, how they can be reached, what they allow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ._country_names import REGION, code_hint
from ._model import Model, Names, OneOrMore, Word
from ._time.clock import Instant, When, check_zone
from .errors import InputError, did_you_mean, given, one_line

if TYPE_CHECKING:
    from .rules.base import Limit

__all__ = [
    "Consent",
    "ContactPoint",
    "Fact",
    "Occasion",
    "OptOut",
    "PendingItem",
    "Prospect",
    "Region",
    "RegisterCheck",
    "Stage",
    "Suppression",
    "ZoneEvidence",
]


#: What may be pending: see `PendingItem`.
ITEM_KINDS: Final = ("promise", "impediment", "doubt", "payment", "proposal", "task", "hold")


def _named(key: str) -> BeforeValidator:
    """A bare text where a record is expected is a record with only that key."""

    def read(value: Any) -> Any:
        if isinstance(value, (str, Mapping)) or not isinstance(value, (list, tuple, set, frozenset)):
            value = [value]
        ordered = sorted(value, key=one_line) if isinstance(value, (set, frozenset)) else value
        return [{key: item} if isinstance(item, str) else item for item in ordered]

    return BeforeValidator(read)


def _read_date(value: Any) -> date:
    """A date, or text such as `2026-03-06`; a number of seconds or an instant is none."""
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputError(f"{given(value)} is not a date; write for example `2026-03-06`") from None


class ZoneEvidence(Model):
    """A time zone in which the prospect may be, and how we know."""

    zone: Annotated[str, BeforeValidator(check_zone)]
    source: str | None = None
    since: Instant | None = None


def _region(value: Any) -> Any:
    if isinstance(value, str) and value.strip() and not re.fullmatch(REGION, value):
        if re.fullmatch(REGION, value.strip()):
            raise InputError(f"{given(value)} has blanks around it; take them away")
        raise InputError(f"{given(value)} is not a region; {code_hint(value)}")
    return value


class Region(Model):
    """A country (`ES`) or subdivision (`ES-CT`) in which the prospect may be, and how we know."""

    region: Annotated[str, Field(pattern=REGION), BeforeValidator(_region)]
    source: str | None = None
    since: Instant | None = None


class ContactPoint(Model):
    """A channel and an address. `invalid` and `bounced` ones are never used; the status holds from `since`."""

    channel: Word
    address: Word
    status: Literal["unknown", "valid", "invalid", "bounced"] = "unknown"
    since: Instant | None = None


class _Period(Model):
    """What holds from `since` until `until`, and must not end before it begins: it would say nothing, unnoticed."""

    since: Instant | None = None
    until: Instant | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise InputError(f"it ends at {given(self.until)}, not after it begins; write a later end, or none")
        return self


class Consent(_Period):
    """A recorded permission: for a channel and purpose (all when None), from `since` until `until`."""

    since: Instant
    channel: Word | None = None
    purpose: Word | None = None
    basis: str = "express"


class OptOut(_Period):
    """The withdrawal of permission: for a channel, a purpose or both; everything when neither is named. Always binding."""

    channel: Word | None = None
    purpose: Word | None = None


class Suppression(_Period):
    """A standing entry that says do not use this person, channel or contact point. Always binding.

    Without `channel` and `contact_point` it is a do-not-contact: the whole person.
    """

    reason: str = "manual"
    channel: Word | None = None
    contact_point: Word | None = None
    purpose: Word | None = None


class RegisterCheck(Model):
    """What a register of people who do not want to be contacted answered, when it was asked (`since`).

    Attributes:
        registry: which register, by the name that the rule uses.
        listed: whether the person is on it.
        listed_on: the date of the listing, where it is known.
        channel, contact_point: what was asked about; every one when not said.
    """

    registry: Word
    listed: bool = False
    since: Instant
    listed_on: date | None = None
    channel: Word | None = None
    contact_point: Word | None = None

    @model_validator(mode="after")
    def _listed(self) -> RegisterCheck:
        if self.listed_on is not None and not self.listed:
            raise InputError("`listed_on` is given and `listed` is not; write `listed: true`, or leave the date out")
        return self


class Stage(Model):
    """Where the prospect stands, from `since` on (or always)."""

    name: Word
    since: Instant | None = None


class Fact(Model):
    """Something known of the prospect, current from `since` until `until`."""

    value: Any = True
    since: Instant | None = None
    until: Instant | None = None


class Occasion(Model):
    """A date that matters to the prospect: a birthday (every year), a promotion (from the day we learn of it)."""

    kind: Word
    date: Annotated[date, BeforeValidator(_read_date)]
    yearly: bool = False
    since: Instant | None = None


class PendingItem(Model):
    """Something unresolved, with an owner and a date by which it is taken up again; a `hold` is the owner's own wish to wait.

    A promise is judged on time (`done_at` against `due`), on content and on price (`content_kept`, `price_kept`). Without an owner
    of its own the prospect's sees to it; where there is none either, that is reported.
    """

    id: str
    kind: Literal["promise", "impediment", "doubt", "payment", "proposal", "task", "hold"]
    owner: Word | None = None
    owner_kind: str | None = None
    due: When | None = None
    since: Instant | None = None
    done_at: Instant | None = None
    what: str | None = None
    content_kept: bool | None = None
    price_kept: bool | None = None


class Prospect(Model):
    """The person: plausible zones and regions, contact points, consents, and the limits they set themselves.

    Attributes:
        zones: every plausible zone; what one forbids is forbidden. Empty: not known, and rules on local time are closed.
        regions: every plausible country or subdivision, for holidays and packs.
        contact_points: None means that we were not told: every channel is offered without an address. An empty list, or none
            for a channel, closes the channel.
        registers: what registers of people who do not want to be contacted answered.
        wishes: the prospect's own limits, in the vocabulary of rules; always binding. They know the well-known dispositions only.
        stage: the current stage; `stages` holds earlier ones.

    Example:
        >>> from cadencia import Prospect
        >>> Prospect(id="p1", zones="Europe/Madrid", regions="ES").zones[0].zone
        'Europe/Madrid'
    """

    id: Word
    name: str | None = None
    zones: Annotated[tuple[ZoneEvidence, ...], _named("zone")] = ()
    regions: Annotated[tuple[Region, ...], _named("region")] = ()
    contact_points: Annotated[tuple[ContactPoint, ...], OneOrMore] | None = None
    consents: Annotated[tuple[Consent, ...], OneOrMore] = ()
    opt_outs: Annotated[tuple[OptOut, ...], OneOrMore] = ()
    suppressions: Annotated[tuple[Suppression, ...], OneOrMore] = ()
    wishes: tuple[Any, ...] = ()
    registers: Annotated[tuple[RegisterCheck, ...], OneOrMore] = ()
    stages: Annotated[tuple[Stage, ...], _named("name")] = ()
    account: Word | None = None
    owner: Word | None = None
    owner_kind: str | None = None
    occasions: Annotated[tuple[Occasion, ...], OneOrMore] = ()
    tags: Names = ()
    facts: dict[str, Fact] = Field(default_factory=dict)
    pending: Annotated[tuple[PendingItem, ...], OneOrMore] = ()

    @model_validator(mode="before")
    @classmethod
    def _shorthands(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not ("stage" in data or "facts" in data or "wishes" in data):
            return data
        data = dict(data)
        if "stage" in data:
            if data.get("stages"):
                raise InputError("give `stage` or `stages`, not both")
            stage = data.pop("stage")
            data["stages"] = () if stage is None else stage
        if isinstance(data.get("facts"), Mapping):
            data["facts"] = {
                name: value if isinstance(value, (Fact, Mapping)) else {"value": value}
                for name, value in data["facts"].items()
            }
        if "wishes" in data:
            data["wishes"] = _read_wishes(data["wishes"])
        return data

    @property
    def stage(self) -> str | None:
        """The name of the stage reached last, if any is known."""
        if not self.stages:
            return None
        dated = [stage for stage in self.stages if stage.since is not None]
        return max(dated, key=lambda stage: stage.since).name if dated else self.stages[-1].name  # type: ignore[arg-type,return-value]

    def owner_of(self, item: PendingItem) -> tuple[str | None, str | None]:
        """Who sees to a pending item, and of what kind that owner is: an item's own owner is not of the kind of the prospect's."""
        if item.owner is None or item.owner == self.owner:
            return self.owner, (item.owner and item.owner_kind) or self.owner_kind
        return item.owner, item.owner_kind


def _read_wishes(value: Any) -> tuple[Limit, ...]:
    """The prospect's own limits; a wish without an id is named after its kind."""
    from .calendars import undeclared
    from .policy_form import dispositions_in
    from .rules.base import Limit
    from .rules.registry import read_rule
    from .touch import DISPOSITIONS

    if not isinstance(value, (list, tuple)):
        value = [value]
    wishes: list[Limit] = []
    for index, item in enumerate(value):
        if isinstance(item, Mapping) and "id" not in item:
            item = {**item, "id": f"wish-{index + 1}"}
        wish = read_rule(item)
        if not isinstance(wish, Limit):
            raise InputError(f"wishes[{index}]: {given(wish.kind)} is not a limit; a wish can only say no")
        for mistake in undeclared([wish], {}):
            raise InputError(f"wishes[{index}]: {mistake}")
        for name in sorted(dispositions_in(wish.model_dump(mode="json", by_alias=True)) - DISPOSITIONS.keys()):
            raise InputError(
                f"wishes[{index}]: disposition {given(name)} is not well known; a wish knows no others"
                + did_you_mean(name, DISPOSITIONS)
            )
        wishes.append(wish)
    return tuple(wishes)
