"""The few lines that unite blocks, and the answers derived from them.

One primitive: the blocks of a candidate on a span. An option is what they leave; `decide`, `why_not` and `windows` follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ._clock import DAY, EVER, FOREVER, SECOND, micros, moment, read_instant
from ._periods import read_length
from ._reasons import reasons_of
from ._spans import Span, gaps, union
from .case import Case
from .decision import Ask, Blocked, Contact, Decided, Inquiry, Stop, Wait
from .errors import InputError, PolicyError, RuleFailure, check_text, given
from .rules.base import Block, Deadline, Limit, Offer, Preference, Rule
from .rules.consent import ContactPoints, OptOuts, Suppressions, UnreadableTouches
from .rules.filters import Candidate
from .rules.hours import OnTheClock
from .touch import DISPOSITIONS, Disposition

if TYPE_CHECKING:
    from ._lane import Lane
    from ._view import View
    from .decision import Decision, Proposal
    from .policy import Policy
    from .prospect import Prospect
    from .rules.base import Due
    from .touch import Touch

_FIRST_LOOK = 4 * DAY
#: How far past the horizon a blocked case is searched for the date on which time alone would open it.
_FAR = 730 * DAY
_LONGEST_HORIZON = 3660 * DAY

_ALWAYS: tuple[Limit, ...] = (Suppressions(), OptOuts(), ContactPoints(), UnreadableTouches())


class Ruled(NamedTuple):
    """A rule with the dispositions of the layer that wrote it."""

    rule: Any
    table: Mapping[str, Disposition]


class Option(NamedTuple):
    """A candidate with its opening, and the end of the stretch that it opens; None where nothing opens."""

    candidate: Candidate
    opening: int | None
    until: int | None


class Engine:
    """A policy made ready to decide: its rules told apart by kind, each with its layer's words."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.last: tuple[datetime | str | None, timedelta | str, int, int] = None, "", 0, 0
        self.limits: list[Ruled] = [Ruled(rule, DISPOSITIONS) for rule in _ALWAYS]
        self.preferences: list[Ruled] = []
        self.deadlines: list[Ruled] = []
        self.declared: set[str] = set(DISPOSITIONS)
        layers = policy._as_layers()
        lists = [set(layer.channels) for layer in layers if layer.channels is not None]
        self.channels: tuple[str, ...] | None = tuple(sorted(set.intersection(*lists))) if lists else None
        for layer in layers:
            table = {**DISPOSITIONS, **layer.dispositions} if layer.dispositions else DISPOSITIONS
            self.declared |= set(layer.dispositions)
            for rule in layer.bound_rules:
                named = rule.model_copy(update={"id": f"{layer.name}/{rule.id}"}) if policy.layers else rule
                kinds: list[tuple[type[Rule], list[Ruled]]] = [
                    (Limit, self.limits), (Preference, self.preferences), (Deadline, self.deadlines),
                ]  # fmt: skip
                next(found for kind, found in kinds if isinstance(named, kind)).append(Ruled(named, table))
        self.limits.sort(key=lambda item: item.rule.id)
        self.preferences.sort(key=lambda item: (item.rule.rank, item.rule.id))
        self.deadlines.sort(key=lambda item: item.rule.id)

    @property
    def name(self) -> str:
        """The name that decisions show."""
        return self.policy.name

    @property
    def fingerprint(self) -> str:
        """The fingerprint that decisions show."""
        return self.policy.fingerprint

    @property
    def rules(self) -> list[Rule]:
        """Every rule, the always-binding ones included, under the ids that decisions show."""
        return [item.rule for item in (*self.limits, *self.preferences, *self.deadlines)]

    # -- the question --------------------------------------------------------------------------------------------------

    def span(self, as_of: datetime | str, horizon: timedelta | str) -> Span:
        """The span of a question; the last one is kept, as a whole book is asked about at one instant."""
        start = micros(read_instant(as_of, "as_of"))
        end = start + length_of(horizon, "horizon")
        self.last = as_of, horizon, start, end
        return start, end

    def decide(
        self, subject: Prospect | Case | Mapping[str, Any], touches: Iterable[Touch | Mapping[str, Any]],
        as_of: datetime | str, purpose: str | None, step: str | None,
        subjects: Iterable[str], duration: timedelta | str | None, horizon: timedelta | str, fulfils: str | None,
    ) -> Decided:  # fmt: skip
        """The decision by the general path. See `Policy.decide`."""
        instant, end = self.span(as_of, horizon)
        case = Case.of(subject, touches)
        if self.channels is None:
            raise PolicyError(
                f"policy {given(self.policy.name)} names no channels; write `channels: [phone, email]` or lay it over one that does"
            )
        if fulfils is not None:
            check_text(fulfils, "fulfils")
        view = case.view().at(instant, fulfils)
        wanted = candidate_of("", None, purpose, step, subjects)
        if duration is not None:
            wanted = wanted._replace(duration=length_of(duration, "duration"))
        return Question(self, case, view, self.limits_of(view), wanted, instant, end).answer()

    reasons = staticmethod(reasons_of)

    @cached_property
    def lane(self) -> Lane | None:
        """The fast lane of the policy; None where a rule needs the general path."""
        from ._lane import lane_for

        if self.channels is None or any(item.table is not DISPOSITIONS for item in self.limits):
            return None
        preferences = [item.rule for item in self.preferences]
        return lane_for(self.channels, [item.rule for item in self.limits], preferences, _ALWAYS)

    def inquire(self, ask: Ask, channel: str | None) -> Inquiry:
        """The options behind a fast answer, worked out by the general path."""
        _, source, start, end, purpose, step = ask
        case = source if isinstance(source, Case) else source.case()
        view = case.view().at(start)
        question = Question(self, case, view, self.limits_of(view), Candidate("", None, purpose, step), start, end)
        assert self.channels is not None
        options = tuple(question.option(item, start, end) for item in question.candidates(self.channels))
        chosen = next((option.candidate for option in options if option.candidate.channel == channel), None)
        return Inquiry(question, options, chosen)

    def limits_of(self, view: View) -> list[Ruled]:
        """The policy's limits and the prospect's own wishes."""
        wishes = view.prospect.wishes
        if not wishes:
            return self.limits
        own = [Ruled(wish.model_copy(update={"id": f"wish/{wish.id}"}), DISPOSITIONS) for wish in wishes]
        return sorted([*self.limits, *own], key=lambda item: str(item.rule.id))

    def _question(
        self, subject: Prospect | Case, touches: Iterable[Touch], start: int, end: int, as_of: datetime | str | None,
        wanted: Candidate, duration: timedelta | str | None,
    ) -> Question:  # fmt: skip
        case = Case.of(subject, touches)
        known = start if as_of is None else micros(read_instant(as_of, "as_of"))
        view = case.view().at(known)
        if duration is not None:
            wanted = wanted._replace(duration=length_of(duration, "duration"))
        return Question(self, case, view, self.limits_of(view), wanted, start, end)

    def why_not(
        self, subject: Prospect | Case, instant: datetime | str, channel: str, *, touches: Iterable[Touch] = (),
        as_of: datetime | str | None = None, contact_point: str | None = None, purpose: str | None = None, step: str | None = None,
        subjects: Iterable[str] = (), duration: timedelta | str | None = None,
    ) -> tuple[Block, ...]:  # fmt: skip
        """See `Policy.why_not`."""
        at = micros(read_instant(instant, "instant"))
        wanted = candidate_of(check_text(channel, "channel"), contact_point, purpose, step, subjects)
        question = self._question(subject, touches, at, at + 1, as_of, wanted, duration)
        candidates = [question.wanted]
        if contact_point is None:
            candidates = question.candidates((channel,))
        answers = [question.blocks(candidate, at, at + 1) for candidate in candidates]
        if self.channels is not None and channel not in self.channels:
            return (not_allowed(channel),)
        return () if not all(answers) else tuple(answers[0])

    def windows(
        self, subject: Prospect | Case, start: datetime | str, end: datetime | str, *, touches: Iterable[Touch] = (),
        as_of: datetime | str | None = None, purpose: str | None = None, step: str | None = None, subjects: Iterable[str] = (),
        duration: timedelta | str | None = None,
    ) -> dict[Candidate, tuple[tuple[datetime, datetime], ...]]:  # fmt: skip
        """See `Policy.windows`."""
        low, high = micros(read_instant(start, "start")), micros(read_instant(end, "end"))
        if not low < high <= low + _LONGEST_HORIZON:
            raise InputError(f"end: {given(end)} must lie after start, by at most {_LONGEST_HORIZON // DAY} days")
        wanted = candidate_of("", None, purpose, step, subjects)
        question = self._question(subject, touches, low, high, as_of, wanted, duration)
        return {
            candidate: tuple(
                (moment(begin), moment(finish)) for begin, finish in question.permitted(candidate, low, high)
            )
            for candidate in question.candidates(self.channels or ())
        }


