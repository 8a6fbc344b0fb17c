"""A playbook: a cadence with its policy, as data. The cadence proposes, the policy disposes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from ._clock import micros, read_instant
from ._model import Model, Said
from ._periods import Length, LengthField
from .cadence.models import Cadence
from .case import Case
from .decision import Decided
from .errors import InputError, PolicyError, did_you_mean, given, mistakes_of
from .playbook_files import Ref, packaged_names, put_back, read_packaged, references, resolved
from .policy import FORMAT, Policy
from .prospect import Prospect
from .touch import DISPOSITIONS, Disposition, Touch

if TYPE_CHECKING:
    from .cadence.planning import Plan, Position
    from .cadence.proposing import CadenceEngine
    from .lint import Finding
    from .rules.base import Block

__all__ = ["Parameter", "Playbook", "packaged_names"]


class Parameter(Model):
    """A figure of a playbook that is easy to change: written `$name` where it is used.

    Attributes:
        value: what stands in its place.
        ours: whether the figure is ours and not the article's.
        choices: what else it may be, where it is one of a few.
        says: what it is.
    """

    value: Any
    choices: tuple[Any, ...] = ()
    ours: bool = False
    says: Said | None = None

    @model_validator(mode="after")
    def _chosen(self) -> Parameter:
        if self.choices and self.value not in self.choices:
            raise InputError(f"{given(self.value)} is not one of {', '.join(map(str, self.choices))}")
        return self


class Playbook(Model):
    """A cadence with its policy: what we would like to do, and what we may.

    Attributes:
        name: how it is called in data and in decisions.
        summary: what it does, by language.
        source, credit: the article that it follows (or where it stands), and its author.
        parameters: figures by name, those that are `ours` marked.
        cadence, policy: what it proposes and what it allows; the policy takes the playbook's name.
        rank: of several playbooks that a case may enter the one with the smallest rank proposes.
        horizon: how far ahead an opening is looked for, unless the question says.

    Example:
        >>> from cadencia import Playbook, Prospect
        >>> playbook = Playbook.load("gentle-persistence")
        >>> decision = playbook.decide(Prospect(id="p1", zones="Europe/Madrid"), as_of="2026-03-06T10:00+01:00")
        >>> decision.answer, decision.step, decision.channel
        ('contact', 'first', 'phone')
    """

    _mistake: ClassVar[type[InputError]] = PolicyError
    _template: tuple[Ref, ...] = PrivateAttr(default=())

    cadencia: int = FORMAT
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
    version: str | None = None
    summary: dict[str, str] = Field(default_factory=dict)
    source: str | None = None
    credit: str | None = None
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    cadence: Cadence
    policy: Policy
    rank: int = 50
    horizon: LengthField = Length("90d", 90 * 86_400_000_000)

    @field_validator("cadencia")
    @classmethod
    def _our_format(cls, value: int) -> int:
        if value != FORMAT:
            raise InputError(f"format {given(value)} is not known to this version; write `cadencia: {FORMAT}`")
        return value

    @model_validator(mode="before")
    @classmethod
    def _named_policy(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("policy"), Mapping):
            return {**data, "policy": {"name": data.get("name"), **data["policy"]}}
        return data

    @model_validator(mode="after")
    def _together(self) -> Playbook:
        mistakes = list(self._mistakes())
        if mistakes:
            raise InputError(*mistakes)
        return self

    def _mistakes(self) -> Iterator[str]:
        allowed = self.policy.channels
        if not self.policy.layers:
            if allowed is None:
                yield "the policy names no channels; write `channels: [phone, email]`"
            for step in self.cadence.steps:
                for channel in step.channels:
                    if allowed is not None and channel not in allowed:
                        yield f"step {given(step.id)}: channel {given(channel)} is not in the policy" + (
                            did_you_mean(channel, allowed) or f"; it allows {', '.join(allowed)}"
                        )
        known = {**DISPOSITIONS, **self.dispositions}
        for code, outcome in self.cadence.outcomes.items():
            for name in (*outcome.dispositions, *outcome.promised):
                if name not in known:
                    yield (
                        f"outcome {given(code)}: disposition {given(name)} is neither well known nor declared under"
                        f" `policy.dispositions`{did_you_mean(name, known)}"
                    )

    # -- reading and writing ------------------------------------------------------------------------------------------

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str = "", **parameters: Any) -> Self:
        """A playbook from data, some of its parameters changed.

        Raises:
            PolicyError: one line for each mistake, with its path.
        """
        name = where or (f"playbook `{data.get('name')}`" if data.get("name") else "playbook")
        table = data.get("parameters") or {}
        if not isinstance(table, Mapping):
            raise PolicyError(f"{name}, parameters: {given(table)} is not a mapping; write `gap: {{value: 2 days}}`")
        table = {key: value if isinstance(value, Mapping) else {"value": value} for key, value in table.items()}
        for key, value in parameters.items():
            if key not in table:
                raise PolicyError(f"{name}: parameter {given(key)} is not declared" + did_you_mean(key, table))
            table[key] = {**table[key], "value": value, "ours": True}
        body = {key: value for key, value in data.items() if key != "parameters"}
        found = tuple(sorted(references(body), key=lambda ref: ref.text))
        for ref in found:
            if ref.name not in table:
                raise PolicyError(
                    f"{name}, {ref.text}: parameter {given(ref.name)} is not declared" + did_you_mean(ref.name, table)
                )
        for key in sorted(set(table) - {ref.name for ref in found}):
            raise PolicyError(
                f"{name}: parameter {given(key)} is used nowhere; write `${key}` in its place, or leave it out"
            )
        try:
            made = cls.model_validate({**resolved(body, table), "parameters": table})
        except ValidationError as error:
            raise PolicyError(*mistakes_of(error, name, cls)) from None
        made._template = found
        return made

    @classmethod
    def load(cls, name: str | Path, **parameters: Any) -> Self:
        """A packaged playbook by its name, or one in a JSON or YAML file; some of its parameters changed.

        Raises:
            PolicyError: no such playbook, or one line for each mistake in the file.
        """
        if isinstance(name, str) and name in packaged_names():
            return cls.from_dict(read_packaged(name), name, **parameters)
        path = Path(name)
        if isinstance(name, str) and path.suffix.lower() not in (".json", ".yaml", ".yml"):
            raise PolicyError(
                f"playbook {given(name)} is not packaged"
                + (did_you_mean(name, packaged_names()) or f"; there are {', '.join(packaged_names())}, or give a file")
            )
        from .policy_files import read_any

        return cls.from_dict(read_any(path), path.name, **parameters)

    def tuned(self, **parameters: Any) -> Self:
        """The playbook with some of its parameters changed."""
        return type(self).from_dict(self.to_dict(), **parameters)

    def to_dict(self) -> dict[str, Any]:
        """The playbook as data, in normal form: defaults left out, parameters where they stood."""
        data: dict[str, Any] = {"cadencia": self.cadencia, "name": self.name}
        data |= self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True, exclude={"cadencia", "name", "policy"}
        )
        policy = self.policy.to_dict()
        if not self.policy.layers and policy["name"] == self.name:
            del policy["name"], policy["cadencia"]
        data["policy"] = policy
        return put_back(data, self._template)

    def to_json(self, indent: int | None = 2) -> str:
        """The playbook as JSON text, in normal form."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The JSON Schema of the playbook format."""
        from .playbook_files import json_schema

        return json_schema()

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that can change a decision: the policy's fingerprint with the cadence, blind to texts and names."""
        cadence = self.cadence.model_dump(mode="json", by_alias=True)
        for step in cadence["steps"]:
            step.pop("says")
        canonical = {"cadence": cadence, "horizon": str(self.horizon), "policy": self.policy.fingerprint}
        text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def dispositions(self) -> dict[str, Disposition]:
        """The words of the playbook's own layer."""
        for layer in self.policy._as_layers():
            if layer.name == self.name:
                return dict(layer.dispositions)
        return {}

    def __and__(self, other: Policy) -> Self:
        """The playbook under a further policy: it proposes the same, and both policies must permit it."""
        if not isinstance(other, Policy):
            return NotImplemented
        return self.model_copy(update={"policy": self.policy & other})

    # -- deciding -----------------------------------------------------------------------------------------------------

    @cached_property
    def engine(self) -> CadenceEngine:
        """The playbook made ready to decide; made once."""
        return self.entered(None)

    def entered(self, since: int | None) -> CadenceEngine:
        """The engine for a case that was handed over at an instant (microseconds)."""
        from .cadence.proposing import CadenceEngine

        return CadenceEngine(self, since)

    def decide(
        self,
        prospect: Prospect | Case | Mapping[str, Any],
        touches: Iterable[Touch | Mapping[str, Any]] = (),
        *,
        as_of: datetime | str,
        step: str | None = None,
        subjects: Iterable[str] = (),
        duration: timedelta | str | None = None,
        horizon: timedelta | str | None = None,
        fulfils: str | None = None,
        entered: datetime | str | None = None,
    ) -> Decided:
        """Which step is in turn, may it be taken, when and how; and if not, why not?

        Args:
            prospect: a prospect with its `touches`, or a case (which carries its own); models, or their data.
            as_of: the instant of the question, with offset.
            step: a step to ask about by name; the one in turn when not given.
            entered: when another playbook handed the case over; derived from the case when not given.

        Returns:
            `Contact`, `Wait`, `Blocked` or `Stop`, with `proposal`: which step, why now, and what it must carry.
        """
        from .engine import candidate_of, length_of

        engine = self.engine if entered is None else self.entered(micros(read_instant(entered, "entered")))
        start, end = engine.span(as_of, self._horizon if horizon is None else horizon)
        case = engine.told(Case.of(prospect, touches), start, fulfils)
        view = case.view().at(start, fulfils)
        length = 0 if duration is None else length_of(duration, "duration")
        candidate = candidate_of("", None, None, step, subjects)._replace(duration=length)
        return engine.propose(case, view, candidate, start, end)

    @cached_property
    def _horizon(self) -> timedelta:
        return timedelta(microseconds=self.horizon.micros)

    def why_not(
        self, prospect: Prospect | Case, instant: datetime | str, channel: str, *, touches: Iterable[Touch] = (),
        as_of: datetime | str | None = None, step: str | None = None, contact_point: str | None = None,
    ) -> tuple[Block, ...]:  # fmt: skip
        """Every block that forbids a step (the one in turn at that instant) on a channel; empty when it is permitted."""
        case = Case.of(prospect, touches)
        if step is None:
            position = self.position(case, as_of=instant)
            step = position.step or self.cadence.sequence[0].id
        purpose = self.cadence.step(step).purpose
        case = self.engine.told(case, micros(read_instant(instant if as_of is None else as_of, "as_of")))
        return self.engine.why_not(
            case, instant, channel, as_of=as_of, contact_point=contact_point, purpose=purpose, step=step
        )

    def position(
        self, prospect: Prospect | Case, touches: Iterable[Touch] = (), *, as_of: datetime | str,
        entered: datetime | str | None = None,
    ) -> Position:  # fmt: skip
        """Where a case stands: the step in turn or the ending, attempts since the last answer, and the touches that were steps."""
        from .cadence.planning import position

        since = None if entered is None else micros(read_instant(entered, "entered"))
        return position(self, Case.of(prospect, touches), micros(read_instant(as_of, "as_of")), since)

    def plan(
        self, prospect: Prospect | Case, n: int, *, as_of: datetime | str, touches: Iterable[Touch] = (),
        horizon: timedelta | str | None = None, entered: datetime | str | None = None,
    ) -> Plan:  # fmt: skip
        """The next `n` touches if nobody answers, each one legal, and why it ends where it ends earlier."""
        from .cadence.planning import plan

        return plan(self, Case.of(prospect, touches), n, as_of, horizon, entered)

    # -- checking -----------------------------------------------------------------------------------------------------

    def lint(self) -> list[Finding]:
        """What is probably not meant, in the cadence and in the policy."""
        from .lint.playbook import lint_playbook

        return lint_playbook(self)

    def text(self, language: str = "en") -> str:
        """The playbook in words: its summary and its steps."""
        from .language.playbook import playbook_text

        return playbook_text(self, language)
