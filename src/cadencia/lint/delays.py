"""How long: delays past the horizon, delays that a longer one hides, and recall rows that nothing ever matches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from .._time.clock import DAY
from ..errors import given
from ..rules.cool_off import CoolOff
from ..rules.deadlines import TouchAtLeastEvery
from ..rules.recall import Recall
from ..rules.spacing import Spacing
from ._lengths import gaps_of, least, most, never_longer, one_clock
from ._told import Entry, Finding, Told, between, narrows
from ._wider import counts_whatever, filters, speaks_wherever
from .counts import same

#: How far ahead `decide` looks unless told otherwise.
HORIZON: Final = 90 * DAY


def findings(told: Told) -> Iterator[Finding]:
    """What is odd about delays."""
    for entry in told.of(Spacing, Recall, CoolOff):
        yield from _past_the_horizon(entry)
    for entry in told.of(Recall):
        yield from _unreachable(entry)
    for entry in told.entries:
        if hasattr(entry.rule, "counts") and hasattr(entry.rule, "count"):
            yield from _uncounted(entry)
    for idle, strict in told.idle((Spacing,), (Spacing,), spacing_dominated):
        yield idle.finding(
            "dominated",
            f"{_listed(gaps_of(idle.rule))} never binds, for {_apart(strict)}; leave one of them out",
            between(idle, strict),
        )
    for entry, spacing in told.idle((Recall, CoolOff), (Spacing,), _hidden):
        yield _hidden_by(entry, spacing)
    for deadline, spacing in told.idle((TouchAtLeastEvery,), (Spacing,), _unmeetable):
        yield deadline.finding(
            "deadline_unmeetable",
            f"{given(f'every: {deadline.rule.every}')} is always missed, for {_apart(spacing)};"
            " write a longer deadline or a shorter spacing",
            between(deadline, spacing),
        )


def _apart(spacing: Entry) -> str:
    return f"rule {given(spacing.id)} keeps touches {_listed(gaps_of(spacing.rule))} apart"


def _listed(items: Iterable[object]) -> str:
    return given(", ".join(dict.fromkeys(str(item) for item in items)))


def _past_the_horizon(entry: Entry) -> Iterator[Finding]:
    delays = gaps_of(entry.rule) if isinstance(entry.rule, Spacing) else entry.rule.delays()
    far = [delay for delay in delays if least(delay) >= HORIZON]
    if far:
        yield entry.finding(
            "longer_than_horizon",
            f"{_listed(far)} is longer than the horizon of 90 days that `decide` looks ahead by"
            " default, so the answer is `blocked` with"
            " a date; write a shorter delay, or ask with a longer `horizon`",
            "warning" if isinstance(entry.rule, Spacing) else "note",
        )


def _unreachable(entry: Entry) -> Iterator[Finding]:
    rule: Recall = entry.rule
    named = [name for name in rule.after if name != "otherwise"]
    never = [name for name in named if not _may_count(entry, name)]
    if never:
        yield entry.finding(
            "unreachable_row",
            f"`after` has a row for {_listed(never)}, which {_filter_text(rule)} never lets"
            " through; leave the row out, or count it",
        )
    if "otherwise" in rule.after and not any(_may_count(entry, name) for name in entry.table if name not in named):
        yield entry.finding(
            "unreachable_row",
            f"`after` has a row `otherwise`, but every disposition that {_filter_text(rule)} lets"
            " through has its own; leave the row out",
        )


def _uncounted(entry: Entry) -> Iterator[Finding]:
    """Dispositions that `counts` names and nothing that the rule counts can have."""
    rule = entry.rule
    chosen = rule.counts.dispositions
    if chosen is None or chosen.excluded:
        return
    never = sorted(name for name in chosen.names if not _may_count(entry, name))
    if not never:
        return
    nobody = ", so that the rule binds nobody" if len(never) == len(chosen.names) else ""
    lost = any(not entry.table[name].went_out for name in never)
    other = given(f"count: {'planned' if lost else 'attempted'}")
    yield entry.finding(
        "unreachable_row",
        f"`counts` names {_listed(never)}, which the rest of the filter and {given(f'count: {rule.count}')} never let"
        f" through{nobody}; write {other}, or leave it out",
    )


def _filter_text(rule: Recall) -> str:
    return "`counts`" if rule.counts.model_fields_set else given(f"count: {rule.count}")


def _may_count(entry: Entry, name: str) -> bool:
    """Whether a done touch that ended so can be counted."""
    rule = entry.rule
    facts = entry.table[name]
    if rule.counts.dispositions is not None and not rule.counts.dispositions.has(name):
        return False
    inbound = rule.counts.directions is not None and rule.counts.directions.has("inbound")
    reached = {True} if facts.reached == "yes" else {True, False} if facts.reached == "unknown" else {False}
    if inbound:
        reached.add(True)
    if rule.counts.reached is not None and rule.counts.reached not in reached:
        return False
    if rule.count == "reached":
        return facts.went_out and True in reached
    return {"planned": True, "attempted": facts.went_out, "delivered": facts.delivered}[rule.count]


def spacing_dominated(idle: Spacing, strict: Spacing) -> bool:
    """Whether a spacing can only forbid what another forbids; the same under another id is said elsewhere."""
    clock = one_clock(idle, strict)
    return (
        not same(idle, strict)
        and speaks_wherever(strict, idle)
        and counts_whatever(strict, idle)
        and all(never_longer(short, long, clock) for short in gaps_of(idle) for long in gaps_of(strict))
    )


def _hidden(rule: Any, spacing: Spacing) -> list[str]:
    """The recall rows (or the silence) that are over, whenever they begin, before the spacing is."""
    if not speaks_wherever(spacing, rule) or not counts_whatever(spacing, rule):
        return []
    clock, gaps = one_clock(rule, spacing), gaps_of(spacing)
    rows = {"silence": (rule.silence,)} if isinstance(rule, CoolOff) else rule.after
    return [
        name for name, row in rows.items() if all(never_longer(short, long, clock) for short in row for long in gaps)
    ]


def _hidden_by(entry: Entry, spacing: Entry) -> Finding:
    rule: Any = entry.rule
    if isinstance(rule, CoolOff):
        return entry.finding(
            "silence_never_binds",
            f"{given(f'silence: {rule.silence}')} never binds, for {_apart(spacing)}; write a longer silence",
            between(entry, spacing),
        )
    rows = _hidden(rule, spacing.rule)
    which = "`after`" if len(rows) == len(rule.after) else f"the row for {_listed(rows)}"
    return entry.finding(
        "recall_never_binds",
        f"{which} never binds, for {_apart(spacing)}; write a longer delay, or let the spacing leave recall to"
        " this rule by its `counts` or `unless`",
        between(entry, spacing),
    )


def _unmeetable(rule: TouchAtLeastEvery, spacing: Spacing) -> bool:
    """Whether the next touch is due before any is permitted."""
    high = most(rule.every)
    return (
        high is not None
        and high < min(least(gap) for gap in gaps_of(spacing))
        and not narrows(spacing)
        and not spacing.per
        and spacing.since == "ever"
        and spacing.count in ("attempted", "planned")
        and filters(spacing.counts, rule.met_by)
    )


__all__ = ["HORIZON", "findings", "spacing_dominated"]
