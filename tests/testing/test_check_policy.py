"""`check_policy` passes what keeps the laws, and names the law that a policy with a broken rule breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import strategies as st
from pydantic import field_serializer

from cadencia import Case, Policy
from cadencia.rules import Block, Candidate, Limit, MaxAttempts, Offer, Preference, QuietHours, RequireConsent
from cadencia.rules.author import DAY, EVER, FOREVER, Span, View
from cadencia.rules.registry import register
from cadencia.testing import Question, check_policy
from cadencia.testing import policy_laws as laws
from cadencia.testing._asking import LawBroken

ROOT = Path(__file__).resolve().parents[2]
AS_OF = datetime(2026, 3, 3, 12, tzinfo=UTC)
NOW = int(AS_OF.timestamp()) * 1_000_000
HOUR = 3_600_000_000
CASE = Case.model_validate(
    {
        "prospect": {"id": "p", "zones": "UTC"},
        "touches": [
            {"id": f"t{day}", "at": f"2026-02-0{day}T10:00Z", "channel": "phone", "disposition": "no_answer"}
            for day in (1, 2)
        ],
    }
)
QUESTION = Question(AS_OF, "UTC", CASE, Candidate("phone"), (NOW, NOW + DAY))


def policy(*rules: Any, **more: Any) -> Policy:
    return Policy(**{"name": "p", "channels": ["phone"], "rules": rules, **more})


def test_sound_policies_pass() -> None:
    hours = QuietHours(id="h", allow={"mon-fri": ["09:00-17:00"]})
    check_policy(policy(MaxAttempts(id="m", at_most=3), hours, RequireConsent(id="c")), examples=10)
    check_policy(policy(hours, channels=None), examples=5)
    check_policy(Policy.load(ROOT / "examples" / "book" / "policy.yaml"), st.just(QUESTION), examples=1)


@register
class Fragile(Limit):
    """A limit that raises where anybody was ever called."""

    rule: Literal["acme.fragile"] = "acme.fragile"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        assert not case.touches, "somebody was called"
        yield from ()


def test_the_smallest_example_is_told_with_the_policy() -> None:
    with pytest.raises(AssertionError, match="policy `p` breaks the law `raises nothing`") as caught:
        check_policy(policy(Fragile(id="f")), examples=50)
    said = str(caught.value)
    assert said.count('"at":') == 1
    assert '\n  policy: {"cadencia": 1, "name": "p"' in said
    assert "\n  as of: " in said


@register
class Odd(Limit):
    """A limit that breaks the law that its `how` names."""

    rule: Literal["acme.odd"] = "acme.odd"
    how: str = "fine"
    latest: ClassVar[list[int]] = [0]
    asked: ClassVar[list[int]] = [0]

    @field_serializer("how")
    def _write(self, value: str) -> str:
        return "fine" if value == "lossy" else value

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for start, end, details in getattr(self, f"_{self.how}")(case, span):
            yield self.block(start, end, "odd", **details)

    def _fine(self, case: View, span: Span) -> Any:
        return []

    def _lossy(self, case: View, span: Span) -> Any:
        return []

    def _whimsical(self, case: View, span: Span) -> Any:
        self.asked[0] += 1
        return [(NOW, NOW + self.asked[0] * HOUR, {})]

    def _ordered(self, case: View, span: Span) -> Any:
        return [(NOW, NOW + HOUR, {"first": case.case.touches[0].id})]

    def _counting(self, case: View, span: Span) -> Any:
        return [(NOW, NOW + len(case.case.touches) * HOUR, {})]

    def _remembering(self, case: View, span: Span) -> Any:
        self.latest[0] = max(self.latest[0], span[0])
        return [(EVER, self.latest[0] + HOUR, {})]

    def _vain(self, case: View, span: Span) -> Any:
        return [(NOW, NOW + len(self.id) * HOUR, {})]

    def _alibi(self, case: View, span: Span) -> Any:
        case.memo["alibi"] = True
        return []

    def _suspect(self, case: View, span: Span) -> Any:
        return [] if case.memo.pop("alibi", False) else [(EVER, NOW + HOUR, {})]

    def _envious(self, case: View, span: Span) -> Any:
        return [(EVER, NOW + HOUR, {})] if case.memo.get("preferred") else []

    def _shortsighted(self, case: View, span: Span) -> Any:
        return [(EVER, FOREVER, {})] if span[1] - span[0] == 1 else []

    def _farsighted(self, case: View, span: Span) -> Any:
        return [] if span[1] - span[0] == 1 else [(EVER, NOW + HOUR, {})]

    def _receding(self, case: View, span: Span) -> Any:
        return [(span[0], span[0] + HOUR, {})]

    def _unwritten(self, case: View, span: Span) -> Any:
        return [(EVER, NOW + HOUR, {"table": {"a": (1, 2)}})]


@register
class Meddler(Preference):
    """A preference that leaves a note for a limit."""

    rule: Literal["acme.meddler"] = "acme.meddler"

    def key(self, case: View, offer: Offer) -> Any:
        case.memo["preferred"] = True
        return 0


@pytest.mark.parametrize(
    ("law", "rules", "says"),
    [
        (laws.round_trip, [Odd(id="o", how="lossy")], "written and read again"),
        (laws.order, [Odd(id="o", how="whimsical")], "with its rules turned round"),
        (laws.order, [Odd(id="o", how="ordered")], "with the touches turned round"),
        (laws.idempotence, [Odd(id="o", how="counting")], "with every touch given twice"),
        (laws.purity, [Odd(id="o", how="remembering")], "asked again, from the same data"),
        (laws.layers, [Odd(id="o", how="vain")], "under a layer that says nothing"),
        (laws.only_no, [Odd(id="a", how="alibi"), Odd(id="b", how="suspect")], "without `a`"),
        (laws.honest_preferences, [Odd(id="o", how="envious"), Meddler(id="m")], "and without m at"),
        (laws.sound_reasons, [Odd(id="o", how="shortsighted")], "is forbidden then"),
        (laws.sound_reasons, [Odd(id="o", how="farsighted")], "nothing forbids it at"),
        (laws.stable, [Odd(id="o", how="receding")], "asked again then"),
        (laws.dated, [Odd(id="o", how="unwritten")], "written and read again, is another decision"),
    ],
)  # fmt: skip
def test_a_broken_law_is_named(law: Callable[..., None], rules: list[Any], says: str) -> None:
    question = QUESTION._replace(case=CASE.model_copy())
    law(policy(Odd(id="o")), question)
    with pytest.raises(LawBroken, match=says) as caught:
        law(policy(*rules), question._replace(case=CASE.model_copy()))
    assert caught.value.law == law.__name__.replace("_", " ")


class Renamed(Policy):
    """A policy that is another when laid over itself."""

    def __and__(self, other: Policy) -> Policy:
        return policy(MaxAttempts(id="more", at_most=1))


class Undated(Policy):
    """A policy that leaves a case pending."""

    def decide(self, *args: Any, **options: Any) -> Any:
        decision = super().decide(*args, **options)
        decision._record = replace(decision.record, needs=(), not_before=None)
        return decision


def test_laws_of_layers_and_of_dates() -> None:
    with pytest.raises(LawBroken, match="laid over itself it is another policy"):
        laws.layers(Renamed(name="p", channels=["phone"]), QUESTION)
    with pytest.raises(LawBroken, match="names neither a date nor what is missing"):
        laws.dated(Undated(name="p", channels=["phone"], rules=[RequireConsent(id="c")]), QUESTION)


def test_what_comes_due_between_is_another_question() -> None:
    """A booking that passes undone before the answered instant changes the history."""
    booked = {"id": "b", "at": "2026-03-03T13:00Z", "end": "2026-03-03T13:10Z", "channel": "email", "booked": True}
    case = Case.model_validate({**CASE.model_dump(), "touches": [booked]})
    receding = policy(Odd(id="o", how="receding"), MaxAttempts(id="m", at_most=9))
    with pytest.raises(LawBroken):
        laws.stable(receding, QUESTION)
    hours = policy(QuietHours(id="h", allow="14:00-15:00"), Odd(id="o", how="receding"))
    laws.stable(hours, QUESTION._replace(case=case))
    laws.stable(policy(RequireConsent(id="c")), QUESTION)
