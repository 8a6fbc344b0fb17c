"""The four answers.

A decision is immutable and made for `match`. What it decided is at hand at once; verdicts, evidence and chain are computed
on first reading from the frozen case. Pickling, JSON and `==` force them into a `Record`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationError

from ._time.clock import iso, local_moment, micros
from .errors import InputError, check_text, mistakes_of
from .inquiry import Ask, Inquiry
from .record import (
    Answer,
    BlockRecord,
    Carried,
    Due,
    OptionRecord,
    Proposal,
    Reasons,
    Record,
    Verdict,
    adapter,
)
from .rules.block import principal

if TYPE_CHECKING:
    import pendulum

    from .rules.block import Block

__all__ = [
    "BlockRecord",
    "Blocked",
    "Carried",
    "Contact",
    "Decision",
    "Due",
    "OptionRecord",
    "Proposal",
    "Record",
    "Stop",
    "Verdict",
    "Wait",
]


class Decision:
    """An answer: one of `Contact`, `Wait`, `Blocked` and `Stop`.

    Attributes:
        answer: `contact`, `wait`, `blocked` or `stop`.
        prospect: the id of the prospect.
        as_of, horizon: the span in which an opening was looked for.
        fingerprint: of the policy; `policy`, `version`, `layers` and `made_with` say the rest of what it was made with.
        verdicts: what every rule said, with the touches that counted.
        chain: from `as_of`, the block that ends last, then the one at its end, and so on; `binding` is the last one's rule.
        blocking: the ids of all rules that forbid the answer's option at `as_of`.
        options: every option, the answer's first; `deadlines`: what is owed; `reports`: what was odd.
    """

    __slots__ = ("_ask", "_at", "_channel", "_reasons", "_record", "_until")
    answer: ClassVar[Answer]

    def __init__(
        self, ask: Ask | Inquiry | None, channel: str | None = None, at: int | None = None, until: int | None = None
    ) -> None:
        self._ask = ask
        self._channel = channel
        self._at = at
        self._until = until
        self._record: Record | None = None
        self._reasons: Reasons | None = None

    def inquiry(self) -> Inquiry:
        """The question and every option with its opening; a fast answer works them out when first asked."""
        ask = self._ask
        if ask is None:
            raise InputError("a decision read back from data has no case; decide again")
        if isinstance(ask, Inquiry):
            return ask
        made = self._ask = ask[0].inquire(ask, self._channel)
        return made

    def reasons(self) -> Reasons | None:
        """Verdicts and chain by the fast lane; None where the general path must say."""
        reasons = self._reasons
        if reasons is None:
            ask = self._asked()
            if ask is not None:
                reasons = self._reasons = ask[0].reasons(ask, self._channel, self._at, self.answer)
        return reasons

    def _asked(self) -> Ask | None:
        """The question as put to the fast lane, while nothing more has been worked out."""
        ask = self._ask
        return None if ask is None or isinstance(ask, Inquiry) or self._record is not None else ask

    # -- what is at hand -----------------------------------------------------------------------------------------------

    @property
    def record(self) -> Record:
        """The whole decision as plain data; computed on first reading."""
        record = self._record
        if record is None:
            record = self._record = self.inquiry().question.record(self)
        return record

    @property
    def prospect(self) -> str:
        """The id of the prospect."""
        return self.record.prospect

    @property
    def policy(self) -> str:
        """The name of the policy."""
        return self.record.policy

    @property
    def version(self) -> str | None:
        """The version that the policy gives itself."""
        return self.record.version

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the policy."""
        return self.record.fingerprint

    @property
    def layers(self) -> dict[str, str]:
        """The fingerprints of the policy's layers, by name."""
        return self.record.layers

    @property
    def made_with(self) -> dict[str, str]:
        """The versions of cadencia, the zone rules, the holiday calendars and the plug-ins."""
        return self.record.made_with

    @property
    def binding(self) -> str | None:
        """The rule that releases last: that of the last block of the chain."""
        reasons = self.reasons()
        if reasons is None:
            return self.record.binding
        return reasons.chain[-1].rule if reasons.chain else None

    @property
    def blocking(self) -> tuple[str, ...]:
        """The ids of all rules that forbid the answer's option at `as_of`."""
        ask = self._asked()
        if ask is not None and self._channel is not None:
            if self._at == ask[2]:
                return ()
            lane, digest = ask[0].lane, ask[1].digest()
            assert lane is not None
            assert digest is not None
            return lane.blocking(digest, self._channel, ask[2])
        reasons = None if ask is None else self.reasons()
        if reasons is None:
            return self.record.blocking
        return tuple(sorted(verdict.rule for verdict in reasons.verdicts if verdict.held))

    @property
    def chain(self) -> tuple[BlockRecord, ...]:
        """From `as_of`, the covering block that ends last, then the one at its end, and so on."""
        reasons = self.reasons()
        return self.record.chain if reasons is None else reasons.chain

    @property
    def options(self) -> tuple[OptionRecord, ...]:
        """Every option: the answer's first, then by opening."""
        return self.record.options

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What every rule says of the answer's option at `as_of`."""
        reasons = self.reasons()
        return self.record.verdicts if reasons is None else reasons.verdicts

    @property
    def deadlines(self) -> tuple[Due, ...]:
        """What is owed, met or not."""
        return self.record.deadlines

    @property
    def reports(self) -> tuple[tuple[str, ...], ...]:
        """What was odd, each a code with its details."""
        return self.record.reports

    @property
    def proposal(self) -> Proposal | None:
        """What the cadence of a playbook proposes: step, reason and what to carry; None where a policy was asked alone."""
        return self.record.proposal

    @property
    def waits_for(self) -> str | None:
        """The preference that waits, where it is one and not a limit."""
        return self.record.waits_for

    def _time(self, value: datetime | None) -> pendulum.DateTime | None:
        if value is None:
            return None
        return local_moment(micros(value), self._zone)

    @property
    def _zone(self) -> str | None:
        """The zone in which instants are shown: the prospect's first."""
        if self._record is not None:
            return self._record.zone
        ask = self._asked()
        if ask is not None:
            digest = ask[1].digest()
            return None if digest is None else digest.place[0]
        return min((item.zone for item in self.inquiry().question.view.prospect.zones), default=None)

    @property
    def as_of(self) -> pendulum.DateTime:
        """The instant of the question, on the prospect's wall clock."""
        value = self._time(self.record.as_of)
        assert value is not None
        return value

    @property
    def horizon(self) -> pendulum.DateTime:
        """The end of the span in which an opening was looked for."""
        value = self._time(self.record.horizon)
        assert value is not None
        return value

    def without(self, *ids: str) -> Decided:
        """The decision as it would be without some rules: a counterfactual. Always-binding rules cannot be left out."""
        for name in ids:
            check_text(name, "rule id")
        decided: Decided = self.inquiry().question.without(ids)
        return decided

    def counterfactuals(self) -> dict[str, Decided]:
        """For each rule that forbids now, and for the preference that waits, the decision without it alone."""
        waiting = () if self.record.waits_for is None else (self.record.waits_for,)
        names = dict.fromkeys((*self.record.blocking, *waiting))
        return {name: self.without(name) for name in names if not name.startswith(("always/", "cadence/"))}

    # -- how it reads --------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The decision as JSON-ready data."""
        data: dict[str, Any] = adapter().dump_python(self.record, mode="json")
        return data

    def to_json(self, indent: int | None = None) -> str:
        """The decision as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Decided:
        """A decision from its data; it compares equal to the one that wrote it."""
        try:
            return _decision_of(adapter().validate_python(data))
        except ValidationError as error:
            raise InputError(*mistakes_of(error, "decision")) from None

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The JSON Schema of a decision."""
        return adapter().json_schema(mode="serialization")

    def text(self, language: str = "en") -> str:
        """The decision in words: the answer, what blocks, what is owed."""
        from .language import render

        return render(self.record, language)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        record = self.record
        told: dict[str, Any] = {"channel": record.channel, "contact_point": record.contact_point}
        for name, value in (("at", record.at), ("until", record.until)):
            told[name] = None if value is None else iso(micros(value), record.zone)
        told |= {"reason": record.reason, "needs": record.needs}
        told["not_before"] = None if record.not_before is None else iso(micros(record.not_before), record.zone)
        inside = ", ".join(f"{name}={value!r}" for name, value in told.items() if value not in (None, ()))
        return f"{type(self).__name__}({record.prospect!r}{', ' if inside else ''}{inside})"

    def _repr_html_(self) -> str:
        from .language import render_html

        return render_html(self.record)

    def __eq__(self, other: object) -> bool:
        return self.record == other.record if isinstance(other, Decision) else NotImplemented

    def __hash__(self) -> int:
        record = self.record
        return hash((record.answer, record.prospect, record.as_of, record.fingerprint, record.at, record.channel))

    def __reduce__(self) -> tuple[Callable[[Record], Decision], tuple[Record]]:
        return _decision_of, (self.record,)


