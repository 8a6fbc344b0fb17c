"""Calendars of a policy's own: named once under `calendars`, and meant by that name in the rules of that policy only.

A rule that names one is bound to its content before anything is decided: so a name resolves inside the layer that wrote it, and no other
layer can change what it means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, model_validator

from ._model import Model, Names, OneOrMore
from ._time.holidays import OF_PROSPECT, OWN_NAME, check_region
from .errors import InputError, did_you_mean, given

if TYPE_CHECKING:
    from .rules.base import Rule

__all__ = ["NamedCalendar", "bind", "check_name", "undeclared"]

#: The fields of rules that name holiday calendars.
_FIELDS = ("calendar", "holidays")

_Rule = TypeVar("_Rule", bound="Rule")


def _regions(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({check_region(name) for name in value}))


Dates = Annotated[tuple[date, ...], OneOrMore, AfterValidator(lambda value: tuple(sorted(set(value))))]


class NamedCalendar(Model):
    """Which dates are holidays: those of some regions, with dates added and dates taken out.

    Attributes:
        holidays: countries or subdivisions whose public holidays are kept (`ES`, `ES-MD`).
        closed: further dates that are kept as holidays.
        open: dates that are ordinary days whatever the regions say.
        years: the years that the calendar covers completely; any other is unknown, hence closed. None: as far as the regions reach.

    Example:
        >>> from cadencia import Policy
        >>> office = {"holidays": "ES-MD", "closed": ["2026-12-24"], "open": ["2026-12-08"]}
        >>> rule = {"rule": "quiet_hours", "id": "office", "allow": {"mon-fri": ["09:00-18:00"]}, "holidays": "office"}
        >>> policy = Policy(name="house", channels=["phone"], calendars={"office": office}, rules=[rule])
        >>> person = {"id": "p1", "zones": "Europe/Madrid"}
        >>> [str(policy.decide(person, as_of=f"2026-12-{day:02}T10:00+01:00").at.date()) for day in (8, 24, 25)]
        ['2026-12-08', '2026-12-28', '2026-12-28']
    """

    holidays: Annotated[Names, AfterValidator(_regions)] = ()
    closed: Dates = ()
    open: Dates = ()
    years: Annotated[tuple[Annotated[int, Field(ge=1970, le=9998)], ...], OneOrMore] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> NamedCalendar:
        both = sorted(set(self.closed) & set(self.open))
        if both:
            raise InputError(f"{given(both[0].isoformat())} is both `closed` and `open`; keep one")
        return self


def check_name(name: str) -> str:
    """A name that no region can have."""
    if not re.fullmatch(OWN_NAME, name) or name in OF_PROSPECT:
        raise InputError(
            f"calendar name {given(name)} is not one; write lower-case letters, digits, `-` or `_`, and not"
            " `prospect` or `prospect_country`"
        )
    return name


def calendars_in(data: Any) -> Iterator[str]:
    """The named calendars that a rule's data speaks of, in `any_of` too."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key in _FIELDS and isinstance(value, (list, tuple)):
                yield from (name for name in value if name not in OF_PROSPECT and re.fullmatch(OWN_NAME, str(name)))
            else:
                yield from calendars_in(value)
    elif isinstance(data, (list, tuple)):
        for item in data:
            yield from calendars_in(item)


def undeclared(rules: Iterable[Rule], calendars: Mapping[str, NamedCalendar]) -> Iterator[str]:
    """One line for each calendar that a rule names and nobody declares."""
    for rule in rules:
        for name in dict.fromkeys(calendars_in(rule.model_dump(mode="json", by_alias=True))):
            if name not in calendars:
                yield (
                    f"rule {given(rule.id)}: calendar {given(name)} is not declared under `calendars`; write it there, or an ISO code"
                    f" such as `ES`" + did_you_mean(name, calendars)
                )


def bind(rule: _Rule, calendars: Mapping[str, NamedCalendar]) -> _Rule:
    """The rule with every calendar it names bound to its content."""
    changes: dict[str, Any] = {}
    for field in _FIELDS:
        names = getattr(rule, field, None)
        if names and not calendars.keys().isdisjoint(names):
            changes[field] = tuple(sorted(_bound(name, calendars) for name in names))
    inner = getattr(rule, "rules", None)
    if inner:
        changes["rules"] = tuple(bind(item, calendars) for item in inner)
    return rule.model_copy(update=changes) if changes else rule


def _bound(name: str, calendars: Mapping[str, NamedCalendar]) -> str:
    """`name={content}`: equal exactly where name and content are."""
    calendar = calendars.get(name)
    return name if calendar is None else f"{name}={json.dumps(calendar.model_dump(mode='json'), sort_keys=True)}"
