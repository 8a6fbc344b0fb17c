"""What a cadence must be, whatever its policy: every track leads somewhere, and no circle runs without waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..errors import InputError, did_you_mean, given

if TYPE_CHECKING:
    from .models import Cadence, Step


def check(cadence: Cadence) -> None:
    """Raise one line for each mistake."""
    mistakes = list(dict.fromkeys(_mistakes(cadence)))
    if mistakes:
        raise InputError(*mistakes)


def _mistakes(cadence: Cadence) -> Iterator[str]:
    ids = [step.id for step in cadence.steps]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"two steps have the id {given(name)}; give each its own"
    for name in sorted(set(ids) & set(cadence.ends)):
        yield f"{given(name)} is both a step and an ending; give one another name"
    if not cadence.sequence or all(step.task for step in cadence.sequence):
        yield "no step stands in order and touches somebody; write at least one that is neither a task nor beside the sequence"
        return
    known = set(ids) | set(cadence.ends)
    outcomes = cadence.reading.table
    places: list[tuple[str, dict[str, str]]] = [("", cadence.tracks)]
    places += [(f"step {given(step.id)}, ", step.tracks) for step in cadence.steps]
    broken = False
    for where, tracks in places:
        for outcome, target in tracks.items():
            if outcome not in outcomes:
                yield f"{where}track {given(outcome)} is no outcome" + (
                    did_you_mean(outcome, outcomes) or "; declare it under `outcomes`"
                )
            words = {"next", "again"} if where else {"again"}
            if target not in known | words:
                broken = True
                yield (
                    f"{where}track {given(outcome)} leads to {given(target)}, which is neither a step nor an ending"
                    + (did_you_mean(target, known))
                )
    for name, tracks in (
        ("", cadence.tracks),
        *((item.id, item.tracks) for item in cadence.steps if item.person == "same"),
    ):
        if tracks.get("opted_out", "opted_out") != "opted_out":
            yield (f"step {given(name)}, " if name else "") + (
                "track `opted_out`: an opt-out of our own person ends everything; leave it out, or write it in a step with another `person`"
            )
    if len({entry.by is None for entry in cadence.enters}) > 1:
        yield "`enters` mixes conditions with touches that open a door; give every entry a `by`, or none"
    for step in cadence.steps:
        other = cadence.by_id.get(step.instead or step.id)
        if step.instead is not None and (other is None or other.aside or other.purpose == step.purpose):
            broken = True
            yield f"step {given(step.id)}: `instead` {given(step.instead)} is no step in order with another purpose" + (
                did_you_mean(step.instead, set(ids) - {step.id})
            )
    if broken:
        return
    yield from _same_disposition(cadence)
    yield from _circles(cadence)
    yield from _lapsing_rounds(cadence)
    yield from _returned_to(cadence)


def _same_disposition(cadence: Cadence) -> Iterator[str]:
    for field in ("dispositions", "promised"):
        owner: dict[str, str] = {}
        for code, outcome in cadence.outcomes.items():
            for name in getattr(outcome, field):
                if owner.setdefault(name, code) != code:
                    yield f"disposition {given(name)} stands in the outcomes {given(owner[name])} and {given(code)}; keep one"


def leads(cadence: Cadence, step: Step) -> set[str]:
    """The steps that a step's outcomes, or an answer after it, may lead to."""
    found = tracked(cadence, step)
    if step.task:
        return found & set(cadence.by_id)
    lifted = any(name in cadence.ends and cadence.ends[name].lifted_by != "nothing" for name in found)
    untold = any(cadence.answer(outcome) is None and not cadence.stays(outcome) for outcome in _outcomes(cadence, step))
    if lifted and untold:  # an answer after the end that no track takes up begins again
        found.add(cadence.sequence[0].id)
    return found & set(cadence.by_id)


def _outcomes(cadence: Cadence, step: Step) -> set[str]:
    return {*cadence.reading.table, *step.tracks}


def tracked(cadence: Cadence, step: Step) -> set[str]:
    """Where the tracks lead from a step, by its outcome or by an answer after it: steps and endings."""
    if step.task:
        return {cadence.onward(step, outcome) for outcome in ("no_answer", *step.tracks)}
    outcomes = _outcomes(cadence, step)
    found = {cadence.target(step.id, outcome) for outcome in outcomes}
    if step.person != "same":
        found |= {cadence.target(step.id, outcome, theirs=True) for outcome in outcomes}
    return found | {target for outcome in outcomes if (target := cadence.answer(outcome)) is not None}


