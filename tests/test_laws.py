"""The laws of section 5 of the design, each a property with its sentence. Safety (11) is in `test_safety.py`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, event, given, note, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from cadencia import Blocked, Case, Contact, Decision, Policy, Stop, Touch, Wait
from cadencia.rules import Candidate
from cadencia.rules.base import Limit, Preference
from cadencia.testing import candidates, cases, policies, policy_data, rules, spans, ticks, zones
from cadencia.testing.clocks import ticks_near
from cadencia.testing.rulebook import OPTIONS
from spec.decide import known, limits, permitted
from spec.probing import instants

EPOCH, DAY = datetime(1970, 1, 1, tzinfo=UTC), 86_400_000_000
HORIZON = timedelta(days=30)
TICK = timedelta(microseconds=1)
KINDS = [kind for kind in OPTIONS if kind.split("_")[0] not in ("respond", "promise", "touch", "never")]
LIMITS = [kind for kind in KINDS if kind not in ("channel_rotation", "preferred_channel", "preferred_hours", "soonest")]
POLICY_LIMITS = tuple(
    kind for kind in LIMITS if kind not in ("suppressions", "opt_outs", "contact_points", "unreadable_touches")
)


def moment(tick: int) -> datetime:
    return EPOCH + timedelta(microseconds=tick)


def with_rules(policy: Policy, rules: Iterable[Any]) -> Policy:
    """The policy with other rules, and nothing remembered."""
    return Policy(**{**{name: getattr(policy, name) for name in Policy.model_fields}, "rules": tuple(rules)})


def with_touches(case: Case, touches: Iterable[Touch]) -> Case:
    """The case with other touches, and nothing remembered."""
    return Case(**{**dict(case), "touches": tuple(touches)})


class Situation(NamedTuple):
    """A policy, a case and an instant that belong together."""

    policy: Policy
    case: Case
    as_of: datetime
    zone: str
    duration: timedelta
    purpose: str | None

    def decide(self, policy: Policy | None = None, case: Case | None = None, as_of: datetime | None = None) -> Decision:
        return (policy or self.policy).decide(
            case or self.case, as_of=as_of or self.as_of, purpose=self.purpose, duration=self.duration, horizon=HORIZON
        )


@st.composite
def situations(
    draw: DrawFn,
    kinds: tuple[str, ...] | None = None,
    constant: bool = False,
    shiftable: bool = False,
    max_size: int = 4,
    **options: Any,
) -> Situation:
    zone = draw(zones(constant=constant))
    as_of = moment(draw(ticks(zone)))
    case = draw(cases(as_of, zone=zone, constant=constant, shiftable=shiftable, **options))
    policy = draw(policies(as_of, kinds=kinds, zone=zone, shiftable=shiftable, max_size=max_size))
    duration = timedelta(minutes=draw(st.sampled_from((0, 0, 0, 20, 600))))
    return Situation(policy, case, as_of, zone, duration, draw(st.sampled_from((None, "marketing"))))


Opening = tuple[datetime | None, datetime | None]


def openings(decision: Decision) -> dict[tuple[str, str | None], Opening]:
    """When each option opens, and until when."""
    return {(option.channel, option.contact_point): (option.opening, option.until) for option in decision.options}


def shown(situation: Situation) -> None:
    case = situation.case
    note(f"policy {situation.policy.to_json(None)}\ncase {case.model_dump_json(exclude_defaults=True)}")
    note(f"as of {situation.as_of}, duration {situation.duration}, purpose {situation.purpose}")


@given(situations(exact=True, max_size=3), st.data())
def test_1_exact_and_7_sound_reasons(situation: Situation, data: st.DataObject) -> None:
    """Per option, the opening is the first instant the specification permits; none earlier is; it is itself permitted.

    Every instant before an option's opening is covered by some block of it; none covers the opening.
    """
    shown(situation)
    policy, case, as_of, zone, duration, purpose = situation
    probes = data.draw(st.lists(ticks_near((as_of - EPOCH) // TICK, zone, past=False, future=True), max_size=3))
    rules = [rule for rule, _ in limits(policy, case)]
    for (channel, point), (opening, _) in openings(situation.decide()).items():
        candidate = Candidate(channel, point, purpose, duration=duration // TICK)
        end = as_of + HORIZON if opening is None else opening
        near = [t for t in instants(rules, case, as_of, min(end, as_of + timedelta(days=2))) if t < end]
        for t in {as_of, *near[:: len(near) // 5 + 1], *(moment(probe) for probe in probes), end - TICK}:
            if as_of <= t < end:
                assert not permitted(policy, case, candidate, t, as_of), (candidate, t)
                assert policy.why_not(
                    case, t, channel, contact_point=point, as_of=as_of, purpose=purpose, duration=duration
                )
        if opening is not None:
            assert permitted(policy, case, candidate, opening, as_of), (candidate, opening)
            assert not policy.why_not(
                case, opening, channel, contact_point=point, as_of=as_of, purpose=purpose, duration=duration
            )


@given(situations(), st.data())
def test_2_order(situation: Situation, data: st.DataObject) -> None:
    """Permuting the rules, repeating one (same id and content) or permuting the touches gives an equal decision. Touches sort by
    (start, end, booked, channel, direction, disposition, id); limits about "the last touch" mean all touches of that instant.
    """
    shown(situation)
    told = situation.policy.to_dict()
    entries = told.get("rules", [])
    told["rules"] = data.draw(st.permutations([*entries, *entries[:1]]))
    touches = data.draw(st.permutations(situation.case.touches))
    assert situation.decide(Policy.from_dict(told), with_touches(situation.case, touches)) == situation.decide()


@given(situations(), st.data())
def test_3_only_no(situation: Situation, data: st.DataObject) -> None:
    """Adding a limit never moves an option's opening earlier, nor opens a closed one."""
    shown(situation)
    more = data.draw(rules(data.draw(st.sampled_from(POLICY_LIMITS)), situation.as_of, id="more", zone=situation.zone))
    tighter = openings(situation.decide(with_rules(situation.policy, (*situation.policy.rules, more))))
    for option, (opening, _) in openings(situation.decide()).items():
        later = tighter[option][0]
        assert later is None or (opening is not None and later >= opening)


