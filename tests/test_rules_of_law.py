"""The rules that law needs, one example for each thing they say; the specification is in `tests/spec/law_rules.py`."""

from __future__ import annotations

from typing import Any

import pytest

from cadencia import InputError, Policy, PolicyError, RegisterCheck
from cadencia.rules import Barred, ClearRegister, FrequencyCap, HolidayEves, KnownRegion, OneChannel, StopOnRefusal
from cadencia.rules.registry import read_rule


def codes(
    rule: dict[str, Any], at: str, touches: tuple[dict[str, Any], ...] = (), channel: str = "phone", **more: Any
) -> list[str]:
    """The codes of the blocks of a rule alone."""
    asked = {key: more.pop(key) for key in ("purpose", "subjects", "contact_point") if key in more}
    policy = Policy(name="one", channels=["phone", "email", "sms"], rules=[read_rule({"id": "r", **rule})])
    case = {"prospect": {"id": "p", "zones": "Europe/Madrid", "regions": "ES", **more}, "touches": touches}
    from cadencia import Case

    return [block.code for block in policy.why_not(Case.model_validate(case), at, channel, **asked)]


def needs(rule: dict[str, Any], **more: Any) -> tuple[str, ...]:
    policy = Policy(name="one", channels=["phone"], rules=[read_rule({"id": "r", **rule})])
    person = {"id": "p", "zones": "Europe/Madrid", "regions": "ES", **more}
    decision = policy.decide(person, as_of="2026-03-09T10:00+01:00")
    return getattr(decision, "needs", ())


AT = "2026-03-09T10:00+01:00"


# -- registers ---------------------------------------------------------------------------------------------------------

ASKED = {"rule": "clear_register", "registry": "list"}


def check(since: str = "2026-03-01T10:00+01:00", **more: Any) -> dict[str, Any]:
    return {"registry": "list", "since": since, **more}


def test_a_register_that_was_not_asked() -> None:
    assert codes(ASKED, AT) == ["register_unchecked"]
    assert needs(ASKED) == ("register_check",)
    assert codes(ASKED, AT, registers=[check()]) == []
    assert codes(ASKED, AT, registers=[{**check(), "registry": "another"}]) == ["register_unchecked"]
    assert codes({**ASKED, "required": False}, AT) == []


def test_an_answer_grows_old() -> None:
    """`8 days` after 1 March 10:00 is 9 March 10:00, which is too late."""
    rule = {**ASKED, "max_age": "8 days"}
    assert codes(rule, "2026-03-09T09:59+01:00", registers=[check()]) == []
    assert codes(rule, AT, registers=[check()]) == ["register_unchecked"]
    assert codes(rule, AT, registers=[check()], zones=[]) == ["zone_unknown"]
    assert codes({**ASKED, "max_age": "240h"}, AT, registers=[check()], zones=[]) == []


def test_a_listing_and_its_end() -> None:
    listed = check(listed=True)
    assert codes(ASKED, AT, registers=[listed]) == ["register_listed"]
    assert codes(ASKED, AT, registers=[listed, check("2026-03-05T10:00+01:00")]) == []
    assert codes({**ASKED, "required": False}, AT, registers=[listed]) == ["register_listed"]


def test_a_listing_binds_after_a_grace() -> None:
    """Listed on 1 March, 8 dates: from 9 March, 00:00; without a zone or a date at once."""
    rule = {**ASKED, "grace": "8 dates"}
    listed = check("2026-03-02T10:00+01:00", listed=True, listed_on="2026-03-01")
    assert codes(rule, "2026-03-08T23:59+01:00", registers=[listed]) == []
    assert codes(rule, "2026-03-09T00:00+01:00", registers=[listed]) == ["register_listed"]
    cleared = check("2026-03-05T10:00+01:00")
    assert codes(rule, "2026-03-09T00:00+01:00", registers=[listed, cleared]) == []  # before it began to bind
    assert codes(rule, "2026-03-03T00:00+01:00", registers=[listed], zones=[]) == ["register_listed"]
    assert codes(rule, "2026-03-03T00:00+01:00", registers=[check(listed=True)]) == ["register_listed"]


def test_what_an_answer_is_about() -> None:
    """A clear one must be about the number, a listing may be."""
    points = {"contact_points": [{"channel": "phone", "address": number} for number in ("+1", "+2")]}
    clear, listed = check(contact_point="+1"), check(contact_point="+1", listed=True)
    assert codes(ASKED, AT, registers=[clear], contact_point="+1", **points) == []
    assert codes(ASKED, AT, registers=[clear], contact_point="+2", **points) == ["register_unchecked"]
    assert codes({**ASKED, "required": False}, AT, registers=[listed], contact_point="+2", **points) == []
    assert codes({**ASKED, "required": False}, AT, registers=[listed]) == ["register_listed"]
    assert codes(ASKED, AT, registers=[check(channel="sms")]) == ["register_unchecked"]


