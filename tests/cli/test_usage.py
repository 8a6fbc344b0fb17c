"""A command that cannot be read: one line, which says what to write instead, and exit status 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
AS_OF = "2026-03-27T13:37Z"

MISTAKES = [
    (["decide", "people.csv"], "--as-of: none given; write for example `--as-of 2026-03-27T13:37Z`"),
    (["decide", "--as-of"], "--as-of: nothing follows it; write for example `--as-of 2026-03-27T13:37Z`"),
    (["decide", "-f"], "-f: nothing follows it; see `cadencia --help`"),
    (["decide", "--as-off", AS_OF], "`--as-off` is no option of `cadencia decide`; did you mean `--as-of`?"),
    (["explain", "p", "-z"], "`-z` is no option of `cadencia explain`; see `cadencia explain --help`"),
    (
        ["decide", "--as-of", AS_OF, "-f", "tabel"],
        "--format: `tabel` is not there; write one of table, jsonl, summary, columns; did you mean `table`?",
    ),
    (
        ["schema", "polcy"],
        "what: `polcy` is not there; write one of policy, playbook, mapping, decision, audit, agenda; did you mean `policy`?",
    ),
    (["decide", "--quiet=3", "--as-of", AS_OF], "--quiet: it takes no value; write `--quiet` alone"),
    (["explain"], "prospect: none given; write for example `cadencia explain p1 prospects.csv touches.csv ...`"),
    (["check"], "files: none given; write for example `cadencia check house.yaml`"),
    (
        ["schema", "policy", "more"],
        "`more` is too much for `cadencia schema`; leave it out, or put it in quotes with what is before it",
    ),
    (
        ["decid"],
        "`decid` is no command; write one of decide, explain, check, schema, playbooks, agenda, audit, packs, zones; "
        "did you mean `decide`?",
    ),
]


@pytest.mark.parametrize(("arguments", "told"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_one_line_that_says_what_to_write(run: Run, arguments: list[str], told: str) -> None:
    found = run(*arguments)
    assert (found.status, found.out, found.err) == (2, "", f"cadencia: {told}\n")


def test_nothing_at_all_is_answered_with_the_help(run: Run) -> None:
    found = run()
    assert (found.status, found.out) == (2, "")
    assert "Commands:" in found.err


def test_what_the_parser_says_in_other_words_is_told_as_well() -> None:
    from cadencia.cli.usage import usage_line

    class Other(Exception):
        def format_message(self) -> str:
            return "A thing of\ntomorrow."

    assert usage_line(Other()) == "A thing of tomorrow; see `cadencia --help`"


def test_a_run_that_is_broken_off_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    def broken(*_: object, **__: object) -> None:
        raise typer.Abort

    monkeypatch.setattr("cadencia.cli.app.read_files", broken)
    found = run("decide", "people.csv", "--as-of", AS_OF, "--policy", "policy.yaml")
    assert (found.status, found.err) == (1, "cadencia: stopped\n")


def test_a_mistake_of_ours_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr("cadencia.cli.app.read_files", broken)
    with pytest.raises(KeyError):
        run("decide", "people.csv", "--as-of", AS_OF, "--policy", "policy.yaml")
