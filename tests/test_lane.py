"""The fast lane and the general path agree on everything: answers, windows, blocking rules, verdicts and chains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cadencia import Case, Contact, Decision, Policy, Prospect, Stop, Touch, Wait
from cadencia._lane.lane import fits
from cadencia._lane.rows import read_raw
from cadencia._time.clock import DAY, EPOCH, zone_of
from cadencia.rules import ChannelRotation, MaxAttempts, QuietHours, Spacing, StopOn, StopOnOptOut
from cadencia.rules.registry import read_rule

ZONES = {
    "Europe/Madrid": "ES",
    "America/New_York": "US",
    "Asia/Kolkata": "IN",
    "Australia/Lord_Howe": "AU",
    "America/St_Johns": "CA",
    "Pacific/Apia": None,
}
CHANNELS = ("email", "phone", "sms")
DISPOSITIONS = ("no_answer", "voicemail_left", "sent", "replied", "bounced_hard", "opted_out")
COUNTS = st.sampled_from(("attempted", "planned"))
WINDOWS = st.sampled_from(
    (
        {"mon-fri": ["09:00-14:00", "17:00-20:00"]},
        {"daily": ["07:00-22:00"]},
        {"mon-sat": [">10:00-19:00"]},
        {"fri-sun": ["22:00-02:30"]},
        {"daily": ["00:00-24:00"]},
        {"sun": ["01:30-02:30"]},
    )
)

POINTS = st.fixed_dictionaries(
    {"channel": st.sampled_from((*CHANNELS, "letter")), "address": st.sampled_from("abc")},
    optional={"status": st.sampled_from(("valid", "valid", "bounced", "invalid"))},
)


@st.composite
def lane_rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rules that all fit the lane, as data."""
    count = draw(COUNTS)
    some = st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=2, unique=True)
    kinds: dict[str, st.SearchStrategy[dict[str, Any]]] = {
        "max_attempts": st.fixed_dictionaries({"at_most": st.integers(0, 6), "count": st.just(count)}),
        "frequency_cap": st.fixed_dictionaries(
            {"at_most": st.integers(1, 4), "within": st.sampled_from(("24h", "7d", "30m")), "count": st.just(count)}
        ),
        "spacing": st.fixed_dictionaries(
            {
                "at_least": st.sampled_from(("48h", "20m", "2 dates", "1 full date", "3 business days")),
                "count": st.just(count),
                "calendar": st.sampled_from((["prospect"], ["prospect_country"], ["ES"], None)),
                "per": st.sampled_from(([], ["channel"])),
            }
        ),
        "no_repeated_channel": st.fixed_dictionaries({"at_most": st.integers(1, 3), "count": st.just(count)}),
        "quiet_hours": st.one_of(
            st.fixed_dictionaries(
                {"allow": WINDOWS},
                optional={
                    "holidays": st.sampled_from((["prospect"], ["ES-CT"], ["US", "prospect"], ["prospect_country"])),
                    "channels": some,
                    "clock": st.sampled_from((["prospect"], ["Europe/Lisbon"], ["prospect", "Asia/Tokyo"])),
                    "dates": st.just({"2026-03-30": ["10:00-11:00"], "2026-11-01": "closed"}),
                },
            ),
            st.fixed_dictionaries({"between": WINDOWS}, optional={"channels": some}),
        ),
        "business_days": st.fixed_dictionaries({"days": st.sampled_from(("mon-fri", "tue", "sat-sun"))}),
        "stop_on": st.fixed_dictionaries(
            {"dispositions": st.lists(st.sampled_from(DISPOSITIONS), min_size=1, max_size=2, unique=True)},
            optional={"scope": st.just("channel")},
        ),
        "stop_on_opt_out": st.fixed_dictionaries({}, optional={"scope": st.just("channel"), "channels": some}).map(
            lambda rule: {"scope": "channel", **rule} if "channels" in rule else rule
        ),
        "channel_rotation": st.fixed_dictionaries({"order": some, "count": st.just(count)}),
        "preferred_channel": st.fixed_dictionaries({"order": some, "rank": st.integers(0, 1)}),
        "respond_within": st.fixed_dictionaries({"within": st.just("2h")}),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), max_size=6))
    rules = []
    for number, kind in enumerate(chosen):
        data = draw(kinds[kind])
        rules.append(
            {"rule": kind, "id": f"r{number}", **{key: value for key, value in data.items() if value is not None}}
        )
    return rules