class Opened(Decision):
    """An answer that names an option."""

    __slots__ = ()

    @property
    def channel(self) -> str:
        """The channel to use."""
        return self._channel or self.record.channel or ""

    @property
    def contact_point(self) -> str | None:
        """The address to use; None where the prospect's contact points were not given."""
        ask = self._ask
        if ask is None:
            return self.record.contact_point
        if isinstance(ask, Inquiry):
            return ask.chosen.point if ask.chosen else None
        digest = ask[1].digest()
        return None if digest is None or digest.points is None else digest.points[self.channel]

    @property
    def purpose(self) -> str | None:
        """What the contact is for."""
        ask = self._asked()
        return self.record.purpose if ask is None else ask[4]

    @property
    def step(self) -> str | None:
        """The step of the cadence."""
        ask = self._asked()
        return self.record.step if ask is None else ask[5]

    @property
    def at(self) -> pendulum.DateTime:
        """When: permitted from this instant on, on the prospect's wall clock."""
        if self._at is not None:
            return local_moment(self._at, self._zone)
        value = self._time(self.record.at)
        assert value is not None
        return value

    @property
    def until(self) -> pendulum.DateTime | None:
        """The instant before which the contact must begin; None when it stays permitted to the horizon."""
        if self._at is not None:
            return None if self._until is None else local_moment(self._until, self._zone)
        return self._time(self.record.until)

    def stretch(self) -> tuple[int, int | None]:
        """`at` and `until` in microseconds of UTC, for many at once."""
        if self._at is not None:
            return self._at, self._until
        return micros(self.at), None if self.until is None else micros(self.until)

    @property
    def earliest(self) -> pendulum.DateTime:
        """The first instant at which any option is permitted: before `at` when it is a preference that waits."""
        value = self._time(self.record.earliest)
        assert value is not None
        return value


