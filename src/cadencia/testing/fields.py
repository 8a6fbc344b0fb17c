"""Instances of any rule class, drawn from its fields: ours by name, a third party's by type and constraints."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import BaseMetadata, GroupedMetadata
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic.fields import FieldInfo

from .._time.clock import micros
from .._time.hours import DatesField, WeekField
from .._time.periods import Delay, Length
from ..errors import PolicyError
from ..rules.base import Limit, Rule, StopRule
from ..rules.choice import Choice
from ..rules.filters import TouchFilter
from ..rules.registry import BUILT_IN, kind_of
from .fragments import (
    DAYS,
    LENGTHS,
    Place,
    choice,
    clock,
    common,
    dates,
    delay,
    history_options,
    in_force,
    regions,
    stop_options,
    touch_filter,
    week,
)
from .rulebook import data_of
from .words import CHANNELS, STAGES, date_near, near, record

__all__ = ["rules_of"]

_WORDS: Final = ("phone", "email", "marketing", "open", "vip", "a word")
_TIMES: Final = ("12:00", "09:00", "00:00", "08:30", "21:00", "23:59")


def rules_of(rule: type[Rule], around: datetime, zone: str) -> SearchStrategy[dict[str, Any]]:
    """Instances of a rule class as data; those of a third party need not all be valid.

    Raises:
        PolicyError: a field from whose type nothing can be drawn; give `check_rule` a strategy then.

    Example:
        >>> from cadencia.rules import Soonest
        >>> from cadencia.testing.fields import rules_of
        >>> from datetime import UTC, datetime
        >>> from hypothesis import find
        >>> find(rules_of(Soonest, datetime(2026, 3, 2, tzinfo=UTC), "UTC"), lambda data: True)
        {'rule': 'soonest', 'id': 'r1'}
    """
    kind = kind_of(rule)
    if kind in BUILT_IN:
        return data_of(kind, micros(around), zone, "r1")
    place = Place(micros(around), zone)
    required: dict[str, SearchStrategy[Any]] = {"rule": st.just(kind), "id": st.just("r1")}
    optional: dict[str, SearchStrategy[Any]] = {}
    inherited = _inherited(rule, place)
    for name, field in rule.model_fields.items():
        if name in ("rule", "id", "because"):
            continue
        strategy = inherited.get(name) if _is_ours(rule, name) else _of_field(field, place)
        if strategy is None:
            if field.is_required():
                raise PolicyError(
                    f"field `{name}` of `{kind}`: nothing can be drawn from its type; give `check_rule` a strategy"
                )
            continue
        (required if field.is_required() else optional)[field.alias or name] = strategy
    return record(required, **optional)


def _is_ours(rule: type[Rule], name: str) -> bool:
    """Whether a field was declared by one of our own base classes, not by the third party."""
    home = next(base for base in rule.__mro__ if name in vars(base).get("__annotations__", {}))
    return home.__module__.partition(".")[0] == "cadencia"


def _inherited(rule: type[Rule], place: Place) -> dict[str, SearchStrategy[Any]]:
    """The fields that rules have from our base classes."""
    found: dict[str, SearchStrategy[Any]] = {"in_force": in_force(place)}
    if issubclass(rule, Limit):
        found |= common(place)
    if issubclass(rule, StopRule):
        found |= stop_options()
    found |= {"rank": st.integers(0, 2), "patience": st.sampled_from(LENGTHS)}
    found |= {"clock": clock(place), "calendar": regions(place), "holidays": regions(place), "hours": week(place)}
    found |= {"business_days": st.sampled_from(DAYS), "met_by": touch_filter(place), "lasts": delay(place)}
    return {**history_options(place), **found}


def _of_field(field: FieldInfo, place: Place) -> SearchStrategy[Any] | None:
    """What a field's type and constraints allow, in the spelling of data; None when nobody can say."""
    limits = [item for item in field.metadata if isinstance(item, (BaseMetadata, GroupedMetadata))]
    return _of_type(field.annotation, limits, place)


def _of_type(kind: Any, limits: list[Any], place: Place) -> SearchStrategy[Any] | None:
    known: Mapping[Any, SearchStrategy[Any]] = {
        bool: st.booleans(),
        str: st.sampled_from(_WORDS),
        time: st.sampled_from(_TIMES),
        date: date_near(place.around, place.zone),
        datetime: near(place.around, place.zone),
        Delay: delay(place),
        Length: st.sampled_from(LENGTHS),
        Choice: choice((*CHANNELS, *STAGES)),
        TouchFilter: touch_filter(place),
        get_args(WeekField)[0]: week(place),
        get_args(DatesField)[0]: dates(place),
        type(None): st.none(),
    }
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _of_type(
            inside[0],
            [*limits, *(item for item in inside[1:] if isinstance(item, (BaseMetadata, GroupedMetadata)))],
            place,
        )
    if origin in (Union, types.UnionType):
        branches = [_of_type(branch, limits, place) for branch in inside]
        drawn = [branch for branch in branches if branch is not None]
        return st.one_of(drawn) if drawn else None
    if origin is Literal:
        return st.sampled_from(inside)
    if kind is int and not limits:
        return st.integers(-3, 30)
    if kind in known and not limits:
        return known[kind]
    if origin in (tuple, list, frozenset, set) and inside and inside[-1] is not Ellipsis and origin is tuple:
        parts = [_of_type(part, [], place) for part in inside]
        return None if None in parts else st.tuples(*parts).map(list)
    if origin in (tuple, list, frozenset, set) and inside:
        item = _of_type(inside[0], [], place)
        least = _bound(limits, "min_length", 0)
        return None if item is None else st.lists(item, min_size=least, max_size=least + 3)
    if origin is dict or origin is Mapping:
        key, value = (_of_type(part, [], place) for part in inside)
        return None if key is None or value is None else st.dictionaries(key, value, max_size=3)
    if isinstance(kind, type) and issubclass(kind, (int, float, Decimal, timedelta, Enum)):
        return st.from_type(Annotated[(kind, *limits)] if limits else kind)  # type: ignore[arg-type]
    if kind is str:  # with constraints of its own
        return st.text("abc", min_size=_bound(limits, "min_length", 0), max_size=_bound(limits, "max_length", 8))
    return None


def _bound(limits: list[Any], name: str, otherwise: int) -> int:
    return max((getattr(limit, name, None) or otherwise for limit in limits), default=otherwise)
