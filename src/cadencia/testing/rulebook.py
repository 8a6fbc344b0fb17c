"""Valid rules of every kind with all their options varied, and policies made of them, as models and as data."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .._time.clock import micros
from ..errors import PolicyError, did_you_mean, given
from ..rules.base import Deadline, Limit, Preference, Rule, StopRule
from ..rules.registry import ALWAYS, BUILT_IN, read_rule
from .clocks import zones
from .fragments import Place, common, in_force, stop_options
from .options import OPTIONS
from .words import CHANNELS, datetime_or, often, some

if TYPE_CHECKING:
    from ..policy import Policy

__all__ = ["KINDS", "deadlines", "limits", "policies", "policy_data", "preferences", "rule_data", "rules", "stop_rules"]

_STOPS: Final = tuple(kind for kind in OPTIONS if kind.startswith("stop_"))
_PREFERENCES: Final = ("channel_rotation", "preferred_channel", "preferred_hours", "soonest")
_DEADLINES: Final = ("respond_within", "promise_due", "touch_at_least_every", "never_undated")
_LIMITS: Final = tuple(kind for kind in OPTIONS if kind not in (*ALWAYS, *_STOPS, *_PREFERENCES, *_DEADLINES))

#: Every built-in kind that a policy may name.
KINDS: Final = (*_LIMITS, *_STOPS, *_PREFERENCES, *_DEADLINES)


@st.composite
def data_of(draw: DrawFn, kind: str, around: int, zone: str, id: str, shiftable: bool = False) -> dict[str, Any]:
    """One rule of a kind as data, placed around an instant in microseconds."""
    place = Place(around, zone, shiftable)
    data: dict[str, Any] = {"rule": kind, "id": id, **draw(OPTIONS[kind](place))}
    if kind in ALWAYS:
        return data
    if kind in _LIMITS or kind in _STOPS:
        options = {**common(place), **(stop_options() if kind in _STOPS else {})}
        for name in draw(some(tuple(options), most=1)):
            data[name] = draw(options[name])
    if not shiftable and draw(often(1)):
        data["in_force"] = draw(in_force(place))
    if draw(often(1)):
        data["because"] = "a reason"
    return data


def rule_data(
    kind: str | None = None,
    around: datetime | None = None,
    *,
    id: str = "r1",
    zone: str | None = None,
    shiftable: bool = False,
) -> SearchStrategy[dict[str, Any]]:
    """Rules as data: what a policy file holds. Arguments as in `rules`."""
    return _rule_data(_known(kind), around, id, zone, shiftable)


def rules(
    kind: str | None = None,
    around: datetime | None = None,
    *,
    id: str = "r1",
    zone: str | None = None,
    shiftable: bool = False,
) -> SearchStrategy[Rule]:
    """Valid rules, all their options varied: own fields, filters, `unless`, `since`, `in_force`.

    Args:
        kind: a built-in kind such as `spacing`; any that a policy may name when not given.
        around: the instant near which dated options lie; any when not given.
        id: the id of the rule.
        zone: a zone that `clock` may name; any when not given.
        shiftable: nothing dated, no holidays, nothing by the month: whole weeks move its blocks by whole weeks (law 9).

    Raises:
        PolicyError: no such kind; offers the nearest one.

    Example:
        >>> from cadencia.testing import rules
        >>> from hypothesis import find
        >>> find(rules("max_attempts"), lambda rule: rule.at_most > 1).at_most
        2
    """
    return rule_data(kind, around, id=id, zone=zone, shiftable=shiftable).map(read_rule)


def limits(around: datetime | None = None, **options: Any) -> SearchStrategy[Limit]:
    """Limits of every kind but stop rules; options as in `rules`."""
    return _of(_LIMITS, around, **options)


def stop_rules(around: datetime | None = None, **options: Any) -> SearchStrategy[StopRule]:
    """Stop rules of every kind; options as in `rules`."""
    return _of(_STOPS, around, **options)


def preferences(around: datetime | None = None, **options: Any) -> SearchStrategy[Preference]:
    """Preferences of every kind; options as in `rules`."""
    return _of(_PREFERENCES, around, **options)


def deadlines(around: datetime | None = None, **options: Any) -> SearchStrategy[Deadline]:
    """Deadlines of every kind; options as in `rules`."""
    return _of(_DEADLINES, around, **options)


@st.composite
def policy_data(
    draw: DrawFn,
    around: datetime | None = None,
    *,
    kinds: tuple[str, ...] | None = None,
    max_size: int = 4,
    name: str = "drawn",
    zone: str | None = None,
    shiftable: bool = False,
) -> dict[str, Any]:
    """Policies as data: a name, channels, and rules of several kinds, each with its own id.

    Args:
        around: the instant near which dated options lie; any when not given.
        kinds: the kinds to choose from; every built-in one when not given.
        max_size: how many rules at most.
        name: the name of the policy.
        zone, shiftable: as in `rules`.

    Example:
        >>> from cadencia.testing import policy_data
        >>> from hypothesis import find
        >>> find(policy_data(kinds=("max_attempts",)), lambda data: len(data["rules"]) == 1)["rules"]
        [{'rule': 'max_attempts', 'id': 'r1', 'at_most': 0}]
    """
    as_of = micros(draw(datetime_or(around)))
    clock = draw(zones()) if zone is None else zone
    known = KINDS if kinds is None else tuple(chosen for kind in kinds for chosen in _known(kind))
    chosen = draw(st.lists(st.sampled_from(known), max_size=max_size))
    entries = [draw(data_of(kind, as_of, clock, f"r{index}", shiftable)) for index, kind in enumerate(chosen, 1)]
    return {"cadencia": 1, "name": name, "channels": draw(some(CHANNELS, least=1, most=3)), "rules": entries}


def policies(around: datetime | None = None, **options: Any) -> SearchStrategy[Policy]:
    """Policies with rules of several kinds; options as in `policy_data`.

    Example:
        >>> from cadencia.testing import policies
        >>> from hypothesis import find
        >>> find(policies(kinds=("soonest",)), lambda policy: len(policy.rules) > 0).rules[0].id
        'r1'
    """
    from ..policy import Policy

    return policy_data(around, **options).map(Policy.from_dict)


@st.composite
def _rule_data(
    draw: DrawFn, kinds: tuple[str, ...], around: datetime | None, id: str, zone: str | None, shiftable: bool
) -> dict[str, Any]:
    clock = draw(zones()) if zone is None else zone
    kind = draw(st.sampled_from(kinds))
    data: dict[str, Any] = draw(data_of(kind, micros(draw(datetime_or(around))), clock, id, shiftable))
    return data


def _known(kind: str | None) -> tuple[str, ...]:
    if kind is None:
        return KINDS
    if kind not in OPTIONS:
        raise PolicyError(f"no built-in rule named {given(kind)}" + did_you_mean(kind, BUILT_IN))
    return (kind,)


def _of(kinds: tuple[str, ...], around: datetime | None, **options: Any) -> SearchStrategy[Any]:
    return st.sampled_from(kinds).flatmap(lambda kind: rules(kind, around, **options))
