"""Each finding is found in the smallest policy that deserves it, and not in its nearest clean neighbour."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadencia import Policy, Prospect, Touch
from cadencia.lint import Finding, lint
from cadencia.rules import BusinessDays

WEEK = {"mon-fri": ["09:00-14:00"]}
EVERY_DATE_CLOSED = {"daily": ["00:00-24:00"]}


def policy(*rules: dict[str, Any], channels: Any = ("email", "phone"), name: str = "p", **more: Any) -> Policy:
    numbered = [{"id": f"r{index}", **rule} for index, rule in enumerate(rules, 1)]
    data = {"name": name, "rules": numbered, **more}
    return Policy.from_dict(data if channels is None else {**data, "channels": list(channels)})


def R(kind: str, **fields: Any) -> dict[str, Any]:
    return {"rule": kind, **fields}


def codes(subject: Policy) -> set[str]:
    return {finding.code for finding in lint(subject)}


def cap(at_most: int, **fields: Any) -> dict[str, Any]:
    return R("frequency_cap", at_most=at_most, **fields)


def attempts(at_most: int, **fields: Any) -> dict[str, Any]:
    return R("max_attempts", at_most=at_most, **fields)


def apart(at_least: str, **fields: Any) -> dict[str, Any]:
    return R("spacing", at_least=at_least, **fields)


def hours(**fields: Any) -> dict[str, Any]:
    return R("quiet_hours", **fields)


PHONE = ["phone"]
WEEKDAYS = [f"2026-12-{day}" for day in range(10, 32)]

#: name: (code, id of the rule at fault, rules that deserve it, rules that nearly do)
CASES: dict[str, tuple[str, str, list[dict[str, Any]], list[dict[str, Any]]]] = {
    # when
    "a window on no day": (
        "never_opens",
        "r1",
        [hours(allow={"mon": []})],
        [hours(allow={"mon": []}, dates={"2031-05-06": ["09:00-10:00"]})],
    ),
    "quiet all week": (
        "never_opens",
        "r1",
        [hours(between=EVERY_DATE_CLOSED)],
        [hours(between={"daily": [">00:00-24:00"]})],
    ),
    "quiet all week in pieces": (
        "never_opens",
        "r1",
        [hours(between={"daily": ["21:00-08:00", "08:00-21:00"]})],
        [hours(between={"daily": ["21:00-08:00", "08:01-21:00"]})],
    ),
    "open only on a holiday": (
        "never_opens",
        "r1",
        [hours(allow={"mon": []}, dates={"2026-12-25": ["09:00-10:00"]}, holidays="ES")],
        [hours(allow={"mon": []}, dates={"2026-12-24": ["09:00-10:00"]}, holidays="ES")],
    ),
    "any of two that never open": (
        "never_opens",
        "r1",
        [R("any_of", rules=[{"id": "a", **hours(allow={"mon": []})}, {"id": "b", **hours(between=EVERY_DATE_CLOSED)}])],
        [R("any_of", rules=[{"id": "a", **hours(allow={"mon": []})}, {"id": "b", **hours(allow=WEEK)}])],
    ),
    "hours that never meet": (
        "hours_never_meet",
        "`p`",
        [hours(allow={"mon": ["09:00-12:00"]}), hours(allow={"mon": ["12:00-15:00"]})],
        [hours(allow={"mon": ["09:00-12:00"]}), hours(allow={"mon": ["11:59-15:00"]})],
    ),
    "weekend hours on business days": (
        "hours_never_meet",
        "`p`",
        [hours(allow={"sat-sun": ["09:00-12:00"]}, channels=PHONE), R("business_days")],
        [hours(allow={"fri-sun": ["09:00-12:00"]}, channels=PHONE), R("business_days")],
    ),
    "hours of different channels": (
        "hours_never_meet",
        "`p`",
        [hours(allow={"mon": ["09:00-12:00"]}), hours(allow={"tue": ["12:00-15:00"]}, channels=PHONE)],
        [
            hours(allow={"mon": ["09:00-12:00"]}, channels=["email"]),
            hours(allow={"tue": ["12:00-15:00"]}, channels=PHONE),
        ],
    ),
    "hours of one purpose": (
        "hours_never_meet",
        "`p`",
        [hours(allow={"mon": ["09:00-12:00"]}), hours(allow={"tue": ["12:00-15:00"]}, purposes=["sales"])],
        [
            hours(allow={"mon": ["09:00-12:00"]}, purposes=["care"]),
            hours(allow={"tue": ["12:00-15:00"]}, purposes=["sales"]),
        ],
    ),
    "only by exception": (
        "opens_only_by_exception",
        "`p`",
        [hours(allow={"mon": ["09:00-12:00"]}), hours(allow={"tue": ["09:00-12:00"]}, unless={"replying": True})],
        [hours(allow={"mon": ["09:00-12:00"]}), hours(allow={"mon,tue": ["09:00-12:00"]}, unless={"replying": True})],
    ),
    "two clocks far apart": (
        "closed_in_some_zones",
        "r1",
        [hours(allow={"daily": ["09:00-17:00"]}, clock=["prospect", "Europe/Madrid"])],
        [hours(allow={"daily": ["09:00-17:00"]}, clock="Europe/Madrid")],
    ),
    "two rules on two clocks": (
        "closed_in_some_zones",
        "`p`",
        [hours(allow={"daily": ["09:00-17:00"]}), hours(allow={"daily": ["09:00-17:00"]}, clock="Europe/Madrid")],
        [hours(allow={"daily": ["09:00-17:00"]}), hours(between={"daily": ["00:00-01:00"]}, clock="Europe/Madrid")],
    ),
    "one period after the other": (
        "never_active",
        "r1",
        [R("active_period", **{"from": "2026-05-01T00:00Z"}), R("active_period", until="2026-04-30T00:00Z")],
        [R("active_period", **{"from": "2026-05-01T00:00Z"}), R("active_period", until="2026-05-01T00:01Z")],
    ),
    # how many
    "limit 0": ("limit_zero", "r1", [attempts(0)], [attempts(1)]),
    "limit 0 in a period": (
        "limit_zero",
        "r1",
        [cap(0, each="week", channels=PHONE)],
        [cap(1, each="week", channels=PHONE)],
    ),
    "three a week under one a week": (
        "dominated",
        "r2",
        [cap(1, each="week"), cap(3, each="week")],
        [cap(4, each="month"), cap(3, each="week")],
    ),
    "one in all over three for a purpose": (
        "dominated",
        "r2",
        [cap(1, within="7d"), cap(3, within="7d", purposes=["promotion"])],
        [cap(1, within="7d", purposes=["promotion"]), cap(3, within="7d")],
    ),
    "a day inside a month": (
        "dominated",
        "r1",
        [cap(3, each="day"), cap(2, each="month")],
        [cap(2, each="day"), cap(3, each="month")],
    ),
    "a week is in no month": (
        "dominated",
        "r1",
        [cap(3, each="week"), cap(2, dates=7)],
        [cap(3, each="week"), cap(2, each="month")],
    ),
    "weeks that start alike": (
        "dominated",
        "r1",
        [cap(3, each="week", week_start="sun"), cap(2, each="week", week_start="sun")],
        [cap(3, each="week", week_start="sun"), cap(2, each="week")],
    ),
    "dates inside elapsed time": (
        "dominated",
        "r1",
        [cap(3, dates=7), cap(2, within="8d")],
        [cap(3, dates=7), cap(2, within="7d")],
    ),
    "elapsed time inside dates": (
        "dominated",
        "r1",
        [cap(3, within="7d"), cap(2, dates=9)],
        [cap(3, within="7d"), cap(2, dates=8)],
    ),
    "on one clock": (
        "dominated",
        "r1",
        [cap(3, dates=7, clock="Europe/Madrid"), cap(2, dates=8, clock=["prospect", "Europe/Madrid"])],
        [cap(3, dates=7), cap(2, dates=8, clock="Europe/Madrid")],
    ),
    "dates are in no calendar period": (
        "dominated",
        "r1",
        [cap(3, dates=1), cap(2, each="quarter")],
        [cap(3, dates=2), cap(2, each="quarter")],
    ),
    "two ways to say a day": (
        "dominated",
        "r2",
        [cap(1, dates=1), cap(1, each="day")],
        [cap(1, dates=1), cap(2, within="30d")],
    ),
    "more in a week than in all": (
        "dominated",
        "r2",
        [attempts(2), cap(3, within="7d")],
        [attempts(2, since={"reached": True}), cap(3, within="7d")],
    ),
    "fewer in all": ("dominated", "r2", [attempts(3), attempts(5)], [attempts(3, per="channel"), attempts(5)]),
    "fewer in all, counted alike": (
        "dominated",
        "r2",
        [attempts(3), attempts(5, count="reached")],
        [attempts(3, count="reached"), attempts(5)],
    ),
    "fewer in all, with exceptions": (
        "dominated",
        "r2",
        [attempts(3, unless={"replying": True}), attempts(5, unless=[{"replying": True}, {"tags": ["vip"]}])],
        [attempts(3, unless={"replying": True}), attempts(5)],
    ),
    "fewer in all, but a channel": (
        "dominated",
        "r2",
        [attempts(3, counts={"channels": {"except": ["letter"]}}), attempts(5, counts={"channels": PHONE})],
        [attempts(3, counts={"channels": {"except": ["phone"]}}), attempts(5, counts={"channels": PHONE})],
    ),
    "fewer in all, all but some": (
        "dominated",
        "r2",
        [attempts(3, counts={"channels": {"except": ["a"]}}), attempts(5, counts={"channels": {"except": ["a", "b"]}})],
        [attempts(3, counts={"channels": ["a"]}), attempts(5, counts={"channels": {"except": ["b"]}})],
    ),
    "fewer in all, both ways": (
        "dominated",
        "r2",
        [attempts(3, counts={"directions": {"except": ["none"]}}), attempts(5)],
        [attempts(3), attempts(5, counts={"directions": ["outbound", "inbound"]})],
    ),
    "one a day is seven a week": (
        "cap_unreachable",
        "r2",
        [cap(1, dates=1), cap(7, dates=7)],
        [cap(1, dates=1), cap(6, dates=7)],
    ),
    "one a calendar day": (
        "cap_unreachable",
        "r2",
        [cap(1, each="day"), cap(31, each="month")],
        [cap(1, each="day"), cap(30, each="month")],
    ),
    "rolling caps add up": (
        "cap_unreachable",
        "r2",
        [cap(2, within="24h"), cap(8, within="84h")],
        [cap(2, within="24h", unless={"replying": True}), cap(8, within="84h")],
    ),
    "caps of two clocks": (
        "cap_unreachable",
        "r2",
        [cap(1, each="day"), cap(9, each="week")],
        [cap(1, within="24h"), cap(9, each="week")],
    ),
    "weeks do not add up": (
        "cap_unreachable",
        "r2",
        [cap(1, dates=7), cap(5, each="month")],
        [cap(1, each="week"), cap(5, each="month")],
    ),
    "spacing as long as the period": (
        "spacing_exceeds_period",
        "r1",
        [cap(1, within="24h"), apart("24h")],
        [cap(1, within="24h"), apart("23h")],
    ),
    "spacing over dates": (
        "spacing_exceeds_period",
        "r1",
        [cap(2, dates=3), apart("3 dates")],
        [cap(1, dates=3), apart("2 dates")],
    ),
    "spacing over a month": (
        "spacing_exceeds_period",
        "r1",
        [cap(1, within="7d"), apart("1 month")],
        [cap(1, each="month"), apart("1 month")],
    ),
    "spacing of some only": (
        "spacing_exceeds_period",
        "r1",
        [cap(1, within="24h", counts={"channels": PHONE}), apart("48h", channels=PHONE)],
        [cap(1, within="24h"), apart("48h", channels=PHONE)],
    ),
    "spacing on another clock": (
        "spacing_exceeds_period",
        "r1",
        [cap(1, each="day"), apart("1 dates")],
        [cap(1, each="day", clock="Asia/Tokyo"), apart("1 dates")],
    ),
    "spacing that leaves room for fewer": (
        "cap_unreachable",
        "r1",
        [cap(4, within="7d"), apart("48h")],
        [cap(3, within="7d"), apart("48h")],
    ),
    "growing gaps leave no room": (
        "cap_unreachable",
        "r1",
        [cap(4, within="7d"), R("spacing", backoff={"first": "48h", "at_most": "90h"})],
        [cap(4, within="7d"), R("spacing", backoff={"first": "1h", "at_most": "90h"})],
    ),
    "inbound touches keep no distance": (
        "spacing_exceeds_period",
        "r1",
        [cap(1, within="24h"), apart("48h")],
        [
            cap(1, within="24h", counts={"directions": ["inbound"]}),
            apart("48h", counts={"directions": {"except": ["x"]}}),
        ],
    ),
    "a silence that is never earned": (
        "cool_off_unreachable",
        "r1",
        [R("cool_off", times=3, within="96h", silence="10 days"), apart("48h")],
        [R("cool_off", times=3, within="97h", silence="10 days"), apart("48h")],
    ),
    "a silence after one": (
        "cool_off_unreachable",
        "r1",
        [R("cool_off", times=2, within="24h", silence="10 days"), apart("48h")],
        [R("cool_off", silence="10 days"), apart("48h")],
    ),
    "exhausted after the maximum": (
        "stop_unreachable",
        "r2",
        [attempts(3), R("stop_when_exhausted", at_most=4)],
        [attempts(3), R("stop_when_exhausted", at_most=3)],
    ),
    "exhausted after some of them": (
        "stop_unreachable",
        "r2",
        [attempts(3), R("stop_when_exhausted", at_most=4, counts={"channels": PHONE})],
        [attempts(3, counts={"channels": PHONE}), R("stop_when_exhausted", at_most=4)],
    ),
    # how long
    "spacing past the horizon": ("longer_than_horizon", "r1", [apart("2161h")], [apart("2159h")]),
    "a row past the horizon": (
        "longer_than_horizon",
        "r1",
        [R("recall", after={"refused": "4 months"})],
        [R("recall", after={"refused": "3 months"})],
    ),
    "spacing inside spacing": (
        "dominated",
        "r1",
        [apart("1 business day"), apart("2 business days")],
        [apart("2 days"), apart("2 business days")],
    ),
    "spacing inside spacing, two kinds": (
        "dominated",
        "r1",
        [apart("2 dates"), apart("2 days")],
        [apart("2 days"), apart("2 dates")],
    ),
    "days inside a month": (
        "dominated",
        "r1",
        [apart("28 days"), apart("1 month")],
        [apart("29 days"), apart("1 month")],
    ),
    "hours inside days": ("dominated", "r1", [apart("46h"), apart("2 days")], [apart("48h"), apart("2 days")]),
    "business hours": (
        "dominated",
        "r1",
        [apart("3h"), apart("3 business hours", hours=WEEK)],
        [apart("4h"), apart("3 business hours", hours=WEEK)],
    ),
    "business hours have no end": (
        "dominated",
        "r1",
        [apart("3 business hours", hours=WEEK), apart("4 business hours", hours=WEEK)],
        [apart("3 business hours", hours=WEEK), apart("900h")],
    ),
    "two business calendars": (
        "dominated",
        "r1",
        [apart("1 business day", calendar="ES"), apart("2 business days", calendar="ES")],
        [apart("1 business day", calendar="ES"), apart("2 business days")],
    ),
    "a list of gaps inside another": (
        "dominated",
        "r1",
        [R("spacing", gaps=["1h", "2h"]), R("spacing", gaps=["3h", "2h"])],
        [R("spacing", gaps=["1h", "4h"]), R("spacing", gaps=["3h", "2h"])],
    ),
    "the same time in two spellings": (
        "dominated",
        "r2",
        [apart("1h"), apart("60m")],
        [apart("1h"), apart("61m", channels=PHONE)],
    ),
    "recall inside spacing": (
        "recall_never_binds",
        "r1",
        [R("recall", after={"busy": "30m", "otherwise": "1h"}), apart("2h")],
        [R("recall", after={"busy": "3h", "otherwise": "4h"}), apart("2h")],
    ),
    "one row inside spacing": (
        "recall_never_binds",
        "r1",
        [R("recall", after={"busy": ["30m", "1h"], "no_answer": "3h"}), apart("2h")],
        [R("recall", after={"busy": ["30m", "3h"], "no_answer": "3h"}), apart("2h")],
    ),
    "two rows inside spacing": (
        "recall_never_binds",
        "r1",
        [R("recall", after={"busy": "30m", "no_answer": "1h", "otherwise": "3h"}), apart("2h")],
        [
            R("recall", after={"busy": "30m", "no_answer": "1h", "otherwise": "3h"}),
            apart("2h", unless={"replying": True}),
        ],
    ),
    "silence inside spacing": (
        "silence_never_binds",
        "r1",
        [R("cool_off", silence="1h"), apart("2h")],
        [R("cool_off", silence="3h"), apart("2h")],
    ),
    "a row that counts keeps out": (
        "unreachable_row",
        "r1",
        [R("recall", counts={"dispositions": ["busy"]}, after={"busy": "1h", "no_answer": "2h"})],
        [R("recall", counts={"dispositions": ["busy", "no_answer"]}, after={"busy": "1h", "no_answer": "2h"})],
    ),
    "a row that never went out": (
        "unreachable_row",
        "r1",
        [R("recall", after={"bounced_hard": "1h"})],
        [R("recall", count="planned", after={"bounced_hard": "1h"})],
    ),
    "a row that reached nobody": (
        "unreachable_row",
        "r1",
        [R("recall", count="reached", after={"no_answer": "1h"})],
        [R("recall", count="reached", after={"unknown": "1h"})],
    ),
    "a row for those reached": (
        "unreachable_row",
        "r1",
        [R("recall", counts={"reached": True}, after={"no_answer": "1h"})],
        [R("recall", counts={"reached": True, "directions": ["inbound"]}, after={"no_answer": "1h"})],
    ),
    "a count of what never went out": (
        "unreachable_row",
        "r1",
        [R("max_attempts", at_most=2, counts={"dispositions": ["bounced_hard", "failed"]})],
        [R("max_attempts", at_most=2, count="planned", counts={"dispositions": ["bounced_hard", "failed"]})],
    ),
    "a count of one that never went out": (
        "unreachable_row",
        "r1",
        [R("frequency_cap", at_most=2, within="7d", counts={"dispositions": ["busy", "bounced_soft"]})],
        [R("frequency_cap", at_most=2, within="7d", counts={"dispositions": {"except": ["busy", "bounced_soft"]}})],
    ),
    "a pause after what never went out": (
        "unreachable_row",
        "r1",
        [R("cool_off", silence="5 days", counts={"dispositions": ["bounced_hard"]})],
        [R("cool_off", silence="5 days", counts={"dispositions": ["busy"]})],
    ),
    "a stop after what was not delivered": (
        "unreachable_row",
        "r1",
        [R("stop_when_exhausted", at_most=2, count="delivered", counts={"dispositions": ["busy"]})],
        [R("stop_when_exhausted", at_most=2, count="delivered", counts={"dispositions": ["sent"]})],
    ),
    "otherwise is nothing": (
        "unreachable_row",
        "r1",
        [R("recall", counts={"dispositions": ["busy"]}, after={"busy": "1h", "otherwise": "2h"})],
        [R("recall", counts={"dispositions": {"except": ["busy"]}}, after={"no_answer": "1h", "otherwise": "2h"})],
    ),
    "due before it is permitted": (
        "deadline_unmeetable",
        "r1",
        [R("touch_at_least_every", every="2 days"), apart("72h")],
        [R("touch_at_least_every", every="2 days"), apart("48h")],
    ),
    "due in business days": (
        "deadline_unmeetable",
        "r1",
        [R("touch_at_least_every", every="1 month"), apart("2 months")],
        [R("touch_at_least_every", every="2 business days"), apart("2 months")],
    ),
    # how
    "a rule for a channel that is not there": (
        "never_applies",
        "r1",
        [attempts(3, channels=["sms"])],
        [attempts(3, channels=["phone"])],
    ),
    "a rule that names one too many": (
        "channel_not_allowed",
        "r1",
        [attempts(3, channels=["phone", "sms"])],
        [attempts(3, channels={"except": ["sms"]})],
    ),
    "an order that names one too many": (
        "channel_not_allowed",
        "r1",
        [R("channel_rotation", order=["email", "phone", "sms"])],
        [R("channel_rotation", order=["email", "phone"])],
    ),
    "a slip of the pen": (
        "channel_misspelt",
        "r1",
        [attempts(3, counts={"channels": ["phnoe"]})],
        [attempts(3, counts={"channels": ["pigeon"]})],
    ),
    "a channel that is never used": (
        "channel_never_used",
        "`p`",
        [attempts(0, channels=PHONE)],
        [attempts(0, channels=PHONE, purposes=["sales"])],
    ),
    "a channel whose hours never open": (
        "channel_never_used",
        "`p`",
        [hours(allow={"mon": []}, channels=PHONE)],
        [hours(allow=WEEK, channels=PHONE)],
    ),
    "nothing permitted": ("nothing_permitted", "`p`", [attempts(0)], [attempts(0, unless={"replying": True})]),
    "every channel closed in its own way": (
        "nothing_permitted",
        "`p`",
        [attempts(0, channels=PHONE), cap(0, each="day", channels=["email"])],
        [attempts(0, channels=PHONE), cap(1, each="day", channels=["email"])],
    ),
    "a rotation of one": (
        "rotation_of_one",
        "r1",
        [R("channel_rotation", order=["phone"])],
        [R("preferred_channel", order=["phone"])],
    ),
    "each channel alone": (
        "deadlock",
        "r1",
        [R("no_repeated_channel", per="channel")],
        [R("no_repeated_channel", per="purpose")],
    ),
    "hours that nobody waits for": (
        "preference_never_matters",
        "r1",
        [R("preferred_hours", hours=WEEK)],
        [R("preferred_hours", hours=WEEK, patience="1d")],
    ),
    "soonest of the equally soon": (
        "preference_never_matters",
        "r1",
        [R("soonest"), R("preferred_channel", order=PHONE)],
        [R("soonest"), R("preferred_channel", order=PHONE, patience="1d")],
    ),
    # twice
    "one rule, two ids": (
        "identical_rules",
        "r2",
        [attempts(3, because="a"), attempts(3, because="b")],
        [attempts(3), attempts(3, channels=PHONE)],
    ),
    "a stop inside a stop": (
        "stop_shadowed",
        "r1",
        [R("stop_on", dispositions=["refused"]), R("stop_on", dispositions=["refused", "opted_out"])],
        [R("stop_on", dispositions=["refused"]), R("stop_on", dispositions=["refused", "opted_out"], lasts="30 days")],
    ),
    "a stop for a channel inside one for the case": (
        "stop_shadowed",
        "r1",
        [R("stop_on", dispositions=["refused"], scope="channel"), R("stop_on", dispositions=["refused"])],
        [
            R("stop_on", dispositions=["refused"], channels=PHONE),
            R("stop_on", dispositions=["refused"], channels=["email"]),
        ],
    ),
    "a stop on inbound ones": (
        "stop_shadowed",
        "r2",
        [
            R("stop_on", dispositions=["refused"]),
            R("stop_on", dispositions=["refused"], counts={"directions": ["inbound"]}),
        ],
        [
            R("stop_on", dispositions=["refused"], counts={"directions": ["outbound"]}),
            R("stop_on", dispositions=["refused"], scope="channel"),
        ],
    ),
    "a stop on one stage": (
        "stop_shadowed",
        "r1",
        [R("stop_on_stage", on=["lost"]), R("stop_on_stage", on=["lost", "customer"])],
        [R("stop_on_stage", on=["lost"]), R("stop_on", dispositions=["refused"])],
    ),
    "a choice of one": (
        "choice_of_one",
        "r1",
        [R("any_of", rules=[{"id": "a", **attempts(3)}])],
        [R("any_of", rules=[{"id": "a", **attempts(3)}, {"id": "b", **apart("3h")}])],
    ),
    "a choice of the same": (
        "identical_rules",
        "r1",
        [R("any_of", rules=[{"id": "a", **attempts(3)}, {"id": "b", **attempts(3)}])],
        [R("any_of", rules=[{"id": "a", **attempts(3)}, {"id": "b", **apart("3h")}])],
    ),
    "a choice between more and less": (
        "choice_idle",
        "r1",
        [R("any_of", rules=[{"id": "a", **attempts(3)}, {"id": "b", **attempts(4)}])],
        [R("any_of", rules=[{"id": "a", **attempts(3, channels=PHONE)}, {"id": "b", **attempts(4)}])],
    ),
    "a choice between near and far": (
        "choice_idle",
        "r1",
        [R("any_of", rules=[{"id": "a", **apart("3h")}, {"id": "b", **apart("4h")}])],
        [R("any_of", rules=[{"id": "a", **apart("3h")}, {"id": "b", **apart("4h", per="channel")}])],
    ),
    "a choice between hours inside hours": (
        "choice_idle",
        "r1",
        [R("any_of", rules=[{"id": "a", **hours(allow=WEEK)}, {"id": "b", **hours(allow={"mon": ["10:00-11:00"]})}])],
        [R("any_of", rules=[{"id": "a", **hours(allow=WEEK)}, {"id": "b", **hours(allow={"mon": ["10:00-15:00"]})}])],
    ),
    "the same hours in two ways": (
        "choice_idle",
        "r1",
        [
            R(
                "any_of",
                rules=[{"id": "a", **R("business_days")}, {"id": "b", **hours(between={"sat-sun": ["00:00-24:00"]})}],
            )
        ],
        [
            R(
                "any_of",
                rules=[
                    {"id": "a", **R("business_days")},
                    {"id": "b", **hours(between={"sat-sun": ["00:00-24:00"]}, tags=["x"])},
                ],
            )
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_found_where_deserved_and_not_beside(name: str) -> None:
    code, rule, guilty, clean = CASES[name]
    assert (code, rule) in {(item.code, item.rule) for item in lint(policy(*guilty))}
    assert (code, rule) not in {(item.code, item.rule) for item in lint(policy(*clean))}


def test_hours_of_one_purpose_are_told_apart() -> None:
    found = lint(
        policy(hours(allow={"mon": ["09:00-12:00"]}), hours(allow={"tue": ["12:00-15:00"]}, purposes=["sales"]))
    )
    told = [item.message for item in found if item.code == "hours_never_meet"]
    assert len(told) == 2  # one for each channel
    assert all(line.endswith("(for purpose `sales`)") for line in told)


def test_hours_that_close_every_known_purpose_but_the_unnamed_say_so() -> None:
    rules = [
        hours(allow={"mon": ["09:00-12:00"]}),
        hours(allow={"tue": ["12:00-15:00"]}, purposes={"except": ["care"]}),
    ]
    told = [item.message for item in lint(policy(*rules, channels=["phone"])) if item.code == "hours_never_meet"]
    assert [line.rpartition(" (for ")[2] for line in told] == ["no purpose that a rule names)"]


def test_a_layer_may_speak_of_any_channel() -> None:
    assert codes(policy(attempts(3, channels=["sms"]), channels=None)) == {"no_channels"}
    assert codes(policy(attempts(3, channels=["sms"]), channels=["sms"])) == set()


def test_a_layer_without_channels_has_its_hours_looked_at_too() -> None:
    rules = [hours(allow={"mon": ["09:00-12:00"]}), hours(allow={"tue": ["12:00-15:00"]}, channels=PHONE)]
    assert "hours_never_meet" in codes(policy(*rules, channels=None))


def test_a_misspelt_channel_of_the_policy() -> None:
    assert "channel_misspelt" in codes(policy(channels=["emial", "phone"]))
    assert "channel_misspelt" not in codes(policy(channels=["pigeon", "phone"]))


def test_no_channel_at_all() -> None:
    assert codes(policy(channels=[])) == {"nothing_permitted"}
    apart_ = policy(channels=["phone"], name="a") & policy(channels=["email"], name="b")
    assert [(item.code, item.level) for item in lint(apart_)] == [("nothing_permitted", "error")]
    together = policy(channels=["phone", "sms"], name="a") & policy(channels=["phone"], name="b")
    assert lint(together) == []


@pytest.mark.parametrize("channels", [["phone"], ["phone", "email"]])
def test_with_a_single_channel_there_is_nothing_to_vary(channels: list[str]) -> None:
    single = len(channels) == 1
    rotation = policy(R("channel_rotation", order=["phone", "email"], patience="1d"), channels=channels)
    assert ("preference_never_matters" in codes(rotation)) is single
    assert (
        "preference_never_matters" in codes(policy(R("preferred_channel", order=["phone"]), channels=channels))
    ) is single
    assert ("deadlock" in codes(policy(R("no_repeated_channel"), channels=channels))) is single


def test_a_repeated_channel_that_is_not_the_single_one_is_no_deadlock() -> None:
    assert "deadlock" not in codes(policy(R("no_repeated_channel", counts={"channels": ["email"]}), channels=["phone"]))


def test_layers_are_written_apart_so_repeating_one_another_is_only_noted() -> None:
    law, house = policy(attempts(5), apart("24h"), name="law"), policy(attempts(3), apart("24h"), name="house")
    assert [(item.code, item.rule, item.level) for item in lint(law & house)] == [
        ("dominated", "law/r1", "note"),
        ("duplicate_across_layers", "law/r2", "note"),
    ]


def test_layers_that_read_a_word_differently_are_named() -> None:
    own = {"dispositions": {"rang_out": {"reached": "no"}}}
    law, house = policy(attempts(5), name="law", **own), policy(attempts(5), name="house")
    assert [item.message for item in lint(law & house)] == [
        "rule `law/r1`: says the same as rule `house/r1` of another layer (though the layers"
        " read `rang_out` differently); one would do"
    ]


def test_layers_that_read_words_differently_hide_nothing_of_each_other() -> None:
    own = {"dispositions": {"rang_out": {"went_out": False}}}
    assert lint(policy(attempts(5), name="law", **own) & policy(attempts(3), name="house")) == []


def test_a_stop_of_one_layer_hides_none_of_another() -> None:
    law, house = (
        policy(R("stop_on", dispositions=["refused"]), name="law"),
        policy(R("stop_on", dispositions=["refused", "failed"]), name="house"),
    )
    assert lint(law & house) == []


def test_words_of_the_policy_count_in_its_recall() -> None:
    lost = {"dispositions": {"rang_out": {"went_out": False}}}
    assert "unreachable_row" in codes(policy(R("recall", after={"rang_out": "1h"}), **lost))
    assert "unreachable_row" not in codes(policy(R("recall", after={"rang_out": "1h"}), dispositions={"rang_out": {}}))


def test_no_business_day_at_all() -> None:
    rule = BusinessDays(id="none", days=())
    assert ("never_opens", "none") in {(item.code, item.rule) for item in lint(Policy(name="p", rules=(rule,)))}


def test_a_region_is_wider_only_when_it_is_the_same() -> None:
    assert "dominated" in codes(policy(attempts(3, regions=["ES"]), attempts(5, regions=["ES"])))
    assert "dominated" not in codes(policy(attempts(3, regions=["ES"]), attempts(5, regions=["ES-CT"])))


def test_a_rule_that_is_in_force_for_a_while_hides_no_other() -> None:
    assert "dominated" not in codes(policy(attempts(3, in_force={"from": "2026-01-01"}), attempts(5)))


def test_levels_and_order() -> None:
    found = lint(policy(attempts(0), hours(between=EVERY_DATE_CLOSED), R("channel_rotation", order=["phone"])))
    levels = [item.level for item in found]
    assert levels == sorted(levels, key=("error", "warning", "note").index)
    assert set(levels) == {"error", "warning", "note"}
    narrowed = lint(policy(hours(between=EVERY_DATE_CLOSED, channels=PHONE)))
    assert [item.level for item in narrowed if item.code == "never_opens"] == ["warning"]


def test_every_finding_is_one_line_that_names_its_place_and_quotes_what_was_given() -> None:
    for _, _, guilty, _ in CASES.values():
        for item in lint(policy(*guilty)):
            assert "\n" not in item.message
            assert item.message.startswith((f"rule `{item.rule}`: ", f"policy {item.rule}: "))
            assert item.message.count("`") % 2 == 0
            assert ";" in item.message or "so " in item.message


def test_a_finding_is_a_warning_unless_said_otherwise() -> None:
    assert Finding("code", "rule", "message").level == "warning"


def test_the_order_of_rules_does_not_matter() -> None:
    rules = [
        attempts(3, id="a"),
        attempts(5, id="b"),
        apart("2h", id="c"),
        apart("1h", id="d"),
        cap(1, dates=1, id="e"),
        cap(1, each="day", id="f"),
    ]
    assert policy(*rules).lint() == policy(*reversed(rules)).lint() == policy(*rules).lint()


def test_findings_do_not_depend_on_the_hash_seed() -> None:
    data = json.dumps(
        policy(attempts(0, channels=PHONE), attempts(5), attempts(4), channels=["phone", "sms"]).to_dict()
    )
    code = f"from cadencia import Policy; print(Policy.from_json({data!r}).lint())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_sound_policy_has_nothing_said_of_it() -> None:
    rules = [
        attempts(7), cap(3, within="7d"), cap(1, each="day"), apart("20h", unless={"replying": True}),
        R("recall", after={"busy": "30m", "otherwise": "3 days"}),
        hours(allow=WEEK, channels=PHONE, holidays="prospect"),
        R("business_days"), R("channel_rotation", order=["email", "phone"]), R("stop_on", dispositions=["opted_out"]),
        R("no_repeated_channel", at_most=3), R("touch_at_least_every", every="21 days"), R("require_consent"),
    ]  # fmt: skip
    assert lint(policy(*rules)) == []


# -- what is called idle is idle ---------------------------------------------------------------------------------------

LENGTHS = st.sampled_from(["1h", "23h", "24h", "25h", "48h", "3d", "7d", "8d", "9d"])
DELAYS = st.sampled_from(
    [
        "1h",
        "23h",
        "24h",
        "26h",
        "48h",
        "50h",
        "1 day",
        "2 days",
        "3 days",
        "1 date",
        "2 dates",
        "3 dates",
        "1 business day",
        "2 business days",
        "3 business days",
        "3 business hours",
        "5 business hours",
    ]
)
COUNTED = st.sampled_from(
    [{}, {"counts": {"channels": PHONE}}, {"channels": PHONE}, {"per": "channel"}, {"count": "reached"}]
)
PERIODS = st.one_of(
    st.fixed_dictionaries({"within": LENGTHS}),
    st.fixed_dictionaries({"dates": st.integers(1, 10)}),
    st.fixed_dictionaries({"each": st.sampled_from(["day", "week", "half_month", "month"])}),
)
OFFICE = {"hours": {"mon-fri": ["09:00-18:00"]}}
CAPS = st.builds(lambda most, period, more: cap(most, **period, **more), st.integers(1, 4), PERIODS, COUNTED)
SPACINGS = st.builds(lambda delay, more: apart(delay, **OFFICE, **more), DELAYS, COUNTED)
RECALLS = st.builds(lambda delay, more: R("recall", after={"otherwise": delay}, **OFFICE, **more), DELAYS, COUNTED)
SILENCES = st.builds(lambda delay, more: R("cool_off", silence=delay, **OFFICE, **more), DELAYS, COUNTED)
TOTALS = st.builds(lambda most, more: attempts(most, **more), st.integers(1, 4), COUNTED)
PAUSES = st.builds(
    lambda times, length: R("cool_off", times=times, within=length, silence="30 days"), st.integers(2, 4), LENGTHS
)

START = datetime(2026, 3, 20, tzinfo=UTC)
END = datetime(2026, 4, 20, tzinfo=UTC)
HOURS_AFTER = st.one_of(st.integers(0, 500), st.integers(0, 20).map(lambda days: days * 24 - 1))
TOUCHES = st.lists(
    st.tuples(HOURS_AFTER, st.sampled_from(["phone", "email"]), st.sampled_from(["no_answer", "connected", "failed"])),
    max_size=7,
)


def history(drawn: list[tuple[int, str, str]]) -> list[Touch]:
    """Around the night on which European clocks go forward."""
    return [
        Touch(id=f"t{index}", at=START + timedelta(hours=hours_), channel=channel, disposition=disposition)
        for index, (hours_, channel, disposition) in enumerate(drawn)
    ]


@given(st.lists(st.one_of(CAPS, SPACINGS, RECALLS, SILENCES, TOTALS), min_size=2, max_size=3), TOUCHES)
def test_a_rule_that_another_hides_changes_nothing_whatever_the_history(
    rules: list[dict[str, Any]], drawn: Any
) -> None:
    """A rule said to be dominated, or never to bind after each touch, can be left out: every window stays the same."""
    subject = policy(*rules)
    hidden = [
        item.rule
        for item in lint(subject)
        if item.code in ("dominated", "silence_never_binds", "recall_never_binds", "identical_rules")
    ]
    if not hidden:
        return
    person = Prospect(id="p", zones="Europe/Madrid")
    touches = history(drawn)
    assert "rule_error" not in {block.code for block in subject.why_not(person, START, "phone", touches=touches)}
    assert subject.windows(person, START, END, touches=touches) == subject.without(hidden[0]).windows(
        person, START, END, touches=touches
    )


@given(st.lists(st.one_of(CAPS, SPACINGS, PAUSES), min_size=2, max_size=3), TOUCHES)
def test_a_cap_that_is_never_reached_forbids_nothing_while_the_policy_is_followed(
    rules: list[dict[str, Any]], drawn: Any
) -> None:
    """A cap said to be out of reach never speaks in a history of touches each of which was permitted when made."""
    subject = policy(*rules)
    idle = {item.rule for item in lint(subject) if item.code in UNREACHED}
    if not idle:
        return
    person = Prospect(id="p", zones="Europe/Madrid")
    made: list[Touch] = []
    for touch in sorted(history(drawn), key=lambda item: item.at):
        said = subject.why_not(person, touch.at, touch.channel, touches=made)
        assert "rule_error" not in {block.code for block in said}
        speaking = {block.rule for block in said}
        assert not speaking or speaking - idle
        if not said:
            made.append(touch)


UNREACHED = ("cap_unreachable", "spacing_exceeds_period", "cool_off_unreachable")


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2026-05-01T00:00Z", "2026-04-30T23:00Z", True),
        ("2026-05-05", "2026-05-01", True),
        ("2026-05-02", "2026-05-01", False),  # somewhere on Earth the first has not ended when the second begins
    ],
)
def test_active_periods_of_which_one_begins_after_the_other(start: str, end: str, found: bool) -> None:
    """Two periods that never meet permit nothing."""
    first, last = R("active_period", **{"from": start}), R("active_period", until=end)
    assert ("never_active" in codes(policy(first, last))) is found