@st.composite
def situations(draw: st.DrawFn) -> tuple[Policy, dict[str, Any], list[dict[str, Any]], datetime]:
    """A policy, a plain prospect and touches as data, and an instant near a clock change as often as not."""
    zone = draw(st.sampled_from(sorted(ZONES)))
    near = draw(
        st.sampled_from(
            (
                datetime(2026, 3, 29, 1, tzinfo=UTC),
                datetime(2026, 10, 25, 1, tzinfo=UTC),
                datetime(2026, 3, 8, 7, tzinfo=UTC),
                datetime(2026, 4, 4, 15, tzinfo=UTC),
                datetime(2026, 12, 24, 12, tzinfo=UTC),
                datetime(2028, 2, 28, 22, tzinfo=UTC),
            )
        )
    )
    as_of = (
        near + timedelta(microseconds=draw(st.sampled_from((0, 1, -1)))) + timedelta(hours=draw(st.integers(-30, 30)))
    )
    backs = draw(
        st.lists(
            st.one_of(
                st.sampled_from((0, 1, 20 * 60 * 10**6, 48 * 3_600 * 10**6, 7 * 86_400 * 10**6)),
                st.integers(0, 40 * 24 * 60).map(lambda minutes: minutes * 60 * 10**6),
            ),
            max_size=7,
        )
    )
    touches = [
        {
            "id": f"t{number}",
            "at": (as_of - timedelta(microseconds=back)).isoformat(),
            "channel": draw(st.sampled_from((*CHANNELS, "letter"))),
            "direction": draw(st.sampled_from(("outbound", "outbound", "inbound"))),
            "disposition": draw(st.sampled_from((*DISPOSITIONS[:3], *DISPOSITIONS))),
        }
        for number, back in enumerate(backs)
    ]
    region = ZONES[zone] if draw(st.booleans()) else None
    prospect: dict[str, Any] = {"id": "p", "zones": zone, "regions": region or []}
    if draw(st.booleans()):
        prospect["contact_points"] = draw(st.lists(POINTS, max_size=3, unique_by=lambda item: item["address"]))
    policy = Policy.from_dict({"cadencia": 1, "name": "lane", "channels": list(CHANNELS), "rules": draw(lane_rules())})
    return policy, prospect, touches, as_of


def general(policy: Policy, case: Case, as_of: datetime, horizon: str) -> Decision:
    """The decision by the general path."""
    return policy.engine.decide(case, (), as_of, None, None, (), None, horizon, None)


@given(situations(), st.sampled_from(("90 days", "3 days", "1 h")), st.booleans(), st.booleans())
def test_both_paths_agree(
    situation: tuple[Policy, dict[str, Any], list[dict[str, Any]], datetime], horizon: str, long: bool, models: bool
) -> None:
    """A plain case is answered alike, reasons included, whichever path answers."""
    policy, prospect, touches, as_of = situation
    assert policy.engine.lane is not None
    case = Case.of(prospect, touches)
    if long and touches:
        first = case.touches[0]
        assert isinstance(first.at, datetime)
        case = Case.of(
            case.prospect,
            (first.model_copy(update={"end": first.at + timedelta(minutes=40)}), *case.touches[1:]),
        )
    fast = (
        policy.decide(case.prospect, case.touches, as_of=as_of, horizon=horizon)
        if models
        else policy.decide(case, as_of=as_of, horizon=horizon)
    )
    slow = general(policy, case, as_of, horizon)
    assert fast.answer == slow.answer
    for name in ("contact_point", "purpose", "step", "reason", "code", "scope", "until", "blocking"):
        assert getattr(fast, name, None) == getattr(slow, name, None), name
    assert fast.verdicts == slow.verdicts
    assert fast.chain == slow.chain
    assert fast.binding == slow.binding
    assert fast == slow


@given(situations())
def test_data_is_answered_as_its_models_are(
    situation: tuple[Policy, dict[str, Any], list[dict[str, Any]], datetime],
) -> None:
    """Plain data, read without models, gives the decision that the models give."""
    policy, prospect, touches, as_of = situation
    assert policy.decide(prospect, touches, as_of=as_of) == general(
        policy, Case.of(prospect, touches), as_of, "90 days"
    )


