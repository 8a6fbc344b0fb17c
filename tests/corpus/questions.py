"""Questions kept from random search, because each reaches a place in the code that none before it reached.

A line of a file is one question as data: of a rule (`rules.jsonl`) or of a policy (`decisions.jsonl`). `collect.py` finds
them; `tests/test_corpus.py` asks them again, the same every time, and holds every answer to the laws.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cadencia import Case, Decision, Policy
from cadencia.rules.base import Limit, Rule
from cadencia.rules.filters import Candidate
from cadencia.rules.registry import read_rule
from cadencia.testing import Question
from cadencia.testing.check import laws_of
from spec.rules import PREDICATES, forbidden

FOLDER = Path(__file__).parent
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Of all the edges at which an answer might change, so many are compared with the specification.
MOST_EDGES = 8


def moment(tick: int) -> datetime:
    return EPOCH + timedelta(microseconds=tick)


def stored(name: str) -> Iterator[dict[str, Any]]:
    """The questions in a file of the corpus."""
    path = FOLDER / f"{name}.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        yield json.loads(line)


def case_data(case: Case) -> dict[str, Any]:
    data: dict[str, Any] = case.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return data


class Asked(NamedTuple):
    """A rule, and what it is asked."""

    rule: Rule
    question: Question

    def data(self) -> dict[str, Any]:
        return {
            "rule": self.rule.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "as_of": self.question.as_of.isoformat(),
            "zone": self.question.zone,
            "case": case_data(self.question.case),
            "candidate": [
                *self.question.candidate[:4],
                list(self.question.candidate.subjects),
                self.question.candidate.duration,
            ],
            "span": list(self.question.span),
        }

    @classmethod
    def of(cls, data: dict[str, Any]) -> Asked:
        channel, point, purpose, step, subjects, duration = data["candidate"]
        question = Question(
            datetime.fromisoformat(data["as_of"]),
            data["zone"],
            Case.model_validate(data["case"]),
            Candidate(channel, point, purpose, step, tuple(subjects), duration),
            (data["span"][0], data["span"][1]),
        )
        return cls(read_rule(data["rule"]), question)

    def check(self) -> None:
        """The laws of the rule's kind hold, and a limit forbids what the specification forbids."""
        for law in laws_of(type(self.rule)):
            law(self.rule, self.question)
        rule, (_, _, case, candidate, span) = self.rule, self.question
        if not isinstance(rule, Limit) or type(rule).__name__ not in PREDICATES:
            return
        people = case.account.touches if case.account else ()
        if any(not isinstance(touch.at, datetime) for touch in (*case.touches, *people)):
            return  # which instant of a date is meant, the specification does not choose
        blocks = list(rule.answer(case.view(), candidate, span))
        edges = {edge for block in blocks for edge in (block.start - 1, block.start, block.end - 1, block.end)}
        for tick in sorted({span[0], *(edge for edge in edges if span[0] <= edge < span[1])})[:MOST_EDGES]:
            covered = any(block.start <= tick < block.end for block in blocks)
            assert covered == forbidden(rule, case, candidate, moment(tick)), (tick, covered)


class Put(NamedTuple):
    """A policy, and what it is asked; `raw` keeps the prospect and touches as the plain data they came as."""

    policy: Policy
    case: Case
    as_of: str
    options: dict[str, Any]
    raw: bool = False

    def data(self) -> dict[str, Any]:
        case = case_data(self.case)
        return {
            "policy": self.policy.to_dict(),
            "case": case,
            "as_of": self.as_of,
            "options": self.options,
            "raw": self.raw,
        }

    @classmethod
    def of(cls, data: dict[str, Any]) -> Put:
        return cls(
            Policy.from_dict(data["policy"]),
            Case.model_validate(data["case"]),
            data["as_of"],
            data["options"],
            data["raw"],
        )

    def decide(self) -> Decision:
        if not self.raw:
            return self.policy.decide(self.case, as_of=self.as_of, **self.options)
        person = self.case.prospect
        prospect: dict[str, Any] = {
            "id": person.id,
            "zones": person.zones[0].zone,
            "regions": person.regions[0].region if person.regions else [],
        }
        touches = [
            {
                "id": touch.id,
                "at": touch.at.isoformat(),
                "channel": touch.channel,
                "disposition": touch.disposition,
                "direction": touch.direction,
            }
            for touch in self.case.touches
        ]
        return self.policy.decide(prospect, touches, as_of=self.as_of, **self.options)

    def check(self) -> None:
        """Both paths agree, reasons first; words and data say it whole; what it answers is permitted and nothing earlier."""
        decision = self.decide()
        reasons = decision.binding, decision.chain, decision.verdicts, decision.blocking
        engine, asked = self.policy.engine, self.options
        slow = engine.decide(
            self.case, (), self.as_of, asked.get("purpose"), asked.get("step"), asked.get("subjects", ()),
            asked.get("duration"), asked.get("horizon", "90 days"), asked.get("fulfils"),
        )  # fmt: skip
        assert (slow.binding, slow.chain, slow.verdicts, slow.blocking) == reasons
        assert decision == slow
        assert Decision.from_dict(json.loads(decision.to_json())) == decision
        for language in ("en", "es"):
            assert decision.text(language).splitlines()[0]
        assert decision._repr_html_()
        assert repr(decision)
        for option in decision.options:
            if option.opening is not None:
                assert not self._why_not(option, option.opening)
                if option.opening > decision.as_of:
                    assert self._why_not(option, option.opening - timedelta(microseconds=1))
        assert decision.counterfactuals().keys() <= {*decision.blocking, decision.waits_for}

    def _why_not(self, option: Any, instant: datetime) -> object:
        return self.policy.why_not(
            self.case, instant, option.channel, contact_point=option.contact_point, as_of=self.as_of,
            **{key: value for key, value in self.options.items() if key in ("purpose", "step", "subjects", "duration")},
        )  # fmt: skip
