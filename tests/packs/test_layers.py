"""Whatever a company writes, the pack still holds: laws of layering, asked of every pack with drawn policies and cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadencia import Case, Pack, Policy
from cadencia.testing import cases, policies, ticks, zones

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FEW = settings(max_examples=max(60, settings.default.max_examples // 4), suppress_health_check=list(HealthCheck))


def inside(inner: tuple[Any, ...], outer: tuple[Any, ...]) -> bool:
    """Whether every stretch lies in one of the others."""
    return all(any(low <= start and end <= high for low, high in outer) for start, end in inner)


def windows(policy: Policy, case: Case, start: datetime, purpose: str | None, channel: str) -> tuple[Any, ...]:
    found = policy.windows(case, start, start + timedelta(days=9), purpose=purpose)
    return tuple(span for candidate, spans in found.items() if candidate.channel == channel for span in spans)


@FEW
@given(data=st.data())
def test_nothing_a_company_writes_loosens_a_pack(data: st.DataObject) -> None:
    """`pack & policy` never permits what the pack forbids, and permits exactly what both permit."""
    zone = data.draw(zones())
    start = EPOCH + timedelta(microseconds=data.draw(ticks(zone)))
    case = data.draw(cases(start, zone=zone, account=False))
    pack = Pack.load(data.draw(st.sampled_from(Pack.names())))
    law = data.draw(st.sampled_from((pack.policy, pack.everywhere, pack.for_business)))
    house = data.draw(policies(start, zone=zone))
    channel = data.draw(st.sampled_from(house.channels))
    purpose = data.draw(st.sampled_from((None, "marketing", "debt_collection", "service", "sales")))
    only = Policy(name="only", channels=(channel,))
    by_law = windows(law & only, case, start, purpose, channel)
    by_house = windows(house, case, start, purpose, channel)
    by_both = windows(law & house, case, start, purpose, channel)
    assert inside(by_both, by_law)
    assert inside(by_both, by_house)
    assert windows(house & law, case, start, purpose, channel) == by_both


@FEW
@given(data=st.data())
def test_another_plausible_region_only_restricts(data: st.DataObject) -> None:
    """What is permitted to somebody who may be in two places is permitted in each."""
    zone = data.draw(zones())
    start = EPOCH + timedelta(microseconds=data.draw(ticks(zone)))
    case = data.draw(cases(start, zone=zone, account=False, wishes=False))
    names = [name for name in Pack.names() if name != "EU"]
    first, second = (data.draw(st.sampled_from(names)) for _ in range(2))
    purpose = data.draw(st.sampled_from((None, "marketing", "debt_collection")))
    law = Pack.load(first) & Pack.load(second) & Policy(name="only", channels=("phone",))

    def at(*regions: str) -> tuple[Any, ...]:
        person = case.prospect.model_copy(update={"regions": ()})
        placed = {**person.model_dump(), "regions": list(dict.fromkeys(regions))}
        return windows(law, Case.model_validate({"prospect": placed, "touches": case.touches}), start, purpose, "phone")

    assert inside(at(first, second), at(first))
    assert inside(at(first, second), at(second))
    assert inside(at(), at(first))


@pytest.mark.parametrize("name", Pack.names())
def test_a_pack_alone_is_no_policy(name: str) -> None:
    """A pack names no channels, so it cannot decide alone."""
    from cadencia import PolicyError

    with pytest.raises(PolicyError, match="names no channels"):
        Pack.load(name).policy.decide({"id": "p"}, as_of="2026-03-02T10:00Z")
