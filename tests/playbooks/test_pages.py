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
