"""Why a rule is there may be said by language; whoever writes one text has it shown as it is."""

from __future__ import annotations

import json

import pytest

from cadencia import Decision, Policy, PolicyError
from cadencia.language import because_text, messages
from cadencia.rules import MaxAttempts

SAID = {"en": "nobody likes the fifth", "es": "a nadie le gusta el quinto"}
TOUCH = {"id": "t", "at": "2026-03-05T10:00Z", "channel": "phone"}


def policy(because: object) -> Policy:
    rules = [{"rule": "max_attempts", "id": "one", "at_most": 1, "because": because}]
    return Policy.from_dict({"cadencia": 1, "name": "p", "channels": ["phone"], "rules": rules})


def test_each_language_has_its_own() -> None:
    decision = policy(SAID).decide({"id": "p"}, [TOUCH], as_of="2026-03-06T10:00Z")
    assert decision.text("en").count("— nobody likes the fifth") == 1
    assert decision.text("es").count("— a nadie le gusta el quinto") == 1
    again = Decision.from_dict(json.loads(decision.to_json()))
    assert again.text("es") == decision.text("es"), "the data of a decision carries every language"


def test_one_text_is_shown_as_it_is() -> None:
    decision = policy("nobody likes the fifth").decide({"id": "p"}, [TOUCH], as_of="2026-03-06T10:00Z")
    assert "— nobody likes the fifth" in decision.text("es")
    assert '"because": "nobody likes the fifth"' in decision.to_json()


def test_it_round_trips_and_changes_no_decision() -> None:
    found = policy(SAID)
    assert Policy.from_dict(found.to_dict()) == found
    assert found.to_dict()["rules"][0]["because"] == SAID
    assert found.fingerprint == policy("another").fingerprint
    assert hash(MaxAttempts(id="a", at_most=1, because=SAID)) == hash(MaxAttempts(id="a", at_most=1, because={**SAID}))


def test_none_at_all_is_refused() -> None:
    with pytest.raises(PolicyError, match="a text by language names at least one"):
        policy({})


def test_the_source_of_a_pack_is_quoted_as_it_is() -> None:
    """A pack adds its source in brackets; the sentence before it is translated where it is ours."""
    [ours, *_] = messages("es")["texts"]
    assert because_text(f"{ours} [Ley 1]", "es") == f"{messages('es')['texts'][ours]} [Ley 1]"
    assert because_text("said by nobody [Ley 1]", "es") == "said by nobody [Ley 1]"
    assert because_text("an end [without a bracket", "es") == "an end [without a bracket"
