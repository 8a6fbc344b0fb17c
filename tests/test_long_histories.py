"""A touch more costs as much as the last one: work is counted, not timed, for every kind of rule that reads touches."""

from __future__ import annotations

import gc
import pickle
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from cadencia import Case
from cadencia.policy_files import load
from cadencia.rules import Candidate, Deadline, Limit, Offer
from cadencia.rules.evidence import Staying, Stretch
from cadencia.rules.registry import ALWAYS, BUILT_IN, rule_class

START, STEP, DAY = datetime(2024, 1, 1, tzinfo=UTC), timedelta(hours=6), 86_400_000_000
DISPOSITIONS = ("no_answer", "busy", "connected", "sent", "refused")
BOOK = Path(__file__).resolve().parent.parent / "examples" / "book" / "policy.yaml"

#: Every built-in kind, in the forms that read touches in different ways.
RULES: dict[str, list[dict[str, Any]]] = {
    "max_attempts": [{"at_most": 3}, {"at_most": 3, "since": {"dispositions": ["connected"]}, "over": "account"}],
    "frequency_cap": [{"at_most": 3, "within": "7d"}, {"at_most": 1, "dates": 3}, {"at_most": 2, "each": "week"}],
    "spacing": [
        {"at_least": "2 days", "per": ["channel"]},
        {
            "at_least": "1 business day",
            "calendar": "ES",
            "unless": [{"replying": True}, {"requested": {"early": "1h"}}],
        },
        {"gaps": ["1 day", "2 days", "3 days"]},
        {"backoff": {"first": "1h", "at_most": "3d"}},
    ],
    "recall": [{"after": {"busy": ["30m", "1 day"], "otherwise": "2 days"}}],
    "cool_off": [
        {"times": 3, "within": "10d", "silence": "21 days"},
        {"times": 2, "within": "5d", "silence": "3 business days", "calendar": "ES"},
    ],
    "quiet_hours": [{"allow": {"mon-fri": ["09:00-18:00"]}, "unless": [{"replying": True}]}],
    "business_days": [{}],
    "holiday_eves": [{"allow": {"daily": ["10:00-19:00"]}, "holidays": "ES"}],
    "active_period": [{"from": "2024-01-01"}],
    "require_consent": [{}],
    "clear_register": [{"registry": "list", "unless": [{"consent": {"ended_by": {"reached": True}}}]}],
    "barred": [{}],
    "known_region": [{}],
    "one_channel": [{"dates": 7}, {"within": "7d"}],
    "await_promise": [{"grace": "1 business day"}],
    "await_pending": [{"kinds": ["doubt"]}],
    "earn_first": [{"least": 2}, {"least": 3, "per": "channel"}],
    "no_repeated_channel": [{"at_most": 2}],
    "account_reply": [{"lasts": "3 days"}],
    "account_load": [{"at_most": 1, "within": "2d"}],
    "account_day": [{}],
    "any_of": [
        {
            "rules": [
                {"rule": "spacing", "id": "a", "at_least": "2 days"},
                {"rule": "frequency_cap", "id": "b", "at_most": 2, "within": "3d"},
            ]
        }
    ],
    "stop_on": [
        {"dispositions": ["refused"]},
        {
            "dispositions": ["refused"],
            "after": "3 days",
            "lifted_by": {"dispositions": ["connected"]},
            "over": "account",
        },
        {"dispositions": ["refused"], "lasts": "3 days", "lifted_by": {"dispositions": ["converted"]}},
    ],
    "stop_on_refusal": [{"lifted_by_consent": {}}, {"after": "3 days", "lasts": "3 days", "per": "channel"}],
    "stop_on_stage": [{"on": ["lost"], "lifted_by": {"dispositions": ["converted"]}}],
    "stop_on_opt_out": [{"lifted_by": {"dispositions": ["converted"]}}],
    "stop_when_exhausted": [{"at_most": 3}],
    "stop_unless_qualified": [{"tag": "vip"}],
    "channel_rotation": [
        {"order": ["email", "phone"], "mode": "alternate"},
        {"order": ["email", "phone"], "mode": "in_order"},
        {"order": ["email", "phone"], "mode": "escalate", "each": 2},
    ],
    "preferred_channel": [{"order": ["email"]}],
    "preferred_hours": [{"hours": {"mon-fri": ["10:00-12:00"]}}],
    "soonest": [{}],
    "respond_within": [{"within": "2 days"}],
    "promise_due": [{"grace": "1 day"}],
    "touch_at_least_every": [{"every": "5 days"}],
    "never_undated": [{}],
}
FORMS = [(kind, number) for kind, forms in RULES.items() for number in range(len(forms))]


