"""Decisions by example: the four answers and their boundaries, what they carry, and what is said of odd input."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Iterator
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from cadencia import Blocked, Case, Contact, Decision, Policy, Prospect, Stop, Touch, Wait
from cadencia.errors import InputError, PolicyError
from cadencia.rules import (
    ActivePeriod,
    AnyOf,
    Block,
    BusinessDays,
    ChannelRotation,
    FrequencyCap,
    Limit,
    MaxAttempts,
    Offer,
    Preference,
    PreferredChannel,
    PreferredHours,
    PromiseDue,
    QuietHours,
    RequireConsent,
    RespondWithin,
    Spacing,
    StopOn,
    StopOnOptOut,
    StopOnStage,
    StopWhenExhausted,
)
from cadencia.rules.base import Deadline, Due
from cadencia.rules.filters import Candidate

NOON = "2026-03-03T12:00+01:00"  # a Tuesday
MORNINGS = QuietHours(id="mornings", allow={"mon-fri": ["09:00-14:00"]})
MADRID: dict[str, Any] = {"id": "p1", "zones": "Europe/Madrid"}


def prospect(**more: Any) -> Prospect:
    return Prospect(**{**MADRID, **more})


def policy(*rules: Any, channels: Any = ("phone",), **more: Any) -> Policy:
    return Policy(**{"name": "house", "channels": channels, "rules": rules, **more})


def touch(id: str, at: str, channel: str = "phone", **more: Any) -> Touch:
    return Touch(id=id, at=at, channel=channel, **{"disposition": "no_answer", **more})


def at(decision: Decision) -> str:
    assert isinstance(decision, (Contact, Wait))
    return decision.at.isoformat()


# -- rules of a third party that misbehave ---------------------------------------------------------------------------


class Broken(Limit):
    rule: Literal["test.broken"] = "test.broken"

    def blocks(self, case: Any, candidate: Any, span: Any) -> Iterable[Block]:
        raise ZeroDivisionError("of all things")


class TurnedRound(Limit):
    rule: Literal["test.turned_round"] = "test.turned_round"

    def blocks(self, case: Any, candidate: Any, span: Any) -> Iterator[Block]:
        yield self.block(span[1], span[0], "backwards")


class BrokenPreference(Preference):
    rule: Literal["test.broken_preference"] = "test.broken_preference"

    def key(self, case: Any, offer: Offer) -> Any:
        raise KeyError(offer.candidate.channel)


class BrokenDeadline(Deadline):
    rule: Literal["test.broken_deadline"] = "test.broken_deadline"

    def dues(self, case: Any, as_of: int) -> Iterable[Due]:
        raise OSError("no line")


class TestAnswers:
    def test_match(self) -> None:
        rules = policy(MORNINGS, StopOn(id="answered", dispositions=["refused"]))
        told: list[str] = []
        for as_of, touches in (
            (NOON, ()),
            ("2026-03-03T15:00+01:00", ()),
            (NOON, (touch("t", "2026-03-02T10:00+01:00", disposition="refused"),)),
        ):
            match rules.decide(prospect(), touches, as_of=as_of, purpose="sales"):
                case Contact(channel=channel, purpose=purpose):
                    told.append(f"{channel} for {purpose}")
                case Wait(at=instant):
                    told.append(f"at {instant:%H:%M}")
                case Stop(reason=reason, code=code):
                    told.append(f"{reason}: {code}")
        assert told == ["phone for sales", "at 09:00", "answered: stopped"]
        match policy(RequireConsent(id="consent")).decide(prospect(), as_of=NOON):
            case Blocked(needs=("consent",), not_before=None):
                pass
            case _:
                pytest.fail("no match")

    def test_contact(self) -> None:
        decision = policy(MORNINGS).decide(prospect(), as_of=NOON, purpose="sales", step="intro")
        assert isinstance(decision, Contact)
        assert (decision.channel, decision.contact_point, decision.purpose, decision.step) == (
            "phone",
            None,
            "sales",
            "intro",
        )
        assert (at(decision), decision.until.isoformat()) == ("2026-03-03T12:00:00+01:00", "2026-03-03T14:00:00+01:00")  # type: ignore[union-attr]
        assert (decision.blocking, decision.chain, decision.binding, decision.waits_for) == ((), (), None, None)

    def test_open_to_the_horizon_has_no_end(self) -> None:
        decision = policy().decide(prospect(), as_of=NOON)
        assert isinstance(decision, Contact)
        assert decision.until is None

    def test_wait_carries_the_chain_of_blocks(self) -> None:
        """From `as_of` the block that ends last, then the one at its end; the last is the binding rule."""
        decision = policy(Spacing(id="breathe", at_least="3 days"), MORNINGS).decide(
            prospect(), [touch("t", "2026-03-04T12:00+01:00")], as_of="2026-03-04T15:00+01:00"
        )
        assert isinstance(decision, Wait)
        assert at(decision) == "2026-03-09T09:00:00+01:00"
        assert [(block.rule, block.code) for block in decision.chain] == [
            ("breathe", "spacing"),
            ("mornings", "quiet_hours"),
        ]
        assert (decision.binding, decision.blocking) == ("mornings", ("breathe", "mornings"))
        assert {
            verdict.rule: (verdict.says, verdict.touches)
            for verdict in decision.verdicts
            if not verdict.rule.startswith("always/")
        } == {
            "breathe": ("forbids", ("t",)),
            "mornings": ("forbids", ()),
        }

    def test_beyond_the_horizon_is_blocked_until_a_date(self) -> None:
        season = policy(ActivePeriod(id="season", **{"from": "2026-06-01"}))
        assert at(season.decide(prospect(), as_of=NOON, horizon="91 days")) == "2026-06-01T00:00:00+02:00"
        decision = season.decide(prospect(), as_of=NOON, horizon="60 days")
        assert isinstance(decision, Blocked)
        assert (decision.needs, decision.not_before.isoformat()) == ((), "2026-06-01T00:00:00+02:00")  # type: ignore[union-attr]

    def test_all_of_one_options_needs_and_any_one_option(self) -> None:
        """Phone needs a zone and a consent, e-mail a zone and an address; each option says its own."""
        rules = policy(
            MORNINGS.model_copy(update={"channels": None}),
            RequireConsent(id="consent", channels=["phone"]),
            channels=["phone", "email"],
        )
        decision = rules.decide(Prospect(id="p", contact_points=[{"channel": "phone", "address": "1"}]), as_of=NOON)
        assert isinstance(decision, Blocked)
        assert {option.channel: option.needs for option in decision.options} == {
            "phone": ("consent", "zone"),
            "email": ("contact_point", "zone"),
        }

    def test_a_stop_that_ends_inside_the_horizon_is_a_wait(self) -> None:
        rules = policy(StopOn(id="later", dispositions=["refused"], lasts="2 months"))
        history = [touch("t", "2026-03-02T10:00+01:00", disposition="refused")]
        decision = rules.decide(prospect(), history, as_of=NOON, horizon="90 days")
        assert isinstance(decision, Wait)
        assert at(decision) == "2026-05-02T10:00:00+02:00"
        assert decision.chain[0].stops
        beyond = rules.decide(prospect(), history, as_of=NOON, horizon="30 days")
        assert isinstance(beyond, Stop)
        assert (beyond.reason, beyond.until.isoformat()) == ("later", "2026-05-02T10:00:00+02:00")  # type: ignore[union-attr]

    def test_a_stop_for_one_channel_is_a_verdict_while_another_is_open(self) -> None:
        rules = policy(StopOn(id="no-calls", dispositions=["refused"], scope="channel"), channels=["email", "phone"])
        history = [touch("t", "2026-03-02T10:00+01:00", disposition="refused")]
        decision = rules.decide(prospect(), history, as_of=NOON)
        assert (decision.answer, decision.record.channel) == ("contact", "email")
        assert [(option.channel, option.blocked_by) for option in decision.options] == [
            ("email", ()),
            ("phone", ("no-calls",)),
        ]
        only = Policy(name="calls", channels=["phone"], rules=rules.rules).decide(prospect(), history, as_of=NOON)
        assert isinstance(only, Stop)
        assert only.scope == "channel"

    def test_a_stop_beside_a_missing_fact_is_blocked(self) -> None:
        """One option is over, the other only needs something: it is not over."""
        rules = policy(
            StopOn(id="no-calls", dispositions=["refused"], scope="channel"),
            RequireConsent(id="consent", channels=["email"]),
            channels=["email", "phone"],
        )
        decision = rules.decide(prospect(), [touch("t", "2026-03-02T10:00+01:00", disposition="refused")], as_of=NOON)
        assert (decision.answer, decision.record.needs) == ("blocked", ("consent",))

    def test_what_nothing_can_lift_is_a_stop(self) -> None:
        exhausted = policy(MaxAttempts(id="two", at_most=2)).decide(
            prospect(), [touch("a", "2026-03-01T10:00+01:00"), touch("b", "2026-03-02T10:00+01:00")], as_of=NOON
        )
        assert isinstance(exhausted, Stop)
        assert (exhausted.reason, exhausted.code, exhausted.until) == ("two", "exhausted", None)
        expired = policy(ActivePeriod(id="season", until="2026-02-28")).decide(prospect(), as_of=NOON)
        assert isinstance(expired, Stop)
        assert (expired.reason, expired.code) == ("season", "expired")

    def test_a_count_that_can_begin_again_is_blocked_and_not_over(self) -> None:
        rules = policy(MaxAttempts(id="two", at_most=2, since={"reached": True}))
        decision = rules.decide(
            prospect(), [touch("a", "2026-03-01T10:00+01:00"), touch("b", "2026-03-02T10:00+01:00")], as_of=NOON
        )
        assert (decision.answer, decision.record.needs) == ("blocked", ("fresh_start",))
        answered = touch("c", "2026-03-03T09:00+01:00", disposition="connected")
        assert (
            rules.decide(
                prospect(),
                [touch("a", "2026-03-01T10:00+01:00"), touch("b", "2026-03-02T10:00+01:00"), answered],
                as_of=NOON,
            ).answer
            == "contact"
        )

    def test_stops_by_stage_and_by_exhaustion(self) -> None:
        lost = policy(StopOnStage(id="gone", on=["lost"])).decide(prospect(stage="lost"), as_of=NOON)
        assert (lost.answer, lost.record.reason, lost.record.code) == ("stop", "gone", "stage")
        tired = policy(StopWhenExhausted(id="enough", at_most=1)).decide(
            prospect(), [touch("t", "2026-03-02T10:00+01:00")], as_of=NOON
        )
        assert (tired.answer, tired.record.reason, tired.record.code) == ("stop", "enough", "exhausted")


class TestBinding:
    """What binds in every policy, whatever it says."""

    def test_a_do_not_contact(self) -> None:
        decision = policy(channels=["email", "phone"]).decide(prospect(suppressions={"reason": "legal"}), as_of=NOON)
        assert isinstance(decision, Stop)
        assert (decision.reason, decision.code, decision.scope) == ("always/suppressions", "suppressed", "case")

    def test_suppressions_by_scope(self) -> None:
        points = [
            {"channel": "phone", "address": "1"},
            {"channel": "phone", "address": "2"},
            {"channel": "email", "address": "e"},
        ]

        def open_points(**suppression: Any) -> list[str | None]:
            person = prospect(contact_points=points, suppressions=suppression)
            decision = policy(channels=["email", "phone"]).decide(person, as_of=NOON, purpose="sales")
            return [option.contact_point for option in decision.options if option.opening is not None]

        assert open_points(channel="phone") == ["e"]
        assert open_points(contact_point="2") == ["e", "1"]
        assert open_points(purpose="service") == ["e", "1", "2"]
        assert open_points(purpose="sales") == []
        assert open_points(until="2026-03-01T00:00Z") == ["e", "1", "2"]

    def test_opt_outs_by_scope(self) -> None:
        rules = policy(channels=["email", "phone"])

        def answer(what_for: str | None, **opt_out: Any) -> tuple[str, str | None]:
            decision = rules.decide(prospect(opt_outs=opt_out), as_of=NOON, purpose=what_for)
            return decision.answer, decision.record.channel or decision.record.reason

        assert answer("sales", channel="email") == ("contact", "phone")
        assert answer("sales", purpose="sales") == ("stop", "always/opt-outs")
        assert answer("service", purpose="sales") == ("contact", "email")
        assert answer(None, purpose="sales") == ("stop", "always/opt-outs")  # unknown may be anything
        assert answer("sales") == ("stop", "always/opt-outs")

    def test_an_opt_out_that_ends(self) -> None:
        decision = policy().decide(prospect(opt_outs={"until": "2026-03-10T00:00+01:00"}), as_of=NOON)
        assert (decision.answer, at(decision), decision.binding) == (
            "wait",
            "2026-03-10T00:00:00+01:00",
            "always/opt-outs",
        )

    @pytest.mark.parametrize(
        ("points", "answer", "needs"),
        [
            (None, "contact", ()),
            ([], "blocked", ("contact_point",)),
            ([{"channel": "email", "address": "e"}], "blocked", ("contact_point",)),
            ([{"channel": "phone", "address": "1", "status": "invalid"}], "blocked", ("contact_point",)),
            (
                [{"channel": "phone", "address": "1", "status": "bounced", "since": "2026-03-01T00:00Z"}],
                "blocked",
                ("contact_point",),
            ),
            ([{"channel": "phone", "address": "1", "status": "unknown"}], "contact", ()),
            (
                [{"channel": "phone", "address": "1", "status": "invalid"}, {"channel": "phone", "address": "2"}],
                "contact",
                (),
            ),
        ],
    )
    def test_contact_points(self, points: Any, answer: str, needs: tuple[str, ...]) -> None:
        decision = policy().decide(prospect(contact_points=points), as_of=NOON)
        assert (decision.answer, decision.record.needs) == (answer, needs)

    def test_not_told_means_an_option_without_an_address(self) -> None:
        assert policy().decide(prospect(), as_of=NOON).record.contact_point is None
        person = prospect(
            contact_points=[
                {"channel": "phone", "address": "1", "status": "invalid"},
                {"channel": "phone", "address": "2"},
            ]
        )
        assert policy().decide(person, as_of=NOON).record.contact_point == "2"

    def test_wishes(self) -> None:
        wishes = [
            {"rule": "quiet_hours", "id": "late", "allow": "18:00-20:00"},
            {"rule": "frequency_cap", "at_most": 1, "each": "month"},
        ]
        decision = policy(MORNINGS, channels=["email"]).decide(
            prospect(wishes=wishes), [touch("t", "2026-03-02T10:00+01:00")], as_of=NOON
        )
        assert (decision.answer, decision.blocking) == ("blocked", ("wish/late", "wish/wish-2"))
        assert set(decision.without("mornings").blocking) == {"wish/late", "wish/wish-2"}

    def test_an_unreadable_touch_closes(self) -> None:
        case = Case(prospect=prospect(), unreadable=["calls.csv line 7: date `31/02`"])
        decision = policy().decide(case, as_of=NOON)
        assert (decision.answer, decision.blocking, decision.record.needs) == (
            "blocked",
            ("always/unreadable-touches",),
            ("readable_touch",),
        )
        assert "calls.csv line 7" in decision.text()

    def test_one_id_with_two_contents_closes_and_a_repeat_changes_nothing(self) -> None:
        first, same, other = (
            touch("t", "2026-03-02T10:00+01:00"),
            touch("t", "2026-03-02T09:00Z"),
            touch("t", "2026-03-02T11:00+01:00"),
        )
        rules = policy(MaxAttempts(id="two", at_most=2))
        assert rules.decide(prospect(), [first, same], as_of=NOON) == rules.decide(prospect(), [first], as_of=NOON)
        decision = rules.decide(prospect(), [first, other], as_of=NOON)
        assert (decision.answer, decision.record.needs) == ("blocked", ("readable_touch",))


class TestTime:
    def test_a_call_must_end_before_closing(self) -> None:
        """No block meets [t, t + duration]: a call that would end at the closing instant itself does not fit."""
        rules = policy(MORNINGS)
        fits = rules.decide(prospect(), as_of="2026-03-03T13:29:59+01:00", duration="30m")
        assert isinstance(fits, Contact)
        assert fits.until is not None
        assert fits.until.isoformat() == "2026-03-03T13:30:00+01:00"
        assert (
            at(rules.decide(prospect(), as_of="2026-03-03T13:30+01:00", duration="30m")) == "2026-03-04T09:00:00+01:00"
        )

    def test_a_call_that_would_run_past_closing_waits(self) -> None:
        rules = policy(MORNINGS)
        assert (
            at(rules.decide(prospect(), as_of="2026-03-03T13:45+01:00", duration="30m")) == "2026-03-04T09:00:00+01:00"
        )
        assert rules.decide(prospect(), as_of="2026-03-03T13:45+01:00", duration="10m").answer == "contact"
        assert rules.decide(prospect(), as_of="2026-03-03T13:45+01:00").answer == "contact"

    def test_longer_than_every_window(self) -> None:
        decision = policy(MORNINGS).decide(prospect(), as_of=NOON, duration="6h")
        assert (decision.answer, decision.blocking) == ("blocked", ("mornings",))

    def test_as_of_must_have_an_offset(self) -> None:
        with pytest.raises(InputError, match="has no UTC offset"):
            policy().decide(prospect(), as_of="2026-03-03T12:00")

    def test_one_instant_in_many_spellings(self) -> None:
        spellings = (NOON, "2026-03-03T11:00Z", "2026-03-03T06:00:00.000000-05:00", "20260303T110000Z")
        assert len({policy(MORNINGS).decide(prospect(), as_of=text).to_json() for text in spellings}) == 1

    def test_no_zone_is_closed_and_says_so(self) -> None:
        decision = policy(MORNINGS).decide(Prospect(id="p"), as_of=NOON)
        assert (decision.answer, decision.record.needs, decision.record.zone) == ("blocked", ("zone",), None)


class TestBookings:
    RULES = policy(FrequencyCap(id="one", at_most=1, each="day"), Spacing(id="breathe", at_least="24h"))

    def test_a_booking_counts(self) -> None:
        booked = touch("b", "2026-03-04T10:00+01:00", booked=True)
        decision = self.RULES.decide(prospect(), [booked], as_of=NOON)
        assert (decision.answer, decision.blocking, at(decision)) == ("wait", ("breathe",), "2026-03-05T10:00:00+01:00")
        assert {verdict.rule: verdict.touches for verdict in decision.verdicts}["breathe"] == ("b",)

    def test_what_is_fulfilled_does_not_count(self) -> None:
        booked = touch("b", "2026-03-03T12:00+01:00", booked=True, end="2026-03-03T12:30+01:00")
        assert self.RULES.decide(prospect(), [booked], as_of=NOON).answer == "wait"
        decision = self.RULES.decide(prospect(), [booked], as_of=NOON, fulfils="b")
        assert (decision.answer, decision.reports) == ("contact", ())

    @pytest.mark.parametrize(
        "made",
        [
            {"disposition": "refused"},
            {"disposition": "connected", "promise": {"by": "them", "at": "2026-03-03T12:00+01:00"}},
            {"booked": True, "cancelled": True},
        ],
    )
    def test_only_a_booking_or_a_promise_of_ours_is_fulfilled(self, made: dict[str, Any]) -> None:
        made_ = touch("b", "2026-03-03T10:00+01:00", **made)
        wrong = "is cancelled" if made_.cancelled else "is neither booked nor has it a promise of ours"
        with pytest.raises(InputError, match=rf"^fulfils: touch `b` {wrong}; write"):
            self.RULES.decide(prospect(), [made_], as_of=NOON, fulfils="b")
        with pytest.raises(InputError, match=r"^fulfils: `bb` is no touch of the case; .*did you mean `b`"):
            self.RULES.decide(prospect(), [made_], as_of=NOON, fulfils="bb")

    def test_a_promise_that_is_fulfilled_is_owed_no_more_and_its_touch_counts(self) -> None:
        rules = policy(
            MaxAttempts(id="once", at_most=1), StopOn(id="no", dispositions=["refused"]), PromiseDue(id="word")
        )
        promise = {"by": "us", "at": "2026-03-03T13:00+01:00"}
        for disposition, answer in (("refused", "stop"), ("callback_requested", "stop")):
            said = touch("b", "2026-03-03T10:00+01:00", disposition=disposition, promise=promise)
            asked = rules.decide(prospect(), [said], as_of=NOON)
            fulfilled = rules.decide(prospect(), [said], as_of=NOON, fulfils="b")
            assert fulfilled.answer == asked.answer == answer
            assert fulfilled.options == asked.options
            assert ([due.state for due in asked.deadlines], fulfilled.deadlines) == (["will_be_missed"], ())

    def test_an_overdue_booking_is_listed_and_counts_nowhere(self) -> None:
        overdue = touch("b", "2026-03-03T10:00+01:00", booked=True, end="2026-03-03T10:30+01:00")
        decision = self.RULES.decide(prospect(), [overdue], as_of=NOON)
        assert (decision.answer, decision.reports) == ("contact", (("overdue", "b"),))
        assert self.RULES.decide(prospect(), [overdue], as_of="2026-03-03T10:15+01:00").answer == "wait"
        assert self.RULES.decide(prospect(), [overdue], as_of=NOON, fulfils="b").reports == ()

    def test_a_cancelled_booking_is_none(self) -> None:
        cancelled = touch("b", "2026-03-03T13:00+01:00", booked=True, cancelled=True)
        assert self.RULES.decide(prospect(), [cancelled], as_of=NOON).answer == "contact"


class TestReports:
    @pytest.mark.parametrize(
        ("rules", "person", "told"),
        [
            ((), {}, True),
            ((StopOn(id="no", dispositions=["refused"]),), {}, True),
            ((StopOn(id="no", dispositions=["opted_out"]),), {}, False),
            ((StopOn(id="no", counts={"dispositions": ["opted_out"]}),), {}, False),
            ((StopOnOptOut(id="no"),), {}, False),
            ((), {"opt_outs": {"channel": "email"}}, False),
        ],
    )
    def test_an_opt_out_in_a_touch_that_no_rule_reads(self, rules: Any, person: Any, told: bool) -> None:
        said = touch("t", "2026-03-02T10:00+01:00", disposition="opted_out")
        decision = policy(*rules).decide(prospect(**person), [said], as_of=NOON)
        assert (("opt_out_in_touch", "t") in decision.reports) is told

    def test_a_touch_in_the_future_counts_and_is_reported(self) -> None:
        decision = policy(FrequencyCap(id="one", at_most=1, each="day")).decide(
            prospect(), [touch("t", "2026-03-03T12:05+01:00")], as_of=NOON
        )
        assert (decision.answer, decision.reports) == ("wait", (("touch_in_the_future", "t"),))
        assert decision.blocking == ("one",)

    def test_an_undeclared_disposition_counts_and_is_reported(self) -> None:
        history = [touch("t", "2026-03-03T10:00+01:00", disposition="ghosted")]
        decision = policy(FrequencyCap(id="one", at_most=1, each="day")).decide(prospect(), history, as_of=NOON)
        assert (decision.answer, decision.reports) == ("wait", (("undeclared_disposition", "t", "ghosted"),))
        declared = policy(FrequencyCap(id="one", at_most=1, each="day"), dispositions={"ghosted": {"went_out": False}})
        assert (
            declared.decide(prospect(), history, as_of=NOON).answer,
            declared.decide(prospect(), history, as_of=NOON).reports,
        ) == ("contact", ())

    def test_a_rule_that_raises_blocks(self) -> None:
        decision = policy(Broken(id="broken"), MORNINGS).decide(prospect(), as_of=NOON)
        assert (decision.answer, decision.blocking, decision.record.needs) == ("blocked", ("broken",), ("rule_mended",))
        assert decision.chain[0].code == "rule_error"
        assert decision.reports == (("rule_error", "broken", "ZeroDivisionError"),)
        assert decision.without("broken").answer == "contact"

    def test_a_block_that_is_turned_round_is_an_error_of_the_rule(self) -> None:
        decision = policy(TurnedRound(id="round")).decide(prospect(), as_of=NOON)
        assert (decision.answer, decision.reports) == ("blocked", (("rule_error", "round", "ValueError"),))

        exempt = policy(TurnedRound(id="round", unless={"purposes": ["service"]}))
        assert exempt.decide(prospect(), as_of=NOON).answer == "blocked"

    def test_a_block_of_ours_that_is_turned_round_closes_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            RequireConsent, "blocks", lambda rule, case, candidate, span: [rule.block(*span[::-1], "no_consent")]
        )
        decision = policy(RequireConsent(id="asked")).decide(prospect(), as_of=NOON)
        assert (decision.answer, decision.reports) == ("blocked", (("rule_error", "asked", "ValueError"),))

    def test_a_preference_that_raises_is_ignored(self) -> None:
        rules = policy(
            BrokenPreference(id="broken", rank=-1),
            PreferredChannel(id="way", order=["phone"]),
            channels=["email", "phone"],
        )
        decision = rules.decide(prospect(), as_of=NOON)
        assert (decision.answer, decision.record.channel) == ("contact", "phone")
        assert ("preference_ignored", "broken", "KeyError") in decision.reports

    def test_a_deadline_that_raises_is_ignored(self) -> None:
        decision = policy(BrokenDeadline(id="broken")).decide(prospect(), as_of=NOON)
        assert (decision.answer, decision.deadlines) == ("contact", ())
        assert ("deadline_ignored", "broken", "OSError") in decision.reports


class TestCounterfactuals:
    RULES = policy(MORNINGS, Spacing(id="breathe", at_least="3 days"))
    HISTORY = (touch("t", "2026-03-02T10:00+01:00"),)

    def test_each_rule_left_out_alone(self) -> None:
        decision = self.RULES.decide(prospect(), self.HISTORY, as_of="2026-03-03T18:30+01:00")
        assert at(decision) == "2026-03-05T10:00:00+01:00"
        other = decision.counterfactuals()
        assert {name: at(item) for name, item in other.items()} == {
            "breathe": "2026-03-04T09:00:00+01:00",
            "mornings": "2026-03-05T10:00:00+01:00",
        }

    def test_without_several(self) -> None:
        decision = self.RULES.decide(prospect(), self.HISTORY, as_of="2026-03-03T18:30+01:00")
        assert decision.without("breathe", "mornings").answer == "contact"
        assert decision.without().record.at == decision.record.at
        with pytest.raises(PolicyError, match="has no rule `breath`; did you mean `breathe`"):
            decision.without("breath")

    def test_a_wish_may_be_thought_away_but_not_what_always_binds(self) -> None:
        person = prospect(
            wishes=[{"rule": "quiet_hours", "id": "late", "allow": "18:00-20:00"}],
            suppressions={"channel": "phone", "until": "2026-03-04T00:00Z"},
        )
        decision = policy(channels=["phone"]).decide(person, as_of=NOON)
        assert set(decision.blocking) == {"always/suppressions", "wish/late"}
        assert set(decision.counterfactuals()) == {"wish/late"}
        assert decision.without("wish/late").blocking == ("always/suppressions",)
        with pytest.raises(PolicyError, match="binds in every policy"):
            decision.without("always/suppressions")

    def test_of_a_layered_policy(self) -> None:
        law = Policy(name="law", rules=[BusinessDays(id="days")])
        decision = (law & self.RULES).decide(prospect(), as_of="2026-03-07T10:00+01:00")
        assert decision.blocking == ("house/mornings", "law/days")
        assert decision.without("law/days").blocking == ("house/mornings",)
        assert decision.without("law/days", "house/mornings").answer == "contact"

    def test_a_decision_read_back_has_no_case(self) -> None:
        decision = Decision.from_dict(self.RULES.decide(prospect(), as_of=NOON).to_dict())
        with pytest.raises(InputError, match="has no case; decide again"):
            decision.without("breathe")


class TestPreferences:
    def test_without_patience_the_earliest_opening_wins(self) -> None:
        rules = policy(
            MORNINGS.model_copy(update={"channels": None, "id": "calls"}),
            PreferredChannel(id="way", order=["phone", "email"]),
            channels=["phone", "email"],
        )
        only_calls = Policy.from_dict({**rules.to_dict(), "rules": [
            {"rule": "quiet_hours", "id": "calls", "channels": ["phone"], "allow": "17:00-20:00"},
            {"rule": "preferred_channel", "id": "way", "order": ["phone", "email"]},
        ]})  # fmt: skip
        decision = only_calls.decide(prospect(), as_of=NOON)
        assert (decision.answer, decision.record.channel) == ("contact", "email")

    def patient(self, patience: str = "8h") -> Policy:
        return policy(
            QuietHours(id="calls", channels=["phone"], allow="17:00-20:00"),
            ChannelRotation(id="vary", order=["phone", "email"], patience=patience),
            channels=["phone", "email"],
        )

    def test_a_preference_that_waits_says_so(self) -> None:
        rules, case = self.patient(), Case(prospect=prospect(), opened_at=NOON)
        decision = rules.decide(case, as_of=NOON)
        assert isinstance(decision, Wait)
        assert (decision.channel, at(decision), decision.waits_for) == ("phone", "2026-03-03T17:00:00+01:00", "vary")
        assert decision.earliest.isoformat() == "2026-03-03T12:00:00+01:00"
        assert "it is a preference that waits" in decision.text()

    def test_asked_again_at_the_answered_instant(self) -> None:
        rules, case = self.patient(), Case(prospect=prospect(), opened_at=NOON)
        for as_of in (NOON, "2026-03-03T13:00+01:00", "2026-03-03T16:59:59+01:00"):
            assert at(rules.decide(case, as_of=as_of)) == "2026-03-03T17:00:00+01:00"
        again = rules.decide(case, as_of="2026-03-03T17:00+01:00")
        assert isinstance(again, Contact)
        assert again.channel == "phone"

    def test_patience_runs_from_when_contact_became_possible_and_then_it_is_over(self) -> None:
        """Ready at noon, four hours of patience: a call at 17:00 is too far off, whenever one asks."""
        rules, case = self.patient("4h"), Case(prospect=prospect(), opened_at=NOON)
        for as_of in (NOON, "2026-03-03T14:00+01:00", "2026-03-03T15:59+01:00"):
            decision = rules.decide(case, as_of=as_of)
            assert (decision.answer, decision.record.channel) == ("contact", "email")

    def test_preferred_hours_wait_inside_an_option(self) -> None:
        rules = policy(
            QuietHours(id="open", allow="09:00-20:00"),
            PreferredHours(id="evening", hours="18:00-19:00", patience="12h"),
        )
        decision = rules.decide(Case(prospect=prospect(), opened_at=NOON), as_of=NOON)
        assert isinstance(decision, Wait)
        assert (at(decision), decision.until.isoformat(), decision.waits_for) == (  # type: ignore[union-attr]
            "2026-03-03T18:00:00+01:00", "2026-03-03T20:00:00+01:00", "evening",
        )  # fmt: skip

    def test_the_set_of_options_is_the_same_with_and_without_them(self) -> None:
        rules, case = self.patient(), Case(prospect=prospect(), opened_at=NOON)
        plain = rules.without("vary")
        assert {(o.channel, o.opening, o.until) for o in rules.decide(case, as_of=NOON).options} == {
            (o.channel, o.opening, o.until) for o in plain.decide(case, as_of=NOON).options
        }


class TestDeadlines:
    def test_met_due_missed_and_sure_to_be_missed(self) -> None:
        rules = policy(MORNINGS, RespondWithin(id="quick", within="2h"))
        asked = touch("i", "2026-03-03T11:30+01:00", direction="inbound", disposition="connected")
        answered = touch("o", "2026-03-03T13:00+01:00", disposition="connected")
        late = touch("i2", "2026-03-03T13:30+01:00", direction="inbound", disposition="connected")

        def state(as_of: str, *touches: Touch) -> list[tuple[str, tuple[str, ...]]]:
            return [(due.state, due.blocked_by) for due in rules.decide(prospect(), touches, as_of=as_of).deadlines]

        assert state("2026-03-03T12:00+01:00", asked) == [("due", ())]
        assert state("2026-03-03T13:35+01:00", asked) == [("missed", ())]
        assert state("2026-03-03T13:10+01:00", asked, answered) == [("met", ())]
        assert state("2026-03-03T14:10+01:00", late) == [("will_be_missed", ("mornings",))]

    def test_our_promise(self) -> None:
        promised = touch(
            "t",
            "2026-03-02T10:00+01:00",
            disposition="callback_requested",
            promise={"by": "us", "at": "2026-03-03T16:00+01:00"},
        )
        [due] = (
            policy(PromiseDue(id="promised"), MORNINGS).decide(prospect(owner="ana"), [promised], as_of=NOON).deadlines
        )
        assert (due.state, due.anchor, due.owner) == ("due", "t", "ana")

    def test_a_deadline_never_changes_the_answer(self) -> None:
        asked = touch("i", "2026-03-03T11:30+01:00", direction="inbound", disposition="connected")
        rules = policy(MORNINGS, RespondWithin(id="quick", within="1h"))
        late = "2026-03-03T15:00+01:00"
        assert at(rules.decide(prospect(), [asked], as_of=late)) == at(
            rules.without("quick").decide(prospect(), [asked], as_of=late)
        )


class TestKnownAt:
    def test_how_a_promise_was_kept_is_known_when_it_was(self) -> None:
        item = {
            "id": "i", "kind": "promise", "due": "2026-03-10", "since": "2026-03-01T00:00Z", "done_at": "2026-03-09T00:00Z",
            "content_kept": False, "price_kept": True,
        }  # fmt: skip
        case = Case(prospect=Prospect.model_validate({"id": "p", "pending": [item]}))
        [before] = case.known_at("2026-03-05T00:00Z").prospect.pending
        [after] = case.known_at("2026-03-09T00:00Z").prospect.pending
        assert (before.done_at, before.content_kept, before.price_kept) == (None, None, None)
        assert (after.content_kept, after.price_kept) == (False, True)

    def test_known_at_reads_a_date_on_its_own_clock(self) -> None:
        """A touch known only to the day is known from the first instant at which it may have begun, wherever that was."""

        def known(zone: str, when: str) -> int:
            touch = Touch(id="a", at="2026-03-06", channel="phone", zone=zone)
            return len(Case(prospect=Prospect(id="p"), touches=[touch]).known_at(when).touches)

        assert [known("Asia/Tokyo", f"2026-03-05T{hour}:00Z") for hour in (14, 15)] == [0, 1]
        assert [known("America/Los_Angeles", f"2026-03-06T0{hour}:00Z") for hour in (7, 8)] == [0, 1]

    def test_what_was_learned_later_is_gone(self) -> None:
        case = Case(
            prospect=prospect(
                opt_outs={"since": "2026-03-02T00:00Z"},
                stages=[{"name": "new"}, {"name": "lost", "since": "2026-03-02T00:00Z"}],
            ),
            touches=[
                touch("early", "2026-02-20T10:00Z"),
                touch("late", "2026-03-02T10:00Z"),
                touch("told-later", "2026-02-21T10:00Z", recorded_at="2026-03-02T00:00Z"),
                touch("booked", "2026-03-20T10:00Z", booked=True),
                touch("booked-later", "2026-03-20T10:00Z", booked=True, recorded_at="2026-03-02T00:00Z"),
            ],
        )
        then = case.known_at("2026-03-01T00:00Z")
        assert [item.id for item in then.touches] == ["early", "booked"]
        assert (then.prospect.opt_outs, then.prospect.stage) == ((), "new")
        rules = policy(StopOnStage(id="gone", on=["lost"]))
        assert rules.decide(then, as_of="2026-03-01T00:00Z").answer == "contact"
        assert rules.decide(case, as_of="2026-03-03T00:00Z").answer == "stop"

    def test_decide_never_cuts(self) -> None:
        case = Case(prospect=prospect(), touches=[touch("t", "2026-03-03T12:30+01:00")])
        rules = policy(FrequencyCap(id="one", at_most=1, each="day"))
        assert rules.decide(case, as_of=NOON).answer == "wait"
        assert rules.decide(case.known_at(NOON), as_of=NOON).answer == "contact"


class TestForms:
    def decisions(self) -> list[Decision]:
        rules = policy(
            MORNINGS, StopOn(id="answered", dispositions=["refused"]), RespondWithin(id="quick", within="2h")
        )
        refused = touch("t", "2026-03-02T10:00+01:00", disposition="refused")
        asked = touch("i", "2026-03-03T11:30+01:00", direction="inbound", disposition="ghosted")
        return [
            rules.decide(prospect(), [asked], as_of=NOON),
            rules.decide(prospect(), [asked], as_of="2026-03-03T15:00+01:00"),
            rules.decide(prospect(zones=()), as_of=NOON),
            rules.decide(prospect(), [refused], as_of=NOON),
            policy(AnyOf(id="either", rules=[MORNINGS, Spacing(id="gap", at_least="48h")])).decide(
                prospect(), [touch("t", "2026-03-02T20:00+01:00")], as_of="2026-03-03T20:00+01:00"
            ),
        ]

    def test_pickle_json_and_equality(self) -> None:
        for decision in self.decisions():
            for again in (pickle.loads(pickle.dumps(decision)), Decision.from_dict(json.loads(decision.to_json()))):
                assert type(again) is type(decision)
                assert again == decision
                assert hash(again) == hash(decision)
                assert again.to_dict() == decision.to_dict()
                assert (again.text("es"), again._repr_html_()) == (decision.text("es"), decision._repr_html_())
        assert len(set(self.decisions())) == 5
        assert self.decisions()[0] != self.decisions()[1]
        assert self.decisions()[0] != "contact"

    def test_words_in_both_languages(self) -> None:
        english = [decision.text().splitlines()[0] for decision in self.decisions()]
        assert english == [
            "contact now by phone, until Tue 3 Mar 2026 14:00 +01:00",
            "wait until Wed 4 Mar 2026 09:00 +01:00, then phone, until Wed 4 Mar 2026 14:00 +01:00",
            "blocked; needs a known time zone",
            "stop: answered",
            "wait until Wed 4 Mar 2026 09:00 +01:00, then phone, until Wed 4 Mar 2026 14:00 +01:00",
        ]
        spanish = [decision.text("es").splitlines()[0] for decision in self.decisions()]
        assert spanish[0] == "contactar ahora por teléfono, hasta mar 3 mar 2026 14:00 +01:00"
        assert spanish[2].startswith("bloqueado")
        assert all(
            len(decision.text("es").splitlines()) == len(decision.text().splitlines()) for decision in self.decisions()
        )
        with pytest.raises(InputError, match="language `eo` is not there; write one of en, es"):
            self.decisions()[0].text("eo")

    def test_html_escapes_what_it_is_given(self) -> None:
        rules = policy(MORNINGS.model_copy(update={"because": "<b>siesta</b> & rest"}))
        html = rules.decide(prospect(), as_of="2026-03-03T15:00+01:00")._repr_html_()
        assert "&lt;b&gt;siesta&lt;/b&gt; &amp; rest" in html
        assert "<b>siesta" not in html

    def test_repr_and_str(self) -> None:
        decision = self.decisions()[2]
        assert repr(decision) == "Blocked('p1', needs=('zone',))"
        assert str(decision) == decision.text("en")

    def test_immutable(self) -> None:
        decision = self.decisions()[0]
        with pytest.raises(AttributeError):
            decision.channel = "email"  # type: ignore[misc, attr-defined]
        with pytest.raises(AttributeError):
            decision.record.channel = "email"  # type: ignore[misc]

    def test_stamped(self) -> None:
        decision = self.decisions()[0]
        assert set(decision.made_with) >= {"cadencia", "tzdata", "holidays"}
        assert all(decision.made_with.values())
        assert decision.version is None
        assert len(decision.fingerprint) == 32


def test_details_come_back_from_data_as_they_were() -> None:
    """A block's details are the same in a decision and in one read back from its JSON, lists of names included."""
    rules = [
        {"rule": "stop_unless_qualified", "id": "a", "fact": "x"},
        {"rule": "stop_unless_qualified", "id": "b", "tag": "y"},
    ]
    policy = Policy.from_dict(
        {
            "cadencia": 1,
            "name": "either",
            "channels": ["phone"],
            "rules": [{"rule": "any_of", "id": "o", "rules": rules}],
        }
    )
    decision = policy.decide(Prospect(id="p1"), as_of="2026-03-06T10:00+01:00")
    assert decision.chain[0].details == {"rules": ("a", "b")}
    assert Decision.from_dict(json.loads(decision.to_json())) == decision


