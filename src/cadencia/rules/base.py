"""The four kinds of rule, and what a limit answers with: blocks.

A third party's rule is a frozen model that subclasses `Limit`, `StopRule`, `Preference` or `Deadline`, gives its `rule` tag
a dotted name, and answers one method.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from .._clock import DAY, EVER, FOREVER, HOUR, When, Zone, check_zone, day_number, micros, zone_of
from .._model import Model, Names, OneOrMore, Said
from .._spans import Span, cut, meet, union
from ..errors import InputError, given
from .filters import Candidate, ChoiceField, Since, TouchFilter, Unless, may_be_in_region, stage_spans

if TYPE_CHECKING:
    from .._view import Seen, View

Scope = Literal["case", "channel", "contact_point"]
#: Numbers as large as this are still written and read everywhere.
_LARGEST = 10**18 - 1


class Block(NamedTuple):
    """No, from here to there, because.

    Attributes:
        start, end: instants in microseconds, half open; `end` is `FOREVER` when time alone lifts nothing.
        rule: the id of the rule that says so.
        code: what kind of no, one word; with `details` it renders in any language.
        needs: what would lift it, when time alone does not.
        touches: ids of the touches that counted.
        stops: it ends the case, the channel or the contact point (`scope`).
        final: nothing can lift it (an exhausted or expired case).
    """

    start: int
    end: int
    rule: str
    code: str
    needs: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    details: tuple[tuple[str, Any], ...] = ()
    stops: bool = False
    scope: Scope = "case"
    final: bool = False


class InForce(Model):
    """When a rule is in force: `from` inclusive; a date as `to` includes that date, an instant does not."""

    from_: When | None = Field(default=None, alias="from")
    to: When | None = None

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _in_order(self) -> InForce:
        if self.from_ is not None and self.to is not None:
            first, last = (value if isinstance(value, datetime) else None for value in (self.from_, self.to))
            if first is not None and last is not None and last <= first:
                raise InputError(f"`to` {given(last)} is not after `from`; write a later end")
            if first is None and last is None and self.to < self.from_:
                raise InputError(f"`to` {given(self.to)} is before `from`; write a later date")
        return self

    def spans(self, zones: tuple[Zone, ...]) -> list[Span]:
        """The instants in force: on the wall clock of each zone, together."""
        if not zones:
            return union([(self._edge(self.from_, None, False), self._edge(self.to, None, True))])
        return union((self._edge(self.from_, zone, False), self._edge(self.to, zone, True)) for zone in zones)

    @staticmethod
    def _edge(value: datetime | date | None, zone: Zone | None, end: bool) -> int:
        if value is None:
            return FOREVER if end else EVER
        if isinstance(value, datetime):
            return micros(value)
        day = day_number(value) + end
        if zone is None:
            return day * DAY + (12 * HOUR if end else -14 * HOUR)
        return zone.at(day)


class Rule(Model):
    """One entry of a policy. `id` names it in every explanation; `because` says why it is there."""

    rule: Any
    """The tag under which the kind is written in data; each kind narrows it to its own."""
    id: Annotated[str, Field(pattern=r"^[^\s`]{1,120}$")]
    because: Said | None = None
    in_force: InForce | None = None

    #: Fields that never change a decision.
    _silent: ClassVar[frozenset[str]] = frozenset({"because"})
    #: Message templates by language, for rules that bring their own: `{"en": {"code": "text with {detail}"}}`.
    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {}

    @model_validator(mode="after")
    def _countable(self) -> Self:
        for name, value in self.__dict__.items():
            if type(value) is int and abs(value) > _LARGEST:
                raise InputError(f"{name}: {given(value)} is beyond counting; write a number of at most 18 digits")
        return self

    @model_serializer(mode="wrap")
    def _tagged(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The data form names the kind first, whatever is left out as a default."""
        data: dict[str, Any] = handler(self)
        return {
            "rule": self.rule,
            "id": self.id,
            **{key: value for key, value in data.items() if key not in ("rule", "id")},
        }

    @property
    def kind(self) -> str:
        """The tag under which the rule is written in data."""
        return str(self.rule)

    @property
    def memory(self) -> int | None:
        """How far back the rule looks, in microseconds; None is for ever."""
        return None


