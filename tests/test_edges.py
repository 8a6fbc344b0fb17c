"""Edges that random search seldom finds: each stated, with the answer that is right."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import pytest

from cadencia import Blocked, Case, Contact, Decision, InputError, OptOut, Policy, Prospect, Stop, Suppression, Wait
from cadencia import explain as explaining
from cadencia._time.clock import micros, zone_of
from cadencia._time.holidays import closed_days, holiday_days
from cadencia._time.periods import read_delay, read_length
from cadencia._time.spans import gaps
from cadencia.language import say
from cadencia.rules import (
    AccountReply,
    Block,
    BusinessDays,
    Candidate,
    ChannelRotation,
    CoolOff,
    FrequencyCap,
    Limit,
    MaxAttempts,
    NoRepeatedChannel,
    Offer,
    PreferredHours,
    PromiseDue,
    QuietHours,
    Recall,
    RequireConsent,
    RespondWithin,
    Spacing,
    StopOn,
    StopOnOptOut,
    StopUnlessQualified,
)
from cadencia.rules.author import FOREVER, Span, View
from cadencia.rules.history import together
from cadencia.rules.registry import register

NOON = "2026-03-03T12:00Z"
HOUR = 3_600_000_000


def tick(text: str) -> int:
    return micros(datetime.fromisoformat(text))


def policy(*rules: Any, channels: Any = ("phone",), **more: Any) -> Policy:
    return Policy(**{"name": "p", "channels": channels, "rules": rules, **more})


def touch(id: str, at: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "at": at, "channel": "phone", "disposition": "no_answer", **more}


def case(*touches: dict[str, Any], people: Any = (), theirs: Any = (), **prospect: Any) -> Case:
    account = {"id": "a", "people": people, "touches": theirs} if people else None
    return Case.model_validate(
        {"prospect": {"id": "p", "zones": "UTC", **prospect}, "touches": touches, "account": account}
    )


def opening(decision: Decision) -> str:
    assert isinstance(decision, (Contact, Wait))
    return decision.at.in_timezone("UTC").format("YYYY-MM-DD HH:mm")


# -- the clock --------------------------------------------------------------------------------------------------------


def test_a_clock_that_changes_where_two_chunks_meet() -> None:
    """Baghdad put its clocks forward at an instant that is a whole number of chunks of sixteen days after 1970."""
    zone = zone_of("Asia/Baghdad")
    change = tick("1991-04-01T00:00+00:00")
    assert change % (16 * 24 * HOUR) == 0
    assert zone.offset(change - 1) == 3 * HOUR
    assert zone.offset(change) == 4 * HOUR
    assert list(zone.stretches(change - HOUR, change + HOUR)) == [
        (change - HOUR, change, 3 * HOUR),
        (change, change + HOUR, 4 * HOUR),
    ]
    assert list(zone.stretches(change, change)) == []
    assert repr(zone) == "zone_of('Asia/Baghdad')"


def test_a_date_that_the_zone_skipped_is_the_instant_of_the_skip() -> None:
    """Samoa had no 30 December 2011: a touch dated so counts from when the 29th ended."""
    person = {"zones": "Pacific/Apia"}
    spaced = policy(Spacing(id="s", at_least="24h"))
    decision = spaced.decide(case(touch("t", "2011-12-30"), **person), as_of="2011-12-30T11:00Z")
    assert opening(decision) == "2011-12-31 10:00"
    view = case(touch("t", "2011-12-30"), **person).view()
    assert repr(view.touches[0]) == "Seen('t', 1325239200000000, 'phone', 'no_answer')"


def test_spans_beyond_the_end_leave_no_gap() -> None:
    assert gaps([(2, 4), (20, 30)], 0, 10) == [(0, 2), (4, 10)]
    assert gaps([(0, 10), (12, 14)], 0, 10) == []


def test_lengths_and_delays_may_be_taken_from_another_rule() -> None:
    cap = FrequencyCap(id="c", at_most=1, within="7d")
    assert FrequencyCap(id="c", at_most=1, within=cap.within) == cap
    assert read_length(cap.within) is cap.within
    delay = read_delay("2 days")
    assert read_delay(delay) is delay
    named = MaxAttempts(id="m", at_most=1, channels=["phone"])
    assert MaxAttempts(id="m", at_most=1, channels=named.channels) == named


def test_half_months() -> None:
    """The first fifteen days, and the rest."""
    capped = policy(FrequencyCap(id="c", at_most=1, each="half_month"))
    for at, opens in (("2026-02-15T09:00Z", "2026-02-16 00:00"), ("2026-02-16T09:00Z", "2026-03-01 00:00")):
        assert opening(capped.decide(case(touch("t", at)), as_of=at)) == opens


# -- calendars ---------------------------------------------------------------------------------------------------------


def test_a_holiday_calendar_that_does_not_reach_the_year_is_closed() -> None:
    """What is not known is closed, and says which calendar of which year would lift it."""
    assert holiday_days("ES", 2500) is None
    assert holiday_days("ZZ", 2026) is None
    first = zone_of("UTC").day(tick("2500-01-04T00:00+00:00"))
    assert closed_days(("ES",), first, first + 1) == {first, first + 1}
    weekdays = policy(BusinessDays(id="b", holidays=["ES"]))
    decision = weekdays.decide(case(), as_of="2500-01-04T10:00Z")
    assert isinstance(decision, Blocked)
    assert decision.needs == ("calendar",)
    assert "ES" in decision.text()
    spaced = policy(Spacing(id="s", at_least="2 business days", calendar=["ES"]))
    decision = spaced.decide(case(touch("t", "2500-01-04T09:00Z")), as_of="2500-01-04T10:00Z")
    assert isinstance(decision, Blocked)
    assert decision.needs == ("calendar",)
    unknown = policy(QuietHours(id="q", allow="09:00-17:00", holidays="prospect")).decide(
        case(regions="ZZ"), as_of=NOON
    )
    assert isinstance(unknown, Blocked)
    assert unknown.needs == ("calendar",)


@pytest.mark.parametrize("business_days", [(), "sat"])
def test_a_business_day_that_never_comes(business_days: Any) -> None:
    rule = Spacing(id="s", at_least="9 business days", business_days=business_days)
    decision = policy(rule).decide(case(touch("t", "2026-03-03T09:00Z")), as_of=NOON, horizon="30 days")
    assert isinstance(decision, Blocked)
    assert (decision.needs == ("calendar",)) == (business_days == ())


def test_business_hours_that_never_come() -> None:
    rule = Spacing(id="s", at_least="2 business hours", hours={"mon-fri": ["09:00-17:00"]}, business_days=())
    decision = policy(rule).decide(case(touch("t", "2026-03-03T09:00Z")), as_of=NOON)
    assert isinstance(decision, Blocked)


def test_open_to_midnight_where_two_chunks_meet() -> None:
    """A window that closes at midnight closes there, also where what is kept of the hours ends there."""
    evening = policy(QuietHours(id="q", allow="09:00-24:00"))
    for day in range(1, 18):
        decision = evening.decide(case(), as_of=f"2026-03-{day:02}T10:00Z")
        assert isinstance(decision, Contact)
        assert decision.until is not None
        assert decision.until.format("DD HH:mm") == f"{day + 1:02} 00:00"


# -- rules -------------------------------------------------------------------------------------------------------------


def test_dates_that_overlap_are_one_group() -> None:
    """Touches whose dates overlap are the last together, until the latest of them is over."""
    seen: list[Any] = [SimpleNamespace(lo=lo, hi=hi) for lo, hi in ((0, 10), (5, 20), (18, 19), (21, 30))]
    assert [(lo, hi, len(group)) for lo, hi, group in together(seen)] == [(0, 20, 3), (21, 30, 1)]


def test_counting_by_purpose() -> None:
    """A touch of another known purpose does not count; one of no known purpose may."""
    once = policy(MaxAttempts(id="m", at_most=1, per="purpose"))
    for purpose, answer in (("service", "contact"), ("sales", "stop"), (None, "stop")):
        made = touch("t", "2026-03-01T10:00Z", purpose=purpose)
        assert once.decide(case(made), as_of=NOON, purpose="sales").answer == answer


def test_a_reply_in_the_account_for_no_time_at_all() -> None:
    reply = touch("t", NOON, direction="inbound", disposition="replied", prospect="q")
    for lasts, answer in (("0m", "contact"), ("1h", "wait")):
        rule = AccountReply(id="a", lasts=lasts)
        decision = policy(rule).decide(case(people=[{"id": "q"}], theirs=[reply]), as_of=NOON)
        assert decision.answer == answer


def test_a_reply_in_the_account_of_nobody_knows_which_calendar() -> None:
    reply = touch("t", NOON, direction="inbound", disposition="replied", prospect="q")
    rule = AccountReply(id="a", lasts="2 business days", calendar=["prospect"])
    decision = policy(rule).decide(case(people=[{"id": "q"}], theirs=[reply]), as_of=NOON)
    assert isinstance(decision, Blocked)
    assert decision.needs == ("region",)


def test_a_dead_number_stops_that_number_only() -> None:
    dead = StopOn(id="s", dispositions=["wrong_number"], scope="contact_point")
    points = [{"channel": "phone", "address": "1"}, {"channel": "phone", "address": "2"}]
    made = touch("t", "2026-03-01T10:00Z", disposition="wrong_number", contact_point="1")
    decision = policy(dead).decide(case(made, contact_points=points), as_of=NOON)
    assert isinstance(decision, Contact)
    assert decision.contact_point == "2"


def test_an_opt_out_of_one_channel_stops_that_channel_or_all() -> None:
    person = case(opt_outs=[{"channel": "email", "since": "2026-03-01T10:00Z"}])
    for scope, answer in (("channel", "contact"), ("case", "stop")):
        rule = StopOnOptOut(id="s", scope=scope)
        assert policy(rule).decide(person, as_of=NOON).answer == answer
    over = StopOnOptOut(id="s", until="2026-02-01T10:00Z")  # in force for opt-outs before February
    assert policy(over).decide(person, as_of=NOON).answer == "contact"


def test_an_opt_out_that_was_said_stops_though_it_is_on_no_record() -> None:
    said = touch("t", "2025-03-01T10:00Z", channel="email", disposition="opted_out", direction="inbound")
    for scope, answer in (("channel", "contact"), ("case", "stop")):
        assert policy(StopOnOptOut(id="s", scope=scope)).decide(case(said), as_of=NOON).answer == answer
    lifted = StopOnOptOut(id="s", lifted_by={"dispositions": ["interested"]})
    again = touch("u", "2025-04-01T10:00Z", disposition="interested")
    assert policy(lifted).decide(case(said, again), as_of=NOON).answer == "contact"


def test_a_promise_is_kept_on_its_day_or_by_reaching_them() -> None:
    rule = PromiseDue(id="p")
    promised = touch("a", "2026-03-01T10:00Z", promise={"by": "us", "at": "2026-03-03T18:00Z"})
    for at, disposition, state in (
        ("2026-03-02T10:00Z", "sent", "due"),
        ("2026-03-02T10:00Z", "connected", "met"),
        ("2026-03-03T08:00Z", "sent", "met"),
    ):
        made = touch("b", at, disposition=disposition)
        [due] = policy(rule).decide(case(promised, made), as_of=NOON).deadlines
        assert due.state == state, (at, disposition)
    dated = touch("a", "2026-03-01T10:00Z", promise={"by": "us", "at": "2026-03-03"})
    [due] = policy(rule).decide(case(dated, touch("b", "2026-03-03T08:00Z")), as_of=NOON).deadlines
    assert due.state == "met"


def test_who_qualifies_is_attended_from_then_on() -> None:
    rule = RespondWithin(id="r", within="4h", of="qualification", fact="fit", at_stages=["qualified"])
    stages = [
        {"name": "new"},
        {"name": "qualified", "since": "2026-03-01T10:00Z"},
        {"name": "lost", "since": "2026-03-01T11:00Z"},  # before it was due, untouched: nothing is owed
        {"name": "qualified", "since": "2026-03-03T10:00Z"},
    ]
    [due] = policy(rule).decide(case(stages=stages), as_of=NOON).deadlines
    assert (due.code, due.state, str(due.due)) == ("attend", "due", "2026-03-03 14:00:00+00:00")
    [due] = (
        policy(rule).decide(case(facts={"fit": {"value": True, "since": "2026-03-02T10:00Z"}}), as_of=NOON).deadlines
    )
    assert due.state == "missed"
    for facts in ({"fit": {"value": "no"}}, {"fit": {"value": True, "since": "2026-03-09T10:00Z"}}, {"fit": True}, {}):
        assert not policy(rule).decide(case(facts=facts), as_of=NOON).deadlines, "not yet, or nobody knows since when"
    for wrong in ({"of": "qualification"}, {"of": "opening", "fact": "fit"}):
        with pytest.raises(ValueError, match="qualification"):
            RespondWithin(id="r", within="4h", **wrong)


def test_a_touch_may_show_that_somebody_is_qualified() -> None:
    rule = StopUnlessQualified(id="q", by={"dispositions": ["interested"]})
    assert policy(rule).decide(case(touch("t", "2026-03-01T10:00Z")), as_of=NOON).answer == "stop"
    shown = touch("t", "2026-03-01T10:00Z", disposition="interested")
    assert policy(rule).decide(case(shown), as_of=NOON).answer == "contact"


def test_a_recall_is_over_once_another_touch_has_begun() -> None:
    """Only the last touch is waited for."""
    rule = Recall(id="r", after={"busy": ["10 days"], "otherwise": ["1h"]})
    first, last = touch("a", "2026-03-01T10:00Z", disposition="busy"), touch("b", "2026-03-03T11:30Z")
    assert opening(policy(rule).decide(case(first, last), as_of=NOON)) == "2026-03-03 12:30"
    assert opening(policy(rule).decide(case(first), as_of=NOON)) == "2026-03-11 10:00"


def test_a_preferred_hour_beyond_what_may_be_waited_for() -> None:
    rule = PreferredHours(id="p", hours={"daily": ["10:00-11:00"]})
    offer = Offer(Candidate("phone"), tick(NOON.replace("Z", "+00:00")), ((0, FOREVER),))
    assert rule.moment(case().view(), offer, offer.opening - 1) == offer.opening


@register
class TurnedRound(Limit):
    """A limit whose block ends before it begins, inside whatever it is asked about."""

    rule: Literal["acme.turned_round"] = "acme.turned_round"
    messages: ClassVar[dict[str, dict[str, str]]] = {"en": {"round": "until {when}"}}

    def blocks(self, case: View, candidate: Candidate, span: Span) -> list[Block]:
        middle = (span[0] + span[1]) // 2
        return [self.block(middle + 1, middle, "round")]


def test_a_block_turned_round_inside_the_span_closes() -> None:
    """Left out in silence it would permit."""
    decision = policy(TurnedRound(id="t")).decide(case(), as_of=NOON)
    assert isinstance(decision, Blocked)
    assert decision.needs == ("rule_mended",)


# -- decisions ---------------------------------------------------------------------------------------------------------


def test_a_detail_that_is_missing_shows_as_an_ellipsis() -> None:
    assert say("en", "blocks", "round", {}, "acme.turned_round") == "until …"


def test_a_decision_read_back_says_what_the_first_said() -> None:
    decision = policy(QuietHours(id="q", allow="09:00-11:00")).decide(case(), as_of=NOON)
    again = Decision.from_dict(decision.to_dict())
    assert isinstance(decision, Wait)
    assert isinstance(again, Wait)
    assert (again.at, again.until, again.as_of, again.horizon) == (
        decision.at, decision.until, decision.as_of, decision.horizon,
    )  # fmt: skip
    assert (again.prospect, again.policy) == ("p", "p")
    (block,) = again.chain
    (same,) = decision.chain
    assert block == same
    assert len({block, same}) == 1
    assert block != "a block"
    assert repr(block).startswith("BlockRecord(rule='q', code='quiet_hours'")


def test_a_fast_answer_tells_its_instants_before_anything_else() -> None:
    """`at` needs the prospect's zone, and nothing that is worked out later."""
    decision = policy(QuietHours(id="q", allow="09:00-11:00")).decide(case(zones="Asia/Tokyo"), as_of=NOON)
    assert isinstance(decision, Wait)
    assert decision.at.isoformat() == "2026-03-04T09:00:00+09:00"
    assert decision.until is not None
    assert decision.until.isoformat() == "2026-03-04T11:00:00+09:00"


