"""`check_rule` passes what keeps the laws, and names the law that a broken rule breaks."""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, field_serializer

from cadencia import Blocked, Case, Policy, PolicyError, Prospect
from cadencia.rules import Block, Candidate, Deadline, Due, Limit, Offer, Preference, Rule, StopRule
from cadencia.rules.author import DAY, EVER, FOREVER, ChoiceField, DelayField, LengthField, Span, View, WeekField
from cadencia.rules.registry import BUILT_IN, rule_class
from cadencia.testing import check_rule
from cadencia.testing.guards import ReadsTheWorld, sealed


@pytest.mark.parametrize("kind", BUILT_IN)
def test_every_built_in_kind_keeps_the_laws(kind: str) -> None:
    check_rule(rule_class(kind), examples=30)


class Broken(Limit):
    """A limit that forbids everything; the classes below break it."""

    rule: Literal["acme.broken"] = "acme.broken"

    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {"en": {"never": "never"}}

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never")


class NotLocal(Broken):
    """Its evidence depends on how long the span is."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(*span, "never", length=span[1] - span[0])


class HalfOnly(Broken):
    """It forbids the first half of whatever it is asked about."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        if span[0] < (middle := (span[0] + span[1]) // 2):
            yield self.block(span[0], middle, "never")


class Dicey(Broken):
    """It throws dice."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        if random.random() < 2:
            yield self.block(EVER, FOREVER, "never")


class Secretive(Broken):
    """It throws dice that nobody thought of."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never", number=secrets.randbits(64))


class ClockReader(Broken):
    """It looks at the clock, though it does nothing with it."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        if datetime.now().year > 0:
            yield self.block(EVER, FOREVER, "never")


class Reversed(Broken):
    """Its blocks end before they begin."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(span[1], span[0], "never")


class Impostor(Broken):
    """It speaks in another rule's name."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never")._replace(rule="somebody-else")


class Wordy(Broken):
    """Its code is a sentence."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "No way!")


class Vague(Broken):
    """It needs something that is not a word."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never", needs=("a new hope",))


class Inventive(Broken):
    """It counts a touch that nobody made."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never", touches=("t999",))


class Floating(Broken):
    """Its edges are not integers."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Any]:
        yield self.block(EVER, FOREVER, "never")._replace(start=0.5)  # type: ignore[arg-type]


class Plain(Broken):
    """Its blocks are tuples."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Any]:
        yield span


class OrderBound(Broken):
    """It reads the touches in the order in which they were given."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        if given := case.case.touches:
            yield self.block(EVER, FOREVER, "never", touches=(given[0].id,))


class Counting(Broken):
    """It counts a touch given twice as two."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never", number=len(case.case.touches))


class Forgetful(Broken):
    """It says that it looks back a day, and looks back for ever."""

    @property
    def memory(self) -> int | None:
        return DAY

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never", number=len(case.touches))


class Raising(Broken):
    """It raises where the zone is not known."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never", zone=case.zones[0].name)


class Lossy(Broken):
    """What it writes is not what it read."""

    hours: int = 8

    @field_serializer("hours")
    def _round(self, value: int) -> int:
        return value // 2


class Remembering(Broken):
    """It answers otherwise when asked again."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        case.memo["asked"] = case.memo.get("asked", 0) + 1
        yield self.block(EVER, FOREVER, "never", time=case.memo["asked"])


class Speechless(Broken):
    """It has messages, but not for what it says."""

    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {"en": {"always": "always"}}


class Wordless(Broken):
    """It has no messages at all."""

    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {}


class Gallic(Broken):
    """Says a code of ours, which has no French."""

    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {"fr": {"never": "jamais"}}

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "spacing", gap="")


class HalfTranslated(Broken):
    """One language says more than the other."""

    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {"en": {"never": "never"}, "es": {}}


class MissingDetail(Broken):
    """Its message wants a detail that its blocks do not have."""

    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {"en": {"never": "never before {time}"}}


