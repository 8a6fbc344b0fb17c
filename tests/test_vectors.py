"""Worked examples from the field: facts of regulators, vendors and public test suites, with their reasons.

`tests/vectors/*.json` needs no knowledge of Python: a policy, a case, and steps. A step asks at an instant and says the
answer and why. The expected values were worked out by hand from the sources' facts; nothing was copied from a run.
`readings.json` has what we had to decide ourselves.

`not-ours.json` lists the facts that a deliberate choice of ours contradicts: what they do, what we do, and where that
is decided. Many carry a vector of our own answer. `docs/explanation/choices.md` shows the list.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cadencia import Case, Policy
from cadencia.decision import Decision

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "tests" / "vectors"
CHOICES = ROOT / "docs" / "explanation" / "choices.md"
BEGIN, END = "<!-- begin: tests/vectors/not-ours.json -->", "<!-- end -->"


def _with_offset(value: str) -> str:
    if datetime.fromisoformat(value).utcoffset() is None:
        raise ValueError(f"`{value}` has no offset")
    return value


Time = Annotated[str, AfterValidator(_with_offset)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(Strict):
    """What a step must answer. A key left out is not asked; `null` is asked, and means none."""

    answer: Literal["contact", "wait", "blocked", "stop"]
    blocking: list[str]
    """Ids of all rules that forbid the answer's option at `as_of`."""
    binding: str | None = None
    """The rule that releases last."""
    codes: dict[str, list[str]] = {}
    """By rule: what kinds of block cover `as_of`."""
    touches: dict[str, list[str]] = {}
    """By rule: the ids of the touches that counted."""
    channel: str | None = None
    contact_point: str | None = None
    at: Time | None = None
    until: Time | None = None
    not_before: Time | None = None
    reason: str | None = None
    code: str | None = None
    scope: str | None = None
    needs: list[str] | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Expected:
        required = {
            "contact": {"channel", "until"},
            "wait": {"at", "binding"},
            "blocked": {"needs", "not_before"},
            "stop": {"reason", "code", "until"},
        }[self.answer]
        if missing := required - self.model_fields_set:
            raise ValueError(f"an expected `{self.answer}` must say {', '.join(sorted(missing))}")
        if (self.answer == "contact") is bool(self.blocking):
            raise ValueError("`blocking` names the rules that forbid now: none for a contact, at least one otherwise")
        return self


class Step(Strict):
    """One question. `touches` happened or were booked since the step before, and stay for the steps after."""

    as_of: Time
    touches: list[dict[str, Any]] = []
    purpose: str | None = None
    step: str | None = None
    subjects: list[str] = []
    duration: str | None = None
    horizon: str = "90 days"
    fulfils: str | None = None
    expect: Expected
    says: str | None = None


class Vector(Strict):
    """A fact from outside, made concrete."""

    id: Annotated[str, Field(pattern=r"^[WLTR]\d+(-[a-z0-9-]+)?$")]
    source: str
    policy: dict[str, Any]
    case: dict[str, Any]
    steps: Annotated[list[Step], Field(min_length=1)]


class Theme(Strict):
    """One file of vectors."""

    theme: str
    vectors: list[Vector]


class NotOurs(Strict):
    """A fact that a choice of ours contradicts, or that is not a fact about one decision."""

    id: Annotated[str, Field(pattern=r"^[WLT]\d+(-[a-z0-9-]+)?$")]
    they: str
    we: str
    design: str
    point: int | None = None
    """Of the twenty-eight points on which existing systems disagree."""
    vector: Vector | None = None
    """Our own answer, so that the choice is tested too."""


class Contradicted(Strict):
    theme: Literal["not ours"]
    entries: list[NotOurs]


def read(file: Path) -> list[Vector]:
    text = file.read_text(encoding="utf-8")
    if file.name == "not-ours.json":
        return [entry.vector for entry in Contradicted.model_validate_json(text).entries if entry.vector]
    return Theme.model_validate_json(text).vectors


FILES = sorted(VECTORS.glob("*.json"))
ALL = [(file.stem, vector) for file in FILES for vector in read(file)]
STEPS = [
    pytest.param(vector, place, id=f"{name}:{vector.id}:{place + 1}")
    for name, vector in ALL
    for place in range(len(vector.steps))
]

#: Every worked example that concerns windows, caps, deferrals, clocks and law, by the numbers of the field survey.
REQUIRED = {
    *(f"W{number}" for number in (*range(1, 19), *range(20, 29), *range(30, 36), *range(40, 65), 67, *range(70, 78))),
    *(f"L{number}" for number in range(1, 7)),
    *(f"T{number}" for number in range(1, 9)),
    *(f"R{number}" for number in range(1, 6)),
}


def ask(vector: Vector, place: int) -> Decision:
    step = vector.steps[place]
    data = dict(vector.case)
    data["touches"] = [
        *data.get("touches", ()),
        *(touch for earlier in vector.steps[: place + 1] for touch in earlier.touches),
    ]
    return Policy.from_dict(vector.policy).decide(
        Case.model_validate(data),
        as_of=step.as_of,
        purpose=step.purpose,
        step=step.step,
        subjects=step.subjects,
        duration=step.duration,
        horizon=step.horizon,
        fulfils=step.fulfils,
    )


