"""The law as test data: vectors computed from verified provisions, and the worked examples that regulators publish.

Each names a pack and the provisions that it asks about; the expected answers were worked out by hand. Where a source gives
no dates they are ours, and `dates` says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from cadencia import Case, Pack, Policy
from cadencia.decision import Decision
from packs.support import alone
from test_vectors import Step, Strict, asked, found

FOLDER = Path(__file__).resolve().parent.parent / "vectors" / "packs"


class PackVector(Strict):
    """A fact about a provision, made concrete."""

    id: Annotated[str, Field(pattern=r"^(DV|WE)-\d\d(-[a-z]+)?$")]
    source: str
    dates: Literal["given", "ours"]
    pack: str
    rules: Annotated[list[str], Field(min_length=1)]
    channels: list[str]
    case: dict[str, Any]
    steps: Annotated[list[Step], Field(min_length=1)]


class PackTheme(Strict):
    theme: str
    vectors: list[PackVector]


ALL = [
    vector
    for file in sorted(FOLDER.glob("*.json"))
    for vector in PackTheme.model_validate_json(file.read_text(encoding="utf-8")).vectors
]
STEPS = [
    pytest.param(vector, place, id=f"{vector.id}:{place + 1}") for vector in ALL for place in range(len(vector.steps))
]


def policy_of(vector: PackVector) -> Policy:
    return alone(Pack.load(vector.pack), vector.rules, vector.channels)


def ask(vector: PackVector, place: int, as_of: str | None = None) -> Decision:
    step = vector.steps[place]
    data = dict(vector.case)
    data["touches"] = [
        *data.get("touches", ()),
        *(touch for earlier in vector.steps[: place + 1] for touch in earlier.touches),
    ]
    return policy_of(vector).decide(
        Case.model_validate(data), as_of=as_of or step.as_of, purpose=step.purpose, subjects=step.subjects
    )


@pytest.mark.parametrize(("vector", "place"), STEPS)
def test_vector(vector: PackVector, place: int) -> None:
    """The provisions answer as their source says."""
    decision = ask(vector, place)
    expected = vector.steps[place].expect
    assert found(decision, expected) == asked(expected), f"{vector.source}\n{decision}"


@pytest.mark.parametrize(("vector", "place"), STEPS)
def test_asked_again_at_its_answer(vector: PackVector, place: int) -> None:
    """Where the answer is to wait, contact is open at the answered instant."""
    if vector.steps[place].expect.answer == "wait":
        first = ask(vector, place)
        again = ask(vector, place, first.record.at.isoformat())  # type: ignore[union-attr]
        assert (again.answer, again.record.channel) == ("contact", first.record.channel)


def test_none_is_missing() -> None:
    """All seventy-one vectors and all twenty worked examples are here."""
    ids = [vector.id for vector in ALL]
    assert len(ids) == len(set(ids))
    assert {name for name in ids if name.startswith("DV")} == {f"DV-{number:02}" for number in range(1, 72)}
    assert {name[:5] for name in ids if name.startswith("WE")} == {f"WE-{number:02}" for number in range(1, 21)}
