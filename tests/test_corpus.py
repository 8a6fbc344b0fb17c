"""Every question that a random search found worth keeping, asked again: the laws hold, and both paths agree."""

from __future__ import annotations

from typing import Any

import pytest

from corpus.questions import Asked, Put, stored


@pytest.mark.parametrize("data", list(stored("rules")), ids=lambda data: data["rule"]["rule"])
def test_rule(data: dict[str, Any]) -> None:
    asked = Asked.of(data)
    asked.check()
    assert asked.data() == data


@pytest.mark.parametrize("data", list(stored("decisions")), ids=lambda data: data["as_of"])
def test_decision(data: dict[str, Any]) -> None:
    put = Put.of(data)
    put.check()
    assert put.data() == data