class Limit(Rule):
    """Says when contact is not permitted.

    A limit may be narrowed to candidates by `channels`, `purposes`, `steps`, `regions`, `tags`, `stages`, `subjects` (a list, or
    `{except: [...]}`; what is unknown always matches), and lifted by `unless`.
    """

    channels: ChoiceField | None = None
    purposes: ChoiceField | None = None
    steps: ChoiceField | None = None
    regions: ChoiceField | None = None
    tags: ChoiceField | None = None
    stages: ChoiceField | None = None
    subjects: ChoiceField | None = None
    unless: Annotated[tuple[Unless, ...], OneOrMore] = ()

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterable[Block]:
        """The blocks of a candidate on a span; blocks may reach beyond it, and are then cut to it.

        Law: at every instant of a sub-span the answer has the same codes, needs and evidence.
        """
        raise NotImplementedError

    def block(
        self,
        start: int,
        end: int,
        code: str,
        /,
        *,
        needs: tuple[str, ...] = (),
        touches: Iterable[str] = (),
        final: bool = False,
        **details: Any,
    ) -> Block:
        """A block of this rule."""
        return Block(
            start, end, self.id, code, needs, tuple(touches), tuple(sorted(details.items())), False, "case", final
        )

    @property
    def looks_back(self) -> int | None:
        """How far back the limit looks with its exceptions: an agreed time and an unanswered touch lift it however old they are."""
        ever = (
            item.replying or item.requested is not None or (item.consent is not None and item.consent.ended_by is not None)
            for item in self.unless
        )  # fmt: skip
        return None if any(ever) else self.memory

    def counted(self, case: View, candidate: Candidate, instant: int) -> tuple[str, ...]:
        """The ids of the touches that count at an instant, whether they forbid it or not."""
        ids = (item for block in self.answer(case, candidate, (instant, instant + 1)) for item in block.touches)
        return tuple(dict.fromkeys(ids))

    def covers(self, view: View, candidate: Candidate) -> bool:
        """Whether the limit may speak of a candidate at all, whatever the instant."""
        return (
            (self.channels is None or self.channels.has(candidate.channel))
            and (self.purposes is None or self.purposes.may_have(candidate.purpose))
            and (self.steps is None or self.steps.may_have(candidate.step))
            and (self.subjects is None or self.subjects.may_have_any(candidate.subjects))
            and (self.tags is None or self.tags.may_have_any(view.prospect.tags))
            and (self.regions is None or may_be_in_region(self.regions, view.regions))
        )

    def holds(self, view: View, candidate: Candidate) -> list[Span] | None:
        """When the limit speaks: in force, the stage chosen, no exception; None stands for always."""
        if self.in_force is None and self.stages is None and not self.unless:
            return None
        spans: list[Span] = [(EVER, FOREVER)]
        if self.in_force is not None:
            spans = meet(spans, self.in_force.spans(view.zones))
        if self.stages is not None:
            spans = meet(spans, stage_spans(view, self.stages))
        if self.unless:
            spans = cut(spans, union(span for item in self.unless for span in item.instants(view, candidate)))
        return spans

    def answer(self, view: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        """The blocks on a span with filters, exceptions and dates applied, cut to the span: what the engine unites."""
        if not self.covers(view, candidate):
            return
        holds = self.holds(view, candidate)
        low, high = span
        if holds is None:
            for block in self.blocks(view, candidate, span):
                if block.start < high and block.end > low:
                    yield block
                elif block.start >= block.end:
                    raise _turned_round(block)
            return
        near = [item for item in holds if item[0] < high and item[1] > low]
        ends = [end for _, end in near]
        for block in self.blocks(view, candidate, span):
            if block.start >= block.end:
                raise _turned_round(block)
            if block.start >= high or block.end <= low:
                continue
            for index in range(bisect_right(ends, block.start), len(near)):
                start, end = max(near[index][0], block.start), min(ends[index], block.end)
                if start >= block.end:
                    break
                yield block._replace(start=start, end=end)


def _turned_round(block: Block) -> ValueError:
    """What is raised for a block that holds no instant: left out in silence, it would permit."""
    return ValueError(f"block from {block.start} to {block.end} is empty or turned round")


class StopRule(Limit):
    """Ends the case, a channel or a contact point (`scope`): its blocks are marked `stops`."""

    scope: Scope = "case"

    def stop(
        self,
        start: int,
        end: int,
        code: str,
        /,
        *,
        needs: tuple[str, ...] = (),
        touches: Iterable[str] = (),
        final: bool = False,
        **details: Any,
    ) -> Block:
        """A stop of this rule."""
        block = self.block(start, end, code, needs=needs, touches=touches, final=final, **details)
        return block._replace(stops=True, scope=self.scope)


class Offer(NamedTuple):
    """What a preference is shown of an option: its candidate, its opening, and the stretches in which it is permitted."""

    candidate: Candidate
    opening: int
    spans: tuple[Span, ...]


class Preference(Rule):
    """Orders options by a key, smallest first. It cannot add or remove one.

    `rank` says which preference is asked first; ties by id. `patience` says how long a better option may be waited for.
    """

    rank: int = 0
    patience: Any = None

    def key(self, case: View, offer: Offer) -> Any:
        """A sortable key of an option; it must not depend on when the question is asked."""
        raise NotImplementedError

    def moment(self, case: View, offer: Offer, until: int) -> int:
        """The instant, not after `until`, at which this preference would take the option: its opening, unless it knows better."""
        return offer.opening


class Due(NamedTuple):
    """Something owed: from an anchor touch or fact, due at an instant, met by a touch or not yet."""

    rule: str
    code: str
    anchor: str
    since: int
    due: int | None
    met: int | None = None
    owner: str | None = None
    owner_kind: str | None = None
    details: tuple[tuple[str, Any], ...] = ()


class Deadline(Rule):
    """Says what is owed and by when. It flags; it never permits or forbids."""

    def dues(self, case: View, as_of: int) -> Iterable[Due]:
        """What is owed, met or not."""
        raise NotImplementedError


class _Segment(NamedTuple):
    lo: int
    hi: int
    touches: list[Seen]
    exact: bool = True


class Segment(_Segment):
    """A stretch of time with the touches that count in it: counters begin again between two segments.

    Attributes:
        lo, hi: from when to when.
        touches: those that count, in order.
        exact: whether the instant of every touch of the history is known; asked of all, so that the answer does not
            depend on the span.
    """

    @cached_property
    def done(self) -> list[Seen]:
        """The touches that have happened, bookings left out."""
        return [seen for seen in self.touches if not seen.booked]

    @cached_property
    def groups(self) -> list[tuple[int, int, list[Seen]]]:
        """The touches of one instant, or whose dates overlap, together: the last touch is all of the last group."""
        return together(self.touches)

    @cached_property
    def ends(self) -> list[int]:
        """For each touch the latest end so far: touches may be long, so starts do not say when to stop looking."""
        return list(accumulate((seen.end for seen in self.touches), max))

    @cached_property
    def done_starts(self) -> list[int]:
        """Where each touch that has happened begins, at the earliest."""
        return [seen.lo for seen in self.done]

    @cached_property
    def done_tops(self) -> list[int]:
        """For each touch that has happened the latest beginning so far: a date may begin late."""
        return list(accumulate((seen.hi for seen in self.done), max))

    @cached_property
    def done_ends(self) -> list[int]:
        """For each touch that has happened the latest end so far."""
        return list(accumulate((seen.end for seen in self.done), max))

    @cached_property
    def done_runs(self) -> list[int]:
        """For each touch that has happened the how-manieth in a row with its disposition it is."""
        runs: list[int] = []
        before = None
        for seen in self.done:
            runs.append(runs[-1] + 1 if seen.disposition == before else 1)
            before = seen.disposition
        return runs


def together(touches: list[Seen]) -> list[tuple[int, int, list[Seen]]]:
    """Touches of one instant, or whose dates overlap, as `(lo, hi, touches)` in order."""
    groups: list[tuple[int, int, list[Seen]]] = []
    for seen in touches:
        if groups and seen.lo <= groups[-1][1]:
            lo, hi, group = groups[-1]
            group.append(seen)
            if seen.hi > hi:
                groups[-1] = lo, seen.hi, group
        else:
            groups.append((seen.lo, seen.hi, [seen]))
    return groups


Count = Literal["planned", "attempted", "delivered", "reached"]
Over = Literal["prospect", "account", "others"]


def tells(count: Count, seen: Seen) -> bool:
    """Whether a touch counts in this way of counting; unknown may have been reached."""
    if count == "attempted":
        return seen.out
    if count == "delivered":
        return seen.delivered
    if count == "reached":
        return seen.reached is not False and seen.out and not seen.booked
    return True


Per = Annotated[tuple[Literal["channel", "step", "subject", "contact_point", "purpose"], ...], OneOrMore]


def shares(per: Iterable[str], seen: Seen, candidate: Candidate) -> bool:
    """Whether a touch shares with a candidate what `per` names; unknown may share."""
    for what in per:
        if what == "channel":
            if seen.channel != candidate.channel:
                return False
        elif what == "contact_point":
            if seen.channel != candidate.channel or (
                None not in (seen.point, candidate.point) and seen.point != candidate.point
            ):
                return False
        elif what == "step":
            if None not in (seen.step, candidate.step) and seen.step != candidate.step:
                return False
        elif what == "purpose":
            if None not in (seen.purpose, candidate.purpose) and seen.purpose != candidate.purpose:
                return False
        elif seen.subjects and candidate.subjects and not set(seen.subjects) & set(candidate.subjects):
            return False
    return True


class ReadsHistory(Limit):
    """A limit that counts touches.

    Attributes:
        counts: which touches; outbound ones unless directions are named.
        count: `planned` (all not cancelled), `attempted` (gone out or booked), `delivered`, or `reached`.
        since: `ever`, `case` (since it was opened), or the last touch that matches a filter: counters begin again there.
        per: count only touches that share the candidate's `channel`, `step`, `subject`, `contact_point` or `purpose`.
        over: whose touches: the `prospect`'s, the whole `account`'s, or only the `others`'.
    """

    counts: TouchFilter = TouchFilter()
    count: Count = "attempted"
    since: Since = "ever"
    per: Per = ()
    over: Over = "prospect"

    def tells(self, seen: Seen) -> bool:
        """Whether a touch counts, but for `per`."""
        if self.counts.directions is None and not seen.outbound:
            return False
        if not self.counts.counts(seen):
            return False
        return tells(self.count, seen)

    def shares(self, seen: Seen, candidate: Candidate) -> bool:
        """Whether a touch shares with the candidate what `per` names; unknown may share."""
        return shares(self.per, seen, candidate)

    def pool(self, view: View) -> list[Seen]:
        """The touches of those whose touches count."""
        if self.over == "prospect":
            return view.touches
        if self.over == "others":
            return view.others
        return view.everybody

    def history(self, view: View, candidate: Candidate) -> list[Segment]:
        """The counted touches, split where counters begin again. Remembered per view and candidate."""
        key = (
            (id(self), candidate.channel, candidate.point, candidate.purpose, candidate.step, candidate.subjects)
            if self.per
            else id(self)
        )
        segments: list[Segment] = view.remember(self, key, lambda: self._history(view, candidate))
        return segments

    def counted(self, case: View, candidate: Candidate, instant: int) -> tuple[str, ...]:
        if not self.covers(case, candidate):
            return ()
        segments = [item for item in self.history(case, candidate) if item.lo <= instant < item.hi]
        return tuple(dict.fromkeys(seen.id for item in segments for seen in item.touches))

    def _history(self, view: View, candidate: Candidate) -> list[Segment]:
        pool = self.pool(view)
        counted = [seen for seen in pool if self.tells(seen) and self.shares(seen, candidate)]
        exact = all(seen.lo == seen.hi for seen in counted)
        if self.since == "ever":
            return [Segment(EVER, FOREVER, counted, exact)]
        early = 0
        if (
            self.since == "case"
        ):  # a touch at the very opening is of the case; one that matches a filter ends what was before
            anchors, early = [] if view.opened is None else [(view.opened, view.opened)], 1
        else:
            filter_ = self.since
            anchors = [(seen.lo, seen.hi) for seen in pool if filter_.surely(seen)]
        if not anchors:
            return [Segment(EVER, FOREVER, counted, exact)]
        starts = [seen.lo for seen in counted]
        tops = list(accumulate((seen.hi for seen in counted), max))
        edges = [(EVER, EVER), *sorted(set(anchors))]
        segments: list[Segment] = []
        for index, (lo, _) in enumerate(edges):
            last = index + 1 == len(edges)
            next_lo, next_hi = (FOREVER, FOREVER) if last else edges[index + 1]
            first = bisect_right(tops, lo - early) if index else 0
            until = len(counted) if last else bisect_right(starts, next_lo - early)
            touches = [seen for seen in counted[first:until] if index == 0 or seen.hi > lo - early]
            segments.append(Segment(lo, next_hi, touches, exact))
        return segments


def zones_of(view: View, clock: Names) -> tuple[Zone, ...]:
    """The zones that a rule's `clock` names; empty when the prospect's are asked for and none is known."""
    zones: list[Zone] = []
    for name in clock:
        if name == "prospect":
            if not view.zones:
                return ()
            zones.extend(view.zones)
        else:
            zones.append(zone_of(name))
    return tuple(dict.fromkeys(zones))


def check_clock(value: tuple[str, ...]) -> tuple[str, ...]:
    """Every name is `prospect` or a zone."""
    for name in value:
        if name != "prospect":
            check_zone(name)
    if not value:
        raise InputError("clock: `[]` names no zone; write `prospect` or a zone such as `Europe/Madrid`")
    return value