@pytest.mark.parametrize(
    ("rule", "law"),
    [
        (NotLocal, "locality"),
        (HalfOnly, "locality"),
        (Dicey, "purity"),
        (Secretive, "purity"),
        (ClockReader, "purity"),
        (Remembering, "purity"),
        (Reversed, "well-formed blocks"),
        (Impostor, "well-formed blocks"),
        (Wordy, "well-formed blocks"),
        (Vague, "well-formed blocks"),
        (Inventive, "well-formed blocks"),
        (Floating, "well-formed blocks"),
        (Plain, "well-formed blocks"),
        (OrderBound, "order"),
        (Counting, "idempotence"),
        (Forgetful, "idempotence"),
        (Raising, "raises nothing"),
        (Lossy, "round trip"),
        (Speechless, "told in words"),
        (Wordless, "told in words"),
        (HalfTranslated, "told in words"),
        (MissingDetail, "told in words"),
    ],
)
def test_a_broken_limit_is_caught_by_the_law_it_breaks(rule: type[Rule], law: str) -> None:
    with pytest.raises(AssertionError, match=f"`acme.broken` breaks the law `{law}`") as caught:
        check_rule(rule)
    assert "\nsmallest example:\n  rule: {" in str(caught.value)


def test_a_rule_in_a_language_of_its_own_says_every_code_in_it() -> None:
    with pytest.raises(AssertionError, match="code `spacing` has no message in `fr`; add one to `messages`"):
        check_rule(Gallic)


def test_a_rule_without_messages_is_told_which_and_in_which_language() -> None:
    with pytest.raises(AssertionError, match="code `never` has no message in any language") as caught:
        check_rule(Wordless)
    assert '(en, es); write `messages = {"en": {"never": "..."}}`' in str(caught.value)


class Blank(Limit):
    """A limit that says nothing of any instant."""

    rule: Literal["acme.blank"] = "acme.blank"


class BlankOrder(Preference):
    """A preference without a key."""

    rule: Literal["acme.blank_order"] = "acme.blank_order"


class BlankDebt(Deadline):
    """A deadline without dues."""

    rule: Literal["acme.blank_debt"] = "acme.blank_debt"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Blank, "`Blank` has no `blocks`: write `def blocks(self, case, candidate, span)`"),
        (BlankOrder, "`BlankOrder` has no `key`: write `def key(self, case, offer)`"),
        (BlankDebt, "`BlankDebt` has no `dues`: write `def dues(self, case, as_of)`"),
    ],
)
def test_a_rule_without_its_one_method_is_told_to_write_it(rule: type[Rule], told: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(told)):
        check_rule(rule)


def test_a_limit_without_blocks_closes_and_says_what_is_missing() -> None:
    policy = Policy(name="p", channels=["phone"], rules=[Blank(id="blank")])
    decision = policy.decide(Prospect(id="p1"), as_of="2026-03-06T10:00Z")
    assert isinstance(decision, Blocked)
    assert decision.reports == (("rule_error", "blank", "NotImplementedError"),)
    with pytest.raises(NotImplementedError, match="`Blank` has no `blocks`: write `def blocks"):
        Blank(id="blank").blocks(View.of(Case(prospect=Prospect(id="p1"))), Candidate("phone"), (0, 1))


def test_the_smallest_example_is_small() -> None:
    with pytest.raises(AssertionError) as caught:
        check_rule(OrderBound)
    assert str(caught.value).count('"at":') == 2


def test_what_a_rule_raises_is_the_cause() -> None:
    with pytest.raises(AssertionError) as caught:
        check_rule(Raising)
    assert isinstance(caught.value.__cause__, IndexError)


class Gentle(StopRule):
    """A stop rule whose blocks do not stop."""

    rule: Literal["acme.gentle"] = "acme.gentle"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield self.block(EVER, FOREVER, "never")


class Fickle(Preference):
    """A preference whose keys do not compare."""

    rule: Literal["acme.fickle"] = "acme.fickle"

    def key(self, case: View, offer: Offer) -> Any:
        return None if offer.candidate.channel == "phone" else 1


class Undecided(Preference):
    """A preference whose keys are in no order."""

    rule: Literal["acme.undecided"] = "acme.undecided"

    def key(self, case: View, offer: Offer) -> Any:
        return float("nan")


class Hasty(Preference):
    """A preference that takes an option before it opens."""

    rule: Literal["acme.hasty"] = "acme.hasty"

    def key(self, case: View, offer: Offer) -> Any:
        return 0

    def moment(self, case: View, offer: Offer, until: int) -> int:
        return offer.opening - 1


class Moody(Preference):
    """A preference that throws dice."""

    rule: Literal["acme.moody"] = "acme.moody"

    def key(self, case: View, offer: Offer) -> Any:
        return random.randint(1, 1)


class Whimsical(Preference):
    """A preference that reads touches in the order in which they were given."""

    rule: Literal["acme.whimsical"] = "acme.whimsical"

    def key(self, case: View, offer: Offer) -> Any:
        return [touch.id for touch in case.case.touches]


