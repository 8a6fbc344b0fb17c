"""From the name of a kind to its class: built-in kinds by module, third parties' by entry point, each loaded when named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Final, TypeVar

from pydantic import PlainValidator, SerializeAsAny, ValidationError, WithJsonSchema

from ..errors import InputError, PolicyError, did_you_mean, given, mistakes_of, raised
from .base import Rule

GROUP: Final = "cadencia.rules"

#: Every built-in kind: its module and class. Third parties' kinds are dotted, so none of ours can ever collide with theirs.
BUILT_IN: Final[Mapping[str, tuple[str, str]]] = {
    "max_attempts": ("attempts", "MaxAttempts"),
    "frequency_cap": ("attempts", "FrequencyCap"),
    "spacing": ("spacing", "Spacing"),
    "recall": ("recall", "Recall"),
    "cool_off": ("cool_off", "CoolOff"),
    "quiet_hours": ("hours", "QuietHours"),
    "business_days": ("hours", "BusinessDays"),
    "holiday_eves": ("hours", "HolidayEves"),
    "active_period": ("hours", "ActivePeriod"),
    "require_consent": ("consent", "RequireConsent"),
    "clear_register": ("registers", "ClearRegister"),
    "barred": ("bars", "Barred"),
    "known_region": ("bars", "KnownRegion"),
    "await_promise": ("consent", "AwaitPromise"),
    "await_pending": ("pending", "AwaitPending"),
    "earn_first": ("pending", "EarnFirst"),
    "suppressions": ("consent", "Suppressions"),
    "opt_outs": ("consent", "OptOuts"),
    "contact_points": ("consent", "ContactPoints"),
    "unreadable_touches": ("consent", "UnreadableTouches"),
    "no_repeated_channel": ("channels", "NoRepeatedChannel"),
    "one_channel": ("channels", "OneChannel"),
    "account_reply": ("account", "AccountReply"),
    "account_load": ("account", "AccountLoad"),
    "account_day": ("account", "AccountDay"),
    "any_of": ("combine", "AnyOf"),
    "stop_on": ("stops", "StopOn"),
    "stop_on_refusal": ("refusals", "StopOnRefusal"),
    "stop_on_stage": ("stops", "StopOnStage"),
    "stop_on_opt_out": ("stops", "StopOnOptOut"),
    "stop_when_exhausted": ("stops", "StopWhenExhausted"),
    "stop_unless_qualified": ("stops", "StopUnlessQualified"),
    "channel_rotation": ("rotation", "ChannelRotation"),
    "preferred_channel": ("rotation", "PreferredChannel"),
    "preferred_hours": ("rotation", "PreferredHours"),
    "soonest": ("rotation", "Soonest"),
    "respond_within": ("deadlines", "RespondWithin"),
    "promise_due": ("deadlines", "PromiseDue"),
    "touch_at_least_every": ("deadlines", "TouchAtLeastEvery"),
    "never_undated": ("deadlines", "NeverUndated"),
}

#: Kinds that every policy has without naming them.
ALWAYS: Final = ("suppressions", "opt_outs", "contact_points", "unreadable_touches")


@lru_cache(maxsize=1)
def _plug_ins() -> Mapping[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def kinds() -> Iterator[str]:
    """Every kind that a policy may name here: built in, and installed."""
    yield from (kind for kind in BUILT_IN if kind not in ALWAYS)
    yield from sorted(_plug_ins())


_RuleClass = TypeVar("_RuleClass", bound=type[Rule])

_registered: dict[str, type[Rule]] = {}
_loaded: dict[str, type[Rule]] = {}


def register(rule: _RuleClass) -> _RuleClass:
    """Make a kind known without an entry point, in this process: for tests and notebooks. Usable as a decorator."""
    kind = kind_of(rule)
    if "." not in kind:
        raise PolicyError(f"kind {given(kind)}: a third party's kind is dotted; write for example `acme.{kind}`")
    _registered[kind] = rule
    return rule


def kind_of(rule: type[Rule]) -> str:
    """The tag of a rule class: the default of its `rule` field."""
    default = rule.model_fields["rule"].default
    if not isinstance(default, str):
        raise PolicyError(f'{given(rule.__name__)} has no kind; write `rule: Literal["acme.name"] = "acme.name"`')
    return default


@cache
def _built_in(kind: str) -> type[Rule]:
    module, name = BUILT_IN[kind]
    found: type[Rule] = getattr(import_module(f".{module}", __package__), name)
    return found


def rule_class(kind: str) -> type[Rule]:
    """The class of a kind.

    Raises:
        PolicyError: no such kind; offers the nearest one, or says that a plug-in is missing.
    """
    if kind in BUILT_IN:
        return _built_in(kind)
    if kind in _registered:
        return _registered[kind]
    if kind in _loaded:
        return _loaded[kind]
    point = _plug_ins().get(kind)
    if point is None:
        if "." in kind:
            hint = did_you_mean(kind, [*_plug_ins(), *_registered])
            installed = ", ".join(sorted(_plug_ins())) or "none"
            raise PolicyError(
                f"no rule named {given(kind)}{hint or f'; install the package that provides it (installed: {installed})'}"
            )
        raise PolicyError(
            f"no rule named {given(kind)}" + (did_you_mean(kind, kinds()) or "; `cadencia schema` lists the kinds")
        )
    try:
        loaded = point.load()
    except Exception as error:
        raise PolicyError(
            f"rule {given(kind)}: the plug-in {given(point.value)} cannot be loaded: {raised(error)}"
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Rule)):
        raise PolicyError(
            f"rule {given(kind)}: the plug-in {given(point.value)} is not a rule class; subclass Limit, StopRule, Preference or Deadline"
        )
    if kind_of(loaded) != kind:
        raise PolicyError(
            f"rule {given(kind)}: the plug-in {given(point.value)} calls itself {given(kind_of(loaded))}; give both the same name"
        )
    _loaded[kind] = loaded
    return loaded


def plug_in_of(kind: str) -> str | None:
    """`name version` of the package that provides a kind; None for built-in ones."""
    point = _plug_ins().get(kind)
    if point is None or point.dist is None:
        return None
    return f"{point.dist.name} {point.dist.version}"


def read_rule(value: Any) -> Rule:
    """A rule from data, by its `rule:` tag.

    Raises:
        PolicyError: one line for each mistake, with its path inside the entry.
    """
    if isinstance(value, Rule):
        return value
    if not isinstance(value, Mapping):
        raise PolicyError(f"{given(value)} is not a rule; write for example `rule: max_attempts`")
    kind = value.get("rule")
    if not isinstance(kind, str):
        raise PolicyError("a rule needs its kind; write for example `rule: max_attempts`")
    found = rule_class(kind)
    try:
        return found.model_validate(dict(value))
    except ValidationError as error:
        for item in error.errors(include_url=False):
            if item["type"] == "extra_forbidden":
                known = [field.alias or name for name, field in found.model_fields.items()]
                key = str(item["loc"][-1])
                if len(item["loc"]) == 1:
                    others = [line for line in mistakes_of(error, "", found) if f"`{key}`" not in line]
                    raise PolicyError(
                        f"unknown key {given(key)}"
                        + (did_you_mean(key, known) or f"; {kind} takes {', '.join(known)}"),
                        *others,
                    ) from None
        raise PolicyError(*mistakes_of(error, "", found)) from None


def _validate(value: Any) -> Rule:
    return read_rule(value)


#: Where a schema says that a rule of any kind may stand; `policy_files.json_schema` puts the kinds in its place.
ANY_RULE: Final = {"type": "object", "title": "any rule"}

RuleField = Annotated[
    SerializeAsAny[Rule],
    PlainValidator(_validate),
    WithJsonSchema(ANY_RULE),
]
"""A field that holds a rule of any kind, also of a kind that is defined later."""


def is_plug_in(kind: str) -> bool:
    """Whether a kind is a third party's."""
    return kind not in BUILT_IN


__all__ = [
    "ALWAYS",
    "BUILT_IN",
    "InputError",
    "RuleField",
    "kinds",
    "plug_in_of",
    "read_rule",
    "register",
    "rule_class",
]


def loaded_plug_ins() -> Iterator[type[Rule]]:
    """The classes of third parties' kinds that have been used in this process."""
    yield from _registered.values()
    yield from _loaded.values()