def touches(count: int, name: str, dated: bool) -> Iterator[dict[str, Any]]:
    """A touch every six hours: replies, promises and every disposition among them."""
    for index in range(count):
        at = START + index * STEP
        touch: dict[str, Any] = {
            "id": f"{name}{index}",
            "at": at.date() if dated and index % 5 == 0 else at,
            "channel": ("phone", "email", "email")[index % 3],
            "disposition": DISPOSITIONS[index % 7 % 5],
        }
        if index % 6 == 0:
            touch |= {"direction": "inbound", "disposition": "replied"}
        if index % 11 == 0:
            promised = {"kind": "call", "by": ("us", "them")[index % 2], "at": at + timedelta(days=2)}
            touch["promise"] = promised if index % 3 else {**promised, "at": None}
        yield touch


def case_of(count: int, *, dated: bool, others: bool) -> Case:
    prospect = {
        "id": "p",
        "zones": "Europe/Madrid",
        "regions": "ES",
        "stages": ["lost"],
        "opt_outs": [{"channel": "sms"}],
    }
    data: dict[str, Any] = {"prospect": prospect, "touches": list(touches(count, "t", dated))}
    if others:  # what the prospect does not answer for leaves room for the load of the others
        data["touches"] = data["touches"][::40]
        people = [{**touch, "prospect": "q"} for touch in touches(count, "o", dated)]
        data["account"] = {"id": "a", "people": [{"id": "q"}], "touches": people}
    return Case.model_validate(data)