@given(situations(max_size=3), st.data())
def test_4_layers(situation: Situation, data: st.DataObject) -> None:
    """`law & company` permits exactly what both permit; `p & p == p`."""
    shown(situation)
    company, case, as_of = situation.policy, situation.case, situation.as_of
    law = Policy.from_dict(data.draw(policy_data(as_of, name="law", zone=situation.zone, max_size=3)))
    both = law & company
    assert company & company == company
    assert both == company & law
    assert both.fingerprint == (company & law).fingerprint
    options: dict[str, Any] = {"as_of": as_of, "duration": situation.duration, "purpose": situation.purpose}
    left, right, joint = (policy.windows(case, as_of, as_of + HORIZON, **options) for policy in (law, company, both))
    assert set(joint) == set(left) & set(right)
    for candidate, permitted_by_both in joint.items():
        assert list(permitted_by_both) == list(_meet(left[candidate], right[candidate]))


def _meet(
    left: Iterable[tuple[datetime, datetime]], right: Iterable[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    shared = [(max(a, c), min(b, d)) for a, b in left for c, d in right]
    return sorted((start, end) for start, end in shared if start < end)


@pytest.mark.parametrize("kind", LIMITS)
@settings(max_examples=settings.default.max_examples // 10)  # for each kind: several thousand in all at `ci`
@given(data=st.data())
def test_5_locality(kind: str, data: st.DataObject) -> None:
    """At every instant of a sub-span the same codes, needs and evidence as on the whole span; a block ends where its evidence changes."""
    zone = data.draw(zones())
    tick = data.draw(ticks(zone))
    rule: Any = data.draw(rules(kind, moment(tick), zone=zone))
    case = data.draw(cases(moment(tick), zone=zone, wishes=False))
    candidate = data.draw(candidates(duration=False))
    start, end = data.draw(spans(moment(tick), zone))
    whole = list(rule.answer(case.view(), candidate, (start - 20 * DAY, end + 20 * DAY)))
    part = list(rule.answer(Case.model_validate(dict(case)).view(), candidate, (start, end)))
    edges = {edge for block in (*whole, *part) for edge in (block.start, block.end)}
    for t in sorted(t for edge in edges | {start, end} for t in (edge - 1, edge, edge + 1) if start <= t < end):
        assert _said(whole, t) == _said(part, t)


def _said(blocks: Iterable[Any], t: int) -> set[Any]:
    return {
        (block.code, block.needs, block.touches, block.stops, block.final)
        for block in blocks
        if block.start <= t < block.end
    }


@given(situations())
def test_6_purity(situation: Situation) -> None:
    """Same input, same output, across processes and hash seeds; errors compare by rule, type and code.

    Here: nothing is remembered from one decision that changes another.
    """
    shown(situation)
    first = situation.decide()
    situation.decide(as_of=situation.as_of + timedelta(days=3))
    again = Case.model_validate(situation.case.model_dump())
    assert situation.decide(Policy.from_json(situation.policy.to_json()), again) == first == situation.decide()


_CHILD = """
import json, sys
from cadencia import Case, Policy
for line in sys.stdin:
    policy, case, as_of = json.loads(line)
    print(Policy.from_dict(policy).decide(Case.model_validate(case), as_of=as_of, horizon="30d").to_json())
"""


@pytest.mark.slow
def test_6_purity_across_processes() -> None:
    """Same input, same output, across processes and hash seeds; errors compare by rule, type and code."""
    asked: list[str] = []

    @settings(database=None, derandomize=True)
    @given(situations())
    def collect(situation: Situation) -> None:
        data = situation.policy.to_dict(), situation.case.model_dump(mode="json"), situation.as_of.isoformat()
        asked.append(json.dumps(data))

    collect()
    answers = []
    for seed in ("0", "1"):
        source = Path(sys.modules["cadencia"].__file__ or "").parent.parent
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(source)}
        child = [sys.executable, "-c", _CHILD]
        answers.append(
            subprocess.run(
                child, input="\n".join(asked), env=environment, capture_output=True, text=True, check=True
            ).stdout
        )
    assert len(answers[0].splitlines()) == len(asked)
    assert answers[0] == answers[1]


@given(situations())
def test_8_honest_preferences(situation: Situation) -> None:
    """The set of options is the same with and without preferences."""
    shown(situation)
    plain = [rule for rule in situation.policy.rules if not isinstance(rule, Preference)]
    without = situation.decide(with_rules(situation.policy, plain))
    assert openings(without) == openings(situation.decide())


@given(situations(constant=True, shiftable=True), st.integers(-200, 200))
def test_9_shift(situation: Situation, weeks: int) -> None:
    """Under a constant offset, moving everything by whole weeks moves the answer by as much (no dates, holidays, months or longer
    periods).
    """
    shown(situation)
    by = timedelta(weeks=weeks)
    policy = Policy.from_dict(_moved(situation.policy.to_dict(), by))
    case = Case.model_validate(_moved(situation.case.model_dump(mode="json"), by))
    before, after = situation.decide(), situation.decide(policy, case, situation.as_of + by)
    assert after.answer == before.answer
    assert openings(after) == {
        option: tuple(t if t is None else t + by for t in opening) for option, opening in openings(before).items()
    }


_DATED = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")


def _moved(data: Any, by: timedelta) -> Any:
    """Data with every instant and date moved."""
    if isinstance(data, dict):
        return {_moved(key, by): _moved(value, by) for key, value in data.items()}
    if isinstance(data, list):
        return [_moved(item, by) for item in data]
    if isinstance(data, str) and _DATED.fullmatch(data):
        read = datetime.fromisoformat if "T" in data else date.fromisoformat
        return (read(data) + by).isoformat()
    return data


@given(situations(one_zone=True), st.data())
def test_10_zones(situation: Situation, data: st.DataObject) -> None:
    """To a prospect who has one, a further plausible zone (or region) can only restrict."""
    shown(situation)
    person = situation.case.prospect
    told = person.model_dump(exclude={"wishes"})
    told["zones"] = [*told["zones"], {"zone": data.draw(zones())}]
    if person.regions:
        told["regions"] = [*told["regions"], {"region": data.draw(st.sampled_from(("ES", "ES-CT", "US", "US-CA")))}]
    wider = type(person).model_validate(told).model_copy(update={"wishes": person.wishes})
    note(f"zones {[item.zone for item in wider.zones]} regions {[item.region for item in wider.regions]}")
    case = Case.model_validate({**dict(situation.case), "prospect": wider})
    options: dict[str, Any] = {"as_of": situation.as_of, "duration": situation.duration, "purpose": situation.purpose}
    free, bound = (
        situation.policy.windows(some, situation.as_of, situation.as_of + HORIZON, **options)
        for some in (situation.case, case)
    )
    for candidate, open_ in bound.items():
        assert list(open_) == _meet(open_, free[candidate])


@given(situations())
def test_12_round_trip(situation: Situation) -> None:
    """Policy to data to policy is the identity; data to policy to data is a normal form. The fingerprint is a hash of the canonical
    JSON of all that can change a decision, blind to name, version, because, examples and order.
    """
    policy = situation.policy
    again = Policy.from_json(policy.to_json())
    assert again == policy
    assert again.to_dict() == policy.to_dict()
    assert again.fingerprint == policy.fingerprint
    told = policy.to_dict()
    for entry in told.get("rules", []):
        entry["because"] = "another reason"
    told |= {"name": "another name", "version": "7", "because": "so", "rules": told.get("rules", [])[::-1]}
    assert Policy.from_dict(told).fingerprint == policy.fingerprint
    told["rules"] = [*told["rules"], {"rule": "max_attempts", "id": "one-more", "at_most": 9}]
    assert Policy.from_dict(told).fingerprint != policy.fingerprint


@given(situations())
def test_14_dated_next_action(situation: Situation) -> None:
    """Every case gets a date (`at`, `until`, `not_before`), a named missing fact, or a final stop. Nothing is left pending."""
    shown(situation)
    match situation.decide():
        case Contact(at=at) | Wait(at=at):
            assert situation.as_of <= at < situation.as_of + HORIZON
        case Blocked(needs=needs, not_before=not_before):
            assert needs or not_before is not None
        case Stop(reason=reason, until=until):
            assert reason
            assert until is None or until > situation.as_of
        case other:
            pytest.fail(f"{other} is none of the four answers")


@given(situations(repeats=False), st.data())
def test_15_idempotence(situation: Situation, data: st.DataObject) -> None:
    """A touch repeated with the same id and content, or older than every declared `memory`, changes nothing. Here: repeated."""
    assume(situation.case.touches)
    shown(situation)
    again = data.draw(st.sampled_from(situation.case.touches)).model_copy()
    case = with_touches(situation.case, (*situation.case.touches, again))
    assert situation.decide(case=case) == situation.decide()


@given(
    situations(kinds=("frequency_cap", "spacing", "account_load", "account_day", "quiet_hours"), account=False),
    st.data(),
)
def test_15_forgetting(situation: Situation, data: st.DataObject) -> None:
    """A touch repeated with the same id and content, or older than every declared `memory`, changes nothing. Here: older."""
    limits = [rule for rule in (*situation.policy.rules, *situation.case.prospect.wishes) if isinstance(rule, Limit)]
    kept = [rule for rule in limits if rule.looks_back is not None]
    wishes = tuple(rule for rule in situation.case.prospect.wishes if rule in kept)
    person = situation.case.prospect.model_copy(update={"wishes": wishes})
    memory = max((rule.looks_back or 0 for rule in kept), default=0)
    at = situation.as_of - memory * TICK - data.draw(st.sampled_from((TICK, timedelta(days=1), timedelta(days=400))))
    old = Touch(id="old", at=at, channel=data.draw(st.sampled_from(("phone", "email", "sms"))), disposition="no_answer")
    situation = situation._replace(
        policy=with_rules(situation.policy, [rule for rule in situation.policy.rules if rule in kept]),
        case=Case.model_validate({**dict(situation.case), "prospect": person}),
    )
    shown(situation)
    note(f"old {old!r}")
    case = with_touches(situation.case, (*situation.case.touches, old))
    assert openings(situation.decide(case=case)) == openings(situation.decide())


WAITING = (
    "quiet_hours",
    "business_days",
    "spacing",
    "frequency_cap",
    "recall",
    "cool_off",
    "channel_rotation",
    "preferred_hours",
)


@given(
    st.one_of(situations(kinds=WAITING, exact=True), situations(exact=True))
)  # those that wait, often; all the others too
def test_16_stable(situation: Situation) -> None:
    """Asked again at the answered instant, history unchanged and no booking come due, the answer is `Contact` by that very option."""
    shown(situation)
    first = situation.decide()
    assume(isinstance(first, (Contact, Wait)))
    assert isinstance(first, (Contact, Wait))
    at = datetime.fromisoformat(first.at.isoformat())
    assume(known(situation.case, at) == known(situation.case, situation.as_of))
    event(first.answer)
    again = situation.decide(as_of=at)
    assert isinstance(again, Contact)
    assert (again.channel, again.contact_point, again.at) == (first.channel, first.contact_point, first.at)


def test_every_law_runs_its_examples() -> None:
    """A profile's examples are those of each law: of its one test, or of the kinds together."""
    for name, law in globals().items():
        if name.startswith("test_") and (found := getattr(law, "_hypothesis_internal_use_settings", None)):
            kinds = [len(mark.args[1]) for mark in getattr(law, "pytestmark", ()) if mark.name == "parametrize"]
            assert found.max_examples * (kinds or [1])[0] >= settings.default.max_examples, name
