"""Our own laws for preferences, which only order, and deadlines, which only flag."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any, Final

from .._time.clock import DAY, HOUR, micros, moment
from .._view import View
from ..rules.base import Deadline, Due, Offer, Preference, Rule
from ..touch import Touch
from ._asking import asked, broken, view_of
from .guards import ReadsTheWorld, sealed
from .laws import _WORD, Law, _turned, round_trip
from .questions import Question
from .words import ADDRESSES, CHANNELS

Turn = Callable[[tuple[Touch, ...]], tuple[Touch, ...]]

__all__ = ["DEADLINE_LAWS", "PREFERENCE_LAWS", "due_well_formed", "met_stays_met", "same_dues", "same_key", "sortable"]


def sortable(rule: Rule, question: Question) -> None:
    """The keys of any two options compare."""
    assert isinstance(rule, Preference)
    view = view_of(question.case)
    keys = asked("sortable", lambda: [rule.key(view, offer) for offer in _offers(question)])
    for one, other in combinations(keys, 2):
        try:
            ways = (one < other) + (other < one) + (one == other)
        except TypeError as error:
            broken("sortable", f"keys {one!r} and {other!r} do not compare: {error}")
        if ways != 1:
            broken("sortable", f"keys {one!r} and {other!r} are in no order")


def same_key(rule: Rule, question: Question) -> None:
    """Laws 2, 6 and 15: a key depends on the case and the option alone, not on clocks, dice, order or repetition."""
    assert isinstance(rule, Preference)
    case, offers = question.case, _offers(question)

    def keys(turn: Turn) -> list[Any]:
        view = view_of(_turned(case, turn))
        return [(rule.key(view, offer), rule.moment(view, offer, offer.opening + 2 * DAY)) for offer in offers]

    first = asked("same key", partial(keys, _as_they_are))
    try:
        with sealed(type(rule).__module__):
            if keys(_as_they_are) != first:
                broken("same key", "asked twice, it gives different keys")
    except ReadsTheWorld as world:
        broken("same key", f"the rule reads `{world.what}`; whatever it needs to know must be in the case")
    for what, turn in _TURNS.items():
        if asked("same key", partial(keys, turn)) != first:
            broken("same key", f"with the touches {what} it gives different keys")
    for offer, (_, taken) in zip(offers, first, strict=True):
        if not any(low <= taken < high for low, high in offer.spans) or taken < offer.opening:
            broken("same key", f"it would take {offer} at {taken}, when it is not permitted")


def due_well_formed(rule: Rule, question: Question) -> None:
    """What is owed bears the rule's id, a code that is a word, and instants that are microseconds."""
    law = "well-formed dues"
    for due in _dues(law, rule, view_of(question.case), micros(question.as_of)):
        if not isinstance(due, Due):
            broken(law, f"{due!r} is not a Due")
        if due.rule != rule.id:
            broken(law, f"{due} bears another id than the rule's, `{rule.id}`")
        if not _WORD.fullmatch(due.code):
            broken(law, f"code `{due.code}` is not one word in lower case, such as `promise`")
        for name in ("since", "due", "met"):
            value = getattr(due, name)
            if type(value) is not int and (value is not None or name == "since"):
                broken(law, f"`{name}` of {due} is not an int of microseconds")


def same_dues(rule: Rule, question: Question) -> None:
    """Laws 2, 6 and 15: what is owed depends on the case and `as_of` alone."""
    law, case, as_of = "same dues", question.case, micros(question.as_of)
    first = _dues(law, rule, view_of(case), as_of)
    try:
        with sealed(type(rule).__module__):
            assert isinstance(rule, Deadline)
            if list(rule.dues(view_of(case), as_of)) != first:
                broken(law, "asked twice, it answers differently")
    except ReadsTheWorld as world:
        broken(law, f"the rule reads `{world.what}`; whatever it needs to know must be in the case")
    for what, turn in _TURNS.items():
        if set(_dues(law, rule, view_of(_turned(case, turn)), as_of)) != set(first):
            broken(law, f"with the touches {what} it answers differently")


def met_stays_met(rule: Rule, question: Question) -> None:
    """What is met stays met: as time passes, and when one more touch is made."""
    law, case, as_of = "met stays met", question.case, micros(question.as_of)
    before = {(due.code, due.anchor): due for due in _dues(law, rule, view_of(case), as_of)}
    later = _dues(law, rule, view_of(case), as_of + 3 * DAY)
    made = Touch(id="one-more", at=moment(as_of + HOUR), channel=question.candidate.channel, disposition="replied")
    more = case.model_copy(update={"touches": (*case.touches, made)})
    for what, dues in (("three days later", later), ("after one more touch", _dues(law, rule, view_of(more), as_of))):
        for due in dues:
            known = before.get((due.code, due.anchor))
            if known is not None and known.met is not None and (due.met is None or due.met > known.met):
                broken(law, f"{known} is {due} {what}")


#: The laws of preferences.
PREFERENCE_LAWS: Final[tuple[Law, ...]] = (round_trip, sortable, same_key)
#: The laws of deadlines.
DEADLINE_LAWS: Final[tuple[Law, ...]] = (round_trip, due_well_formed, same_dues, met_stays_met)

_TURNS: Final[dict[str, Turn]] = {
    "in another order": lambda touches: touches[::-1],
    "turned round": lambda touches: touches[1:] + touches[:1],
    "given twice": lambda touches: (*touches, *touches),
}


def _as_they_are(touches: tuple[Touch, ...]) -> tuple[Touch, ...]:
    return touches


def _dues(law: str, rule: Rule, view: View, as_of: int) -> list[Due]:
    assert isinstance(rule, Deadline)
    return asked(law, lambda: list(rule.dues(view, as_of)))


def _offers(question: Question) -> list[Offer]:
    """The candidate on every channel and an unnamed one, open at once and later."""
    start, end = question.span
    middle = (start + end) // 2
    found = [Offer(question.candidate, start, ((start, end),))]
    for channel in (*CHANNELS, "carrier-pigeon"):
        other = question.candidate._replace(channel=channel, point=ADDRESSES.get(channel, (None,))[0])
        found.append(Offer(other, middle, ((middle, end), (end + HOUR, end + DAY))))
    return found
