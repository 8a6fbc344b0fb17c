"""What happened, or is booked to happen: one contact event each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from ._model import Model, Names, Word
from ._time.clock import Instant, When, check_zone
from .errors import InputError, given

__all__ = ["CHANNELS", "DISPOSITIONS", "Disposition", "Promise", "Touch"]

#: Channels with a well-known meaning. A channel is an open string; these are the common ones.
CHANNELS: Final = ("phone", "email", "sms", "meeting", "visit", "letter", "chat", "social", "automated_call", "fax")

Reached = Literal["yes", "no", "weak", "unknown"]


@dataclass(frozen=True, slots=True)
class Disposition:
    """What a way of ending says: whether the touch went out, was delivered, and whether the person was reached."""

    went_out: bool = True
    delivered: bool = True
    reached: Reached = "no"


Disposition.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]

_SAID = Disposition(reached="yes")
_WEAK = Disposition(reached="weak")
_OUT = Disposition()
_LOST = Disposition(went_out=False, delivered=False)
_UNDELIVERED = Disposition(delivered=False)

#: The well-known dispositions. A policy may declare more, for its own layer.
DISPOSITIONS: Final[Mapping[str, Disposition]] = {
    "sent": _OUT,
    "delivered": _OUT,
    "opened": _WEAK,
    "clicked": _WEAK,
    "replied": _SAID,
    "no_answer": _UNDELIVERED,
    "busy": _UNDELIVERED,
    "voicemail_left": _WEAK,
    "message_left": _OUT,
    "connected": _SAID,
    "callback_requested": _SAID,
    "meeting_set": _SAID,
    "held": _SAID,
    "no_show": _OUT,
    "interested": _SAID,
    "converted": _SAID,
    "refused": _SAID,
    "not_interested": _SAID,
    "still_thinking": _SAID,
    "opted_out": _SAID,
    "wrong_person": _SAID,
    "abandoned": _SAID,
    "out_of_office": _OUT,
    "not_received": _OUT,
    "wrong_number": _LOST,
    "invalid": _LOST,
    "bounced_hard": _LOST,
    "bounced_soft": _LOST,
    "failed": _LOST,
    "blocked": _LOST,
    "cancelled": _LOST,
    "unknown": Disposition(reached="unknown"),
}

#: How a disposition that nobody declared counts: as gone out; whether it reached anybody is not known.
UNDECLARED: Final = Disposition(reached="unknown")


class Promise(Model):
    """Something agreed in a touch: by whom, and until when if a time was named.

    Attributes:
        by: `us` (a deadline of ours) or `them` (we wait until it lapses).
        at: the promised instant or date; None when no time was named.
        kind: what was promised, `callback` by default.
        zone: the zone of a promised date; else the prospect's.
    """

    by: Literal["us", "them"]
    at: When | None = None
    kind: str = "callback"
    zone: Annotated[str, BeforeValidator(check_zone)] | None = None


class Touch(Model):
    """One contact event: past or booked, inbound or outbound.

    Attributes:
        id: names the touch; repeating an id with the same content changes nothing, with other content closes the prospect.
        at: when it began (or is booked to begin): an instant with offset, or a date where only the day is known.
        channel: an open string; see `CHANNELS`.
        direction: `outbound` (ours) or `inbound` (theirs).
        disposition: how it ended; see `DISPOSITIONS`.
        booked: it is still to happen. Booked touches count as planned and attempted, never as reached.
        end: when it ended; a touch without an end has no length.
        recorded_at: when we learned of it, for `Case.known_at`; else `at`, or for a booking always.
        zone: the zone of a date, when it differs from the prospect's.
        via, group: through what it was made, and what it belongs to; no rule of ours reads them.

    Example:
        >>> from cadencia import Touch
        >>> Touch(id="t1", at="2026-03-06T09:30+01:00", channel="phone", disposition="no_answer").at.isoformat()
        '2026-03-06T08:30:00+00:00'
    """

    id: Word
    at: When
    channel: Word
    direction: Literal["outbound", "inbound"] = "outbound"
    disposition: Word = "unknown"
    prospect: Word | None = None
    contact_point: Word | None = None
    purpose: Word | None = None
    subjects: Names = ()
    end: Instant | None = None
    booked: bool = False
    cancelled: bool = False
    step: Word | None = None
    promise: Promise | None = None
    by: Word | None = None
    automated: bool = False
    via: str | None = None
    group: str | None = None
    objective_met: bool | None = None
    recorded_at: Instant | None = None
    zone: Annotated[str, BeforeValidator(check_zone)] | None = None
    source: Mapping[str, Any] | None = Field(default=None, repr=False)

    @field_validator("end")  # and not of the whole model, as few touches have an end
    @classmethod
    def _in_order(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        at = info.data.get("at")
        if value is not None and isinstance(at, datetime) and value < at:
            raise InputError(f"{given(value)} is before the touch begins at {given(at)}; write an end after `at`")
        return value

    @property
    def precision(self) -> Literal["instant", "date"]:
        """`date` when only the day is known."""
        return "instant" if isinstance(self.at, datetime) else "date"
