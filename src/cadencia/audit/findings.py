"""What an audit gives: findings, counts that add up, and both together. Immutable, with pydantic schemas for JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from .._time.clock import When
from ..errors import InputError, mistakes_of
from ..record import BlockRecord, Time

__all__ = ["Audit", "Finding", "MonthCount", "RuleCount", "Summary"]

Says = Literal["forbidden", "unproven"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A touch that the policy would have forbidden, or of which it cannot be told.

    Attributes:
        prospect, touch: their ids; `at` is when it began, in UTC, a date where only the day is known.
        zone: the prospect's first plausible zone at that time, for display.
        says: `forbidden`, or `unproven`: the policy would have been closed, but only for want of a fact (a zone, a calendar, the
            hour of a touch known only to the day) or because a rule failed.
        rules: the ids of the rules that say so, each once.
        blocks: what each of them said, with the ids of the touches that counted.
        instead: the first instant at which the touch would have been permitted, by what was known then; None where nothing
            opened inside the horizon.
        needs: what would have opened it, where nothing did.
    """

    prospect: str
    touch: str
    at: When
    zone: str | None
    channel: str
    contact_point: str | None
    purpose: str | None
    step: str | None
    by: str | None
    says: Says
    rules: tuple[str, ...]
    blocks: tuple[BlockRecord, ...]
    instead: Time | None
    needs: tuple[str, ...]

    @property
    def evidence(self) -> tuple[str, ...]:
        """The ids of the touches that counted, each once."""
        return tuple(dict.fromkeys(touch for block in self.blocks for touch in block.touches))

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready data."""
        data: dict[str, Any] = TypeAdapter(Finding).dump_python(self, mode="json")
        return data

    def text(self, language: str = "en") -> str:
        """The finding in words, on one line."""
        from .words import finding_text

        return finding_text(self, language)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule was broken.

    Attributes:
        touches: the touches that it forbids; one touch may break several rules.
        alone: those that no other rule forbids.
        people: the prospects of those touches.
        unproven: the touches of which this rule cannot tell.
    """

    touches: int = 0
    alone: int = 0
    people: int = 0
    unproven: int = 0


@dataclass(frozen=True, slots=True)
class MonthCount:
    """The touches of one month, on the prospect's own calendar: `audited == permitted + forbidden + unproven`."""

    audited: int = 0
    forbidden: int = 0
    unproven: int = 0

    @property
    def permitted(self) -> int:
        """The touches that nothing forbade."""
        return self.audited - self.forbidden - self.unproven


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of an audit, which add up.

    `read == audited + inbound + booked + cancelled + repeated + outside + closed + strangers + unreadable`, and
    `audited == permitted + forbidden + unproven`.

    Attributes:
        policy, version, fingerprint, layers, made_with: what it was made with.
        since, until: the span asked for; `first`, `last`: when the first and last audited touch may have begun.
        prospects: how many cases were read, and `people` how many have a touch that was forbidden.
        read: the touches read. Not audited are those `inbound`, still `booked`, `cancelled`, `repeated` with the same id and
            content, `outside` the span or the channels asked for, those of a prospect that bad rows have `closed`, those of
            `strangers` who are not in the book, and rows that were `unreadable`.
        by_rule: by id; `by_month`: as `2026-03`; `by_channel`: by name.
    """

    policy: str
    version: str | None
    fingerprint: str
    layers: dict[str, str]
    made_with: dict[str, str]
    since: Time | None
    until: Time | None
    first: Time | None
    last: Time | None
    prospects: int
    people: int
    read: int
    audited: int
    forbidden: int
    unproven: int
    inbound: int
    booked: int
    cancelled: int
    repeated: int
    outside: int
    closed: int
    strangers: int
    unreadable: int
    by_rule: dict[str, RuleCount]
    by_month: dict[str, MonthCount]
    by_channel: dict[str, MonthCount]

    @property
    def permitted(self) -> int:
        """The audited touches that nothing forbade."""
        return self.audited - self.forbidden - self.unproven

    @property
    def share(self) -> float:
        """Forbidden of audited, from 0 to 1; 0 where nothing was audited."""
        return self.forbidden / self.audited if self.audited else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The counts as JSON-ready data."""
        data: dict[str, Any] = TypeAdapter(Summary).dump_python(self, mode="json")
        return data

    def text(self, language: str = "en") -> str:
        """The counts in words."""
        from .words import summary_lines

        return "\n".join(summary_lines(self, language))

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class Audit:
    """Findings in the order of the cases and their touches, and the summary of all."""

    findings: tuple[Finding, ...]
    summary: Summary

    def to_dict(self) -> dict[str, Any]:
        """The audit as JSON-ready data."""
        data: dict[str, Any] = TypeAdapter(Audit).dump_python(self, mode="json")
        return data

    def to_json(self, indent: int | None = None) -> str:
        """The audit as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Audit:
        """An audit from its data; it compares equal to the one that wrote it."""
        try:
            return TypeAdapter(Audit).validate_python(dict(data))
        except ValidationError as error:
            raise InputError(*mistakes_of(error, "audit")) from None

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The JSON Schema of an audit."""
        return TypeAdapter(Audit).json_schema(mode="serialization")

    def __str__(self) -> str:
        return str(self.summary)
