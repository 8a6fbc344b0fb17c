"""What any cadence says of a case: a playbook drawn for it, its walks day by day, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from cadencia import Playbook, PolicyError
from playbooks.test_walks import walked
from playbooks.vectors import Strict, Walk


class Refused(Strict):
    """Steps that nobody may write, and what is said of them."""

    id: str
    shows: list[str]
    steps: list[dict[str, Any]]
    says: str


class Cadences(Strict):
    """The file: a playbook, what is refused, the sentences, and the walks that show them."""

    theme: str
    playbook: dict[str, Any]
    refused: list[Refused]
    sentences: dict[str, str]
    walks: list[Walk]


FILE = TypeAdapter(Cadences).validate_json(
    (Path(__file__).resolve().parent.parent / "vectors" / "cadences" / "any.json").read_text(encoding="utf-8")
)


def test_every_sentence_is_shown() -> None:
    shown = {code for walk in FILE.walks for day in walk.days for code in day.shows}
    assert shown | {code for item in FILE.refused for code in item.shows} == set(FILE.sentences)


@pytest.mark.parametrize("walk", [pytest.param(walk, id=walk.id) for walk in FILE.walks])
def test_walk(walk: Walk) -> None:
    walked(Playbook.from_dict(FILE.playbook), walk)


@pytest.mark.parametrize("item", [pytest.param(item, id=item.id) for item in FILE.refused])
def test_what_is_refused(item: Refused) -> None:
    cadence = {**FILE.playbook["cadence"], "steps": item.steps}
    with pytest.raises(PolicyError) as caught:
        Playbook.from_dict({**FILE.playbook, "cadence": cadence})
    assert item.says in str(caught.value)