def found(decision: Decision, expected: Expected) -> dict[str, Any]:
    """What the decision says of everything that is asked, in the form in which it is asked."""
    record = decision.record
    verdicts = {verdict.rule: verdict for verdict in decision.verdicts}
    told: dict[str, Any] = {}
    for name in expected.model_fields_set:
        asked, value = getattr(expected, name), getattr(record, name, None)
        if name == "codes":
            value = {rule: sorted({block.code for block in verdicts[rule].blocks}) for rule in asked}
        elif name == "touches":
            value = {rule: sorted(verdicts[rule].touches) for rule in asked}
        elif name in ("blocking", "needs"):
            value = sorted(value)
        elif name in ("at", "until", "not_before"):
            value = None if value is None else value.astimezone(_zone(asked)).isoformat()
        told[name] = value
    return told


def asked(expected: Expected) -> dict[str, Any]:
    told = {name: getattr(expected, name) for name in expected.model_fields_set}
    for name in ("blocking", "needs"):
        if told.get(name) is not None:
            told[name] = sorted(told[name])
    for name in ("at", "until", "not_before"):
        if told.get(name) is not None:
            told[name] = datetime.fromisoformat(told[name]).isoformat()
    for name in ("codes", "touches"):
        if name in told:
            told[name] = {rule: sorted(items) for rule, items in told[name].items()}
    return told


def _zone(text: str | None) -> Any:
    return UTC if text is None else datetime.fromisoformat(text).tzinfo


@pytest.mark.parametrize(("vector", "place"), STEPS)
def test_vector(vector: Vector, place: int) -> None:
    """The engine answers as the source's facts say, and for the same reasons."""
    decision = ask(vector, place)
    expected = vector.steps[place].expect
    assert found(decision, expected) == asked(expected), f"{vector.source}\n{decision}"


@pytest.mark.parametrize(("vector", "place"), STEPS)
def test_vector_asked_again_at_its_answer(vector: Vector, place: int) -> None:
    """Where the answer is to wait, the same option is open at the answered instant and not a microsecond before."""
    step = vector.steps[place]
    if step.expect.answer != "wait":
        return
    decision = ask(vector, place)
    assert decision.answer == "wait"
    later = step.model_copy(update={"as_of": decision.record.at.isoformat()})  # type: ignore[union-attr]
    again = ask(vector.model_copy(update={"steps": [*vector.steps[:place], later]}), place)
    assert (again.answer, again.record.channel, again.record.at) == (
        "contact",
        decision.record.channel,
        decision.record.at,
    )


def test_ids_are_unique_and_complete() -> None:
    """No worked example in scope is forgotten: each is a vector, or is listed with the choice that contradicts it."""
    ids = [vector.id for _, vector in ALL]
    assert len(ids) == len(set(ids))
    listed = Contradicted.model_validate_json((VECTORS / "not-ours.json").read_text(encoding="utf-8")).entries
    names = {name.partition("-")[0] for name in [*ids, *(entry.id for entry in listed)]}
    assert names >= REQUIRED, sorted(REQUIRED - names)
    assert len({entry.id for entry in listed}) == len(listed)


def test_unknown_keys_are_refused() -> None:
    data = json.loads(FILES[0].read_text(encoding="utf-8"))
    for spoil in (
        lambda vector: vector.update(extra=1),
        lambda vector: vector["steps"][0].update(when="2026-01-01T00:00Z"),
        lambda vector: vector["steps"][0]["expect"].update(answers="wait"),
        lambda vector: vector["steps"][0].update(as_of="2026-01-01T00:00"),
        lambda vector: vector["steps"][0]["expect"].pop("blocking"),
    ):
        spoiled = json.loads(json.dumps(data["vectors"][0]))
        spoil(spoiled)
        with pytest.raises(ValidationError):
            Vector.model_validate(spoiled)


def listing() -> str:
    """`not-ours.json` as the page shows it."""
    entries = Contradicted.model_validate_json((VECTORS / "not-ours.json").read_text(encoding="utf-8")).entries
    lines = [BEGIN, "", "| example | what they do | what we do | decided in |", "|---|---|---|---|"]
    for entry in entries:
        tested = " (tested)" if entry.vector else ""
        lines.append(f"| {entry.id} | {entry.they} | {entry.we}{tested} | {entry.design} |")
    return "\n".join([*lines, "", END])


def test_the_page_lists_what_is_not_ours(request: pytest.FixtureRequest) -> None:
    """The list of contradicted examples in the documentation is the one that is tested."""
    page = CHOICES.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if request.config.getoption("--update-golden"):
        CHOICES.write_text(pattern.sub(lambda _: listing(), page), encoding="utf-8")
        return
    shown = pattern.search(page)
    assert shown is not None
    assert shown[0] == listing(), "run `pytest --update-golden tests/test_vectors.py`"
