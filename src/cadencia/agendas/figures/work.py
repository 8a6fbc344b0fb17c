"""Figures of the work itself: is every next action dated, who is slow, who gives up, and where cases go silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...rules.deadlines import RespondWithin
from ..models import Figure, Row
from .base import Known

__all__ = ["Answers", "Dated", "GivenUp", "Silence", "Speed"]


class Dated:
    """Share of open cases with a dated next action: all of them, or each exception is named."""

    def __init__(self) -> None:
        self.open = 0
        self.without: list[str] = []

    def add(self, known: Known) -> None:
        """Take a case in."""
        if known.entry.place != "stopped":
            self.open += 1
            if not known.entry.dated:
                self.without.append(known.id)

    def figures(self) -> Mapping[str, Figure]:
        """The figure `dated`."""
        part = self.open - len(self.without)
        return {"dated": Figure("dated", part, self.open, named=tuple(self.without))}


class Speed:
    """Breaches of speed to lead, by owner and the owner's kind."""

    def __init__(self) -> None:
        self.asked = False
        self.rows: dict[tuple[str | None, str | None], list[int]] = {}
        self.named: dict[str, None] = {}

    def add(self, known: Known) -> None:
        """Take a case in."""
        rules = {item.rule.id for item in known.answer.engine.deadlines if isinstance(item.rule, RespondWithin)}
        self.asked = self.asked or bool(rules)
        for due in known.record.deadlines:
            if due.rule in rules and due.state in ("met", "met_late", "missed"):
                row = self.rows.setdefault((due.owner, due.owner_kind), [0, 0])
                row[0] += due.state != "met"
                row[1] += 1
                if due.state != "met":
                    self.named[known.id] = None

    def figures(self) -> Mapping[str, Figure]:
        """The figure `speed_to_lead`: breaches, of all that had to be answered by now."""
        if not self.asked:
            return {"speed_to_lead": Figure("speed_to_lead", missing=("rule:respond_within",))}
        rows = tuple(
            Row(key, part, of)
            for key, (part, of) in sorted(self.rows.items(), key=lambda item: (-item[1][0], str(item[0])))
        )
        total = (sum(row.part for row in rows), sum(row.of or 0 for row in rows))
        return {"speed_to_lead": Figure("speed_to_lead", *total, by=rows, named=tuple(self.named))}


class GivenUp:
    """Cases that we closed before the fewest attempts of their playbook, without an answer."""

    def __init__(self) -> None:
        self.asked = False
        self.closed = 0
        self.named: list[str] = []

    def add(self, known: Known) -> None:
        """Take a case in."""
        playbook, position = known.answer.playbook, known.position
        if playbook is None or position is None or playbook.cadence.at_least is None:
            return
        self.asked = True
        ours = known.record.code in ("stage", "exhausted", "finished")
        if known.stopped and ours and position.inside and position.ending in (None, "exhausted"):
            self.closed += 1
            if position.attempts < playbook.cadence.at_least:
                self.named.append(known.id)

    def figures(self) -> Mapping[str, Figure]:
        """The figure `given_up_early`, of all that we closed."""
        if not self.asked:
            return {"given_up_early": Figure("given_up_early", missing=("playbook:at_least",))}
        return {"given_up_early": Figure("given_up_early", len(self.named), self.closed, named=tuple(self.named))}


class Answers:
    """Share of the cases that we approached in which anybody answered; a no is an answer."""

    def __init__(self) -> None:
        self.rows: dict[str | None, list[int]] = {}

    def add(self, known: Known) -> None:
        """Take a case in."""
        if not known.made:
            return
        playbook = known.answer.playbook
        row = self.rows.setdefault(None if playbook is None else playbook.name, [0, 0])
        first = known.made[0].lo
        row[0] += any(known.answers(seen) and seen.lo >= first for seen in known.view.touches)
        row[1] += 1

    def figures(self) -> Mapping[str, Figure]:
        """The figure `answer_rate`, by playbook."""
        if not self.rows:
            return {"answer_rate": Figure("answer_rate", missing=("touches",))}
        rows = tuple(Row((name,), *self.rows[name]) for name in sorted(self.rows, key=str))
        total = (sum(row.part for row in rows), sum(row.of or 0 for row in rows))
        return {"answer_rate": Figure("answer_rate", *total, by=rows if rows[0].key != (None,) else ())}


class Silence:
    """The milestone at which cases go silent: the first step of ours since the last answer.

    A case is silent when two steps running had no answer, when its cadence was exhausted so, or when the next step is due.
    """

    def __init__(self) -> None:
        self.asked = False
        self.steps: Counter[tuple[str, str]] = Counter()
        self.begun = 0
        self.named: list[str] = []

    def add(self, known: Known) -> None:
        """Take a case in."""
        playbook, position = known.answer.playbook, known.position
        if playbook is None or position is None:
            return
        self.asked = True
        if not position.inside or not position.taken:
            return
        self.begun += 1
        if position.outcome != "no_answer" or not position.attempts:
            return
        proposal = known.record.proposal
        due = proposal is not None and proposal.due is not None and proposal.due <= known.day.as_of
        if position.attempts < 2 and position.ending != "exhausted" and not due:
            return
        _, step = position.taken[-min(position.attempts, len(position.taken))]
        self.steps[(playbook.name, step)] += 1
        self.named.append(known.id)

    def figures(self) -> Mapping[str, Figure]:
        """The figure `silent_at`, by playbook and step, of all cases with a step taken."""
        if not self.asked:
            return {"silent_at": Figure("silent_at", missing=("playbook",))}
        if not self.begun:
            return {"silent_at": Figure("silent_at", missing=("steps",))}
        ordered = sorted(self.steps.items(), key=lambda item: (-item[1], item[0]))
        rows = tuple(Row(key, count) for key, count in ordered)
        return {"silent_at": Figure("silent_at", len(self.named), self.begun, by=rows, named=tuple(self.named))}