BROKEN: list[tuple[str, Any]] = [
    ("at", "2026-03-06T21:30"),
    ("at", "2026-03-06"),
    ("at", 1_772_000_000),
    ("at", None),
    ("channel", 5),
    ("channel", ["phone"]),
    ("direction", "sideways"),
    ("disposition", None),
    ("id", 7),
    ("id", " "),
    ("channel", ""),
    ("zone", "Nowhere/At_All"),
    ("unknown_key", 1),
]


@pytest.mark.parametrize(("key", "value"), BROKEN)
def test_nothing_is_read_fast_that_the_models_refuse(key: str, value: Any) -> None:
    """What may be wrong is left to the models, which say so or read it in full."""
    touch = {
        "id": "t",
        "at": "2026-03-06T09:00Z",
        "channel": "phone",
        "direction": "outbound",
        "disposition": "sent",
        key: value,
    }
    assert read_raw({"id": "p", "zones": "Europe/Madrid", "regions": "ES"}, [touch]) is None


@pytest.mark.parametrize(
    "prospect",
    [
        {"id": 5, "zones": "Europe/Madrid", "regions": "ES"},
        {"id": "p", "zones": "Europe/Atlantis", "regions": "ES"},
        {"id": "p", "zones": "Europe/Madrid", "regions": "Spain"},
        {"id": "p", "zones": "Europe/Madrid", "regions": "ES", "tags": ["a"]},
        {"id": "p", "zones": ["Europe/Madrid", "Atlantic/Canary"], "regions": "ES"},
        {"zones": "Europe/Madrid", "regions": "ES"},
        {"id": "p", "zones": "Europe/Madrid", "regions": None},
        {"id": " ", "zones": "Europe/Madrid", "regions": "ES"},
    ],
)
def test_no_prospect_is_read_fast_that_is_not_plain(prospect: dict[str, Any]) -> None:
    """Several zones, further keys and mistakes go through the models."""
    assert read_raw(prospect, []) is None


def test_what_does_not_fit_takes_the_general_path() -> None:
    """A policy with a rule that the lane cannot read has no lane; a mix of ways of counting has none either."""
    odd = StopOn(id="x", dispositions=["refused"], lasts="30 days")
    assert not fits(odd)
    assert Policy(name="a", channels=["phone"], rules=[odd]).engine.lane is None
    mixed = [MaxAttempts(id="a", at_most=3), MaxAttempts(id="b", at_most=3, count="planned")]
    assert Policy(name="b", channels=["phone"], rules=mixed).engine.lane is None
    assert not fits(read_rule({"rule": "max_attempts", "id": "x", "at_most": 3, "since": "case"}))
    assert fits(read_rule({"rule": "stop_on_opt_out", "id": "x"}))
    assert not fits(read_rule({"rule": "stop_on_opt_out", "id": "x", "lasts": "30 days"}))
    assert not fits(read_rule({"rule": "stop_on_opt_out", "id": "x", "scope": "contact_point"}))


@pytest.mark.parametrize("kind", [StopOn, StopOnOptOut, MaxAttempts, QuietHours, ChannelRotation])
def test_a_rule_made_from_one_of_ours_takes_the_general_path(kind: Any) -> None:
    """What a subclass says may be anything: the lane reads only the very rules that it knows."""
    settings_of = {
        "StopOn": {"dispositions": ["refused"]}, "MaxAttempts": {"at_most": 1}, "QuietHours": {"allow": {"daily": ["09:00-10:00"]}},
        "ChannelRotation": {"order": ["phone"]},
    }  # fmt: skip
    given_ = settings_of.get(kind.__name__, {})
    assert fits(kind(id="x", **given_))
    assert not fits(type("Own", (kind,), {})(id="x", **given_))


@given(st.sampled_from(("booked", "cancelled", "date", "future", "repeated", "wish", "zones")))
def test_a_case_that_is_not_plain_takes_the_general_path(what: str) -> None:
    """Bookings, dates, later touches, repeated ids, wishes and several zones have no digest, or none that may be used."""
    as_of = datetime(2026, 3, 6, 12, tzinfo=UTC)
    prospect: dict[str, Any] = {"id": "p", "zones": "Europe/Madrid"}
    touch: dict[str, Any] = {"id": "t", "at": as_of - timedelta(days=1), "channel": "phone", "disposition": "sent"}
    touches = [touch]
    if what in ("booked", "cancelled"):
        touch[what] = True
    elif what == "date":
        touch["at"] = "2026-03-05"
    elif what == "future":
        touch["at"] = as_of + timedelta(days=1)
    elif what == "repeated":
        touches = [touch, touch]
    elif what == "wish":
        prospect["wishes"] = [{"rule": "max_attempts", "at_most": 1}]
    else:
        prospect["zones"] = ["Europe/Madrid", "Atlantic/Canary"]
    case = Case(
        prospect=Prospect.model_validate(prospect), touches=tuple(Touch.model_validate(item) for item in touches)
    )
    policy = Policy(name="one", channels=["phone"], rules=[MaxAttempts(id="one", at_most=1)])
    assert policy.engine.lane is not None
    digest = case.digest()
    assert digest is None or digest.latest > case_instant(as_of)
    assert policy.decide(case, as_of=as_of) == general(policy, case, as_of, "90 days")