def test_what_is_over_is_no_evidence_though_what_began_before_it_lasts() -> None:
    """Of two calls the longer began first and ended last: once the gap after the other is over, it alone is told."""
    both = {"rule": "any_of", "id": "o", "rules": [
        {"rule": "spacing", "id": "gap", "at_least": "48h"}, {"rule": "require_consent", "id": "asked"},
    ]}  # fmt: skip
    rule = policy(both).rules[0]
    history = [
        touch("long", "2026-03-03T07:00+01:00", end="2026-03-03T11:00+01:00"),
        touch("short", "2026-03-03T08:00+01:00"),
    ]
    view = Case.of(prospect(), history).view()
    start = 1_772_535_600 * 10**6
    told = [
        tuple(block.touches) for block in rule.answer(view, Candidate("phone"), (start, start + 72 * 3_600 * 10**6))
    ]
    assert told == [("short", "long"), ("long",)]


def test_a_night_is_cut_by_the_agreed_time_that_it_meets() -> None:
    """The agreed time lifts the night that it falls into, and no other; of two, the one that was agreed last."""
    nights = QuietHours(id="nights", between={"daily": ["21:00-09:00"]}, unless={"requested": {"grace": "1h"}})
    asked = [
        touch(f"t{day}", f"2026-03-01T1{day}:00+01:00", disposition="callback_requested",
              promise={"by": "us", "at": f"2026-03-0{day}T23:00+01:00", "kind": "callback"})
        for day in (3, 5)
    ]  # fmt: skip
    [open_] = (
        policy(nights).windows(prospect(), "2026-03-03T20:00+01:00", "2026-03-06T10:00+01:00", touches=asked).values()
    )
    view = Case.of(prospect(), asked).view()
    blocks = sorted(nights.answer(view, Candidate("phone"), (1_772_560_800 * 10**6, 1_772_784_000 * 10**6)))
    assert [(block.end - block.start) // 3_600_000_000 for block in blocks] == [12, 12, 2, 9], (
        "the third night has a gap of an hour"
    )
    madrid = ZoneInfo("Europe/Madrid")
    assert [tuple(f"{edge.astimezone(madrid):%dT%H:%M}" for edge in stretch) for stretch in open_] == [
        ("03T20:00", "03T21:00"), ("04T09:00", "04T21:00"),
        ("05T09:00", "05T21:00"), ("05T23:00", "06T00:00"), ("06T09:00", "06T10:00"),
    ]  # fmt: skip


