"""Engine against specification: for each kind of rule, the blocks cover an instant exactly when it is forbidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from cadencia import Case, Touch
from cadencia.rules import Candidate
from cadencia.rules.registry import read_rule
from cadencia.testing import candidates, cases, rules, ticks, zones
from cadencia.testing.clocks import ticks_near
from cadencia.testing.rulebook import OPTIONS
from spec.probing import instants
from spec.rules import PREDICATES, forbidden

EPOCH, DAY = datetime(1970, 1, 1, tzinfo=UTC), 86_400_000_000
KINDS = [kind for kind in OPTIONS if "".join(word.capitalize() for word in kind.split("_")) in PREDICATES]


def moment(tick: int) -> datetime:
    return EPOCH + timedelta(microseconds=tick)


def micros(t: datetime) -> int:
    return (t - EPOCH) // timedelta(microseconds=1)


#: What a kind is about, often: the rest of its histories have any theme.
ABOUT = {"await_promise": "promises", "spacing": "bookings", "account_load": "bookings", "recall": "answers"}


@st.composite
def asked(draw: DrawFn, kind: str, **options: Any) -> tuple[Any, Case, Candidate, int, list[int]]:
    """A rule, a case, a candidate, the instant around which they lie, and instants to ask about."""
    zone = draw(zones())
    tick = draw(ticks(zone))
    rule = draw(rules(kind, moment(tick), zone=zone))
    theme = draw(st.sampled_from((None, options.pop("theme", ABOUT.get(kind)))))
    case = draw(cases(moment(tick), zone=zone, wishes=False, theme=theme, **options))
    probes = draw(st.lists(ticks_near(tick, zone, past=True, future=True), min_size=1, max_size=5))
    return rule, case, draw(candidates(duration=False)), tick, [tick, *probes]


# Asked of every kind: a tenth of the examples for each, several thousand in all at `ci`, 2,000 for each at `deep`.
FEWER = settings(max_examples=settings.default.max_examples // 10, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", KINDS)
@FEWER
@given(data=st.data())
def test_exact(kind: str, data: st.DataObject) -> None:
    """Laws 1 and 7: an instant is covered by a block of a rule exactly when the specification forbids it."""
    rule, case, candidate, tick, probes = data.draw(asked(kind, exact=True))
    start, end = min([tick - 10 * DAY, *probes]), max([tick + 40 * DAY, *probes]) + 1
    blocks = list(rule.answer(case.view(), candidate, (start, end)))
    edges = sorted({edge for block in blocks for edge in (block.start, block.end)}, key=lambda edge: abs(edge - tick))
    ours = {edge + beside for edge in edges[:12] for beside in (-1, 0, 1)}
    theirs = instants([rule], case, moment(tick), moment(tick) + timedelta(days=2))
    for t in sorted({*probes, *ours, *map(micros, theirs[tick % 3 :: 3][:20])}):
        if start <= t < end:
            covering = [block for block in blocks if block.start <= t < block.end]
            expected = forbidden(rule, case, candidate, moment(t))
            if bool(covering) != expected:
                note(f"rule {rule!r}\nprospect {case.prospect!r}\ntouches")
                for touch in case.touches:
                    note(f"  {touch!r}")
                note(
                    f"account {case.account!r}\nopened {case.opened_at}\n{candidate}\nat {t} {moment(t)}\n"
                    f"engine {covering}\nspecification {expected}"
                )
            assert bool(covering) == expected


def placed(case: Case, near: datetime, *hows: str) -> Case:
    """The case with every date made an instant inside it: in turn its first, its last, or the one nearest to an instant."""
    ids = dict.fromkeys(touch.id for touch in (*case.touches, *(case.account.touches if case.account else ())))
    turns = dict(zip(ids, cycle(hows)))  # a repeated touch has one place

    def place(touch: Touch) -> Touch:
        if isinstance(touch.at, datetime):
            return touch
        [seen] = [item for item in (*case.view().touches, *case.view().others) if item.id == touch.id] or [None]
        if seen is None:
            return touch.model_copy(update={"at": EPOCH, "cancelled": True})
        near_ = min(max(micros(near), seen.lo), seen.hi)
        at = {"lo": seen.lo, "hi": seen.hi, "near": near_, "after": min(near_ + 1, seen.hi)}[turns[touch.id]]
        return touch.model_copy(update={"at": moment(at), "end": touch.end and max(touch.end, moment(at))})

    account = case.account and case.account.model_copy(update={"touches": tuple(map(place, case.account.touches))})
    return case.model_copy(update={"touches": tuple(map(place, case.touches)), "account": account})


@pytest.mark.parametrize("kind", KINDS)
@FEWER
@given(data=st.data())
def test_sound_for_dates(kind: str, data: st.DataObject) -> None:
    """A touch known only to the day may lie anywhere in it: what any placement forbids, the engine forbids."""
    rule, case, candidate, tick, probes = data.draw(asked(kind, theme="dates"))
    turns = data.draw(st.lists(st.sampled_from(("lo", "hi", "near", "after")), min_size=2, max_size=4))
    start, end = min([tick - DAY, *probes]), max([tick + DAY, *probes]) + 1
    blocks = list(rule.answer(case.view(), candidate, (start, end)))
    for t in sorted({*probes, *(block.end for block in blocks), *(block.start - 1 for block in blocks)}):
        if start <= t < end and not any(block.start <= t < block.end for block in blocks):
            for how in (("lo",), ("hi",), ("near",), turns):
                fixed = placed(case, moment(t), *how)
                if forbidden(rule, fixed, candidate, moment(t)):
                    note(
                        f"rule {rule!r}\nprospect {case.prospect!r}\n{case.touches!r}\n{case.account!r}\n"
                        f"{candidate}\nat {t} {moment(t)} placed {how}"
                    )
                assert not forbidden(rule, fixed, candidate, moment(t))


# Found by these tests, and kept -------------------------------------------------------------------


def blocked(rule: dict[str, Any], case: dict[str, Any], candidate: Candidate, at: str) -> tuple[bool, bool]:
    """What the engine says of an instant, and what the specification."""
    limit, told = read_rule({"id": "r", **rule}), Case.model_validate(case)
    t = micros(datetime.fromisoformat(at))
    return bool(list(limit.answer(told.view(), candidate, (t, t + 1)))), forbidden(limit, told, candidate, moment(t))  # type: ignore[attr-defined]


PHONE = Candidate("phone")


def test_a_consent_that_expired_in_one_zone_is_expired() -> None:
    person = {"id": "p1", "zones": ["Europe/Madrid", "America/New_York"], "consents": [{"since": "2026-03-02T12:00Z"}]}
    rule = {"rule": "require_consent", "valid_for": "2 dates"}
    assert blocked(rule, {"prospect": person}, PHONE, "2026-03-03T23:00+00:00") == (True, True)
    assert blocked(rule, {"prospect": person}, PHONE, "2026-03-03T22:59+00:00") == (False, False)


def test_a_fresh_consent_for_another_channel_renews_nothing() -> None:
    consents = [{"since": "2026-03-02T12:00Z"}, {"since": "2026-03-03T12:00Z", "channel": "email"}]
    person = {"id": "p1", "zones": "Europe/Madrid", "consents": consents}
    rule = {"rule": "require_consent", "valid_for": "48h"}
    assert blocked(rule, {"prospect": person}, PHONE, "2026-03-04T12:00+00:00") == (True, True)
    assert blocked(rule, {"prospect": person}, PHONE, "2026-03-04T11:59+00:00") == (False, False)


def test_an_address_that_is_not_theirs_is_no_contact_point() -> None:
    for points in ([], [{"channel": "phone", "address": "+34600000002"}]):
        case = {"prospect": {"id": "p1", "contact_points": points}}
        assert blocked(
            {"rule": "contact_points"}, case, Candidate("phone", "+34600000001"), "2026-03-04T12:00+00:00"
        ) == (True, True)


def test_nobody_in_conversation_is_nobody() -> None:
    rule = {"rule": "account_load", "at_most": 0, "within": "1d"}
    assert blocked(rule, {"prospect": {"id": "p1"}}, PHONE, "2026-03-04T12:00+00:00") == (True, True)


def test_in_conversation_since_some_time_of_a_day_is_not_since_its_beginning() -> None:
    theirs = {"id": "t2", "prospect": "p2", "at": "2026-03-01T12:00Z", "channel": "phone"}
    case = {
        "prospect": {"id": "p1", "zones": "Europe/Madrid"},
        "touches": [{"id": "t1", "at": "2026-03-02", "channel": "phone"}],
        "account": {"id": "a1", "people": [{"id": "p2"}], "touches": [theirs]},
    }
    rule = read_rule({"rule": "account_load", "id": "r", "at_most": 1, "within": "1d"})
    t = micros(datetime.fromisoformat("2026-03-01T23:30+00:00"))
    assert list(rule.answer(Case.model_validate(case).view(), PHONE, (t, t + 1)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule", [{"rule": "max_attempts", "at_most": 1}, {"rule": "spacing", "at_least": "48h"}])
def test_a_touch_at_the_very_opening_is_of_the_case(rule: dict[str, Any]) -> None:
    touch = {"id": "t1", "at": "2026-03-02T12:00Z", "channel": "phone", "disposition": "busy"}
    case = {"prospect": {"id": "p1", "zones": "UTC"}, "opened_at": "2026-03-02T12:00Z", "touches": [touch]}
    assert blocked({**rule, "since": "case"}, case, PHONE, "2026-03-03T12:00+00:00") == (True, True)


def test_place_of_a_date_in_the_list_of_gaps() -> None:
    """Placed late on 2 March, the date is third, and its 48 hours reach beyond the booking of 4 March."""
    touches = [
        {"id": "t1", "at": "2026-03-04T12:00Z", "channel": "phone", "booked": True},
        {"id": "t2", "at": "2026-03-02", "channel": "phone", "booked": True},
        {"id": "t3", "at": "2026-03-02T12:00Z", "channel": "phone", "disposition": "no_answer"},
    ]
    case = Case.model_validate({"prospect": {"id": "p1", "zones": "Europe/Madrid"}, "touches": touches})
    rule: Any = read_rule({"rule": "spacing", "id": "r", "gaps": ["48h", "1 day", "48h"]})
    t = datetime.fromisoformat("2026-02-27T12:00+00:00")
    assert forbidden(rule, placed(case, t, "hi"), PHONE, t)
    assert list(rule.answer(case.view(), PHONE, (micros(t), micros(t) + 1)))


def test_a_booking_that_was_fine_in_one_zone_stays_so() -> None:
    """In New York the second booking lies within a date of the first; in Madrid it does not, and is moved too close."""
    person = {"id": "p1", "zones": ["Europe/Madrid", "America/New_York"]}
    touches = [
        {"id": "t1", "at": "2025-12-31T22:00Z", "channel": "phone", "booked": True},
        {"id": "t2", "at": "2025-12-31T23:00Z", "channel": "phone", "booked": True},
    ]
    rule = {"rule": "spacing", "gaps": ["1 date", "48h"]}
    for places in (person["zones"], "Europe/Madrid"):
        case = {"prospect": {**person, "zones": places}, "touches": touches}
        assert blocked(rule, case, PHONE, "2025-12-29T12:00+00:00") == (True, True)


def test_conversations_that_are_booked_are_not_crowded_out() -> None:
    """One at a time for two days: whoever is booked for Friday noon must find nobody else in conversation."""
    booking = {"id": "t1", "prospect": "p2", "at": "2026-03-06T12:00Z", "channel": "phone", "booked": True}
    case = {
        "prospect": {"id": "p1", "zones": "Europe/Madrid"},
        "account": {"id": "a1", "people": [{"id": "p2"}, {"id": "p3"}], "touches": [booking]},
    }
    rule = {"rule": "account_load", "at_most": 1, "within": "2d"}
    assert blocked(rule, case, PHONE, "2026-03-04T12:00+00:00") == (False, False)
    assert blocked(rule, case, PHONE, "2026-03-04T12:01+00:00") == (True, True)
    assert blocked(rule, case, PHONE, "2026-03-06T11:59+00:00") == (True, True)
    talking = [{"id": "t2", "at": "2026-03-05T12:00Z", "channel": "email", "booked": True}]
    assert blocked(rule, {**case, "touches": talking}, PHONE, "2026-03-05T11:00+00:00") == (
        False,
        False,
    )  # we are anyway
    third = {"id": "t3", "prospect": "p3", "at": "2026-03-06T12:00Z", "channel": "phone", "booked": True}
    account = {**case["account"], "touches": [booking, third]}  # type: ignore[dict-item]
    assert blocked(rule, {**case, "account": account}, PHONE, "2026-03-05T12:00+00:00") == (
        False,
        False,
    )  # too many anyway
    assert blocked({**rule, "at_most": 2}, {**case, "account": account}, PHONE, "2026-03-05T12:00+00:00") == (
        True,
        True,
    )


def test_a_cap_on_dates_forgets_where_no_zone_is_known() -> None:
    touch = {"id": "t1", "at": "2026-03-02T12:00Z", "channel": "phone", "disposition": "busy"}
    case = {"prospect": {"id": "p1"}, "touches": [touch]}
    for period, last in (({"dates": 1}, "2026-03-04T12:00"), ({"each": "month"}, "2026-04-03T12:00")):
        rule = {"rule": "frequency_cap", "at_most": 1, **period}
        before = (datetime.fromisoformat(f"{last}+00:00") - timedelta(microseconds=1)).isoformat()
        assert blocked(rule, case, PHONE, before) == (True, True)
        assert blocked(rule, case, PHONE, f"{last}+00:00") == (False, False)


def test_an_attempt_may_come_before_a_date_that_holds_it() -> None:
    """The long call is first if the touch of that date came later, and then its gap is the long one."""
    touches = [
        {"id": "t1", "at": "2026-03-02", "channel": "phone", "disposition": "no_answer"},
        {"id": "t2", "at": "2026-03-02T12:00Z", "end": "2026-03-04T12:00Z", "channel": "phone", "disposition": "held"},
    ]
    case = Case.model_validate({"prospect": {"id": "p1", "zones": "Europe/Madrid"}, "touches": touches})
    rule: Any = read_rule({"rule": "spacing", "id": "r", "gaps": ["72h", "24h"]})
    t = datetime.fromisoformat("2026-03-06T12:00+00:00")
    assert forbidden(rule, placed(case, t, "hi"), PHONE, t)
    assert list(rule.answer(case.view(), PHONE, (micros(t), micros(t) + 1)))


def test_their_word_holds_to_the_end_of_its_date() -> None:
    promise = {"by": "them", "at": "2026-03-06"}
    said = {"id": "t1", "at": "2026-03-02T12:00Z", "channel": "phone", "disposition": "held", "promise": promise}
    case = {"prospect": {"id": "p1", "zones": "Europe/Madrid"}, "touches": [said]}
    assert blocked({"rule": "await_promise"}, case, PHONE, "2026-03-06T22:59:59.999999+00:00") == (True, True)
    assert blocked({"rule": "await_promise"}, case, PHONE, "2026-03-06T23:00+00:00") == (False, False)


@pytest.mark.parametrize("since", ["case", {"reached": True}])
def test_counters_begin_again(since: Any) -> None:
    touches = [
        {"id": "t1", "at": "2026-03-02T12:00Z", "channel": "phone", "disposition": "no_answer"},
        {"id": "t2", "at": "2026-03-03T12:00Z", "channel": "phone", "disposition": "connected"},
    ]
    case = {"prospect": {"id": "p1", "zones": "UTC"}, "touches": touches, "opened_at": "2026-03-03T12:00:00.000001Z"}
    rule = {"rule": "max_attempts", "at_most": 1, "since": since}
    assert blocked(rule, case, PHONE, "2026-03-03T11:00+00:00") == (True, True)
    assert blocked(rule, case, PHONE, "2026-03-03T13:00+00:00") == (False, False)


def test_who_is_in_conversation_is_not_brought_into_it_again() -> None:
    """Both are in conversation, one too many; we may go on, for the next call to the other one brings in nobody."""
    theirs = [
        {"id": f"t{at}", "prospect": "p2", "at": f"2026-03-{at}:00Z", "channel": "phone", "booked": True}
        for at in ("03T18", "05T03")
    ]
    ours = {"id": "t1", "at": "2026-03-03T12:00Z", "channel": "phone", "booked": True}
    account = {"id": "a1", "people": [{"id": "p2"}], "touches": theirs}
    case = {"prospect": {"id": "p1", "zones": "UTC"}, "touches": [ours], "account": account}
    rule = {"rule": "account_load", "at_most": 1, "within": "36h"}
    assert blocked(rule, case, PHONE, "2026-03-04T12:00+00:00") == (False, False)
    assert blocked(rule, {**case, "touches": []}, PHONE, "2026-03-03T12:00+00:00") == (True, True)


def test_an_attempt_exactly_as_old_as_the_period_does_not_complete_the_count() -> None:
    touches = [
        {"id": f"t{day}", "at": f"2026-03-0{day}T12:00Z", "channel": "phone", "disposition": "no_answer"}
        for day in (2, 4)
    ]
    case = {"prospect": {"id": "p1", "zones": "UTC"}, "touches": touches}
    rule = {"rule": "cool_off", "times": 2, "silence": "24h"}
    assert blocked({**rule, "within": "48h"}, case, PHONE, "2026-03-04T13:00+00:00") == (False, False)
    assert blocked({**rule, "within": "49h"}, case, PHONE, "2026-03-04T13:00+00:00") == (True, True)


def test_a_window_that_belongs_to_a_holiday_does_not_open_after_midnight_either() -> None:
    rule = {"rule": "quiet_hours", "allow": {"daily": ["22:00-02:00"]}, "holidays": "ES"}
    case = {"prospect": {"id": "p1", "zones": "Europe/Madrid"}}
    assert blocked(rule, case, PHONE, "2026-12-26T01:00+01:00") == (True, True)
    assert blocked(rule, case, PHONE, "2026-12-27T01:00+01:00") == (False, False)


def test_who_opts_out_asks_for_no_answer() -> None:
    wrote = {"id": "t1", "at": "2026-03-02T12:00Z", "channel": "email", "direction": "inbound"}
    rule = {"rule": "quiet_hours", "allow": {"daily": ["09:00-20:00"]}, "unless": {"replying": True}}
    for disposition, closed in (("replied", False), ("opted_out", True)):
        case = {"prospect": {"id": "p1", "zones": "UTC"}, "touches": [{**wrote, "disposition": disposition}]}
        assert blocked(rule, case, PHONE, "2026-03-02T22:00+00:00") == (closed, closed)


def test_a_touch_of_the_account_that_is_ones_own_counts_once() -> None:
    touch = {"id": "t1", "prospect": "p1", "at": "2026-03-02T12:00Z", "channel": "phone", "disposition": "busy"}
    account = {"id": "a1", "people": [], "touches": [touch]}
    case = {"prospect": {"id": "p1", "zones": "UTC"}, "touches": [touch], "account": account}
    rule = {"rule": "max_attempts", "at_most": 2, "over": "account"}
    assert blocked(rule, case, PHONE, "2026-03-02T22:00+00:00") == (False, False)
    assert blocked({**rule, "at_most": 1}, case, PHONE, "2026-03-02T22:00+00:00") == (True, True)


def test_what_else_was_promised_for_a_time_is_no_wish_to_be_called() -> None:
    promise = {"by": "us", "at": "2026-03-02T21:00Z", "kind": "proposal"}
    said = {"id": "t1", "at": "2026-03-02T12:00Z", "channel": "phone", "disposition": "connected", "promise": promise}
    case = {"prospect": {"id": "p1", "zones": "UTC"}, "touches": [said]}
    hours = {"rule": "quiet_hours", "allow": {"daily": ["09:00-20:00"]}}
    for requested, closed in (({}, True), ({"kinds": ["callback", "proposal"]}, False), ({"kinds": "visit"}, True)):
        rule = {**hours, "unless": {"requested": {"grace": "6h", **requested}}}
        assert blocked(rule, case, PHONE, "2026-03-02T22:00+00:00") == (closed, closed)
    callback = {**case, "touches": [{**said, "promise": {**promise, "kind": "callback"}}]}
    rule = {**hours, "unless": {"requested": {"grace": "6h"}}}
    assert blocked(rule, callback, PHONE, "2026-03-02T22:00+00:00") == (False, False)


def test_a_further_attempt_in_a_silence_begins_it_again() -> None:
    touches = [
        {"id": f"t{day}", "at": f"2026-03-{day:02}T12:00Z", "channel": "phone", "disposition": "no_answer"}
        for day in (2, 3, 12, 21)
    ]
    rule = {"rule": "cool_off", "times": 2, "within": "48h", "silence": "10 days"}
    for dated in (False, True):  # 12 March lies in the silence of 3 March, and 21 March in that of 12 March
        told = [{**touch, "at": touch["at"][:10]} if dated and touch["id"] != "t2" else touch for touch in touches]
        case = {"prospect": {"id": "p1", "zones": "UTC"}, "touches": told}
        limit, person = read_rule({"id": "r", **rule}), Case.model_validate(case)
        for at, silent in (("2026-03-30T12:00+00:00", True), ("2026-04-01T00:00+00:00", False)):
            t = micros(datetime.fromisoformat(at))
            assert bool(list(limit.answer(person.view(), PHONE, (t, t + 1)))) is silent  # type: ignore[attr-defined]
            if not dated:
                assert forbidden(limit, person, PHONE, moment(t)) is silent


def test_a_date_may_lie_in_the_silence_of_a_touch_that_comes_later_in_order() -> None:
    """If the call of 2 March was made in its evening, the noon before it had begun a silence, and it goes on until 4 March."""
    touches = [
        {"id": "t0", "at": "2026-03-02", "channel": "phone", "disposition": "no_answer"},
        *(
            {"id": f"t{hour}", "at": f"2026-03-02T{hour}:00Z", "channel": "phone", "disposition": "busy"}
            for hour in ("10", "11", "12")
        ),
    ]
    case = Case.model_validate({"prospect": {"id": "p1", "zones": "UTC"}, "touches": touches})
    rule: Any = read_rule({"rule": "cool_off", "id": "r", "times": 3, "within": "3h", "silence": "24h"})
    t = datetime.fromisoformat("2026-03-03T23:00+00:00")
    assert forbidden(rule, placed(case, t, "hi"), PHONE, t)
    assert list(rule.answer(case.view(), PHONE, (micros(t), micros(t) + 1)))


@pytest.mark.parametrize(
    ("special", "closed", "open_"),
    [
        (
            "closed",
            ("2026-12-25T03:00", "2026-12-25T12:00", "2026-12-26T03:00"),
            ("2026-12-24T20:00", "2026-12-26T09:00"),
        ),
        (["12:00-24:00"], ("2026-12-25T03:00", "2026-12-25T13:00"), ("2026-12-25T11:00", "2026-12-26T03:00")),
    ],
)
def test_a_special_date_of_quiet_hours_opens_no_night(special: Any, closed: Any, open_: Any) -> None:
    rule = {"rule": "quiet_hours", "between": {"daily": ["21:00-09:00"]}, "dates": {"2026-12-25": special}}
    case = {"prospect": {"id": "p1", "zones": "Europe/Madrid"}}
    for at in closed:
        assert blocked(rule, case, PHONE, f"{at}+01:00") == (True, True)
    for at in open_:
        assert blocked(rule, case, PHONE, f"{at}+01:00") == (False, False)