def case_instant(moment: datetime) -> int:
    """Microseconds since the epoch."""
    return (moment - EPOCH) // timedelta(microseconds=1)


@settings(max_examples=120)
@given(st.sampled_from(sorted(available_timezones())), st.integers(1990, 2040), st.integers(0, 365))
def test_offsets_are_those_of_the_zone_data(name: str, year: int, day: int) -> None:
    """A zone probed every four days has every change of offset: no zone changes and changes back in between."""
    info = ZoneInfo(name)
    start = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day)
    assume(start.year < 2041)
    for hour in range(0, 24 * 16, 7):
        at = start + timedelta(hours=hour)
        offset = at.astimezone(info).utcoffset()
        assert offset is not None
        assert zone_of(name).offset(case_instant(at)) == offset // timedelta(microseconds=1)
    assert DAY == 86_400 * 10**6


def test_reasons_of_a_case_are_listed_once_and_a_later_channel_waits() -> None:
    """The same case asked twice says the same, and a channel that opens later in the day does not win."""
    policy = Policy(
        name="two",
        channels=["email", "phone"],
        rules=[
            QuietHours(id="mail", channels=["email"], allow={"daily": "09:00-18:00"}),
            QuietHours(id="call", channels=["phone"], allow={"daily": "12:00-14:00"}),
            Spacing(id="gap", at_least="1h", count="planned"),
        ],
    )
    touch = {"id": "t", "at": "2026-03-05T09:00Z", "channel": "phone", "disposition": "no_answer"}
    case = Case.of({"id": "p", "zones": "UTC"}, [touch])
    for _ in range(2):
        decision: Any = policy.decide(case, as_of="2026-03-06T03:00Z")
        assert (decision.answer, decision.channel, decision.at.hour) == ("wait", "email", 9)
        assert {verdict.rule for verdict in decision.verdicts if verdict.touches} == {"gap"}


def test_an_unknown_region_is_among_the_reasons_of_a_stopped_case() -> None:
    """Law 6: what a decision says of its rules is the same before and after its record was asked for."""
    policy = Policy(
        name="over",
        channels=["phone"],
        rules=[
            StopOn(id="answered", dispositions=["replied"]),
            QuietHours(id="hours", allow={"daily": ["00:00-24:00"]}, holidays="prospect"),
        ],
    )
    touch = Touch(id="t1", at="2026-03-06T09:00Z", channel="phone", disposition="replied")
    case = Case(prospect=Prospect(id="p1", zones="UTC"), touches=(touch,))
    first, second = (policy.decide(case, as_of="2026-03-06T12:00Z") for _ in range(2))
    record = second.record
    assert [(verdict.rule, verdict.says) for verdict in first.verdicts][-2:] == [
        ("answered", "forbids"),
        ("hours", "forbids"),
    ]
    assert first.verdicts == record.verdicts
    assert first.chain == record.chain
    assert first.binding == record.binding == "answered"


def test_a_stretch_that_reaches_over_days_closes_where_it_closes() -> None:
    """Open from Monday to Friday without a break, asked twice: the end is found, whatever is kept of the calendar."""
    policy = Policy(name="week", channels=["phone"], rules=[QuietHours(id="week", allow={"mon-fri": "00:00-24:00"})])
    for _ in range(2):
        for day in (2, 3, 4, 5, 6):
            decision: Any = policy.decide({"id": "p", "zones": "UTC"}, [], as_of=f"2026-03-{day:02}T10:00Z")
            assert (decision.answer, decision.until.isoformat()) == ("contact", "2026-03-07T00:00:00+00:00")


