"""The sample plug-in, where it is installed, passes its own tests: as a rule author's would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cadencia import PolicyError
from cadencia.rules.registry import kinds, plug_in_of, rule_class

PLUGIN = Path(__file__).resolve().parents[1] / "plugin"


def test_the_sample_plug_in_is_found_by_its_entry_points() -> None:
    pytest.importorskip("acme_rules", reason="pip install ./tests/plugin")
    assert {"acme.no_monday_mornings", "acme.lucky_weekday", "acme.thank_you"} <= set(kinds())
    assert rule_class("acme.lucky_weekday").__module__ == "acme_rules"
    assert plug_in_of("acme.thank_you") == "acme-rules 1.0"


@pytest.mark.slow
def test_the_sample_plug_in_passes_its_own_tests() -> None:
    pytest.importorskip("acme_rules", reason="pip install ./tests/plugin")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        str(PLUGIN / "pyproject.toml"),
        str(PLUGIN / "tests"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PLUGIN, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_plug_in_that_is_not_installed_is_named() -> None:
    with pytest.raises(PolicyError, match=r"no rule named `nobody\.made_this`"):
        rule_class("nobody.made_this")
