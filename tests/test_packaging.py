"""The package as users get it: its front door, and what opening it costs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import cadencia

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("holidays", "hypothesis", "numpy", "polars", "pyarrow", "rich", "typer", "yaml")


def test_public_names_are_the_ones_we_promised(golden: Callable[[str, str], None]) -> None:
    golden("public-names.txt", "".join(f"{name}\n" for name in sorted(cadencia.__all__)))


def test_all_names_each_once_and_dir_agrees() -> None:
    assert len(cadencia.__all__) == len(set(cadencia.__all__))
    public = {name for name in cadencia.__all__ if not name.startswith("_")}
    assert {name for name in dir(cadencia) if not name.startswith("_")} == public


def test_every_public_name_is_there() -> None:
    missing = [name for name in cadencia.__all__ if not hasattr(cadencia, name)]
    assert not missing


def test_version_is_written_once() -> None:
    assert version("cadencia") == cadencia.__version__
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dynamic"]


def test_types_are_shipped() -> None:
    assert (Path(cadencia.__file__).parent / "py.typed").is_file()


def test_import_loads_nothing_heavy() -> None:
    statement = f"import sys, cadencia; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_what_no_test_reaches_says_why() -> None:
    """The page that counts what is left out of the coverage counts right, and each line has its reason beside it."""
    found = [
        line
        for file in (ROOT / "src").rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "# pragma: no " in line
    ]
    assert all(re.search(r"# pragma: no (cover|branch) - \S", line) for line in found)
    page = (ROOT / "docs" / "explanation" / "design.md").read_text(encoding="utf-8")
    assert "Left out are fifteen lines and branches" in page
    assert len(found) == 15