def test_a_date_of_listing_needs_a_listing() -> None:
    with pytest.raises(InputError, match="`listed_on` is given and `listed` is not"):
        RegisterCheck(registry="list", since=AT, listed_on="2026-03-01")
    assert ClearRegister(id="r", registry="list").memory == 0


# -- bars --------------------------------------------------------------------------------------------------------------


def test_what_is_barred_and_what_lifts_it() -> None:
    assert codes({"rule": "barred"}, AT) == ["barred"]
    assert codes({"rule": "barred", "channels": ["visit"]}, AT) == []
    policy = Policy(name="none", channels=["phone"], rules=[Barred(id="r")])
    assert policy.decide({"id": "p"}, as_of=AT).answer == "stop"
    assert needs({"rule": "barred", "unless": {"consent": {}}}) == ("consent",)
    assert needs({"rule": "barred", "unless": {"tags": ["vip"]}}) == ("exception",)
    assert needs({"rule": "barred", "stages": ["lead"]}) == ("exception",)
    assert needs({"rule": "barred", "subjects": ["solar"]}) == ("subject",)
    assert codes({"rule": "barred", "subjects": ["solar"]}, AT, subjects=["roofs"]) == []
    assert Barred(id="r").memory == 0


def test_a_fact_that_bars() -> None:
    """Only while it is known to hold."""
    rule = {"rule": "barred", "while_fact": "lawyer"}
    assert codes(rule, AT) == []
    assert codes(rule, AT, facts={"lawyer": True}) == ["barred_by_fact"]
    assert codes(rule, AT, facts={"lawyer": False}) == []
    assert needs(rule, facts={"lawyer": True}) == ("fact_over",)
    for since, until, found in (
        ("2026-03-09T11:00+01:00", None, []),
        (None, AT, []),
        ("2026-03-09T09:00+01:00", "2026-03-09T11:00+01:00", ["barred_by_fact"]),
        ("2026-03-09T11:00+01:00", "2026-03-09T09:00+01:00", []),
    ):
        assert codes(rule, AT, facts={"lawyer": {"since": since, "until": until}}) == found


def test_a_region_that_is_known() -> None:
    rule = {"rule": "known_region", "among": ["ES", "US-CA"]}
    assert codes({"rule": "known_region"}, AT) == []
    assert codes({"rule": "known_region"}, AT, regions=[]) == ["region_unknown"]
    for regions, found in (
        (["ES-CT"], []),
        (["US-CA"], []),
        (["US"], ["region_without_rules"]),
        (["ES", "FR"], ["region_without_rules"]),
    ):
        assert codes(rule, AT, regions=regions) == found
    assert KnownRegion(id="r").memory == 0


# -- refusals ----------------------------------------------------------------------------------------------------------

NO = {"id": "t1", "at": "2026-03-02T10:00+01:00", "channel": "phone", "disposition": "refused", "subjects": ["solar"]}
REFUSED = {"rule": "stop_on_refusal"}


def test_no_means_no() -> None:
    assert codes(REFUSED, AT, (NO,)) == ["stopped"]
    assert codes(REFUSED, AT, (NO,), channel="email") == ["stopped"]
    assert codes({**REFUSED, "scope": "channel"}, AT, (NO,), channel="email") == []
    assert codes({**REFUSED, "per": "subject"}, AT, (NO,), subjects=["roofs"]) == []
    assert codes({**REFUSED, "per": "subject"}, AT, (NO,)) == ["stopped"]
    assert codes({**REFUSED, "dispositions": ["opted_out"]}, AT, (NO,)) == []
    assert codes({**REFUSED, "lasts": "7 full dates"}, AT, (NO,)) == ["stopped"]
    assert codes({**REFUSED, "lasts": "7 dates"}, AT, (NO,)) == []
    assert codes({**REFUSED, "lasts": "0 days"}, NO["at"], (NO,)) == []
    assert StopOnRefusal(id="r").memory is None


def test_until_they_agree_again() -> None:
    """A consent given after the refusal lifts it; an older one, or one of another kind, does not."""
    rule = {**REFUSED, "lifted_by_consent": {"basis": ["express"]}}
    old, new = {"since": "2026-01-01T10:00+01:00"}, {"since": "2026-03-05T10:00+01:00"}
    assert codes(rule, AT, (NO,), consents=[old]) == ["stopped"]
    assert codes(rule, AT, (NO,), consents=[old, new]) == []
    assert codes(rule, "2026-03-05T09:59+01:00", (NO,), consents=[new]) == ["stopped"]
    assert codes(rule, AT, (NO,), consents=[{**new, "basis": "purchase"}]) == ["stopped"]
    assert codes(REFUSED, AT, (NO,), consents=[new]) == ["stopped"]


def test_a_deadline_to_honour_it() -> None:
    """Refused on Monday 2 March: the fifth business day is Monday the 9th; whole, it binds from the 10th."""
    assert codes({**REFUSED, "after": "5 business days"}, "2026-03-08T23:59+01:00", (NO,)) == []
    assert codes({**REFUSED, "after": "5 business days"}, "2026-03-09T00:00+01:00", (NO,)) == ["stopped"]
    assert codes({**REFUSED, "after": "5 full business days"}, "2026-03-09T23:59+01:00", (NO,)) == []
    assert codes({**REFUSED, "after": "5 full business days"}, "2026-03-10T00:00+01:00", (NO,)) == ["stopped"]


