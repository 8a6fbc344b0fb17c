"""A policy: the named, versioned set of rules that says what we may do, and how policies are laid over each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator

from ._lane.digest import Digest
from ._lane.rows import Raw, read_raw
from ._model import Model, Names
from .calendars import NamedCalendar, bind, check_name, undeclared
from .case import Case
from .decision import Decided, answered
from .errors import InputError, PolicyError, check_text, did_you_mean, given, mistakes_of
from .policy_form import fingerprint_of, mistaken_words, unknown_dispositions
from .prospect import Prospect
from .rules.base import Rule
from .rules.registry import ALWAYS, RuleField, is_plug_in
from .touch import Disposition, Touch

if TYPE_CHECKING:
    from .engine import Engine
    from .lint import Finding
    from .rules.block import Block
    from .rules.filters import Candidate

__all__ = ["FORMAT", "Policy"]

#: The version of the policy format, not of the package.
FORMAT = 1

_MOST_RULES = 1000
#: Text that can stand before the `/` of a rule's id; policies that are joined join their names with ` & `.
_NAME = r"[^\s/`&]([^/`&\n]{0,118}[^\s/`&])?"


class Example(Model):
    """What a policy says of itself: a case, an instant, and the answer expected. Run by `cadencia check`.

    `expect` names any of: `answer`, `channel`, `at`, `until`, `not_before`, `reason`, `binding`, `blocking`, `needs`.
    """

    says: str
    as_of: str
    case: dict[str, Any]
    purpose: str | None = None
    expect: dict[str, Any]


class Policy(Model):
    """Rules with a name: what we may do. Immutable; rules never depend on their order.

    Attributes:
        channels: the channels that may be used at all; None for a layer that leaves this to others.
        dispositions: words of this policy's own, valid in its own rules only: `went_out`, `delivered`, `reached`.
        calendars: holiday calendars of this policy's own, named by its own rules only.
        rules: limits, stop rules, preferences and deadlines, each with its own id.
        layers: the policies that this one is laid over. Layering can only tighten.

    Example:
        >>> from cadencia import Policy, Prospect
        >>> from cadencia.rules import QuietHours
        >>> hours = QuietHours(id="hours", allow={"mon-fri": ["09:00-14:00"]})
        >>> policy = Policy(name="mornings", channels=["phone"], rules=[hours])
        >>> decision = policy.decide(Prospect(id="p1", zones="Europe/Madrid"), as_of="2026-03-06T15:00+01:00")
        >>> decision.answer, decision.at.isoformat()
        ('wait', '2026-03-09T09:00:00+01:00')
    """

    _mistake: ClassVar[type[InputError]] = PolicyError

    cadencia: int = FORMAT
    name: Annotated[str, Field(json_schema_extra={"pattern": f"^{_NAME}( & {_NAME})*$"})]
    version: str | None = None
    because: str | None = None
    channels: Names | None = None
    dispositions: dict[str, Disposition] = Field(default_factory=dict)
    calendars: dict[Annotated[str, AfterValidator(check_name)], NamedCalendar] = Field(default_factory=dict)
    rules: tuple[RuleField, ...] = ()
    layers: tuple[Policy, ...] = ()
    examples: tuple[Example, ...] = ()

    @field_validator("cadencia")
    @classmethod
    def _our_format(cls, value: int) -> int:
        if value != FORMAT:
            raise InputError(f"policy format {given(value)} is not known to this version; write `cadencia: {FORMAT}`")
        return value

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not all(re.fullmatch(_NAME, part) for part in value.split(" & ")):
            raise InputError(
                f"{given(value)} cannot stand in a rule's id; write up to 120 characters without `/`, `&` and backticks"
            )
        return value

    @field_validator("layers")
    @classmethod
    def _set_of_layers(cls, value: tuple[Policy, ...]) -> tuple[Policy, ...]:
        return tuple(sorted(value, key=lambda layer: layer.name))

    @field_validator("rules")
    @classmethod
    def _sorted(cls, value: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if len(value) > _MOST_RULES:
            raise InputError(f"{given(len(value))} rules are too many; a policy holds at most {_MOST_RULES}")
        by_id: dict[str, Rule] = {}
        for rule in value:
            if rule.rule in ALWAYS:
                raise InputError(f"rule {given(rule.id)}: {given(rule.rule)} binds in every policy; leave it out")
            if rule.id.startswith(("always/", "wish/")):
                raise InputError(
                    f"rule id {given(rule.id)} is reserved; write an id that does not begin with `always/` or `wish/`"
                )
            if by_id.setdefault(rule.id, rule) != rule:
                raise InputError(f"two rules have the id {given(rule.id)}; give each its own")
        return tuple(by_id[name] for name in sorted(by_id))

    @field_validator("layers", mode="before")
    @classmethod
    def _no_files(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        layers = [_pack(item) if isinstance(item, str) and item.startswith("pack:") else item for item in value]
        for item in layers:
            if isinstance(item, str):
                raise InputError(
                    f"layer {given(item)} is a file name; read the policy from its file with `Policy.load`, or join policies with `&`"
                )
        return layers

    @field_validator("channels")
    @classmethod
    def _set_of_channels(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if value is None else tuple(sorted(value))

    @model_validator(mode="after")
    def _declared(self, info: ValidationInfo) -> Policy:
        if unknown := unknown_dispositions(self.rules, self.dispositions):
            raise InputError(*unknown)
        for mistake in undeclared(self.rules, self.calendars):
            raise InputError(mistake)
        names: dict[str, Policy] = {}
        for layer in self.layers:
            if layer.layers:
                raise InputError(f"layer {given(layer.name)} has layers of its own; join them with `&`")
            if names.setdefault(layer.name, layer) != layer:
                raise InputError(f"two layers are named {given(layer.name)} and differ; give one another name")
        joined = self.layers and not self.rules and self.channels is None
        if " & " in self.name and not (joined and self.name == " & ".join(layer.name for layer in self.layers)):
            raise InputError(f"{given(self.name)}: `&` joins the names of layers; write a name of its own")
        return self

    # -- reading and writing ------------------------------------------------------------------------------------------

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str = "") -> Self:
        """A policy from data.

        Raises:
            PolicyError: one line for each mistake, with its path.
        """
        if not isinstance(data, Mapping):
            raise PolicyError(
                f"{where or 'policy'}: {given(data)} is not a policy; write `{{'name': ..., 'rules': [...]}}`"
            )
        name = where or (f"policy {given(data.get('name'))}" if data.get("name") else "policy")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            found = mistakes_of(error, name, cls)
            more = [line for line in mistaken_words(data) if not any(other.endswith(line) for other in found)]
            raise PolicyError(*found, *(f"{name}: {line}" for line in more)) from None

    @classmethod
    def from_json(cls, text: str) -> Self:
        """A policy from JSON text."""
        from .policy_files import read_json

        return cls.from_dict(read_json(text))

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """A policy from YAML text; every scalar is read as text. Needs the extra `yaml`."""
        from .policy_files import read_yaml

        return cls.from_dict(read_yaml(text))

    @classmethod
    def load(cls, *paths: str | Path) -> Policy:
        """The policy in a JSON or YAML file, its layers resolved; several files are laid over each other."""
        from .policy_files import load

        if not paths:
            raise PolicyError('no policy file given; write for example `Policy.load("house.yaml")`')
        for path in paths:
            if not isinstance(path, (str, Path)):
                raise PolicyError(f"{given(path)} is not the path of a policy file; write for example `house.yaml`")
        policy = load(Path(paths[0]))
        for path in paths[1:]:
            policy = policy & load(Path(path))
        return policy

    def to_dict(self) -> dict[str, Any]:
        """The policy as data, in normal form: defaults left out, rules by id."""
        data: dict[str, Any] = {"cadencia": self.cadencia, "name": self.name}
        data |= self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True, exclude={"cadencia", "name", "layers"}
        )
        if self.layers:
            data["layers"] = [layer.to_dict() for layer in self.layers]
        return data

    def to_json(self, indent: int | None = 2) -> str:
        """The policy as JSON text, in normal form."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema of the policy format, with every kind of rule that is installed."""
        from .policy_files import json_schema

        return json_schema()

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that can change a decision: blind to name, version, because, examples and order."""
        return fingerprint_of(self)

    @cached_property
    def bound_rules(self) -> tuple[Rule, ...]:
        """The policy's own rules, with the calendars they name bound to their content."""
        return tuple(bind(rule, self.calendars) for rule in self.rules) if self.calendars else self.rules

    # -- layering -----------------------------------------------------------------------------------------------------

    def __and__(self, other: Policy) -> Policy:
        """Both policies: permitted is what both permit. Commutative, associative, and `p & p == p`."""
        if not isinstance(other, Policy):
            return NotImplemented
        layers: dict[str, Policy] = {}
        for layer in (*self._as_layers(), *other._as_layers()):
            if not layer.rules and layer.channels is None:
                continue  # says nothing: the identity
            if layers.setdefault(layer.name, layer).fingerprint != layer.fingerprint:
                raise PolicyError(f"two layers are named {given(layer.name)} and differ; give one another name")
        if not layers:
            return self
        if len(layers) == 1:
            return next(iter(layers.values()))
        ordered = [layers[name] for name in sorted(layers)]
        return Policy.model_construct(
            None, name=" & ".join(layer.name for layer in ordered), layers=tuple(ordered), channels=None
        )

    def _as_layers(self) -> tuple[Policy, ...]:
        if not self.layers:
            return (self,)
        own = self.model_copy(update={"layers": ()})
        return (*self.layers, own) if self.rules or self.channels is not None else self.layers

    def without(self, *ids: str) -> Policy:
        """The policy without some rules, by their ids as decisions show them: for counterfactuals.

        Raises:
            PolicyError: no rule has that id, or it binds always.
        """
        known = {rule.id for rule in self.engine.rules}
        for name in ids:
            if check_text(name, "rule id") not in known:
                raise PolicyError(f"policy {given(self.name)} has no rule {given(name)}" + did_you_mean(name, known))
            if name.startswith("always/"):
                raise PolicyError(f"rule {given(name)} binds in every policy; it cannot be left out")
        if not self.layers:
            return self.model_copy(update={"rules": tuple(rule for rule in self.rules if rule.id not in ids)})
        layers = tuple(
            layer.model_copy(
                update={"rules": tuple(rule for rule in layer.rules if f"{layer.name}/{rule.id}" not in ids)}
            )
            for layer in self._as_layers()
        )
        return Policy.model_construct(None, name=self.name, layers=layers, channels=None)

    # -- deciding -----------------------------------------------------------------------------------------------------

    @cached_property
    def engine(self) -> Engine:
        """The policy made ready to decide; made once."""
        from .engine import Engine

        return Engine(self)

    def decide(
        self,
        prospect: Prospect | Case | Mapping[str, Any],
        touches: Iterable[Touch | Mapping[str, Any]] = (),
        *,
        as_of: datetime | str,
        purpose: str | None = None,
        step: str | None = None,
        subjects: Iterable[str] = (),
        duration: timedelta | str | None = None,
        horizon: timedelta | str = "90 days",
        fulfils: str | None = None,
    ) -> Decided:
        """May this prospect be contacted, when, how and what for; and if not, why not?

        Args:
            prospect: a prospect with its `touches`, or a case (which carries its own); models, or their data.
            as_of: the instant of the question, with offset. No clock is ever read.
            purpose, step, subjects: what the contact would be for.
            duration: how long it would last; it must fit before the next block. None is no length.
            horizon: how far ahead an opening is looked for.
            fulfils: the id of the booking that this contact would be, or of the touch whose promise of ours it would keep.

        Returns:
            `Contact`, `Wait`, `Blocked` or `Stop`: immutable, made for `match`.

        Raises:
            InputError: an argument that cannot be read; `fulfils` names neither a booking nor a promise of ours.
            PolicyError: the policy names no channels (it is only a layer).
        """
        engine = self.engine
        lane = engine.lane
        if (
            lane is not None
            and duration is None
            and fulfils is None
            and type(subjects) is tuple
            and not subjects
            and (purpose is None or (type(purpose) is str and purpose.strip()))
            and (step is None or (type(step) is str and step.strip()))
        ):
            source: Case | Raw | None = None
            digest: Digest | None
            if type(prospect) is Case and not touches:
                source = prospect
                try:
                    digest = prospect._digest
                except AttributeError:
                    digest = prospect.digest()
            elif type(prospect) is dict and (type(touches) is list or type(touches) is tuple):
                source = digest = read_raw(prospect, touches)
            if source is None:
                source = prospect = Case.of(prospect, touches)
                digest, touches = source.digest(), ()
            if digest is not None:
                asked, length, start, end = engine.last
                if asked is not as_of or length is not horizon:
                    start, end = engine.span(as_of, horizon)
                if digest.latest <= start:
                    found = lane.answer(digest, start, end)
                    if found is not None:
                        return answered((engine, source, start, end, purpose, step), found)
        return engine.decide(prospect, touches, as_of, purpose, step, subjects, duration, horizon, fulfils)

    def why_not(
        self, prospect: Prospect | Case, instant: datetime | str, channel: str, *, touches: Iterable[Touch] = (),
        as_of: datetime | str | None = None, contact_point: str | None = None, purpose: str | None = None, step: str | None = None,
        subjects: Iterable[str] = (), duration: timedelta | str | None = None,
    ) -> tuple[Block, ...]:  # fmt: skip
        """Every block that forbids a contact at an instant, by rule id; empty when it is permitted.

        `as_of` says what is known to be overdue (the instant itself when not given).
        """
        return self.engine.why_not(
            prospect, instant, channel, touches=touches, as_of=as_of, contact_point=contact_point, purpose=purpose, step=step,
            subjects=subjects, duration=duration,
        )  # fmt: skip

    def windows(
        self, prospect: Prospect | Case, start: datetime | str, end: datetime | str, *, touches: Iterable[Touch] = (),
        as_of: datetime | str | None = None, purpose: str | None = None, step: str | None = None, subjects: Iterable[str] = (),
        duration: timedelta | str | None = None,
    ) -> dict[Candidate, tuple[tuple[datetime, datetime], ...]]:  # fmt: skip
        """The stretches of `[start, end)` in which each option is permitted."""
        return self.engine.windows(
            prospect,
            start,
            end,
            touches=touches,
            as_of=as_of,
            purpose=purpose,
            step=step,
            subjects=subjects,
            duration=duration,
        )

    # -- checking -----------------------------------------------------------------------------------------------------

    def check_examples(self) -> list[str]:
        """One line for each example of the policy or of a layer that does not come out as it says; each asks its own layer alone."""
        from .lint import run_examples

        return run_examples(self)

    def lint(self) -> list[Finding]:
        """What is probably not meant: windows that never open, dominated caps, unusable channels and the like."""
        from .lint import lint

        return lint(self)

    @cached_property
    def plug_ins(self) -> tuple[str, ...]:
        """`name version` of every package whose kinds the policy uses."""
        from .rules.registry import plug_in_of

        kinds = {rule.rule for layer in (self, *self.layers) for rule in layer.rules if is_plug_in(rule.rule)}
        return tuple(sorted({name for kind in kinds if (name := plug_in_of(kind))}))


def _pack(name: str) -> Policy:
    """The layer that `pack:FR` names."""
    from .pack import Pack

    return Pack.load(name.removeprefix("pack:")).policy
