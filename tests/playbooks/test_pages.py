"""The pages of the playbooks say what the vectors and the files say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def test_pages_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_playbooks", ROOT / "docs" / "make_playbooks.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stale = [path.name for path, text, wanted in module.made() if text != wanted]
    assert not stale, "run `python docs/make_playbooks.py`"


def test_the_format_page_names_every_key() -> None:
    """Every key of a playbook, a cadence and a step, and every well-known outcome, stands on the page of the format."""
    from cadencia import Playbook
    from cadencia.cadence import OUTCOMES, Cadence, Condition, Entry, Step

    page = (ROOT / "docs" / "reference" / "playbook-format.md").read_text(encoding="utf-8")
    for model in (Playbook, Cadence, Step, Condition, Entry):
        missing = [name for name in model.model_fields if f"`{name}`" not in page and f"{name}:" not in page]
        assert not missing, model
    for code, outcome in OUTCOMES.items():
        assert f"| `{code}` |" in page
        assert all(f"`{name}`" in page for name in (*outcome.dispositions, *outcome.promised))
