"""`cadencia check` and `schema`, and what is said without the extra."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_check_a_good_policy(run: Run) -> None:
    ran = run("check", "policy.yaml")
    assert ran.status == 0
    assert ", 1 example, nothing to say" in ran.out


def test_check_an_example_that_fails(run: Run, folder: Path) -> None:
    text = (folder / "policy.yaml").read_text()
    (folder / "policy.yaml").write_text(text.replace('at: "2026-03-27T09:00Z"', 'at: "2026-03-27T10:00Z"'))
    ran = run("check", "policy.yaml")
    assert ran.status == 1
    assert "nobody is called at night" in ran.out


def test_check_what_is_probably_not_meant(run: Run, folder: Path) -> None:
    rule = "cadencia: 1\nname: x\nchannels: [phone]\nrules: [{rule: max_attempts, id: never, at_most: 0}]\n"
    (folder / "lint.yaml").write_text(rule)
    ran = run("check", "lint.yaml")
    assert ran.status == 1
    assert "never" in ran.out


def test_a_finding_names_its_place_once(run: Run, folder: Path) -> None:
    (folder / "slips.yaml").write_text(
        "cadencia: 1\nname: slips\nchannels: [phone, emial]\nrules:\n"
        "  - {rule: spacing, id: apart, at_least: 24h, channels: [phne]}\n"
    )
    lines = run("check", "slips.yaml").out.splitlines()
    assert "slips.yaml: channel_misspelt: policy `slips`: channel `emial` is not a well-known one" in "\n".join(lines)
    assert "slips.yaml: channel_misspelt: rule `apart`: channel `phne` is neither" in "\n".join(lines)
    assert all(line.count("apart") + line.count("`slips`") == 1 for line in lines)


def test_check_goes_on_after_a_policy_that_cannot_be_used(run: Run, folder: Path) -> None:
    rules = "rules: [{rule: max_atempts, id: a}, {rule: spacing, id: b}]"
    (folder / "bad.yaml").write_text(f"cadencia: 1\nname: x\n{rules}\n")
    ran = run("check", "bad.yaml", "policy.yaml")
    assert ran.status == 2
    assert "did you mean `max_attempts`?" in ran.out
    assert "policy.yaml: house" in ran.out


def test_check_a_mapping(run: Run, folder: Path) -> None:
    (folder / "mapping.yaml").write_text("prospects: {fields: {id: Id}}")
    assert run("check", "policy.yaml", "--mapping", "mapping.yaml").status == 0
    (folder / "mapping.yaml").write_text("prospects: {fields: {Id: Id}}")
    assert run("check", "policy.yaml", "--mapping", "mapping.yaml").status == 2


@pytest.mark.parametrize("what", ["policy", "mapping", "decision"])
def test_schema(run: Run, what: str) -> None:
    ran = run("schema", what)
    assert ran.status == 0
    assert isinstance(json.loads(ran.out), dict)


def test_version_and_help(run: Run) -> None:
    assert run("--version").out.startswith("cadencia ")
    assert "decide" in run("--help").out


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra_one_line_says_how_to_get_it(
    package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cadencia.cli import main

    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit) as ended:
        main()
    told = "cadencia: the command line needs the extra `cli`; write `pip install 'cadencia[cli]'`\n"
    assert (ended.value.code, capsys.readouterr().err) == (2, told)


def test_python_dash_m(folder: Path) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    command = [sys.executable, "-m", "cadencia.cli", "check", "policy.yaml"]
    ran = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
