"""What we would like to do: ordered steps with a purpose, channels, a delay from a named anchor, and tracks by outcome."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from .._model import Model, Names, OneOrMore, Whole
from .._time.periods import DelayField, LengthField
from ..errors import InputError, did_you_mean, given
from ..rules.choice import ChoiceField
from ..rules.clock import check_clock
from ..rules.delays import ClockNames, RegionHolidays
from ..rules.filters import TouchFilter
from .checks import check
from .outcomes import Outcome, Outcomes

__all__ = ["After", "Cadence", "Carry", "Condition", "Ending", "Entry", "Requirement", "Made", "Step", "name_pattern"]

name_pattern = r"^[a-z0-9][a-z0-9_.-]{0,79}$"
Name = Annotated[str, Field(pattern=name_pattern)]

_RINGING = frozenset({"phone", "visit", "meeting"})
#: From warm to harsh.
TONES = ("warm", "courteous", "firm", "harsh")


class After(Model):
    """When a step falls due: `delay` after an anchor; at once where no delay is given.

    Attributes:
        anchor: `previous` is the touch that led to the step, as it really happened; `start` is when the case entered; `promise` is
            the promised time, or when the promise was given where no time was named; `occasion` is a date of the prospect's; `pending`
            is when an open item is due or done, whichever comes first.
        kinds: which occasions, or which pending items; any when not named.
        undated: for a promise without a time: this long after it was given, in place of `delay`.
        lasts: for an occasion: how long from the beginning of its date the step may be taken.
        yearly: for an occasion: its kinds come every year, whether or not the record of one says so.
    """

    anchor: Literal["previous", "start", "promise", "occasion", "pending"] = "previous"
    delay: DelayField | None = None
    kinds: Names = ()
    undated: DelayField | None = None
    lasts: LengthField | None = None
    yearly: bool = False

    @model_validator(mode="after")
    def _fitting(self) -> After:
        if self.kinds and self.anchor not in ("occasion", "pending"):
            raise InputError(f"`kinds` goes with the anchors `occasion` and `pending`, not with {given(self.anchor)}")
        if self.undated is not None and self.anchor != "promise":
            raise InputError(f"`undated` goes with the anchor `promise`, not with {given(self.anchor)}")
        if (self.lasts is not None) is not (self.anchor == "occasion"):
            raise InputError("the anchor `occasion`, and no other, needs `lasts`; write for example `lasts: 3d`")
        if self.yearly and self.anchor != "occasion":
            raise InputError(f"`yearly` goes with the anchor `occasion`, not with {given(self.anchor)}")
        for delay in (self.delay, self.undated):
            if delay is not None and delay.kind == "business_hours":
                raise InputError(
                    f"{given(delay)} needs hours that a step does not have; write for example `1 business day`"
                )
        return self

    @property
    def waits(self) -> bool:
        """Whether the step waits after each touch that leads to it; what runs from the start is soon over for good."""
        delay = self.undated or self.delay
        return delay is not None and delay.amount > 0 and self.anchor != "start"


class Requirement(Model):
    """A fact that must be current when the step is taken, and no older than `max_age`."""

    fact: str
    max_age: LengthField | None = None


class Carry(Model):
    """Something that the touch must bring along: an open name, perhaps on some channels only, perhaps filled from a fact.

    What a fact fills is carried while the fact is current. With `stands`, the fact says until when it stands, as a date or an
    instant: once that is past, or where it cannot be read, there is nothing to carry.
    """

    what: Name
    channels: Names = ()
    fact: str | None = None
    stands: bool = False

    @model_validator(mode="after")
    def _of_a_fact(self) -> Carry:
        if self.stands and self.fact is None:
            raise InputError(
                f"`stands` is said of a fact; name the one that {given(self.what)} is filled from in `fact`"
            )
        return self


def _requirements(value: Any) -> Any:
    value = [value] if isinstance(value, (str, dict, Requirement)) else value
    return [{"fact": item} if isinstance(item, str) else item for item in value]


def _carries(value: Any) -> Any:
    value = [value] if isinstance(value, (str, dict, Carry)) else value
    return [{"what": item} if isinstance(item, str) else item for item in value]


class Made(Model):
    """At least so many touches that match, since the case entered."""

    at_least: Annotated[Whole, Field(ge=1)]
    counts: TouchFilter = TouchFilter()


class Condition(Model):
    """A condition: everything named must hold. What is unknown never satisfies one.

    Attributes:
        facts, without_facts: facts that are current, and facts that are not.
        tags, stages: some of these names; `{except: [...]}` for none of them.
        consent: whether a consent of any kind is on record.
        pending: kinds of items of which one is open.
        made: touches made.
    """

    facts: Names = ()
    without_facts: Names = ()
    tags: ChoiceField | None = None
    stages: ChoiceField | None = None
    consent: bool | None = None
    pending: Names = ()
    made: Made | None = None


class Entry(Condition):
    """One way into a cadence: a condition, or a touch that opens the door (`by`) after so many conversations (`worked`)."""

    by: TouchFilter | None = None
    worked: Annotated[Whole, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _door(self) -> Entry:
        if self.worked and self.by is None:
            raise InputError("`worked` counts conversations before a touch; name the touch in `by`")
        return self


class Ending(Model):
    """How a cadence may end.

    Attributes:
        lifted_by: what reopens the case: a touch of theirs (`inbound`), that or reaching them (`answer`), or `nothing`.
        goes_to: the playbook that takes the case up from there.
    """

    lifted_by: Literal["inbound", "answer", "nothing"] = "inbound"
    goes_to: str | None = None


class Step(Model):
    """One thing we would like to do, with what it is for.

    Attributes:
        purpose: why; a touch without a clear objective is refused.
        channels: in the order in which they are tried.
        after: when it falls due.
        within: owed this long after it falls due; a step without it may be left undone.
        lapses: passed over when nobody has taken it this long after it fell due; silence may then not lead back to it.
        requires: facts that must be current.
        carries: what the touch must bring along.
        when: only then; else the step is passed over.
        tracks: by outcome, the step or ending that follows; `next` is the next in order, `again` the step itself. A task has no
            outcome of its own: it leads on by that of the touch that gave rise to it, as `no_answer` where it does not say.
        instead: the step taken in its place where the last touch had the same purpose; without one it is passed over.
        milestone: passed over once a touch of it has met its objective.
        learns: facts that the conversation is to find out; each is owed until it is on record.
        if_impossible: `hold` waits; `skip` goes on when nothing opens inside the horizon.
        task: it touches nobody: dated, never counted, never limited; it is done when a pending item of its id is.
        once: at most once `between_answers`, or `ever`: in whatever stay, and by whatever channel its purpose was served.
        optional: never proposed unless it is asked for by name.
        named: only a touch that names the step, or its purpose, is this step; one that names neither is not.
        tone: from `warm` to `harsh`; a later step may not be harsher than an earlier one.
        person: `other` proposes another person of the account, whom the case has not asked yet; `last` whoever the touch that led
            here was with. Tracks of the cadence speak of the person of the case, and not of these; an opt-out of theirs is their
            own, and the case goes on without them as after silence, or where the step's track `opted_out` leads.
        whom: with `person: other`, the condition that the other person must meet.
    """

    id: Name
    purpose: Name
    channels: Names = ()
    after: After = After()
    within: DelayField | None = None
    lapses: DelayField | None = None
    requires: Annotated[tuple[Requirement, ...], OneOrMore] = ()
    carries: Annotated[tuple[Carry, ...], OneOrMore] = ()
    when: Condition | None = None
    tracks: dict[str, str] = Field(default_factory=dict)
    instead: str | None = None
    milestone: bool = False
    learns: Names = ()
    if_impossible: Literal["hold", "skip"] = "hold"
    task: bool = False
    once: Literal["between_answers", "ever"] | None = None
    optional: bool = False
    named: bool = False
    tone: Literal["warm", "courteous", "firm", "harsh"] = "courteous"
    person: Literal["same", "other", "last"] = "same"
    whom: Condition | None = None
    says: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _shorthands(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if not data.get("purpose"):
            raise InputError(
                f"step {given(data.get('id', '?'))}: a touch without a clear objective is refused; write `purpose:`"
            )
        data = dict(data)
        if data.get("requires"):
            data["requires"] = _requirements(data["requires"])
        if data.get("carries"):
            data["carries"] = _carries(data["carries"])
        if isinstance(data.get("after"), str):
            data["after"] = {"delay": data["after"]}
        return data

    @model_validator(mode="after")
    def _fitting(self) -> Step:
        if self.task and (self.channels or self.after.anchor == "occasion"):
            raise InputError(f"step {given(self.id)} is a task and touches nobody; leave out `channels`, or `task`")
        if not self.task and not self.channels:
            raise InputError(f"step {given(self.id)} names no channels; write for example `channels: [phone, email]`")
        for name, delay in (("within", self.within), ("lapses", self.lapses)):
            if delay is not None and delay.kind == "business_hours":
                raise InputError(f"step {given(self.id)}: `{name}` {given(delay)} needs hours; write for example `8h`")
        if self.lapses is not None and (self.task or self.aside or not self.lapses.amount):
            raise InputError(
                f"step {given(self.id)}: `lapses` goes with a step in order that touches somebody, and with more than nothing;"
                " write for example `lapses: 24h`"
            )
        return self

    @model_validator(mode="after")
    def _whom(self) -> Step:
        if self.whom is not None and self.person != "other":
            raise InputError(f"step {given(self.id)}: `whom` is said of another person; write `person: other` with it")
        return self

    @property
    def aside(self) -> bool:
        """Whether the step stands beside the sequence: an occasion, a pending item, or a question that may be asked."""
        return self.optional or self.after.anchor in ("occasion", "pending")


class Cadence(Model):
    """Ordered steps, with tracks by outcome. The step a case is at is derived from its touches.

    Attributes:
        enters: the ways in; none means that every case enters.
        steps: in order; after silence the next one follows unless a track says otherwise.
        tracks: by outcome, what follows at any step that does not say so itself, and an answer that comes to us; `again` leaves the
            case where it is.
        endings: by name; `exhausted` and `opted_out` are there unless written otherwise.
        outcomes: sets of dispositions besides the well-known ones.
        silence: by channel, the disposition of a touch that nobody answers, for plans.
        patience: how long a better channel of a step is waited for.
        at_least: attempts below which a case that is closed was given up early.
        closing: stages that close a case where it is: it stays in the cadence that it was in, and enters none by them.

    Example:
        >>> from cadencia.cadence import Cadence
        >>> steps = [{"id": "first", "purpose": "introduce", "channels": ["phone"]}]
        >>> Cadence(steps=steps).step("first").purpose
        'introduce'
    """

    enters: Annotated[tuple[Entry, ...], OneOrMore] = ()
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=200)]
    tracks: dict[str, str] = Field(default_factory=dict)
    endings: dict[str, Ending] = Field(default_factory=dict)
    outcomes: dict[str, Outcome] = Field(default_factory=dict)
    silence: dict[str, str] = Field(default_factory=dict)
    patience: LengthField | None = None
    at_least: Annotated[Whole, Field(ge=1)] | None = None
    closing: Names = ()
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    calendar: RegionHolidays | None = None

    @model_validator(mode="after")
    def _whole(self) -> Cadence:
        check(self)
        return self

    @cached_property
    def by_id(self) -> dict[str, Step]:
        """The steps by id."""
        return {step.id: step for step in self.steps}

    @cached_property
    def ends(self) -> dict[str, Ending]:
        """Every ending by name, the ones that are always there included."""
        return {"exhausted": Ending(lifted_by="answer"), "opted_out": Ending(lifted_by="nothing"), **self.endings}

    @cached_property
    def reading(self) -> Outcomes:
        """The outcomes, ready to read touches with."""
        return Outcomes(self.outcomes)

    @cached_property
    def sequence(self) -> tuple[Step, ...]:
        """The steps that stand in order, those beside it left out."""
        return tuple(step for step in self.steps if not step.aside)

    @cached_property
    def beside(self) -> tuple[Step, ...]:
        """The steps that stand beside the sequence and are proposed by themselves."""
        return tuple(step for step in self.steps if step.aside and not step.optional)

    def silent(self, channel: str) -> str:
        """The disposition of a touch that nobody answers on a channel: as `silence` says, else unanswered or sent."""
        return self.silence.get(channel) or ("no_answer" if channel in _RINGING else "sent")

    def step(self, name: str) -> Step:
        """A step by its id.

        Raises:
            InputError: there is none; offers the nearest.
        """
        found = self.by_id.get(name)
        if found is None:
            raise InputError(f"step {given(name)} is not in the cadence" + did_you_mean(name, self.by_id))
        return found

    def following(self, name: str) -> str:
        """The step in order after one, or the ending `exhausted`."""
        order = [step.id for step in self.sequence]
        place = order.index(name) + 1 if name in order else len(order)
        return order[place] if place < len(order) else "exhausted"

    def target(self, name: str, outcome: str, theirs: bool = False) -> str:
        """Where an outcome leads from a step: a step or an ending. `theirs` is that of another person of the account: an opt-out
        of theirs binds them alone, and leads on by the step's own track for it, else as silence would.
        """
        step = self.by_id[name]
        if outcome == "opted_out":
            if not theirs:
                return "opted_out"
            outcome = outcome if outcome in step.tracks else "no_answer"
        tracks = {**self.tracks, **step.tracks} if step.person == "same" else step.tracks
        found = tracks.get(outcome)
        if found is None and outcome not in ("no_answer", "reached"):
            found = tracks.get("reached")
        if found is None or found == "next":
            return self.following(name)
        return name if found == "again" else found

    def onward(self, task: Step, outcome: str | None) -> str:
        """Where a task leads on: by the outcome of the touch that gave rise to it where it says, else as silence would."""
        found = None if outcome is None else task.tracks.get(outcome)
        return self.target(task.id, "no_answer" if found is None else outcome or "no_answer")

    def stays(self, outcome: str) -> bool:
        """Whether an answer that belongs to no step leaves the case where it is."""
        return outcome != "opted_out" and (self.tracks.get(outcome) or self.tracks.get("reached")) == "again"

    def past(self, step: Step) -> str:
        """Where a step leads that is not to be taken: a milestone to the next in order, any other as silence would."""
        return self.following(step.id) if step.milestone else self.target(step.id, "no_answer")

    def answer(self, outcome: str) -> str | None:
        """Where an answer that belongs to no step leads; None where no track says."""
        if outcome == "opted_out":
            return "opted_out"
        found = self.tracks.get(outcome) or self.tracks.get("reached")
        return None if found in ("next", "again") else found
