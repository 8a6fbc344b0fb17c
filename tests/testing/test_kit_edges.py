"""The testing kit where chance seldom leads: laws asked of fixed questions, strategies with their switches set."""

from __future__ import annotations

import datetime as calendar
import importlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

import pytest
from annotated_types import MaxLen
from hypothesis import find, settings
from hypothesis.strategies import SearchStrategy
from pydantic import Field, field_serializer

from cadencia import Case, MissingExtra, Policy, Prospect
from cadencia import testing as kit
from cadencia.rules import Candidate, Deadline, Due, Limit, Offer, Preference, Rule, Soonest
from cadencia.rules.author import DAY, View
from cadencia.testing import Question, _needs, check_rule, guards, laws, order_laws
from cadencia.testing._asking import LawBroken, shown

AS_OF = datetime(2026, 3, 3, 12, tzinfo=UTC)
NOW = int(AS_OF.timestamp()) * 1_000_000
CASE = Case.model_validate(
    {
        "prospect": {"id": "p", "zones": "UTC"},
        "touches": [
            {"id": "t1", "at": "2026-03-01T10:00Z", "channel": "phone"},
            {"id": "t2", "at": "2026-03-02T10:00Z", "channel": "email"},
        ],
    }
)
QUESTION = Question(AS_OF, "UTC", CASE, Candidate("phone"), (NOW, NOW + DAY))


class Turning(Limit):
    """It writes the same names in another order each time."""

    rule: Literal["acme.turning"] = "acme.turning"
    names: frozenset[str] = frozenset({"a", "b"})
    times: ClassVar[list[int]] = [0]

    @field_serializer("names")
    def _turned(self, value: frozenset[str]) -> list[str]:
        self.times[0] += 1
        return sorted(value, reverse=self.times[0] % 2 == 1)


class Forgetful(Preference):
    """Its keys depend on how often it was asked."""

    rule: Literal["acme.forgetful"] = "acme.forgetful"
    times: ClassVar[list[int]] = [0]

    def key(self, case: View, offer: Offer) -> Any:
        self.times[0] += 1
        return self.times[0]


class Owing(Deadline):
    """What it owes is wrong in the way that `how` names."""

    rule: Literal["acme.owing"] = "acme.owing"
    how: str
    times: ClassVar[list[int]] = [0]

    def dues(self, case: View, as_of: int) -> Iterator[Any]:
        self.times[0] += 1
        good = Due(self.id, "thing", "case", NOW, None)
        yield {
            "nothing": good,
            "no due": (self.id, "thing"),
            "another's": good._replace(rule="somebody"),
            "a sentence": good._replace(code="Any thing"),
            "forgetful": good._replace(since=self.times[0]),
            "first touch": good._replace(anchor=case.case.touches[0].id),
        }[self.how]


@pytest.mark.parametrize(
    ("law", "rule", "says"),
    [
        (laws.round_trip, Turning(id="r"), "read and written again, is"),
        (order_laws.same_key, Forgetful(id="r"), "asked twice, it gives different keys"),
        (order_laws.due_well_formed, Owing(id="r", how="no due"), "is not a Due"),
        (order_laws.due_well_formed, Owing(id="r", how="another's"), "bears another id than the rule's, `r`"),
        (order_laws.due_well_formed, Owing(id="r", how="a sentence"), "code `Any thing` is not one word"),
        (order_laws.same_dues, Owing(id="r", how="forgetful"), "asked twice, it answers differently"),
        (order_laws.same_dues, Owing(id="r", how="first touch"), "with the touches in another order"),
    ],
)
def test_a_broken_law_is_named(law: Callable[..., None], rule: Rule, says: str) -> None:
    for sound in (Owing(id="r", how="nothing"), Soonest(id="r")):
        if isinstance(sound, type(rule).__mro__[1]):
            law(sound, QUESTION)
    with pytest.raises(LawBroken, match=says):
        law(rule, QUESTION)


def test_a_class_without_a_kind_is_told() -> None:
    with pytest.raises(AssertionError, match="`Limit` has no kind"):
        check_rule(Limit)


def test_a_rule_that_cannot_be_written_is_shown_as_python_shows_it() -> None:
    class Unwritable(Turning):
        """It cannot be written."""

        @field_serializer("names")
        def _turned(self, value: frozenset[str]) -> list[str]:
            raise RuntimeError("no words")

    rule = Unwritable(id="r")
    assert f"  rule: {rule!r}" in shown(rule, CASE, QUESTION.candidate, QUESTION.span)


class Worded(Limit):
    """A rule with texts that have constraints of their own."""

    rule: Literal["acme.worded"] = "acme.worded"
    word: Annotated[str, Field(min_length=1, max_length=3)]
    words: list[Annotated[str, MaxLen(2)]]

    def blocks(self, case: View, candidate: Candidate, span: Any) -> Any:
        assert 1 <= len(self.word) <= 3
        assert all(len(word) <= 2 for word in self.words)
        return ()


def test_texts_are_drawn_within_their_constraints() -> None:
    check_rule(Worded, examples=20)


# -- strategies -------------------------------------------------------------------------------------------------------


def first(strategy: SearchStrategy[Any], fits: Callable[[Any], bool] = lambda value: True) -> Any:
    return find(strategy, fits, settings=settings(max_examples=200, database=None, derandomize=True))


@pytest.mark.parametrize("name", ["limits", "stop_rules", "preferences", "deadlines"])
def test_kinds_of_rules(name: str) -> None:
    kinds = {"limits": Limit, "stop_rules": Limit, "preferences": Preference, "deadlines": Deadline}
    assert isinstance(first(getattr(kit, name)(AS_OF)), kinds[name])


def test_switches_of_strategies() -> None:
    plain = first(kit.prospects(facts=False))
    assert isinstance(plain, Prospect)
    assert plain == Prospect(id=plain.id, zones=plain.zones, regions=plain.regions, contact_points=plain.contact_points)
    assert first(kit.prospects(shiftable=True)).occasions == ()
    hours = first(kit.rules("quiet_hours", shiftable=True))
    assert (hours.holidays, hours.dates) == (None, {})
    assert isinstance(first(kit.rules()), Rule)
    assert isinstance(first(kit.policies(kinds=("soonest",))), Policy)


# -- the seal ---------------------------------------------------------------------------------------------------------


class Uncountable:
    """It can be called and not hashed, and says that it is at home nowhere."""

    __module__ = None  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __call__(self) -> int:
        return 7


callback = Uncountable()


def test_inside_the_seal_all_but_the_clock_works() -> None:
    told: list[str] = []
    with guards.sealed(__name__):
        assert issubclass(calendar.datetime, datetime)
        assert datetime.fromisoformat("2026-03-03T12:00+00:00") == AS_OF
        assert calendar.timedelta(days=1) > calendar.timedelta(0)
        assert calendar.MINYEAR == 1
        assert callback() == 7
        for read in (lambda: calendar.date.today(), lambda: calendar.datetime.now()):
            try:  # `pytest.raises` may read a clock of its own
                read()
            except guards.ReadsTheWorld as world:
                told.append(world.what)
    assert told == ["date.today", "datetime.now"]
    assert calendar.date.today().year > 2000
    real = datetime
    with guards.sealed("a.module.that.nobody.imported"):
        assert datetime is real


def test_without_hypothesis_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(MissingExtra, match=r"cadencia.testing needs the extra `testing`"):
        importlib.reload(_needs)
