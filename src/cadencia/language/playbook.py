"""Playbooks in words: purposes, steps, what to carry, why now. The same data in every language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import length_text, messages, time_text, word
from ._words import anchor_text, fill

if TYPE_CHECKING:
    from ..playbook import Playbook
    from ..record import Proposal, Record

__all__ = ["playbook_text", "proposal_lines", "purpose_text", "step_text", "summary_text", "why_text", "word"]


def purpose_text(code: str, language: str = "en") -> str:
    """What a touch is for, in words."""
    return word(language, "purposes", code)


def _playbook(name: str, language: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = messages(language)["playbooks"].get(name, {})
    return found


def summary_text(playbook: Playbook, language: str = "en") -> str:
    """What a playbook does: its own words before those of the language, English where there are none."""
    own = playbook.summary
    return str(own.get(language) or _playbook(playbook.name, language).get("summary") or own.get("en") or playbook.name)


def step_text(playbook: Playbook, step: str, language: str = "en") -> str:
    """What a step is: the playbook's own words before those of the language; else what it is for."""
    found = playbook.cadence.step(step)
    own = found.says.get(language) or _playbook(playbook.name, language).get("steps", {}).get(step)
    return str(own or found.says.get("en") or purpose_text(found.purpose, language))


def why_text(proposal: Proposal, language: str = "en", zone: str | None = None) -> str:
    """Why the step is in turn now, in words."""
    table = messages(language)
    template = str(table["whys"].get(proposal.why, proposal.why))
    delay = length_text(proposal.delay, language) if proposal.delay else ""
    details = {
        "anchor": anchor_text(proposal.anchor or "", language),
        "delay": str(table["words"]["delay_after"]).format(delay=delay) if delay else "",
        "kind": word(language, "kinds", proposal.kind) if proposal.kind else "",
        "outcome": word(language, "outcomes", proposal.outcome) if proposal.outcome else "",
        "ending": word(language, "endings", proposal.ending) if proposal.ending else "",
        "due": time_text(proposal.due, zone, language) if proposal.due else "",
    }
    return fill(template, details)


def proposal_lines(record: Record, language: str) -> Iterator[str]:
    """What the cadence proposes, a line each: why now, what to carry, and where an ended case goes."""
    proposal = record.proposal
    if proposal is None:
        return
    table = messages(language)
    yield f"{proposal.playbook}: {why_text(proposal, language, record.zone)}"
    if proposal.carries:
        things = (
            word(language, "carries", item.what) + (f" ({item.value})" if item.value else "")
            for item in proposal.carries
        )
        yield f"{table['words']['carries']}: {'; '.join(things)}"
    if proposal.goes_to:
        yield f"{table['words']['goes_to']}: {proposal.goes_to}"


def playbook_text(playbook: Playbook, language: str = "en") -> str:
    """A playbook in words: its summary, and a line for each step."""
    words = messages(language)["words"]
    lines = [f"{playbook.name}: {summary_text(playbook, language)}"]
    for step in playbook.cadence.steps:
        channels = ", ".join(word(language, "channels", name) for name in step.channels)
        delay = f", {length_text(str(step.after.delay), language)}" if step.after.delay else ""
        lines.append(f"  {step.id} ({channels or words['task']}{delay}): {step_text(playbook, step.id, language)}")
    return "\n".join(lines)
