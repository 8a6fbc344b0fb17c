"""The dated walk-throughs of the playbooks: what a file holds, and how one of its days is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "playbooks"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExpectedDue(Strict):
    """Something owed, by rule or by step. A key left out is not asked."""

    rule: str | None = None
    code: str | None = None
    fact: str | None = None
    carries: list[str] | None = None
    step: str | None = None
    anchor: str | None = None
    state: str
    due: str | None = None
    owner: str | None = None
    owner_kind: str | None = None
    blocked_by: list[str] | None = None


class Expected(Strict):
    """What a day must answer. A key left out is not asked; `null` is asked, and means none."""

    answer: Literal["contact", "wait", "blocked", "stop"]
    step: str | None = None
    purpose: str | None = None
    channel: str | None = None
    prospect: str | None = None
    at: str | None = None
    until: str | None = None
    not_before: str | None = None
    binding: str | None = None
    blocking: list[str] | None = None
    needs: list[str] | None = None
    code: str | None = None
    why: str | None = None
    anchor: str | None = None
    delay: str | None = None
    carries: list[str] | None = None
    values: dict[str, str] | None = None
    attempts: int | None = None
    tone: str | None = None
    reports: list[str] | None = None
    """Codes that must be among what is reported."""
    ending: str | None = None
    goes_to: str | None = None
    dues: list[ExpectedDue] | None = None
    """Each must be among what is owed."""
    not_owed: list[str] | None = None
    """Steps and rules of which nothing is owed."""

    @model_validator(mode="after")
    def _says_enough(self) -> Expected:
        needed = {"contact": {"step", "channel"}, "wait": {"step", "at"}, "blocked": {"needs"}, "stop": {"code"}}
        if missing := needed[self.answer] - self.model_fields_set:
            raise ValueError(f"an expected `{self.answer}` must say {', '.join(sorted(missing))}")
        return self


class WhyNot(Strict):
    """At an instant, on a channel, these kinds of block forbid the step; none for permitted."""

    at: str
    channel: str
    step: str | None = None
    codes: list[str]


class ExpectedFigure(Strict):
    """A figure as it is counted by hand, with its parts by what they are counted by."""

    part: int
    of: int | None = None
    by: list[tuple[list[str | None], int]] = []


class Day(Strict):
    """One question. Touches happened since the day before, `prospect` is learned, and both stay for the days after."""

    as_of: str
    says: str
    shows: list[str] = []
    touches: list[dict[str, Any]] = []
    prospect: dict[str, Any] = {}
    account: dict[str, Any] | None = None
    ask: str | None = None
    which: str | None = None
    """The playbook that proposes for the case, of all the packaged ones."""
    handed_over: bool = False
    """Whether the shelf is asked, so that the case is where another playbook handed it over."""
    expect: Expected | None = None
    why_not: list[WhyNot] = []
    plan: list[tuple[str, str, str]] | None = None
    """The next touches if nobody answers: step, channel, instant."""
    plan_ends: bool = True
    """Whether nothing comes after them."""
    figures: dict[str, ExpectedFigure] = {}
    """Figures of an agenda in which this case stands alone."""

    @model_validator(mode="after")
    def _asks(self) -> Day:
        if self.expect is None and not self.why_not and self.plan is None and self.which is None and not self.figures:
            raise ValueError("a day must expect something")
        return self


class Walk(Strict):
    """One case, day by day."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    prospect: dict[str, Any]
    opened_at: str | None = None
    account: dict[str, Any] | None = None
    parameters: dict[str, Any] = {}
    days: Annotated[list[Day], Field(min_length=1)]


class Check(Strict):
    """A playbook that somebody may write, and what `check` finds in it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    says: str
    shows: list[str] = []
    playbook: dict[str, Any]
    finds: list[str]


class File(Strict):
    """The walks of one playbook, and the sentences that they show."""

    playbook: str
    sentences: dict[str, str]
    checks: list[Check] = []
    walks: list[Walk]


def read(path: Path) -> File:
    return File.model_validate_json(path.read_text(encoding="utf-8"))


FILES = {path.stem: read(path) for path in sorted(VECTORS.glob("*.json"))}
