"""Replays each case as of each of its touches, judges the touch, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .._time.clock import EPOCH, EVER, FOREVER, day_date, micros, moment, read_instant, zone_of
from .._time.spans import gaps, union
from .._view import Seen, View
from ..case import Case
from ..engine import Question, not_allowed
from ..errors import InputError, given
from ..explain import made_with
from ..policy import Policy
from ..prospect import Prospect
from ..record import BlockRecord
from ..rules.base import Limit
from ..rules.block import Block
from ..rules.filters import Candidate
from ..touch import Touch
from .findings import Audit, Finding, MonthCount, RuleCount, Says, Summary
from .joining import joined
from .replay import Replay

if TYPE_CHECKING:
    from ..reading import Book

__all__ = ["Auditor", "audit"]


def audit(
    policy: Policy,
    cases: Iterable[Case | Prospect | Mapping[str, Any]],
    touches: Iterable[Touch | Mapping[str, Any]] | None = None,
    *,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    channels: Iterable[str] | None = None,
    purpose: str | None = None,
    whole: bool = False,
    horizon: timedelta | str = "90 days",
) -> Audit:
    """Every touch of a past log that the policy would have forbidden, judged by what was known when it began.

    Args:
        policy: what should have been kept; a layer that names no channels will do.
        cases: cases, which carry their touches; or prospects (models or data), whose `touches` are given beside them, each
            naming its `prospect`.
        since, until, channels: audit only touches that begin in `[since, until)`, by these channels; the others are history all
            the same.
        purpose: the purpose of touches that name none.
        whole: the whole length of a touch must have been permitted. Else only its beginning: how long a call would last was
            not known when it began.
        horizon: how far ahead the first permitted instant is looked for.

    Returns:
        Findings, in the order of the cases and their touches, and counts that add up.

    Raises:
        InputError: a prospect or touch that cannot be read, or touches of a prospect that is not there.
    """
    auditor = Auditor(
        policy, since=since, until=until, channels=channels, purpose=purpose, whole=whole, horizon=horizon
    )
    found = tuple(finding for case in joined(cases, touches) for finding in auditor.case(case))
    return Audit(found, auditor.summary())


class Auditor:
    """An audit that takes one case after another and keeps only counts: for books that do not fit in memory.

    See `audit` for the arguments.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        channels: Iterable[str] | None = None,
        purpose: str | None = None,
        whole: bool = False,
        horizon: timedelta | str = "90 days",
    ) -> None:
        self.policy = policy
        self._engine = policy.engine
        self._since = None if since is None else micros(read_instant(since, "since"))
        self._until = None if until is None else micros(read_instant(until, "until"))
        if self._since is not None and self._until is not None and self._until <= self._since:
            raise InputError(f"until: {given(until)} is not after since; write a later instant")
        self._only = None if channels is None else frozenset((channels,) if isinstance(channels, str) else channels)
        self._purpose = purpose
        self._whole = whole
        start, end = self._engine.span(EPOCH, horizon)
        self._horizon = end - start
        self._counts: Counter[str] = Counter()
        self._months: dict[str, Counter[str]] = {}
        self._channels: dict[str, Counter[str]] = {}
        self._rules: dict[str, Counter[str]] = {}
        self._first, self._last = FOREVER, EVER

    def case(self, case: Case) -> Iterator[Finding]:
        """Judge the touches of one case, in order; count them all."""
        counts = self._counts
        counts["prospects"] += 1
        counts["read"] += len(case.touches)
        if case.unreadable or case.view().conflicts:
            counts["closed"] += len(case.touches)
            return
        own: dict[str, Touch] = {}
        for touch in case.touches:
            state = "repeated" if touch.id in own else _state(touch)
            own.setdefault(touch.id, touch)
            counts[state] += state != ""
        replay = Replay(case)
        broken: set[str] = set()
        for seen in replay.whole.touches:
            if _state(seen.touch):
                continue
            if self._outside(seen):
                counts["outside"] += 1
                continue
            finding = self._judge(seen, replay.before(seen))
            if finding is not None:
                if finding.says == "forbidden":
                    broken.update(finding.rules)
                yield finding
        counts["people"] += bool(broken)
        for name in broken:
            self._rules[name]["people"] += 1

    def _outside(self, seen: Seen) -> bool:
        """Whether a touch lies outside what is to be audited."""
        return (
            (self._since is not None and seen.lo < self._since)
            or (self._until is not None and seen.lo >= self._until)
            or (self._only is not None and seen.channel not in self._only)
        )

    def _judge(self, seen: Seen, view: View) -> Finding | None:
        """The finding of one touch, or None where it was permitted."""
        start, end = seen.lo, seen.hi + 1
        touch = seen.touch
        length = seen.end - seen.lo if self._whole and isinstance(touch.at, datetime) else 0
        wanted = Candidate(seen.channel, seen.point, seen.purpose or self._purpose, seen.step, seen.subjects, length)
        question = Question(self._engine, view.case, view, self._engine.limits_of(view), wanted, start, end)
        allowed = self._engine.channels is None or seen.channel in self._engine.channels
        elsewhere = (
            frozenset()
            if view.regions
            else frozenset(item.rule.id for item in question.limits if _of_a_region(item.rule))
        )
        says: Says | None = None
        blocks: list[Block] = []
        candidate = wanted
        if not allowed:
            says, blocks = "forbidden", [not_allowed(seen.channel)]
        else:
            for option in [wanted] if seen.point is not None else question.candidates((seen.channel,)):
                said, found = _said(question.blocks(option, start, end), start, end, elsewhere)
                if says is None or said is None or (said, says) == ("unproven", "forbidden"):
                    says, blocks, candidate = said, found, option
                if said is None:
                    break
        zone = view.zones[0].name if view.zones else None
        self._count(seen, zone, says)
        if says is None:
            return None
        opening, needs = (None, ("policy",)) if not allowed else self._instead(question, candidate, seen)
        rules = tuple(dict.fromkeys(block.rule for block in blocks))
        self._break(rules, says)
        return Finding(
            prospect=view.prospect.id, touch=seen.id, at=touch.at, zone=zone, channel=seen.channel,
            contact_point=candidate.point, purpose=wanted.purpose, step=seen.step, by=seen.by, says=says, rules=rules,
            blocks=tuple(map(BlockRecord, blocks)), instead=None if opening is None else moment(opening), needs=needs,
        )  # fmt: skip

    def _instead(self, question: Question, candidate: Candidate, seen: Seen) -> tuple[int | None, tuple[str, ...]]:
        """The first permitted instant from the beginning of the touch, by what was known then; else what was needed."""
        later = Question(
            self._engine, question.case, question.view, question.limits, candidate, seen.lo, seen.lo + self._horizon
        )
        opening = later.option(candidate, later.start, later.end).opening
        if opening is not None:
            return opening, ()
        held = later.blocks(candidate, later.start, later.end)
        return None, tuple(sorted({need for block in held for need in block.needs}))

    def rows(self, book: Book) -> None:
        """Count the rows of a book that made no touch of a case: unreadable, repeated, or of somebody who is not in it."""
        counts = self._counts
        more = {
            "unreadable": book.touch_rows().unreadable,
            "repeated": book.repeated_touches,
            "strangers": sum(book.strangers.values()),
        }
        counts["read"] += sum(more.values())
        counts.update(more)

    # -- counting ------------------------------------------------------------------------------------------------------

    def _count(self, seen: Seen, zone: str | None, says: Says | None) -> None:
        self._first, self._last = min(self._first, seen.lo), max(self._last, seen.hi)
        day = (
            seen.touch.at if not isinstance(seen.touch.at, datetime) else day_date(zone_of(zone or "UTC").day(seen.lo))
        )
        month = self._months.setdefault(f"{day.year:04}-{day.month:02}", Counter())
        channel = self._channels.setdefault(seen.channel, Counter())
        for counter in (self._counts, month, channel):
            counter["audited"] += 1
            if says is not None:
                counter[says] += 1

    def _break(self, rules: tuple[str, ...], says: Says) -> None:
        for name in rules:
            counter = self._rules.setdefault(name, Counter())
            counter["touches" if says == "forbidden" else "unproven"] += 1
            if says == "forbidden" and len(rules) == 1:
                counter["alone"] += 1

    def summary(self) -> Summary:
        """The counts so far."""
        policy, counts = self.policy, self._counts
        return Summary(
            policy=policy.name, version=policy.version, fingerprint=policy.fingerprint,
            layers={layer.name: layer.fingerprint for layer in policy.layers},
            made_with=made_with() | dict(item.rsplit(" ", 1) for item in policy.plug_ins),
            since=None if self._since is None else moment(self._since),
            until=None if self._until is None else moment(self._until),
            first=moment(self._first) if counts["audited"] else None,
            last=moment(self._last) if counts["audited"] else None,
            by_rule={name: RuleCount(**counter) for name, counter in sorted(self._rules.items())},
            by_month={name: MonthCount(**counter) for name, counter in sorted(self._months.items())},
            by_channel={name: MonthCount(**counter) for name, counter in sorted(self._channels.items())},
            **{name: counts[name] for name in _COUNTED},
        )  # fmt: skip


