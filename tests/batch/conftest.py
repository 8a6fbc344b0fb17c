"""The columns are tested on small books too: the short way of small books is taken where a test asks for it."""

from __future__ import annotations

import pytest

from cadencia.batch import few


@pytest.fixture(autouse=True)
def no_book_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(few, "MOST", -1)
