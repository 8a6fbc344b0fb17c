"""Prospects and touches, as models or data, joined to cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from ..case import Account, Case, refuse_one
from ..errors import InputError, did_you_mean, given, mistakes_of
from ..prospect import Prospect
from ..touch import Touch

__all__ = ["joined"]


def joined(
    cases: Iterable[Case | Prospect | Mapping[str, Any]], touches: Iterable[Touch | Mapping[str, Any]] | None
) -> Iterator[Case]:
    """Cases as they are; or prospects with their touches, people of one account together.

    Raises:
        InputError: what cannot be read, touches beside cases, or touches of somebody who is not there.
    """
    if touches is None:
        yield from map(Case.of, cases)
        return
    refuse_one(touches)
    people: dict[str, Prospect] = {}
    for case in map(Case.of, cases):
        if case.touches:
            raise InputError("touches: a case carries its own touches; give cases alone, or prospects with touches")
        if people.setdefault(case.prospect.id, case.prospect) != case.prospect:
            raise InputError(f"prospect {given(case.prospect.id)} is given twice with different contents")
    made: dict[str, list[Touch]] = {name: [] for name in people}
    for item in touches:
        touch = item if isinstance(item, Touch) else _read(item)
        if touch.prospect not in made:
            raise InputError(
                f"touch {given(touch.id)}: prospect {given(touch.prospect or '')} is not there; give it among the prospects"
                + did_you_mean(touch.prospect or "", made)
            )
        made[touch.prospect].append(touch)
    accounts: dict[str, list[str]] = {}
    for name, person in people.items():
        if person.account is not None:
            accounts.setdefault(person.account, []).append(name)
    for name, person in people.items():
        others = [other for other in accounts.get(person.account or "", ()) if other != name]
        account = others and Account(
            id=person.account or "",
            people=tuple(people[other] for other in others),
            touches=tuple(touch for other in others for touch in made[other]),
        )
        yield Case(prospect=person, touches=tuple(made[name]), account=account or None)


def _read(data: Mapping[str, Any]) -> Touch:
    try:
        return Touch.model_validate(data)
    except ValidationError as error:
        raise InputError(*mistakes_of(error, "touch")) from None