class Work:
    """Counts calls, into C as well, and the steps of the interpreter in our own code."""

    def __init__(self) -> None:
        self.done = 0

    def __enter__(self) -> Work:
        gc.disable()
        self._before = sys.gettrace()  # whoever measures coverage goes on doing so afterwards
        sys.settrace(self._line)
        sys.setprofile(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        sys.settrace(self._before)
        gc.enable()

    def _call(self, frame: FrameType, event: str, argument: object) -> None:
        self.done += event in ("call", "c_call")

    def _line(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        code: CodeType = frame.f_code
        if "cadencia" not in code.co_filename:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        self.done += event == "opcode"
        return self._line


def effort(rule: Any, case: Case, count: int, whole: bool) -> tuple[int, int]:
    """The work of a rule on a history, and how many ids its evidence holds."""
    view = case.view()
    assert len(view.touches) + len(view.others) + len(view.everybody) >= count
    now = int((START + count * STEP).timestamp() * 1e6)
    span = (int(START.timestamp() * 1e6) if whole else now, now + 90 * DAY)
    candidate = Candidate("email")
    evidence = 0
    with Work() as work:
        if isinstance(rule, Limit):
            evidence = sum(len(block.touches) for block in rule.answer(view, candidate, span))
            evidence += len(rule.counted(view, candidate, now))
        elif isinstance(rule, Deadline):
            evidence = len(list(rule.dues(view, now)))
        else:
            rule.key(view, Offer(candidate, now, ((now, now + DAY),)))
            rule.key(view, Offer(Candidate("phone"), now, ((now, now + DAY),)))
    return work.done, evidence


def test_every_kind_is_here() -> None:
    assert set(RULES) == set(BUILT_IN) - set(ALWAYS)


@pytest.mark.slow
@pytest.mark.parametrize("others", [False, True], ids=["own", "others"])
@pytest.mark.parametrize("dated", [False, True], ids=["exact", "dated"])
@pytest.mark.parametrize(("kind", "number"), FORMS)
def test_twice_the_touches_are_twice_the_work(kind: str, number: int, dated: bool, others: bool) -> None:
    """After a long history, and over the whole of it."""
    rule = rule_class(kind).model_validate({"rule": kind, "id": "r", **RULES[kind][number]})
    for whole in (False, True):
        few, many = (
            [effort(rule, case_of(count, dated=dated, others=others), count, whole) for _ in range(2)][1]
            for count in (300, 600)  # twice, as clocks and calendars are kept from the first time on
        )
        assert many[0] <= 2.3 * few[0] + 2000, f"work {few[0]} -> {many[0]}, whole history: {whole}"
        assert many[1] <= 2.3 * few[1] + 50, f"evidence {few[1]} -> {many[1]}, whole history: {whole}"


def held(rule: Any, case: Case, start: int, end: int) -> int:
    """The bytes that the blocks of a rule hold on to."""
    view, candidate = case.view(), Candidate("email")
    list(rule.answer(view, candidate, (start, end)))  # what is remembered of a case is not the blocks'
    gc.collect()
    tracemalloc.start()
    blocks = list(rule.answer(view, candidate, (start, end)))
    found = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert isinstance(blocks, list)
    return found


#: Here the blocks themselves are many: an exception cuts the block of each touch at each reply.
MANY_BLOCKS = {("spacing", 1)}
LIMITS = [form for form in FORMS if issubclass(rule_class(form[0]), Limit) and form not in MANY_BLOCKS]


def dense(count: int, *, dated: bool, others: bool) -> Case:
    """A touch every six minutes, every fifth known to the day alone; all one's own, or all of two others of the account."""
    found: list[dict[str, Any]] = []
    for index, touch in enumerate(touches(count, "t", False)):
        at = START + index * timedelta(minutes=6)
        found.append({**touch, "at": at.date() if dated and index % 5 == 0 else at, "promise": None})
    data: dict[str, Any] = {"prospect": {"id": "p", "zones": "Europe/Madrid", "regions": "ES"}}
    if others:
        people = [{**touch, "prospect": "qr"[index % 2]} for index, touch in enumerate(found)]
        data["account"] = {"id": "a", "people": [{"id": "q"}, {"id": "r"}], "touches": people}
    else:
        data["touches"] = found
    return Case.model_validate(data)


@pytest.mark.parametrize("others", [False, True], ids=["own", "others"])
@pytest.mark.parametrize("dated", [False, True], ids=["exact", "dated"])
@pytest.mark.parametrize(("kind", "number"), LIMITS)
def test_a_touch_every_six_minutes_asked_about_in_the_middle(kind: str, number: int, dated: bool, others: bool) -> None:
    """Each of many blocks names the touches of its period: together they hold on to what the history is, and not to its square."""
    rule = rule_class(kind).model_validate({"rule": kind, "id": "r", **RULES[kind][number]})
    often = 6 * 60_000_000
    start = int(START.timestamp() * 1e6)
    few, many = (
        held(rule, dense(count, dated=dated, others=others), start + count // 2 * often, start + 90 * DAY)
        for count in (500, 1000)
    )
    assert many <= 2.4 * few + 4_000, f"{few} -> {many} bytes"


@pytest.mark.parametrize("data", RULES["spacing"], ids=["at_least", "business", "gaps", "backoff"])
def test_bookings_to_come(data: dict[str, Any]) -> None:
    """A limit that looks both ways does not compare every booking with every other."""
    rule = rule_class("spacing").model_validate({"rule": "spacing", "id": "r", **data})

    def booked(count: int) -> int:
        found = [
            {"id": f"b{index}", "at": START + index * timedelta(days=5), "channel": "email", "booked": True}
            for index in range(count)
        ]
        case = Case.model_validate({"prospect": {"id": "p", "zones": "UTC"}, "touches": found})
        start = int(START.timestamp() * 1e6)
        view = case.view()
        with Work() as work:
            assert list(rule.answer(view, Candidate("email"), (start - DAY, start + 5 * count * DAY)))
        return work.done

    booked(400)  # clocks and calendars are kept
    counts = [booked(count) for count in (200, 400)]
    assert all(more <= 2.3 * less for less, more in pairwise(counts)), counts


@pytest.mark.slow
def test_two_hundred_thousand_touches() -> None:
    """A whole decision with its reasons: a hundred thousand touches more cost what the first hundred thousand did."""
    policy = load(BOOK)
    person = {
        "id": "p",
        "zones": "Europe/Madrid",
        "regions": "ES",
        "contact_points": [{"channel": "phone", "address": "1"}],
    }
    found = [touch | {"purpose": "service"} for touch in touches(200_000, "t", False)]
    now = START + len(found) * STEP
    decision = policy.decide(person, found, as_of=now)
    record = decision.record
    assert len(record.verdicts) > 20
    verdicts = {verdict.rule: verdict for verdict in record.verdicts}
    assert len(verdicts["breathe"].touches) > 100_000
    assert sum(len(block.touches) for verdict in record.verdicts for block in verdict.blocks) < 3 * len(found)


def test_ids_that_blocks_share_are_a_tuple_in_all_but_memory() -> None:
    everything = ("a", "b", "c", "d")
    some = Stretch(everything, 1, 3)
    same: object = ("b", "c")
    assert some == same
    assert same == some
    assert some == Stretch(everything, 1, 3)
    assert some != ["b", "c"]
    assert some != Stretch(everything, 0, 2)
    assert some == Stretch(("b", "c"), 0, 2)
    assert (hash(some), repr(some), len(some), some[0], some[1:]) == (hash(("b", "c")), "('b', 'c')", 2, "b", ("c",))
    assert sorted([some, ("a",), Stretch(everything, 0, 1), ("b", "d")]) == [("a",), ("a",), ("b", "c"), ("b", "d")]
    assert pickle.loads(pickle.dumps(some)) == ("b", "c")
    assert type(pickle.loads(pickle.dumps(some))) is tuple


def test_ids_that_stay_are_shared_as_well() -> None:
    everything, leaves = ("a", "b", "c", "d"), [10, 90, 50, 90]
    some = Staying(everything, 0, 4, leaves, 50, 2)
    same: object = ("b", "d")
    assert some == same
    assert same == some
    assert some == Staying(everything, 1, 4, leaves, 60, 2)
    assert Stretch(("b", "d"), 0, 2) == some
    assert some != ["b", "d"]
    assert some != Staying(everything, 0, 4, leaves, 40, 3)
    assert (hash(some), repr(some), len(some), some[-1], list(some)) == (
        hash(("b", "d")),
        "('b', 'd')",
        2,
        "d",
        ["b", "d"],
    )
    assert type(pickle.loads(pickle.dumps(some))) is tuple