# -- a calendar that does not reach far enough ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "spacing", "at_least": "1 business day"},
        {"rule": "recall", "after": {"busy": "1 business day"}},
        {"rule": "cool_off", "silence": "1 business day"},
        {"rule": "await_promise", "undated": "1 business day"},
        {"rule": "account_reply", "lasts": "1 business day"},
    ],
)
def test_a_delay_that_a_calendar_cannot_tell_names_region_and_year(rule: dict[str, Any]) -> None:
    told = {"id": "t", "at": "2210-03-02T12:00Z", "channel": "phone", "disposition": "busy", "promise": {"by": "them"}}
    theirs = {"id": "u", "at": "2210-03-02T12:00Z", "channel": "phone", "disposition": "replied", "prospect": "p2"}
    account = {"id": "a1", "people": [{"id": "p2"}], "touches": [theirs]}
    case = Case.model_validate({"prospect": MADRID, "touches": [told], "account": account})
    house = {"cadencia": 1, "name": "house", "channels": ["phone"], "rules": [{**rule, "id": "r", "calendar": "ES"}]}
    decision = Policy.from_dict(house).decide(case, as_of="2210-03-02T13:00Z")
    assert isinstance(decision, Blocked)
    assert "does not cover 2210" in decision.text()
    assert "calendario de festivos de ES no cubre 2210" in decision.text("es")