class Contact(Opened):
    """Some option is open now, and preferences choose it."""

    __slots__ = ()
    answer = "contact"


class Wait(Opened):
    """Some option opens inside the horizon, first at `at`; `waits_for` names the preference if it is one that waits."""

    __slots__ = ()
    answer = "wait"


class Blocked(Decision):
    """Nothing opens inside the horizon, but it may: `needs` says what would help, `not_before` when time alone does."""

    __slots__ = ()
    answer = "blocked"

    @property
    def needs(self) -> tuple[str, ...]:
        """What would open an option: all of these together suffice. Empty where time alone does."""
        return self.record.needs

    @property
    def not_before(self) -> pendulum.DateTime | None:
        """When time alone opens an option; None when it does not, or not within two years."""
        return self._time(self.record.not_before)


class Stop(Decision):
    """It is over: `reason` is the rule that ended it, `scope` how far, `until` when it ends if it does."""

    __slots__ = ()
    answer = "stop"

    def _endings(self) -> list[Block] | None:
        """The blocks that ended it, where the fast lane knows."""
        ask = self._asked()
        return None if ask is None else ask[0].endings(ask)

    def _ending(self) -> Block | None:
        """The block that speaks for them, where the fast lane knows."""
        ask, blocks = self._asked(), self._endings()
        return None if ask is None or blocks is None else principal(blocks, ask[2])

    @property
    def stops(self) -> tuple[str, ...]:
        """The ids of all rules that ended it, by name: those that end its first channel; `options` has those of the others."""
        blocks = self._endings()
        if blocks is None:
            held = (block for verdict in self.verdicts for block in verdict.held)
            blocks = [block for block in held if block.stops or block.final]
        return tuple(sorted({block.rule for block in blocks}))

    @property
    def reason(self) -> str:
        """The id of the rule that ended it."""
        ending = self._ending()
        return (self.record.reason or "") if ending is None else ending.rule

    @property
    def code(self) -> str:
        """What kind of end, one word."""
        ending = self._ending()
        return (self.record.code or "") if ending is None else ending.code

    @property
    def scope(self) -> str:
        """How far it reaches: `case`, `channel` or `contact_point`."""
        ending = self._ending()
        return (self.record.scope or "case") if ending is None else ending.scope

    @property
    def until(self) -> pendulum.DateTime | None:
        """When the stop ends; None when it does not end by itself."""
        if self._asked() is not None:
            return None  # what the fast lane stops is over for good
        return self._time(self.record.until)


#: What `decide` gives: one of the four, for `match`.
Decided = Contact | Wait | Blocked | Stop

_new = object.__new__


def answered(ask: Ask, found: tuple[str, int, int]) -> Decided:
    """The answer to a question put to the fast lane, from the channel found, its opening and its end; no channel: closed.

    Made for every decision, so its slots are filled here and not by a call of `__init__`.
    """
    channel, at, until = found
    made: Any
    if channel:
        made = _new(Contact if at == ask[2] else Wait)
        made._channel, made._at = channel, at
        made._until = until if until < ask[3] else None
    else:
        made = _new(Stop if until else Blocked)
        made._channel = made._at = None
        made._until = until or None
    made._ask, made._record, made._reasons = ask, None, None
    decided: Decided = made
    return decided


_KINDS: Mapping[str, type[Decided]] = {"contact": Contact, "wait": Wait, "blocked": Blocked, "stop": Stop}


def _decision_of(record: Record) -> Decided:
    decision = _KINDS[record.answer](None)
    decision._record = record
    return decision
