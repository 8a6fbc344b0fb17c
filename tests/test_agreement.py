"""The engine against the specification: for each kind of rule, the blocks cover an instant exactly when it is forbidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from cadencia import Case, Touch
from cadencia.rules import Candidate
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


@st.composite
def asked(draw: DrawFn, kind: str, **options: Any) -> tuple[Any, Case, Candidate, int, list[int]]:
    """A rule, a case, a candidate, the instant around which they lie, and instants to ask about."""
    zone = draw(zones())
    tick = draw(ticks(zone))
    rule = draw(rules(kind, moment(tick), zone=zone))
    case = draw(cases(moment(tick), zone=zone, wishes=False, **options))
    probes = draw(st.lists(ticks_near(tick, zone, past=True, future=True), min_size=1, max_size=5))
    return rule, case, draw(candidates(duration=False)), tick, [tick, *probes]


@pytest.mark.parametrize("kind", KINDS)
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
                    f"account {case.account!r}\nopened {case.opened_at}\n{candidate}\nat {t} {moment(t)}\nengine {covering}\nspecification {expected}"
                )
            assert bool(covering) == expected


def placed(case: Case, near: datetime, how: str) -> Case:
    """The case with every date made an instant inside it."""

    def place(touch: Touch) -> Touch:
        if isinstance(touch.at, datetime):
            return touch
        [seen] = [item for item in (*case.view().touches, *case.view().others) if item.id == touch.id] or [None]
        if seen is None:
            return touch.model_copy(update={"at": EPOCH, "cancelled": True})
        at = {"lo": seen.lo, "hi": seen.hi, "near": min(max(micros(near), seen.lo), seen.hi)}[how]
        return touch.model_copy(update={"at": moment(at), "end": touch.end and max(touch.end, moment(at))})

    account = case.account and case.account.model_copy(update={"touches": tuple(map(place, case.account.touches))})
    return case.model_copy(update={"touches": tuple(map(place, case.touches)), "account": account})


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_sound_for_dates(kind: str, data: st.DataObject) -> None:
    """A touch known only to the day may lie anywhere in it: what any placement forbids, the engine forbids."""
    rule, case, candidate, tick, probes = data.draw(asked(kind))
    start, end = min([tick - DAY, *probes]), max([tick + DAY, *probes]) + 1
    blocks = list(rule.answer(case.view(), candidate, (start, end)))
    for t in sorted({*probes, *(block.end for block in blocks), *(block.start - 1 for block in blocks)}):
        if start <= t < end and not any(block.start <= t < block.end for block in blocks):
            for how in ("lo", "hi", "near"):
                fixed = placed(case, moment(t), how)
                if forbidden(rule, fixed, candidate, moment(t)):
                    note(
                        f"rule {rule!r}\nprospect {case.prospect!r}\n{case.touches!r}\n{case.account!r}\n{candidate}\nat {t} {moment(t)} placed {how}"
                    )
                assert not forbidden(rule, fixed, candidate, moment(t))