_COUNTED = (
    "prospects", "people", "read", "audited", "forbidden", "unproven", "inbound", "booked", "cancelled", "repeated", "outside",
    "closed", "strangers", "unreadable",
)  # fmt: skip


def _state(touch: Touch) -> str:
    """Why a touch is not audited; empty when it is."""
    if touch.cancelled or touch.disposition == "cancelled":
        return "cancelled"
    if touch.direction == "inbound":
        return "inbound"
    return "booked" if touch.booked else ""


def _said(
    blocks: list[Block], start: int, end: int, elsewhere: frozenset[str] = frozenset()
) -> tuple[Says | None, list[Block]]:
    """What blocks come to over the instants at which a touch may have begun, and those that say so.

    The rules of `elsewhere` prove nothing: they bind in some regions, and nobody knows where the person was.
    """
    blocks = sorted((block for block in blocks if block.start < end and block.end > start), key=_by_rule)
    if not blocks:
        return None, []
    known = [block for block in blocks if not _unknown(block) and block.rule not in elsewhere]
    if known and _cover(known, start, end):
        alone = [block for block in known if _cover([item for item in known if item.rule == block.rule], start, end)]
        return "forbidden", alone or known
    return "unproven", blocks


def _cover(blocks: list[Block], start: int, end: int) -> bool:
    """Whether blocks cover every instant at which a touch may have begun."""
    return not gaps(union((block.start, block.end) for block in blocks), start, end)


def _by_rule(block: Block) -> tuple[Any, ...]:
    return block.rule, block.start, block.end, block.code, block.touches, str(block.details)


def _of_a_region(rule: Limit) -> bool:
    """Whether a limit binds only in some regions, or one of those that it is made of does."""
    return rule.regions is not None or any(_of_a_region(item) for item in getattr(rule, "rules", ()))


def _unknown(block: Block) -> bool:
    """Whether a block is there for want of a fact, or because its rule failed: no proof that a rule was broken."""
    return block.code.endswith("_unknown") or block.code in ("rule_error", "region_without_rules")
