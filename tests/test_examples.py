"""A policy's own examples: run against the layer that wrote them, one line for each thing that is otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from cadencia import Policy
from cadencia.lint import run_examples

FRIDAY = "2026-03-27T17:00+01:00"
PERSON = {"id": "p", "zones": "Europe/Madrid", "regions": "ES"}
HOURS = {"rule": "quiet_hours", "id": "hours", "allow": {"mon-fri": ["09:00-14:00"]}}
CAP = {"rule": "max_attempts", "id": "cap", "at_most": 1}
CONSENT = {"rule": "require_consent", "id": "asked", "channels": ["sms"]}
REFUSED = {"rule": "stop_on", "id": "refused", "dispositions": ["refused"]}
CALL = {"id": "t", "at": "2026-03-20T10:00+01:00", "channel": "phone", "disposition": "no_answer"}


def example(
    expect: Any, *, says: str = "it is so", as_of: str = FRIDAY, case: Any = None, **more: Any
) -> dict[str, Any]:
    return {
        "says": says,
        "as_of": as_of,
        "case": {"prospect": PERSON} if case is None else case,
        "expect": expect,
        **more,
    }


def policy(*examples: dict[str, Any], rules: Any = (HOURS,), channels: Any = ("phone",), name: str = "house") -> Policy:
    data: dict[str, Any] = {"name": name, "rules": list(rules), "examples": list(examples)}
    return Policy.from_dict(data if channels is None else {**data, "channels": list(channels)})


def lines(expect: Any, **more: Any) -> list[str]:
    """What is said of one example, without the place that every line names first."""
    made = {key: more.pop(key) for key in ("rules", "channels") if key in more}
    found = run_examples(policy(example(expect, **more), **made))
    where = "policy `house`, example `it is so`"
    assert all(line.startswith(where) and "\n" not in line for line in found)
    return [line.removeprefix(where).removeprefix(": ") for line in found]


def touched(*touches: dict[str, Any], **person: Any) -> dict[str, Any]:
    return {"prospect": {**PERSON, **person}, "touches": list(touches)}


@pytest.mark.parametrize(
    ("expect", "more"),
    [
        ({"answer": "wait", "channel": "phone", "at": "2026-03-30T09:00+02:00"}, {}),
        ({"at": "2026-03-30T07:00Z", "until": "2026-03-30T12:00:00.000000+00:00"}, {}),
        ({"binding": "hours", "blocking": "hours"}, {}),
        ({"blocking": ["cap", "hours"]}, {"rules": [HOURS, CAP], "case": touched(CALL)}),
        ({"blocking": ["hours", "cap"]}, {"rules": [HOURS, CAP], "case": touched(CALL)}),
        (
            {"answer": "stop", "reason": "refused", "until": None},
            {"rules": [REFUSED], "case": touched({**CALL, "disposition": "refused"})},
        ),
        ({"answer": "blocked", "needs": ["consent"], "at": None}, {"rules": [CONSENT], "channels": ["sms"]}),
        (
            {"answer": "contact", "contact_point": "+34600"},
            {"rules": [], "case": touched(contact_points=[{"channel": "phone", "address": "+34600"}])},
        ),
        (
            {"answer": "blocked", "not_before": "2027-03-20T10:00+01:00"},
            {"rules": [{"rule": "spacing", "id": "far", "at_least": "12 months"}], "case": touched(CALL)},
        ),
        ({"answer": "wait"}, {"rules": [{**HOURS, "purposes": ["sales"]}], "purpose": "sales"}),
        ({"answer": "contact"}, {"rules": [{**HOURS, "purposes": ["sales"]}], "purpose": "care"}),
        (
            {"answer": "contact"},
            {"rules": [{**CAP, "since": "case"}], "case": {**touched(CALL), "opened_at": "2026-03-21T00:00Z"}},
        ),
        (
            {"answer": "blocked"},
            {
                "rules": [{"rule": "account_reply", "id": "voice"}],
                "case": {
                    **touched(),
                    "account": {
                        "id": "a",
                        "touches": [{**CALL, "prospect": "q", "direction": "inbound", "disposition": "replied"}],
                    },
                },
            },
        ),
    ],
)
def test_an_example_that_comes_out_as_it_says_is_passed_over(expect: dict[str, Any], more: dict[str, Any]) -> None:
    assert lines(expect, **more) == []


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({"answer": "contact"}, ["answer: expected `contact`, got `wait`"]),
        (
            {"answer": "stop", "channel": "email"},
            ["answer: expected `stop`, got `wait`", "channel: expected `email`, got `phone`"],
        ),
        ({"at": "2026-03-30T08:00Z"}, ["at: expected `2026-03-30T10:00:00+02:00`, got `2026-03-30T09:00:00+02:00`"]),
        ({"not_before": "2026-03-30T08:00Z"}, ["not_before: expected `2026-03-30T10:00:00+02:00`, got `none`"]),
        ({"until": None}, ["until: expected `none`, got `2026-03-30T14:00:00+02:00`"]),
        ({"blocking": ["hours", "cap"]}, ["blocking: expected `cap, hours`, got `hours`"]),
        ({"needs": ["zone"]}, ["needs: expected `zone`, got `none`"]),
        (
            {"reason": "hours", "contact_point": "+1"},
            ["contact_point: expected `+1`, got `none`", "reason: expected `hours`, got `none`"],
        ),
    ],
)
def test_what_comes_out_otherwise_is_one_line_each(expect: dict[str, Any], said: list[str]) -> None:
    assert lines(expect) == said


def test_without_a_zone_instants_are_told_in_utc() -> None:
    assert lines({"until": "2026-03-30T10:00+02:00"}, rules=[], case={"prospect": {"id": "p"}}) == [
        "until: expected `2026-03-30T08:00:00Z`, got `none`"
    ]


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({}, "`expect: {}` expects nothing; write for example `expect: {answer: contact}`"),
        ({"anwser": "wait"}, "expect: unknown key `anwser`; did you mean `answer`?"),
        (
            {"x": 1},
            "expect: unknown key `x`; write some of answer, channel, contact_point, at, until,"
            " not_before, reason, binding, blocking, needs",
        ),
        (
            {"answer": "contacted"},
            "expect.answer: `contacted` is not an answer; write one of contact, wait, blocked,"
            " stop; did you mean `contact`?",
        ),
        ({"answer": None}, "expect.answer: `None` is not a name; write text"),
        ({"channel": ["phone"]}, "expect.channel: `['phone']` is not a name; write text"),
        (
            {"at": "2026-03-30T09:00"},
            "expect.at: `2026-03-30T09:00:00` has no UTC offset; write for example `2026-03-30T09:00:00+01:00`",
        ),
        ({"blocking": {"a": 1}}, "expect.blocking: `{'a': 1}` is not a list of names; write for example `[a, b]`"),
        ({"needs": [1]}, "expect.needs: `[1]` is not a list of names; write for example `[a, b]`"),
    ],
)
def test_an_expectation_that_cannot_be_read_says_what_to_write(expect: dict[str, Any], said: str) -> None:
    assert lines(expect) == [said]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ({"prospect": {"id": "p", "zones": "Europe/Madird"}}, "Europe/Madird"),
        ({"touches": []}, "prospect: this key is required"),
        ({"prospect": PERSON, "touchs": []}, "unknown key `touchs`; did you mean `touches`?"),
        ({"prospect": PERSON, "touches": [{**CALL, "at": "2026-03-20T10:00"}]}, "has no UTC offset"),
        ({"prospect": PERSON, "opened_at": "yesterday"}, "`yesterday` is not a time"),
        ({"prospect": {**PERSON, "wishes": [{"rule": "quiet_hour"}]}}, "quiet_hour"),
    ],
)
def test_a_case_that_cannot_be_read_is_a_line_and_not_a_traceback(case: dict[str, Any], said: str) -> None:
    found = lines({"answer": "wait"}, case=case)
    assert len(found) == 1
    assert found[0].startswith(", case")
    assert said in found[0]


@pytest.mark.parametrize("as_of", ["2026-03-27T17:00", "soon", "2026-03-27"])
def test_an_instant_that_cannot_be_read_is_a_line_too(as_of: str) -> None:
    (line,) = lines({"answer": "wait"}, as_of=as_of)
    assert line.startswith("as_of: `")


def test_one_bad_example_does_not_hide_the_next() -> None:
    made = policy(
        example({"anwser": "wait"}, says="a"),
        example({"answer": "wait"}, says="b"),
        example({"answer": "stop"}, says="c"),
    )
    assert [line.split("`")[3] for line in made.check_examples()] == ["a", "c"]


def test_a_layer_without_channels_is_asked_about_the_one_expected() -> None:
    assert lines({"channel": "letter", "answer": "wait"}, channels=None) == []
    assert lines({"channel": "letter", "answer": "stop"}, channels=None) == [
        "answer: expected `stop`, got `wait` (the policy names no channels; asked about `letter`)"
    ]


def test_a_layer_without_channels_is_asked_about_the_well_known_ones() -> None:
    assert lines({"answer": "stop"}, channels=None) == [
        "answer: expected `stop`, got `wait` (the policy names no channels; asked about"
        " `phone, email, sms, meeting, visit, letter, chat, social, au…`)"
    ]


def test_each_layer_answers_for_its_own_examples_alone() -> None:
    law = policy(example({"answer": "wait", "blocking": ["hours"]}), channels=None, name="law")
    house = policy(example({"answer": "contact"}), example({"answer": "stop"}, says="no"), rules=[CAP], name="house")
    assert run_examples(law & house) == [
        "policy `house`, example `no`: answer: expected `stop`, got `contact`"
        " (asked of this layer alone, without `law`)"
    ]


def test_a_policy_that_only_joins_layers_still_answers_for_its_own() -> None:
    law = policy(example({"answer": "wait"}), name="law")
    joined = Policy(name="both", layers=(law,), examples=(policy(example({"answer": "stop"})).examples))
    assert run_examples(joined) == [
        "policy `both`, example `it is so`: answer: expected `stop`, got `contact`"
        " (asked of this layer alone, without `law`; the policy names no channels; asked about"
        " `phone, email, sms, meeting, visit, letter, chat, social, au…`)"
    ]