def test_a_rule_takes_no_field_that_means_nothing_to_it() -> None:
    house = {"cadencia": 1, "name": "house", "rules": [{"rule": "never_undated", "id": "r", "clock": "Europe/Madrid"}]}
    with pytest.raises(PolicyError, match="clock"):
        Policy.from_dict(house)


def test_a_decision_read_back_tells_the_same() -> None:
    """Without its case: the address, and from when until when, in microseconds."""
    rules = policy(QuietHours(id="day", allow={"daily": ["09:00-18:00"]}))
    asked = rules.decide(prospect(contact_points=[{"channel": "phone", "address": "+999341"}]), [], as_of=NOON)
    again = Decision.from_dict(asked.to_dict())
    assert isinstance(asked, Contact)
    assert isinstance(again, Contact)
    assert again.contact_point == asked.contact_point == "+999341"
    assert again.stretch() == asked.stretch()


def test_a_rule_that_cannot_say_whether_it_speaks_is_closed() -> None:
    """Whatever a rule raises is a block; also while it is asked whether it speaks of a candidate at all."""

    class Unsure(Limit):
        """Raises before it is asked for blocks."""

        rule: Literal["acme.unsure"] = "acme.unsure"

        def covers(self, view: Any, candidate: Any) -> bool:
            raise RuntimeError("no idea")

    decision = policy(Unsure(id="unsure")).decide(prospect(), [], as_of=NOON)
    assert (decision.answer, decision.needs) == ("blocked", ("rule_mended",))  # type: ignore[union-attr]


def test_the_first_preference_that_would_wait_says_until_when() -> None:
    """Law 16: of two preferred hours the later one moves nothing on, or each would send us to the other's for ever."""
    rules = policy(
        PreferredHours(id="a", hours={"daily": ["09:00-14:00"]}, patience="1d"),
        PreferredHours(id="b", hours={"daily": ["17:00-20:00"]}, patience="1d"),
        channels=["phone"],
    )
    now = rules.decide(prospect(), [], as_of="2026-03-02T13:00+01:00")
    assert isinstance(now, Contact)
    later = rules.decide(prospect(), [], as_of="2026-03-02T15:00+01:00")
    assert isinstance(later, Wait)
    assert later.at.isoformat() == "2026-03-03T09:00:00+01:00"
    assert isinstance(rules.decide(prospect(), [], as_of=later.at), Contact)