class Question:
    """One question put to the engine: a case, what is wanted, and the span in which an answer is looked for."""

    __slots__ = ("case", "end", "engine", "failures", "limits", "reports", "start", "view", "wanted", "_steady")

    def __init__(
        self, engine: Engine, case: Case, view: View, limits: list[Ruled], wanted: Candidate, start: int, end: int
    ) -> None:
        self.engine, self.case, self.view, self.limits = engine, case, view, limits
        self.wanted, self.start, self.end = wanted, start, end
        self.failures: dict[str, RuleFailure] = {}
        self.reports: dict[tuple[str, ...], None] = {}
        self._steady: dict[Candidate, list[Block]] = {}

    @property
    def owing(self) -> View:
        """The case by which something may be owed."""
        return self.view

    def candidates(self, channels: Iterable[str]) -> list[Candidate]:
        """What might be done on these channels: one for each contact point, or one without an address."""
        points = self.view.prospect.contact_points
        found: list[Candidate] = []
        for channel in channels:
            addresses = None if points is None else [point.address for point in points if point.channel == channel]
            found += [self.wanted._replace(channel=channel, point=address) for address in addresses or (None,)]
        return found

    def blocks(self, candidate: Candidate, start: int, end: int) -> list[Block]:
        """Every block of a candidate on `[start, end)`, by rule; one that a contact of that length would run into begins earlier.

        What does not follow the calendar is asked once for the whole span of the question, and cut.
        """
        if start < self.start or end > self.end:
            return self._ask(self.limits, candidate, start, end)
        steady = self._steady.get(candidate)
        if steady is None:
            limits = [item for item in self.limits if not isinstance(item.rule, OnTheClock)]
            steady = self._steady[candidate] = self._ask(limits, candidate, self.start, self.end)
        found = [block for block in steady if block.start < end and block.end > start]
        return found + self._ask(
            [item for item in self.limits if isinstance(item.rule, OnTheClock)], candidate, start, end
        )

    def _ask(self, limits: list[Ruled], candidate: Candidate, start: int, end: int) -> list[Block]:
        long = candidate.duration
        span = (start, end + long)
        found: list[Block] = []
        for rule, table in limits:
            view = self.view.using(table)
            try:
                for block in rule.answer(view, candidate, span):
                    if block.start >= block.end:
                        raise ValueError(f"block from {block.start} to {block.end} is empty or turned round")
                    found.append(block._replace(start=max(block.start - long, EVER)) if long else block)
            except Exception as error:  # when in doubt, closed: whatever a rule raises is a block
                self.failures.setdefault(rule.id, RuleFailure(rule.id, error))
                found.append(
                    Block(
                        EVER, FOREVER, rule.id, "rule_error", ("rule_mended",), (), (("error", type(error).__name__),)
                    )
                )
        return found

    def permitted(self, candidate: Candidate, start: int, end: int) -> list[Span]:
        """What the blocks leave of `[start, end)`."""
        return gaps(union((block.start, block.end) for block in self.blocks(candidate, start, end)), start, end)

    def option(self, candidate: Candidate, start: int, end: int) -> Option:
        """The first permitted stretch: looked for in a short span first, then in a longer one. `until` None: open to the end."""
        length = _FIRST_LOOK
        while True:
            look = min(start + length, end)
            blocks = self.blocks(candidate, start, look)
            if any(block.start <= start and block.end >= end for block in blocks):
                return Option(candidate, None, None)
            for begin, finish in gaps(union((block.start, block.end) for block in blocks), start, look):
                if finish < look:
                    return Option(candidate, begin, finish)
                if look == end:
                    return Option(candidate, begin, None)
                break
            if look == end:
                return Option(candidate, None, None)
            length *= 4

    def answer(self) -> Decided:
        """The decision."""
        channels = self.engine.channels
        assert channels is not None
        options = [self.option(candidate, self.start, self.end) for candidate in self.candidates(channels)]
        open_ = [option for option in options if option.opening is not None]
        inquiry = Inquiry(self, tuple(options))
        if not open_:
            return self._closed(inquiry)
        chosen, at = self.choose(open_)
        until = self._until(chosen, at)
        kind = Contact if at == self.start else Wait
        return kind(inquiry._replace(chosen=chosen.candidate), chosen.candidate.channel, at, until)

    def without(self, ids: tuple[str, ...]) -> Decided:
        """The answer as it would be without some rules."""
        engine = self.engine.policy.without(*(name for name in ids if not name.startswith("wish/"))).engine
        limits = [item for item in engine.limits_of(self.view) if item.rule.id not in ids]
        return Question(engine, self.case, self.view, limits, self.wanted, self.start, self.end).answer()

    def proposal(self, decision: Decision) -> Proposal | None:
        """What a cadence proposes; nothing where a policy is asked alone."""
        return None

    def odd(self, decision: Decision) -> list[tuple[str, ...]]:
        """What else is reported, each a code with its details."""
        return []

    def owes(self, item: Due) -> bool:
        """Whether something that a rule says is owed still is."""
        return True

    def excuse(self, item: Due, missed: bool) -> tuple[tuple[str, ...], bool]:
        """The limits that kept something owed from being done when it was due, and whether for them nobody is to blame."""
        return (), False

    def _until(self, chosen: Option, at: int) -> int | None:
        if at == chosen.opening:
            return chosen.until
        return self.option(chosen.candidate, at, self.end).until

    # -- preferences ---------------------------------------------------------------------------------------------------

    def choose(self, options: list[Option]) -> tuple[Option, int]:
        """The option that preferences choose, and the instant at which it is taken."""
        deadline = self.patience_ends()
        ready = (
            [option for option in options if option.opening is not None and option.opening <= deadline]
            if deadline is not None
            else []
        )
        patient = bool(ready)
        if not ready:
            first = min(option.opening for option in options if option.opening is not None)
            ready = [option for option in options if option.opening == first]
        limit = deadline if patient and deadline is not None else EVER
        ranked = self.rank(ready, limit)
        return ranked[0]

    def rank(self, options: list[Option], until: int) -> list[tuple[Option, int]]:
        """Options with the instants at which they would be taken, best first."""
        keys: dict[Option, list[Any]] = {option: [] for option in options}
        moments: dict[Option, int] = {option: option.opening or 0 for option in options}
        for rule, table in self.engine.preferences:
            view = self.view.using(table)
            try:
                if not _in_force(rule, view, min(moments.values())):
                    continue
                found: dict[Option, Any] = {}
                for option in options:
                    offer = Offer(option.candidate, moments[option], self._spans(option, until))
                    at = rule.moment(view, offer, until) if until >= moments[option] else moments[option]
                    offer = offer._replace(opening=at)
                    found[option] = (rule.key(view, offer), at)
                sorted(key for key, _ in found.values())  # keys that cannot be compared are the preference's fault
            except Exception as error:
                failure = RuleFailure(rule.id, error)
                self.failures.setdefault(rule.id, failure)
                self.reports[("preference_ignored", rule.id, failure.type)] = None
                continue
            for option, (key, at) in found.items():
                keys[option].append(key)
                moments[option] = at
        places = {option: place for place, option in enumerate(options)}
        ordered = sorted(options, key=lambda item: (*keys[item], moments[item], item.candidate.channel, places[item]))
        return [(option, moments[option]) for option in ordered]

    def _spans(self, option: Option, until: int) -> tuple[Span, ...]:
        assert option.opening is not None
        if until <= option.opening:
            return ((option.opening, option.opening + 1),)
        return tuple(self.permitted(option.candidate, option.opening, min(until + 1, self.end)))

    def patience_ends(self) -> int | None:
        """`ready + patience`: until when a better option may be waited for; None when nobody is patient."""
        patient = [item for item in self.engine.preferences if getattr(item.rule, "patience", None) is not None]
        if not patient:
            return None
        made = [
            seen.hi
            for seen in self.view.touches
            if seen.outbound and seen.out and not seen.booked and seen.lo <= self.start
        ]
        begin = made[-1] + 1 if made else self.view.opened if self.view.opened is not None else self.start
        begin = min(begin, self.start)
        assert self.engine.channels is not None
        options = [self.option(candidate, begin, self.end) for candidate in self.candidates(self.engine.channels)]
        opened = [option.opening for option in options if option.opening is not None]
        if not opened:  # pragma: no cover - what opens in the question opens in a longer span, if its rules are local
            return None
        ready = min(opened)
        waits = [rule.patience.micros for rule, _ in patient if _in_force(rule, self.view, ready)]
        return ready + max(waits) if waits else None

    # -- nothing opens -------------------------------------------------------------------------------------------------

    def _closed(self, inquiry: Inquiry) -> Decided:
        """`Stop` when every option is covered by stops or by what nothing can lift, else `Blocked` with what would help."""
        ends: list[int] = []
        for option in inquiry.options:
            blocks = self.blocks(option.candidate, self.start, self.start + 1)
            whole = [block.end for block in blocks if (block.stops or block.final) and block.end >= self.end]
            if not whole:
                blocks = self.blocks(option.candidate, self.start, self.end)
                lasting = union((block.start, block.end) for block in blocks if block.stops or block.final)
                whole = [finish for begin, finish in lasting if begin <= self.start and finish >= self.end]
            if not whole:
                return Blocked(inquiry)
            ends.append(max(whole))
        return Stop(inquiry, until=min(ends)) if ends else Blocked(inquiry)

    def lifting(self, candidate: Candidate) -> tuple[tuple[str, ...], int | None]:
        """What an option that never opens needs, and the instant before which even that would not help.

        All the needs together suffice. Without needs the instant is when time alone opens the option.
        """
        now = self.blocks(candidate, self.start, self.start + 1)
        if any((block.stops or block.final) and not block.needs and block.end >= FOREVER for block in now):
            return (), None
        needs = {need for block in self.blocks(candidate, self.start, self.end) for need in block.needs}
        far = min(self.start + max(_FAR, self.end - self.start), FOREVER - DAY)
        reach = self.end
        while True:
            blocks = self.blocks(candidate, self.start, reach)
            left = gaps(union((block.start, block.end) for block in blocks if not block.needs), self.start, reach)
            if left or reach >= far:
                break
            reach = min(self.start + 3 * (reach - self.start), far)
        needs |= {need for block in blocks for need in block.needs}
        if not left:
            return tuple(sorted(needs or {"policy"})), None
        return tuple(sorted(needs)), left[0][0] if left[0][0] > self.start else None