def follow(cadence: Cadence, step: Step) -> set[str]:
    """The steps that may be taken after a step: tasks passed through, and others taken `instead`."""
    found: set[str] = set()
    for name in after_tasks(cadence, leads(cadence, step)):
        other = cadence.by_id[name]
        if other is step and step.once == "ever":
            continue
        if other.instead is None or other.purpose != step.purpose:
            found.add(name)
        elif cadence.by_id[other.instead].task:
            found |= after_tasks(cadence, {other.instead})
        else:
            found.add(other.instead)
    return found


def after_tasks(cadence: Cadence, names: set[str]) -> set[str]:
    """Steps with tasks replaced by what follows them, and with what follows those that may be passed over."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        step = cadence.by_id[name]
        if step.task:
            waiting += leads(cadence, step)
        else:
            found.add(name)
            if (
                step.milestone
                or step.lapses
                or step.when is not None
                or step.once is not None
                or step.if_impossible == "skip"
            ):
                waiting += {cadence.past(step)} & set(cadence.by_id)
    return found


def _circles(cadence: Cadence) -> Iterator[str]:
    """Circles of tasks, and circles of silence in which no step waits: each would be due again at once, for ever."""
    for kind, inside in (("tasks", True), ("steps", False)):
        edges: dict[str, set[str]] = {}
        for step in cadence.steps:
            target = cadence.target(step.id, "no_answer")
            if inside and step.task:
                edges[step.id] = {name for name in leads(cadence, step) if cadence.by_id[name].task}
            elif not inside and not step.task and target in cadence.by_id:
                follow = after_tasks(cadence, {target})
                edges[step.id] = {name for name in follow if not _rests(cadence.by_id[name])}
        circle = _circle(edges)
        if circle and inside:
            yield f"{kind} {given(', '.join(circle))} follow each other in a circle; let one lead to a step or an ending"
        elif circle:
            yield f"{kind} {given(', '.join(circle))} follow each other in a circle that never waits; give one a `delay`"


def _lapsing_rounds(cadence: Cadence) -> Iterator[str]:
    """Steps that lapse and to which silence leads back: they would lapse again and again, and nothing would ever end."""
    for step in cadence.steps:
        if step.lapses is not None and _comes_back(
            cadence, step, lambda here: leads(cadence, here) if here.task else _passed_over(cadence, here)
        ):
            yield (
                f"step {given(step.id)} lapses, and silence leads back to it, so that it would lapse for ever; let silence lead to an"
                " ending, or leave `lapses` out"
            )


def _returned_to(cadence: Cadence) -> Iterator[str]:
    """Steps anchored at the start to which something leads back: their delay was over long ago, so they would be due at once."""
    for step in cadence.steps:
        if step.after.anchor != "start" or step.after.delay is None or step.once == "ever":
            continue
        if _comes_back(cadence, step, lambda here: tracked(cadence, here) | _passed_over(cadence, here)):
            yield (
                f"step {given(step.id)} is anchored at the start, and a track leads back to it when its delay is long over;"
                " let it lead to a step anchored at `previous`"
            )


def _passed_over(cadence: Cadence, step: Step) -> set[str]:
    """Where a step leads that is not to be taken: past it, or to the one that is taken `instead`."""
    return {cadence.past(step)} | ({step.instead} if step.instead else set())


def _comes_back(cadence: Cadence, step: Step, onward: Callable[[Step], set[str]]) -> bool:
    """Whether a step is led back to, over any others."""
    seen: set[str] = set()
    waiting = [step.id]
    while waiting:
        found = onward(cadence.by_id[waiting.pop()])
        waiting += (found & set(cadence.by_id)) - seen
        seen |= found
    return step.id in seen


def _rests(step: Step) -> bool:
    """Whether a step cannot come round again at once: it waits, or is taken once."""
    return step.after.waits or step.once is not None


def _circle(edges: dict[str, set[str]]) -> list[str]:
    """The names of some circle, or nothing."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        done.add(name)
        for follow in sorted(edges.get(name, ())):
            found = walk(follow, [*path, name])
            if found:
                return found
        return []

    for name in sorted(edges):
        found = walk(name, [])
        if found:
            return found
    return []
