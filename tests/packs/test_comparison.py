"""The comparison of windows and caps says what the packs say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cadencia import Pack

ROOT = Path(__file__).resolve().parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_comparison", ROOT / "docs" / "make_comparison.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_comparison"] = module  # named tuples look for their module
    spec.loader.exec_module(module)
    return module


comparison: Any = _load()


def test_the_page_is_up_to_date() -> None:
    text, wanted = comparison.made()
    assert text == wanted, "windows-and-caps.md is not up to date; run `python docs/make_comparison.py`"


def test_every_window_and_cap_in_force_is_on_the_page() -> None:
    text = comparison.PAGE.read_text(encoding="utf-8")
    kinds = {"quiet_hours", "frequency_cap", "cool_off", "spacing", "one_channel"}
    for name in Pack.names():
        for provision in Pack.load(name).in_force_on(comparison.DAY):
            if kinds & {limit["rule"] for limit in provision.limits}:
                assert f"`{provision.id}`" in text


def test_what_narrows_a_row_stands_beside_it() -> None:
    """Nobody reads the hours of public adjusters as those of Texas, nor the clock of Mississippi as the person's."""
    lines = comparison.PAGE.read_text(encoding="utf-8").splitlines()
    for id, words in NARROW.items():
        found = [line for line in lines if f"`{id}`" in line]
        assert found
        assert all(words in line for line in found), id


NARROW = {
    "US-TX-ADJ": "only public adjusting",
    "US-TCPA-HEALTH": "only health care",
    "US-MS-HOURS": "UTC−6 all year",
    "GB-PECR-CLAIMS": "(only claims management, pensions)",
    "BR-NMP": "(only payroll loans, telecom)",
    "ES-96-HOURS": "consumers",
    "US-KY-HOURS": "a residence",
}


def test_the_picture_shows_what_the_engine_decides() -> None:
    found = {bar.name: bar for bar in comparison.bars("marketing", states=False)}
    assert found["Spain"].days == (((9.0, 21.0),), (), ())
    assert found["France"].days == (((10.0, 13.0), (14.0, 20.0)), (), ())
    assert (found["France"].weekly, found["France"].holidays, found["Italy"].force) == (45.0, True, "other")
    states = {bar.name: bar for bar in comparison.bars("marketing", states=True)}
    assert [name for name, bar in states.items() if bar.fixed] == ["Mississippi"]
    assert states["Texas"].days[2] == ((12.0, 21.0),)
    assert states["Pennsylvania"].days == (((9.0, 19.0),), ((9.0, 19.0),), ())
    assert comparison.PICTURE.is_file()


@pytest.mark.slow
def test_it_can_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(comparison, "PICTURE", tmp_path / "images" / "hours.png")
    comparison.draw()
    assert (tmp_path / "images" / "hours.png").stat().st_size > 50_000
