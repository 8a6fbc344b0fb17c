"""Rules of third parties that come in columns: they take the numeric lane, and are held to their blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from batch.books import as_ofs, prospect_rows, touch_rows
from batch.test_law_13 import agree, frames
from cadencia import Policy, decide_many
from cadencia._time.clock import EVER, FOREVER
from cadencia.batch import Past
from cadencia.rules import Block, Limit, MaxAttempts, QuietHours, Spacing, register
from cadencia.testing import check_rule

HOUR = 3_600_000_000


class RestAfterReply(Limit):
    """Nobody is written to within so many hours of a reply on the same channel."""

    rule: Literal["acme.rest_after_reply"] = "acme.rest_after_reply"
    hours: int = Field(default=24, ge=1, le=400)

    messages: ClassVar = {
        "en": {"resting": "replied less than {hours} hours ago"},
        "es": {"resting": "respondió hace menos de {hours} horas"},
    }

    def blocks(self, case: Any, candidate: Any, span: tuple[int, int]) -> Iterator[Block]:
        for seen in case.touches:
            if (
                seen.disposition == "replied"
                and seen.channel == candidate.channel
                and seen.lo == seen.hi
                and not seen.booked
            ):
                yield self.block(seen.lo, seen.end + self.hours * HOUR, "resting", touches=[seen.id], hours=self.hours)

    def columns(self, past: Past, channel: str) -> Any:
        return past.latest(past.on(channel) & past.having("replied")) + self.hours * HOUR


class Wrong(RestAfterReply):
    """Takes any touch on the channel for a reply in its columns."""

    rule: Literal["acme.wrong_rest"] = "acme.wrong_rest"

    def columns(self, past: Past, channel: str) -> Any:
        return past.latest(past.on(channel)) + self.hours * HOUR


class Raises(RestAfterReply):
    """Gives no numbers."""

    rule: Literal["acme.raises_rest"] = "acme.raises_rest"

    def columns(self, past: Past, channel: str) -> Any:
        return ["soon"] * len(past)


for kind in (RestAfterReply, Wrong, Raises):
    register(kind)


def test_check_rule_compares_the_form_with_the_blocks() -> None:
    check_rule(RestAfterReply, examples=60)
    with pytest.raises(AssertionError, match="breaks the law `columns`"):
        check_rule(Wrong, examples=400)
    with pytest.raises(AssertionError, match="breaks the law `raises nothing`"):
        check_rule(Raises, examples=60)


@given(data=st.data())
def test_it_takes_the_numeric_lane_and_agrees(data: st.DataObject) -> None:
    """Law 13 with a rule that comes in columns."""
    as_of = data.draw(as_ofs())
    hours = data.draw(st.sampled_from((1, 48, 168, 400)))
    rules: list[Any] = [
        RestAfterReply(id="rest", hours=hours),
        Spacing(id="breathe", at_least="48h"),
        QuietHours(id="hours", allow={"mon-fri": ["09:00-14:00"]}),
        MaxAttempts(id="most", at_most=5),
    ]
    if data.draw(st.booleans()):
        rules.append(QuietHours(id="alpha", allow={"daily": ["08:00-20:00"]}, holidays="ES"))
    policy = Policy(name="rested", channels=["email", "phone", "sms"], rules=rules)
    odd = data.draw(st.booleans())
    prospects = data.draw(prospect_rows(odd))
    touches = data.draw(touch_rows(as_of, len(prospects), odd))
    reasons = data.draw(st.sampled_from(("none", "binding", "all")))
    found = decide_many(policy, *frames(prospects, touches), as_of=as_of, reasons=reasons)
    agree(policy, prospects, touches, as_of, found)


def test_the_lanes_that_such_a_policy_takes() -> None:
    prospects = [{"id": f"p{number}", "zone": "Europe/Madrid", "region": "ES"} for number in range(5)]
    people, events = frames(prospects, [])
    for rule, quick in ((RestAfterReply(id="rest"), 5), (Raises(id="rest"), 0)):
        policy = Policy(name="rested", channels=["phone"], rules=[rule])
        found = decide_many(policy, people, events, as_of="2026-03-06T12:00Z")
        assert found.lanes == {"columns": quick, "rows": 0, "engine": 5 - quick}
        assert found.share == quick / 5
    # a step or a purpose might matter to the blocks, and columns are not told
    policy = Policy(name="rested", channels=["phone"], rules=[RestAfterReply(id="rest")])
    assert decide_many(policy, people, events, as_of="2026-03-06T12:00Z", step="first").lanes["columns"] == 0


def test_what_a_past_tells() -> None:
    past = Past(
        np.array([10, 10]), np.zeros(2, np.int32), [("UTC", ())], np.array([0, 2, 3]), np.array([1, 2, 3]),
        np.array([1, 2, 5]), np.array([0, 1, 0]), ["phone", "email"], np.array([True, True, False]), np.array([0, 0, 1]),
        ["sent", "replied"],
    )  # fmt: skip
    assert past.latest(past.on("phone")).tolist() == [1, 5]
    assert past.latest(past.having("replied")).tolist() == [EVER, 5]
    assert past.count(past.outbound).tolist() == [2, 0]
    assert not past.on("sms").any()
    assert FOREVER > EVER