def test_a_stop_that_ends_after_the_horizon_says_when() -> None:
    rule = StopOn(id="s", dispositions=["refused"], lasts="60 days")
    decision = policy(rule).decide(case(touch("t", NOON, disposition="refused")), as_of=NOON, horizon="7 days")
    assert isinstance(decision, Stop)
    assert decision.until is not None
    assert "until Sat 2 May 2026" in decision.text().splitlines()[0]


def test_two_preferences_that_wait_alike() -> None:
    """Neither alone makes anybody wait; the first is named."""
    rules = [
        PreferredHours(id="a", hours={"daily": ["15:00-16:00"]}, patience="1d"),
        PreferredHours(id="b", hours={"daily": ["15:00-16:00"]}, patience="1d"),
    ]
    decision = policy(*rules).decide(case(), as_of=NOON)
    assert isinstance(decision, Wait)
    assert decision.waits_for == "a"


def test_layers_that_say_nothing_are_nothing() -> None:
    empty = Policy(name="empty")
    assert empty & Policy(name="nothing") is empty


def test_what_decisions_are_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zone rules come from the machine, or from the package where it has none."""
    whole = dict(explaining._versions.__wrapped__())
    assert whole.keys() == {"cadencia", "tzdata", "holidays"}
    monkeypatch.setattr(explaining, "TZPATH", ())
    monkeypatch.setattr(explaining, "version", lambda package: {"holidays": "9"}[package])
    with pytest.raises(KeyError):
        explaining._versions.__wrapped__()

    def none(package: str) -> str:
        raise explaining.PackageNotFoundError(package)

    monkeypatch.setattr(explaining, "version", none)
    assert dict(explaining._versions.__wrapped__())["tzdata"] == "unknown"


def test_a_rotation_that_escalates_and_one_that_goes_in_order() -> None:
    history = [touch(f"t{n}", f"2026-03-0{n}T09:00Z") for n in (1, 2)]
    for mode, channel in (("in_order", "email"), ("alternate", "email"), ("escalate", "email")):
        rule = ChannelRotation(id="r", order=["phone", "email"], mode=mode, each=2)
        decision = policy(rule, channels=["phone", "email"]).decide(case(*history), as_of=NOON)
        assert isinstance(decision, Contact)
        assert decision.channel == channel, mode


def test_consent_is_needed_and_named() -> None:
    decision = policy(RequireConsent(id="c")).decide(Prospect(id="p"), as_of=datetime(2026, 3, 3, tzinfo=UTC))
    assert isinstance(decision, Blocked)
    assert decision.needs == ("consent",)


def test_what_ends_before_it_begins_is_refused() -> None:
    """An opt-out of no length would bind nobody, and nobody would notice."""
    for model in (OptOut, Suppression):
        assert model(since="2026-03-01T00:00Z", until="2026-03-02T00:00Z").until is not None
        for until in ("2026-03-01T00:00Z", "2026-02-01T00:00Z"):
            with pytest.raises(InputError, match="not after it begins; write a later end, or none"):
                model(since="2026-03-01T00:00Z", until=until)


# -- the fast lane -----------------------------------------------------------------------------------------------------

LANE = policy(Spacing(id="s", at_least="1h"), NoRepeatedChannel(id="n", at_most=3))


def test_the_longest_touch_counts_though_a_later_one_began() -> None:
    long = touch("a", "2026-03-03T08:00Z", end="2026-03-03T11:30Z")
    short = touch("b", "2026-03-03T09:00Z", end="2026-03-03T09:05Z")
    assert LANE.engine.lane is not None
    assert opening(LANE.decide(case(long, short), as_of=NOON)) == "2026-03-03 12:30"
    between = touch("c", "2026-03-03T10:00Z", end="2026-03-03T10:05Z", channel="email")
    assert opening(LANE.decide(case(long, between), as_of=NOON)) == "2026-03-03 12:30"


def test_a_touch_given_twice_is_read_in_full() -> None:
    plain = {"direction": "outbound", **touch("a", "2026-03-03T11:30Z")}
    person = {"id": "p", "zones": "UTC", "regions": "ES"}
    for touches in ([plain, plain], [plain]):
        assert opening(LANE.decide(person, touches, as_of=NOON)) == "2026-03-03 12:30"
        assert opening(LANE.decide(Case.of(person, touches), as_of=NOON)) == "2026-03-03 12:30"
    with pytest.raises(InputError, match="out of range"):
        LANE.decide(person, [{**plain, "at": "0001-01-01T12:00Z"}], as_of=NOON)


def test_a_channel_used_to_its_end_from_the_first_touch_on() -> None:
    """Nothing but calls was ever made, and as many as may be; asked twice, as much is kept."""
    calls = [touch(f"t{n}", f"2026-03-01T0{n}:00Z") for n in range(1, 4)]
    for _ in range(2):
        decision = LANE.decide(case(*calls), as_of=NOON)
        assert isinstance(decision, Blocked)
        (said,) = (verdict for verdict in decision.verdicts if verdict.rule == "n")
        assert said.touches == ("t1", "t2", "t3")


def test_silence_in_business_days_of_a_calendar() -> None:
    rule = CoolOff(id="c", times=1, silence="2 business days", calendar=["ES"])
    quiet = policy(rule)
    # 19 and 20 March 2026 are a Thursday and a Friday
    assert opening(quiet.decide(case(touch("t", "2026-03-19T09:00Z")), as_of="2026-03-19T10:00Z")) == "2026-03-23 00:00"


def test_a_gap_set_may_begin_before_the_span() -> None:
    assert gaps([(0, 2), (3, 6)], 5, 10) == [(6, 10)]


def test_a_rule_in_force_is_read_without_a_zone() -> None:
    """Without a zone a date may begin as early and end as late as anywhere on Earth."""
    rule = MaxAttempts(id="m", at_most=0, in_force={"from": "2026-03-02", "to": "2026-03-02"})
    nowhere = case(zones=[])
    for at, answer in (
        ("2026-03-01T09:59Z", "contact"), ("2026-03-01T10:00Z", "wait"),
        ("2026-03-03T11:59Z", "wait"), ("2026-03-03T12:00Z", "contact"),
    ):  # fmt: skip
        assert policy(rule).decide(nowhere, as_of=at).answer == answer


def test_reasons_of_a_stop_where_one_channel_was_used_alone() -> None:
    """The verdict of a rule beside the stop names every touch of the run; asked twice, what is kept says the same."""
    rules = policy(NoRepeatedChannel(id="n", at_most=2), StopOn(id="x", dispositions=["refused"]))
    calls = [touch("t1", "2026-03-01T10:00Z"), touch("t2", "2026-03-02T10:00Z", disposition="refused")]
    told = []
    for _ in range(2):
        decision = rules.decide(case(*calls), as_of=NOON)
        assert isinstance(decision, Stop)
        assert decision.reasons() is not None
        told.append({verdict.rule: verdict.touches for verdict in decision.verdicts if verdict.touches})
    assert told == [{"n": ("t1", "t2"), "x": ("t2",)}] * 2