class Unmeeting(Deadline):
    """A deadline that is met only for a day."""

    rule: Literal["acme.unmeeting"] = "acme.unmeeting"

    def dues(self, case: View, as_of: int) -> Iterator[Due]:
        for seen in case.touches:
            yield Due(self.id, "thing", seen.id, seen.lo, None, met=seen.lo if as_of - seen.lo < DAY else None)


class Untimely(Deadline):
    """A deadline due at no instant."""

    rule: Literal["acme.untimely"] = "acme.untimely"

    def dues(self, case: View, as_of: int) -> Iterator[Any]:
        yield Due(self.id, "thing", "case", "yesterday", None)  # type: ignore[arg-type]


class Rushed(Deadline):
    """A deadline that looks at the clock."""

    rule: Literal["acme.rushed"] = "acme.rushed"

    def dues(self, case: View, as_of: int) -> Iterator[Due]:
        yield Due(self.id, "thing", "case", 0, int(datetime.now().timestamp()))


@pytest.mark.parametrize(
    ("rule", "law"),
    [
        (Gentle, "well-formed blocks"),
        (Fickle, "sortable"),
        (Undecided, "sortable"),
        (Hasty, "same key"),
        (Moody, "same key"),
        (Whimsical, "same key"),
        (Unmeeting, "met stays met"),
        (Untimely, "well-formed dues"),
        (Rushed, "same dues"),
    ],
)
def test_other_broken_kinds_are_caught_too(rule: type[Rule], law: str) -> None:
    with pytest.raises(AssertionError, match=f"law `{law}`"):
        check_rule(rule)


class Nameless(Broken):
    """Its kind could collide with one of ours."""

    rule: Literal["nameless"] = "nameless"  # type: ignore[assignment]


class Loose(Broken):
    """It can be changed."""

    model_config = ConfigDict(frozen=False)


class Mute(Broken):
    __doc__ = ""


@pytest.mark.parametrize(("rule", "says"), [(Nameless, "not dotted"), (Loose, "frozen"), (Mute, "no docstring")])
def test_what_is_wrong_with_the_class_is_said_first(rule: type[Rule], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_rule(rule)


class Varied(Broken):
    """A rule with fields of many types, all of which are drawn."""

    wait: DelayField
    length: LengthField
    chosen: ChoiceField
    hours: WeekField
    at_least: Annotated[int, Field(ge=1, le=9)]
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    pair: tuple[int, bool]
    table: dict[str, int]
    day: date
    at: time | None = None
    mode: Literal["a", "b"] = "a"
    unless_told: Any = None


class Strange(Broken):
    """A rule with a field from which nothing can be drawn."""

    thing: Callable[[], int]


def test_instances_are_made_from_the_types_and_constraints_of_fields() -> None:
    check_rule(Varied, examples=50)


def test_a_field_that_cannot_be_drawn_is_named() -> None:
    with pytest.raises(PolicyError, match=r"field `thing` of `acme\.broken`"):
        check_rule(Strange, examples=5)


class Picky(Broken):
    """A rule that hardly any number suits."""

    number: int

    def model_post_init(self, context: Any) -> None:
        if self.number != 123_456:
            raise ValueError("another number, please")


def test_an_author_may_give_instances() -> None:
    with pytest.raises(AssertionError, match="give a strategy"):
        check_rule(Picky, examples=20)
    check_rule(Picky, st.just(Picky(id="r1", number=123_456)), examples=20)


def test_a_strategy_of_something_else_is_refused() -> None:
    with pytest.raises(AssertionError, match="which is no `Picky`"):
        check_rule(Picky, st.just(Broken(id="r1")), examples=20)


def test_outside_the_seal_everything_works_again() -> None:
    with sealed(__name__):
        assert isinstance(datetime(2026, 3, 2), datetime)
        with pytest.raises(ReadsTheWorld):
            datetime.now()
    assert datetime.now().year > 2000
    assert 0 <= random.random() < 1


def test_a_stop_rule_has_no_columns() -> None:
    """Columns say when a limit lets go; an end has no such instant."""

    class Columned(StopRule):
        """A stop rule that also comes in columns."""

        rule: Literal["acme.columned"] = "acme.columned"
        messages: ClassVar = {"en": {"never": "never"}, "es": {"never": "nunca"}}

        def blocks(self, case: Any, candidate: Any, span: Any) -> Iterator[Block]:
            return iter(())

        def columns(self, past: Any, channel: str) -> Any:
            return past.latest(past.on(channel))

    with pytest.raises(AssertionError, match="`columns` is for limits that are no stop rules; leave it out"):
        check_rule(Columned, examples=5)
