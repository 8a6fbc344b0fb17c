"""Every strategy yields valid values and goes to the nasty places."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cadencia import Case, Policy, PolicyError, Prospect, Touch
from cadencia import testing as kit
from cadencia._time.clock import DAY, FOREVER, micros, zone_of
from cadencia.rules import Candidate, Deadline, Limit, Preference, Rule, StopRule
from cadencia.rules.registry import ALWAYS, BUILT_IN, read_rule, rule_class
from cadencia.testing.clocks import CONSTANT_ZONES, ZONES, clock_changes
from cadencia.testing.rulebook import KINDS

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
EAGER = settings(
    max_examples=2000, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
FEW = settings(max_examples=60)


def reaches(strategy: SearchStrategy[Any], condition: Callable[[Any], bool]) -> Any:
    return find(strategy, condition, settings=EAGER)


@FEW
@given(st.data())
def test_every_strategy_yields_what_it_says(data: st.DataObject) -> None:
    expected: dict[str, type] = {
        "zones": str, "instants": datetime, "ticks": int, "prospects": Prospect, "touches": Touch, "cases": Case,
        "candidates": Candidate, "rules": Rule, "limits": Limit, "stop_rules": StopRule, "preferences": Preference,
        "deadlines": Deadline, "policies": Policy, "policy_data": dict, "rule_data": dict, "questions": kit.Question,
    }  # fmt: skip
    name = data.draw(st.sampled_from(sorted(expected)))
    assert isinstance(data.draw(getattr(kit, name)()), expected[name])


@FEW
@given(kit.spans(NOW), kit.histories(NOW), kit.instants("Asia/Tokyo"))
def test_spans_histories_and_instants_are_in_range(
    span: tuple[int, int], history: list[Touch], instant: datetime
) -> None:
    assert 0 < span[0] < span[1] < FOREVER
    assert len({touch.id for touch in history if touch == touch}) <= 6
    assert instant.tzinfo is UTC


@pytest.mark.parametrize("kind", BUILT_IN)
def test_every_built_in_kind_can_be_drawn_and_written(kind: str) -> None:
    @settings(max_examples=25)
    @given(kit.rules(kind, NOW))
    def check(rule: Rule) -> None:
        assert isinstance(rule, rule_class(kind))
        assert read_rule(json.loads(json.dumps(rule.model_dump(mode="json", by_alias=True)))) == rule

    check()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in BUILT_IN if kind not in ALWAYS])
def test_every_option_of_every_kind_is_varied(kind: str) -> None:
    fields = rule_class(kind).model_fields
    varied: set[str] = {"rule", "id"}

    class Enough(Exception):
        """Every option has been seen."""

    @settings(EAGER, max_examples=4000)
    @given(kit.rules(kind, NOW))
    def look(rule: Rule) -> None:
        varied.update(
            name
            for name, field in fields.items()
            if getattr(rule, name) != field.get_default(call_default_factory=True)
        )
        if set(fields) <= varied:
            raise Enough

    with contextlib.suppress(Enough):
        look()
    assert set(fields) <= varied


def test_kinds_are_those_a_policy_may_name() -> None:
    assert set(KINDS) == set(BUILT_IN) - set(ALWAYS)


def test_a_misspelt_kind_offers_the_nearest() -> None:
    with pytest.raises(PolicyError, match="did you mean `spacing`"):
        kit.rules("spaceing")


def test_instants_reach_a_clock_change_to_the_microsecond() -> None:
    changes = clock_changes("Europe/Madrid", micros(NOW), micros(NOW) + 365 * DAY)
    for offset in (-1, 0, 1):
        reaches(kit.ticks("Europe/Madrid"), lambda tick, offset=offset: tick - offset in changes)


@pytest.mark.parametrize(
    ("month", "day"),
    [pytest.param(2, 29, id="leap day"), pytest.param(12, 31, id="last day"), pytest.param(1, 1, id="new year")],
)
def test_instants_reach_odd_dates(month: int, day: int) -> None:
    def there(tick: int) -> bool:
        local = date.fromordinal(zone_of("America/New_York").day(tick) + 719163)
        return (local.month, local.day) == (month, day)

    reaches(kit.ticks("America/New_York"), there)


def test_instants_reach_local_midnight_and_the_microsecond_before() -> None:
    zone = zone_of("Asia/Kathmandu")
    for rest in (0, DAY - 1):
        reaches(kit.ticks(zone.name), lambda tick, rest=rest: (tick + zone.offset(tick)) % DAY == rest)


def test_instants_reach_the_date_that_apia_skipped() -> None:
    reaches(kit.instants("Pacific/Apia"), lambda instant: instant.year == 2011 and instant.day in (29, 30, 31))


def test_constant_zones_have_no_clock_changes() -> None:
    span = micros(datetime(2011, 1, 1, tzinfo=UTC)), micros(datetime(2030, 1, 1, tzinfo=UTC))
    assert not any(clock_changes(zone, *span) for zone in CONSTANT_ZONES)
    assert all(clock_changes(zone, *span) for zone in ZONES if zone not in CONSTANT_ZONES)


def instants_of(history: list[Touch], booked: bool) -> list[datetime]:
    return [touch.at for touch in history if isinstance(touch.at, datetime) and touch.booked is booked]


NASTY: dict[str, Callable[[list[Touch]], bool]] = {
    "equal instants": lambda history: len({touch.at for touch in history}) < len({touch.id for touch in history}),
    "booked": lambda history: any(at > NOW for at in instants_of(history, booked=True)),
    "overdue": lambda history: any(at < NOW for at in instants_of(history, booked=True)),
    "skew": lambda history: any(at > NOW for at in instants_of(history, booked=False)),
    "now": lambda history: NOW in instants_of(history, booked=False),
    "exactly a week ago": lambda history: NOW - timedelta(7) in instants_of(history, booked=False),
    "date only": lambda history: any(touch.precision == "date" for touch in history),
    "length": lambda history: any(touch.end is not None for touch in history),
    "repeated id": lambda history: len(history) > len({touch.id for touch in history}),
    "three channels": lambda history: len({touch.channel for touch in history}) == 3,
    "their promise": lambda history: any(touch.promise and touch.promise.by == "them" for touch in history),
    "inbound": lambda history: any(touch.direction == "inbound" for touch in history),
    "cancelled": lambda history: any(touch.cancelled for touch in history),
}


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
def test_histories_reach(nasty: Callable[[list[Touch]], bool]) -> None:
    reaches(kit.histories(NOW), nasty)


SWITCHES = ("bookings", "inbound", "lengths", "promises", "future", "equal", "repeats")


@FEW
@given(kit.histories(NOW, exact=True, **dict.fromkeys(SWITCHES, False)))
def test_histories_can_be_tame(history: list[Touch]) -> None:
    for touch in history:
        assert touch.precision == "instant"
        assert touch.at <= NOW
        assert not touch.booked
        assert touch.direction == "outbound"
        assert touch.end is touch.promise is None
    assert len({touch.id for touch in history}) == len(history)


@pytest.mark.parametrize(
    "nasty",
    [
        pytest.param(lambda case: len(case.prospect.zones) > 1, id="several zones"),
        pytest.param(lambda case: not case.prospect.zones, id="no zone"),
        pytest.param(lambda case: bool(case.account and case.account.touches), id="account"),
        pytest.param(lambda case: case.prospect.contact_points == (), id="no contact point"),
        pytest.param(lambda case: bool(case.prospect.opt_outs), id="opt-out"),
        pytest.param(lambda case: bool(case.prospect.suppressions), id="suppression"),
        pytest.param(lambda case: bool(case.prospect.wishes), id="wish"),
        pytest.param(lambda case: case.opened_at is not None, id="opened"),
        pytest.param(lambda case: len(case.prospect.stages) == 2, id="stages"),
    ],
)
def test_cases_reach(nasty: Callable[[Case], bool]) -> None:
    reaches(kit.cases(NOW), nasty)


@FEW
@given(kit.cases(NOW, one_zone=True, constant=True, account=False, facts=False))
def test_cases_can_be_tame(case: Case) -> None:
    assert len(case.prospect.zones) == 1
    assert case.prospect.zones[0].zone in CONSTANT_ZONES
    assert case.account is None
    assert case.prospect.consents == case.prospect.wishes == ()


@FEW
@given(kit.policies(NOW, kinds=("quiet_hours", "frequency_cap"), shiftable=True))
def test_shiftable_policies_hold_nothing_dated(policy: Policy) -> None:
    for rule in policy.to_dict().get("rules", ()):
        assert not {"holidays", "in_force"} & rule.keys()
        assert not isinstance(rule.get("dates"), dict)
        assert rule.get("each") in (None, "day", "week")


@pytest.mark.slow
def test_histories_lie_where_rules_bind() -> None:
    kinds = ("spacing", "frequency_cap", "recall", "cool_off", "account_day", "stop_on")
    bound: set[str] = set()

    @settings(
        max_examples=1500, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.data(), kit.questions())
    def look(data: st.DataObject, asked: kit.Question) -> None:
        rule = data.draw(kit.rules(data.draw(st.sampled_from(kinds)), asked.as_of, zone=asked.zone))
        blocks = rule.answer(asked.case.view(), asked.candidate, asked.span)  # type: ignore[attr-defined]
        bound.update(rule.kind for block in blocks if asked.span[0] < block.end < asked.span[1])

    look()
    assert bound == set(kinds)


@pytest.mark.slow
def test_simplest_examples_are_plain() -> None:
    assert find(kit.zones(), lambda _: True) == "Europe/Madrid"
    assert find(kit.histories(NOW), lambda _: True) == []
    case = find(kit.cases(NOW), lambda _: True)
    assert case.model_dump(exclude_defaults=True) == {"prospect": {"id": "p1", "zones": ({"zone": "Europe/Madrid"},)}}
