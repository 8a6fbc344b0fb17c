"""What is given in the wrong type, or says nothing, is refused in one line wherever it is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from cadencia import Case, InputError, Playbook, Playbooks, Policy, Prospect, Touch
from cadencia.audit import audit
from cadencia.rules import Limit, MaxAttempts, register
from cadencia.rules.registry import BUILT_IN, rule_class

ANA = Prospect(id="ana", zones="Europe/Madrid")
POLICY = Policy(name="house", channels=["phone"], rules=[MaxAttempts(id="three", at_most=3)])
NOW = "2026-03-06T10:00Z"
NOTHING: tuple[Any, ...] = (
    pd.NaT,
    pd.NA,
    np.array([1, 2]),
    pd.Series([1, 2]),
    float("nan"),
    np.float64("nan"),
    object(),
)

ASKED: dict[str, Callable[[Any], object]] = {
    "as_of": lambda value: POLICY.decide(ANA, as_of=value),
    "instant": lambda value: POLICY.why_not(ANA, value, "phone"),
    "end": lambda value: POLICY.windows(ANA, NOW, value),
    "at": lambda value: Touch(id="t", at=value, channel="phone"),
    "subjects": lambda value: POLICY.decide(ANA, as_of=NOW, subjects=value),
    "purpose": lambda value: POLICY.decide(ANA, as_of=NOW, purpose=value),
    "wishes": lambda value: Prospect(id="p", wishes=value),
    "touches": lambda value: POLICY.decide(ANA, [value], as_of=NOW),
}


@pytest.mark.parametrize("value", NOTHING, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("what", ASKED)
def test_what_an_analyst_has_instead_of_nothing_is_refused(what: str, value: Any) -> None:
    with pytest.raises(InputError, match=r"^[^\n]*`[^\n]*$"):
        ASKED[what](value)


def test_instants_of_other_packages_are_instants() -> None:
    said = POLICY.decide(ANA, as_of=NOW)
    assert POLICY.decide(ANA, as_of=pd.Timestamp(NOW)) == said
    assert POLICY.decide(ANA, as_of=datetime(2026, 3, 6, 10, tzinfo=UTC)) == said
    assert MaxAttempts(id="three", at_most=np.int64(3)) == MaxAttempts(id="three", at_most=3)


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
@pytest.mark.parametrize("what", ["purpose", "step", "subjects", "contact_point", "channel"])
def test_a_question_about_a_blank_name_is_refused(what: str, blank: str) -> None:
    """A rule for `marketing` would not speak of it, and what is forbidden would be free."""
    asked = {"channel": "phone", what: blank}
    with pytest.raises(InputError, match=f"^{what}: `.*` is blank; write a name, or leave it out$"):
        POLICY.why_not(ANA, NOW, **asked)
    if what not in ("contact_point", "channel"):
        with pytest.raises(InputError, match=f"^{what}: `.*` is blank; write a name, or leave it out$"):
            POLICY.decide(ANA, as_of=NOW, **{what: blank})
    if what == "subjects":
        with pytest.raises(InputError, match=r"^subjects: `.*` is blank"):
            POLICY.decide(ANA, as_of=NOW, subjects=["a debt", blank])


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize(
    ("model", "key"), [(Prospect, "owner"), (Prospect, "account"), (Touch, "by"), (Touch, "step"), (Touch, "purpose")]
)
def test_nobody_is_no_name(model: Any, key: str, blank: str) -> None:
    """An owner without a name is not the one who touched without a name."""
    plain = {"id": "x", "zones": "UTC"} if model is Prospect else {"id": "x", "at": NOW, "channel": "phone"}
    with pytest.raises(InputError, match=rf"{key}: `.*` is blank; write a name, or leave the key out$"):
        model(**plain, **{key: blank})
    if model is Prospect:
        with pytest.raises(InputError, match="is blank"):
            POLICY.decide({"id": "x", "zones": "UTC", "regions": "ES", key: blank}, [], as_of=NOW)


NUMBERS = {
    ("max_attempts", "at_most"): {},
    ("frequency_cap", "at_most"): {"within": "7d"},
    ("frequency_cap", "dates"): {"at_most": 1},
    ("cool_off", "times"): {"within": "7d", "silence": "3 days"},
    ("earn_first", "least"): {},
    ("no_repeated_channel", "at_most"): {},
    ("one_channel", "dates"): {},
    ("account_load", "at_most"): {"within": "7d"},
    ("stop_when_exhausted", "at_most"): {},
    ("channel_rotation", "each"): {"order": ["email", "phone"], "mode": "escalate"},
    ("soonest", "rank"): {},
}


def test_every_number_is_here() -> None:
    numbers = {
        (kind, name)
        for kind in BUILT_IN
        for name, field in rule_class(kind).model_fields.items()
        if field.annotation is int or "Annotated[int," in str(field.annotation)
    }
    assert {pair for pair in numbers if pair[1] != "rank"} | {("soonest", "rank")} == set(NUMBERS)


@pytest.mark.parametrize(("kind", "key"), NUMBERS)
@pytest.mark.parametrize("value", [True, False, "true", 1.5, "one"])
def test_yes_is_no_number(kind: str, key: str, value: Any) -> None:
    """`at_most: true`, as JSON has it, is not a limit of one."""
    data = {"rule": kind, "id": "r", **NUMBERS[kind, key]}
    rule_class(kind).model_validate({**data, key: 2})
    with pytest.raises(InputError, match=rf"rules\[0\]\.{key}: `{value}`"):
        Policy.from_dict({"cadencia": 1, "name": "p", "rules": [{**data, key: value}]})


@register
class Says(Limit):
    """Answers with whatever it is told to."""

    rule: Literal["acme.says"] = "acme.says"

    def blocks(self, case: Any, candidate: Any, span: Any) -> Any:
        return SAID[str(self.because)](self, *span)


#: What is no block that can be united, told and kept.
SAID: dict[str, Callable[[Any, int, int], Any]] = {
    "nothing": lambda rule, start, end: None,
    "a text": lambda rule, start, end: "block",
    "no block": lambda rule, start, end: [(start, end)],
    "turned round": lambda rule, start, end: [rule.block(end, start, "x")],
    "no instant": lambda rule, start, end: [rule.block(float("nan"), end, "x")],
    "seconds": lambda rule, start, end: [rule.block(start / 1e6, end / 1e6, "x")],
    "yes": lambda rule, start, end: [rule.block(True, end, "x")],
    "no code": lambda rule, start, end: [rule.block(start, end, None)],
    "touches that are no ids": lambda rule, start, end: [rule.block(start, end, "x", touches=[7])],
    "details that are no data": lambda rule, start, end: [rule.block(start, end, "x", seen=object())],
    "details that are no number": lambda rule, start, end: [rule.block(start, end, "x", seen=[float("inf")])],
    "a table with numbers for names": lambda rule, start, end: [rule.block(start, end, "x", seen={1: 2})],
    "another rule's": lambda rule, start, end: [rule.block(start, end, "x")._replace(rule="three")],
    "another scope": lambda rule, start, end: [rule.block(start, end, "x")._replace(stops=True, scope="world")],
}


@pytest.mark.parametrize("said", SAID)
def test_a_rule_of_a_third_party_that_says_no_block_is_closed(said: str) -> None:
    """What is no block forbids nothing when it is put among blocks: the rule has failed, and is closed."""
    policy = Policy(
        name="p", channels=["phone"], rules=[Says(id="says", because=said), MaxAttempts(id="three", at_most=3)]
    )
    decision = policy.decide(ANA, as_of=NOW)
    assert decision.answer == "blocked"
    assert decision.needs == ("rule_mended",)
    assert [verdict.rule for verdict in decision.verdicts if verdict.blocks] == ["says"]
    assert "says: the rule failed (" in decision.text()
    assert decision.to_json()


def test_what_a_third_party_says_well_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        SAID, "well", lambda rule, start, end: [rule.block(start, end, "x", share=0.5, who={"a": [1, None]})]
    )
    decision = Policy(name="p", channels=["phone"], rules=[Says(id="says", because="well")]).decide(ANA, as_of=NOW)
    assert (decision.answer, decision.binding) == ("blocked", "says")


def test_every_mistake_is_told_at_once_dispositions_among_them() -> None:
    text = """
    cadencia: 1
    name: p
    dispositions: {barked: {went_out: true}}
    rules:
      - {rule: stop_on, id: a, dispositions: [repplied, barked, refuzed]}
      - {rule: spacng, id: b}
      - {rule: max_attempts, id: c, at_most: many}
      - {rule: recall, id: d, after: {buzy: 1h}}
    """
    with pytest.raises(InputError) as caught:
        Policy.from_yaml(text)
    tail = "is neither well known nor declared under `dispositions`; did you mean"
    assert caught.value.mistakes == (
        "policy `p`, rules[1]: no rule named `spacng`; did you mean `spacing`?",
        "policy `p`, rules[2].at_most: `many` is not a whole number; write for example `3`",
        f"policy `p`: rule `a`: disposition `refuzed` {tail} `refused`?",
        f"policy `p`: rule `a`: disposition `repplied` {tail} `replied`?",
        f"policy `p`: rule `d`: disposition `buzy` {tail} `busy`?",
    )
    good = text.replace("spacng, id: b", "soonest, id: b").replace("many", "3")
    with pytest.raises(InputError) as caught:
        Policy.from_yaml(good)
    assert len(caught.value.mistakes) == 3
    for odd in ("dispositions: 7", "rules: 7"):
        with pytest.raises(InputError):
            Policy.from_yaml(f"{{cadencia: 1, name: p, {odd}}}")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"rule": "max_attempts", "id": "r", "at_most": -1}, "`-1` is too small; write 0 or more"),
        ({"rule": "one_channel", "id": "r", "dates": 9999}, "`9999` is too large; write 3660 or less"),
        (
            {"rule": "frequency_cap", "id": "r", "at_most": 1, "each": "wek"},
            "`wek` is not known; write `day`, `week`, `half_month`, `month`, `quarter` or `year`; did you mean `week`?",
        ),
        ({"rule": "await_promise", "id": "r", "channels": 7}, "`7`"),
        ({"rule": "spacing", "id": "r", "backoff": {"first": "1h", "factor": "x", "at_most": "3d"}}, "is not a number"),
        ({"rule": "recall", "id": "r", "after": 7}, "`7` is not a table; write for example `{key: value}`"),
        ({"rule": "channel_rotation", "id": "r", "order": 7}, "`7` is not a list; write for example `[a, b]`"),
    ],
)
def test_pydantic_speaks_our_words(data: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        Policy.from_dict({"cadencia": 1, "name": "p", "rules": [data]})
    assert told in str(caught.value)
    assert "nput should" not in str(caught.value)


ONE = Touch(id="t1", at="2026-03-06T09:00+01:00", channel="phone")


@pytest.mark.parametrize("one", [ONE, ONE.model_dump(mode="json")], ids=["model", "data"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda one: POLICY.decide(Prospect(id="x"), one, as_of=NOW),
        lambda one: POLICY.why_not(Prospect(id="x"), NOW, "phone", touches=one),
        lambda one: POLICY.windows(Prospect(id="x"), NOW, "2026-04-01T00:00Z", touches=one),
        lambda one: Playbook.load("gentle-persistence").decide(Prospect(id="x"), one, as_of=NOW),
        lambda one: Playbook.load("gentle-persistence").why_not(Prospect(id="x"), NOW, "phone", touches=one),
        lambda one: Playbook.load("gentle-persistence").plan(Prospect(id="x"), 2, as_of=NOW, touches=one),
        lambda one: Playbooks.packaged().decide(Prospect(id="x"), one, as_of=NOW),
        lambda one: Case.of(Prospect(id="x"), one),
        lambda one: audit(POLICY, [Prospect(id="x")], one),
    ],
)
def test_one_touch_where_a_list_is_meant(ask: Any, one: Any) -> None:
    """A touch could be walked through, field by field; the types refuse it as well."""
    with pytest.raises(InputError, match=r"^touches: one touch is not a list of touches; write `\[touch\]`$"):
        ask(one)