def test_what_is_read_first_of_a_fast_answer_does_not_ask_the_general_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """`match` reads purpose, step, reason, code, scope and until: no option has to be looked at for them."""

    def never(*_: Any) -> None:
        raise AssertionError("the general path was asked")

    rules = [
        {"rule": "spacing", "id": "gap", "at_least": "48h"},
        {"rule": "stop_on", "id": "done", "dispositions": ["replied"]},
        {"rule": "max_attempts", "id": "three", "at_most": 3},
    ]
    policy = Policy.from_dict({"cadencia": 1, "name": "quick", "channels": ["phone"], "rules": rules})
    monkeypatch.setattr(type(policy.engine), "inquire", never)
    prospect, now = {"id": "p", "zones": "UTC"}, "2026-03-06T12:00Z"
    call = {"id": "t", "at": "2026-03-05T12:00Z", "channel": "phone"}
    asked = policy.decide(prospect, [], as_of=now, purpose="ask", step="first")
    waits = policy.decide(prospect, [call], as_of=now, purpose="ask", step="first")
    assert isinstance(asked, Contact)
    assert isinstance(waits, Wait)
    for decision in (asked, waits):
        assert (decision.channel, decision.contact_point, decision.purpose, decision.step) == (
            "phone",
            None,
            "ask",
            "first",
        )
    assert (waits.binding, waits.blocking, asked.blocking) == ("gap", ("gap",), ())
    stopped = policy.decide(prospect, [call | {"disposition": "replied"}], as_of=now)
    assert isinstance(stopped, Stop)
    assert (stopped.reason, stopped.code, stopped.scope, stopped.until) == ("done", "stopped", "case", None)
    assert stopped.blocking == ("done", "gap")
    spent = policy.decide(
        prospect, [call | {"id": f"t{day}", "at": f"2026-02-0{day}T12:00Z"} for day in (1, 2, 3)], as_of=now
    )
    assert isinstance(spent, Stop)
    assert (spent.reason, spent.code, spent.blocking) == ("three", "exhausted", ("three",))


def test_a_stopped_case_without_a_region_says_so() -> None:
    """What would be unknown anyway is told by the fast path as by the general one."""
    rules = [
        {"rule": "max_attempts", "id": "none", "at_most": 0},
        {"rule": "quiet_hours", "id": "day", "allow": {"daily": "09:00-18:00"}, "holidays": "prospect"},
    ]
    policy = Policy.from_dict({"cadencia": 1, "name": "lost", "channels": ["phone"], "rules": rules})
    case = Case.of({"id": "p", "zones": "UTC"}, [])
    now = datetime(2026, 3, 6, 12, tzinfo=UTC)
    fast, slow = policy.decide(case, as_of=now), general(policy, case, now, "90 days")
    assert fast.blocking == slow.blocking == ("day", "none")
    assert fast.verdicts == slow.verdicts
    assert [block.code for verdict in fast.verdicts for block in verdict.held] == ["region_unknown", "exhausted"]


def test_one_address_for_a_channel_stays_on_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """As most books have it: a channel without an address is closed, and the address is that of the channel chosen."""
    policy = Policy(name="two", channels=["email", "phone"], rules=[Spacing(id="gap", at_least="48h")])
    now = "2026-03-06T12:00Z"

    def asked(*points: tuple[str, str, str]) -> Any:
        given = [{"channel": channel, "address": address, "status": status} for channel, address, status in points]
        return policy.decide(Prospect(id="p", zones="UTC", contact_points=given), [], as_of=now)

    general_path = type(policy.engine).decide
    monkeypatch.setattr(type(policy.engine), "decide", None)
    found = asked(("phone", "+999341", "valid"))
    assert (found.answer, found.channel, found.contact_point) == ("contact", "phone", "+999341")
    assert asked(("fax", "1", "unknown")).answer == "blocked"
    assert asked(("fax", "1", "unknown")).needs == ("contact_point",)
    full = Policy(name="full", channels=["email", "phone"], rules=[MaxAttempts(id="none", at_most=0)])
    addressed = Case.of({"id": "p", "zones": "UTC", "contact_points": [{"channel": "phone", "address": "a"}]})
    over = full.decide(addressed, as_of=now)
    assert over.answer == "stop"
    assert over.blocking == ("always/contact-points", "none"), "the first channel has no address, and that is told"
    monkeypatch.setattr(type(policy.engine), "decide", general_path)
    for points in (
        (("phone", "+999341", "bounced"), ("phone", "+999342", "valid")),
        (("phone", "+999342", "valid"), ("phone", "+999343", "valid")),
    ):
        assert asked(*points).contact_point == "+999342"