def not_allowed(channel: str) -> Block:
    """The block of a channel that the policy leaves out."""
    return Block(
        EVER,
        FOREVER,
        "always/channels",
        "channel_not_allowed",
        ("policy",),
        (),
        (("channel", channel),),
        False,
        "channel",
    )


def _in_force(rule: Rule, view: View, instant: int) -> bool:
    """Whether a preference or deadline is in force at an instant."""
    return rule.in_force is None or any(start <= instant < end for start, end in rule.in_force.spans(view.zones))


def candidate_of(channel: str, point: Any, purpose: Any, step: Any, subjects: Any) -> Candidate:
    """What is asked about, once its words are known to be words."""
    for what, value in (("contact_point", point), ("purpose", purpose), ("step", step)):
        if value is not None:
            check_text(value, what)
    if isinstance(subjects, str):
        subjects = (subjects,)
    elif not isinstance(subjects, Iterable):
        raise InputError(f"subjects: {given(subjects)} is not a list of names; write for example `[renewal]`")
    return Candidate(channel, point, purpose, step, tuple(check_text(item, "subjects") for item in subjects))


def length_of(value: Any, what: str) -> int:
    """A length of time in microseconds, from a timedelta or text such as `90 days`, `90d`, `20m`."""
    if isinstance(value, timedelta):
        length = (value.days * 86_400 + value.seconds) * SECOND + value.microseconds
    else:
        text = value.replace(" ", "") if isinstance(value, str) else ""
        for word, unit in (
            ("days", "d"),
            ("day", "d"),
            ("hours", "h"),
            ("hour", "h"),
            ("minutes", "m"),
            ("minute", "m"),
            ("min", "m"),
        ):
            text = text.removesuffix(word) + unit if text.endswith(word) else text
        try:
            length = 0 if text in ("0s", "0m", "0h", "0d") else read_length(text).micros
        except InputError:
            raise InputError(
                f"{what}: {given(value)} is not a length of time; write for example `90 days` or `20m`"
            ) from None
    if not 0 <= length <= _LONGEST_HORIZON or (what == "horizon" and length == 0):
        raise InputError(
            f"{what}: {given(value)} is out of range; write between one minute and {_LONGEST_HORIZON // DAY} days"
        )
    return length


__all__ = ["Engine", "Option", "Question", "Ruled", "not_allowed"]