# -- one channel -------------------------------------------------------------------------------------------------------

CALL = {"id": "t1", "at": "2026-03-02T10:00+01:00", "channel": "phone", "disposition": "no_answer"}


def test_one_channel_at_a_time() -> None:
    week: dict[str, Any] = {"rule": "one_channel", "dates": 7}
    assert codes(week, "2026-03-08T23:59+01:00", (CALL,), channel="email") == ["other_channel"]
    assert codes(week, "2026-03-09T00:00+01:00", (CALL,), channel="email") == []
    assert codes(week, "2026-03-03T10:00+01:00", (CALL,)) == []
    assert codes({"rule": "one_channel", "within": "7d"}, "2026-03-09T09:59+01:00", (CALL,), channel="sms") == [
        "other_channel"
    ]
    assert codes({"rule": "one_channel", "within": "7d"}, "2026-03-09T10:00+01:00", (CALL,), channel="sms") == []
    assert codes(week, AT, (CALL,), channel="email", zones=[]) == ["zone_unknown"]
    booked = {**CALL, "id": "b", "at": "2026-03-12T10:00+01:00", "booked": True}
    assert codes(week, AT, (booked,), channel="email") == ["other_channel"]
    assert OneChannel(id="r", dates=7).memory is None
    with pytest.raises(PolicyError, match="give exactly one of `within: 7d` and `dates: 7`"):
        read_rule({"rule": "one_channel", "id": "r"})


# -- eves --------------------------------------------------------------------------------------------------------------


def test_the_eve_of_a_holiday() -> None:
    """5 January 2026, a Monday, is the eve of Epiphany in Italy; the 7th is a day like any other."""
    rule = {"rule": "holiday_eves", "allow": {"daily": ["10:00-19:00"]}, "holidays": "IT"}
    assert codes(rule, "2026-01-05T09:30+01:00") == ["holiday_eve"]
    assert codes(rule, "2026-01-05T10:00+01:00") == []
    assert codes(rule, "2026-01-05T19:00+01:00") == ["holiday_eve"]
    assert codes(rule, "2026-01-07T09:30+01:00") == []
    assert codes({**rule, "holidays": "prospect"}, "2026-01-05T11:00+01:00", regions=[]) == ["region_unknown"]
    assert codes(rule, "2150-01-05T11:00+01:00")[0] == "calendar_unknown"
    assert HolidayEves(id="r", allow={"daily": ["10:00-19:00"]}, holidays="IT").memory == 0


# -- exceptions --------------------------------------------------------------------------------------------------------


def test_a_consent_that_grows_old_and_one_that_a_touch_ends() -> None:
    """Given on 5 March: on the 11th it is in its seventh date; a conversation ends it before."""
    fact = {"consent": {"basis": ["direct"], "valid_for": "7 dates", "ended_by": {"reached": True}}}
    rule = {"rule": "barred", "unless": fact}
    consent = {"since": "2026-03-05T09:00+01:00", "basis": "direct"}
    talk = {"id": "t1", "at": "2026-03-08T10:00+01:00", "channel": "phone", "disposition": "connected"}
    assert codes(rule, "2026-03-11T23:59+01:00", consents=[consent]) == []
    assert codes(rule, "2026-03-12T00:00+01:00", consents=[consent]) == ["barred"]
    assert codes(rule, "2026-03-08T09:59+01:00", (talk,), consents=[consent]) == []
    assert codes(rule, "2026-03-08T10:00+01:00", (talk,), consents=[consent]) == ["barred"]
    assert codes(rule, "2026-03-06T10:00+01:00", consents=[consent], zones=[]) == ["barred"]
    assert FrequencyCap(id="r", at_most=1, within="1d", unless=fact).looks_back is None


def test_every_subject_must_be_excepted() -> None:
    rule = {"rule": "barred", "unless": {"subjects": ["charity", "press"]}}
    assert codes(rule, AT, subjects=["charity"]) == []
    assert codes(rule, AT, subjects=["charity", "sale"]) == ["barred"]
    assert codes(rule, AT) == ["barred"]


def test_whole_months_include_the_last_day() -> None:
    """Six whole months from 2 September end after 2 March; from 31 August after the last of February."""
    rule = {"rule": "require_consent", "valid_for": "6 full months"}
    for since, last in (("2025-09-02T12:00+02:00", "2026-03-02"), ("2025-08-31T12:00+02:00", "2026-02-28")):
        assert codes(rule, f"{last}T23:59+01:00", consents=[{"since": since}]) == []
    assert codes(rule, "2026-03-03T00:00+01:00", consents=[{"since": "2025-09-02T12:00+02:00"}]) == ["no_consent"]
    assert codes(rule, "2026-03-01T00:00+01:00", consents=[{"since": "2025-08-31T12:00+02:00"}]) == ["no_consent"]
