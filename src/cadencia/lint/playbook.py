"""What is probably not meant in a playbook: its policy, and what its steps would do one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .._time.clock import DAY
from ..cadence.checks import after_tasks, follow, leads
from ..cadence.models import TONES
from ..errors import given
from ._told import LEVELS, Finding

if TYPE_CHECKING:
    from ..cadence.models import Cadence, Step
    from ..playbook import Playbook

__all__ = ["lint_playbook"]

_YEAR: Final = 366 * DAY


def lint_playbook(playbook: Playbook) -> list[Finding]:
    """What is probably not meant: errors first, then by step, code and message."""
    found = {*playbook.policy.lint(), *_findings(playbook)}
    return sorted(found, key=lambda item: (LEVELS.index(item.level), item.rule, item.code, item.message))


def _findings(playbook: Playbook) -> Iterator[Finding]:
    cadence = playbook.cadence
    yield from _same_purpose(cadence)
    yield from _tone(cadence)
    choices = {str(choice) for item in playbook.parameters.values() for choice in item.choices}
    yield from _out_of_reach(cadence, choices & set(cadence.by_id))
    if cadence.enters or cadence.beside:
        yield from _greetings_alone(playbook)
    if not any(rule.rule == "never_undated" for layer in playbook.policy._as_layers() for rule in layer.rules):
        yield Finding(
            "undated_unseen",
            given(playbook.name),
            f"playbook {given(playbook.name)}: nothing reports a pending item without a date; add a rule `never_undated`",
        )


def _same_purpose(cadence: Cadence) -> Iterator[Finding]:
    """No two consecutive outbound touches have the same purpose."""
    for step in cadence.steps:
        if step.task or step.aside:
            continue
        for name in sorted(follow(cadence, step)):
            if cadence.by_id[name].purpose == step.purpose:
                yield _finding(
                    "same_purpose_twice",
                    step,
                    f"may be followed by step {given(name)} with the same purpose {given(step.purpose)};"
                    " give each touch an objective of its own, or name the step to take `instead`",
                    "error",
                )


def _tone(cadence: Cadence) -> Iterator[Finding]:
    """The fifth attempt is as courteous as the first."""
    for step in cadence.steps:
        if step.task or step.aside:
            continue
        for name in sorted(follow(cadence, step)):
            later = cadence.by_id[name]
            if TONES.index(later.tone) > TONES.index(step.tone):
                yield _finding(
                    "tone_escalates",
                    later,
                    f"its tone {given(later.tone)} is harsher than {given(step.tone)} of step {given(step.id)} before it;"
                    f" write {given(f'tone: {step.tone}')}",
                    "error",
                )


def _out_of_reach(cadence: Cadence, chosen: set[str]) -> Iterator[Finding]:
    """Steps that nothing leads to, nor would with a parameter chosen otherwise."""
    reached: set[str] = set()
    waiting = [*chosen, cadence.sequence[0].id, *(step.id for step in cadence.steps if step.aside)]
    waiting += [target for target in cadence.tracks.values() if target in cadence.by_id]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            step = cadence.by_id[name]
            found = leads(cadence, step) | ({step.instead} if step.instead else set())
            waiting += found | after_tasks(cadence, found)
    for step in cadence.steps:
        if step.id not in reached:
            yield _finding("step_out_of_reach", step, "no track leads to it; let one, or leave it out")


def _greetings_alone(playbook: Playbook) -> Iterator[Finding]:
    """A year of birthday greetings alone is no care: something that is no occasion must be due within a year."""
    cadence = playbook.cadence
    occasions = [step for step in cadence.beside if step.after.anchor == "occasion"]
    if not occasions:
        return
    lasting = [step for step in cadence.sequence if not step.task and not step.when and _returns(cadence, step)]
    if not lasting:
        names = ", ".join(step.id for step in occasions)
        yield Finding(
            "greetings_alone",
            given(playbook.name),
            f"playbook {given(playbook.name)}: steps {given(names)} greet on occasions, and nothing else comes again within a"
            " year; add a step in order that leads back to itself",
            "error",
        )


def _returns(cadence: Cadence, step: Step) -> bool:
    """Whether silence leads from a step back to it within a year."""
    place = step.id
    total = 0
    for _ in cadence.steps:
        place = cadence.target(place, "no_answer")
        if place not in cadence.by_id:
            return False
        delay = cadence.by_id[place].after.delay
        if delay is not None:
            units = {"elapsed": 1, "days": DAY, "dates": DAY, "business_days": 2 * DAY, "months": 31 * DAY}
            total += delay.amount * units.get(delay.kind, DAY)
        if place == step.id:
            return total <= _YEAR
    return False


def _finding(code: str, step: Step, message: str, level: str = "warning") -> Finding:
    kind = next(item for item in LEVELS if item == level)
    return Finding(code, step.id, f"step {given(step.id)}: {message}", kind)
