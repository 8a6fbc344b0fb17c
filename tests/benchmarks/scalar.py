"""One prospect at a time: cadencia against the same policy written by hand, and against a rules engine.

For the policies `base`, `open_ended` and `business`, relative to the hand-written rival on ready objects:

* cadencia, one decision from a ready case; the same with every verdict, evidence and chain forced;
* cadencia from unvalidated dicts, validation included; from a prospect with touches as models; from a ready case with addresses;
* zen-engine, a yes/no for `now` only (no business days).

Then the cold start (`cold.py`). Before timing, the answers are compared: those of the rival with the literal
search of `oracle.py`, those of the others with the rival's.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import cold
import oracle
import ours
import rivals
import zen_rival
from harness import Task, measure, table
from workload import NOW, Row, as_dicts, rows

RIVAL = "by hand, plain Python"


def loop(decide: Callable[[Any, Any, Any], Any], policy: Any, cases: list[Any]) -> Task:
    """All decisions of one implementation, one after another."""

    def run() -> None:
        for case in cases:
            decide(policy, case, NOW)

    return run


def zen_loop(question: Callable[[Any], Any], contexts: list[Any]) -> Task:
    """All questions to the rules engine, one after another."""

    def run() -> None:
        for context in contexts:
            question(context)

    return run


def forced(policy: Any, case: Any, now: Any) -> Any:
    """One decision of cadencia with all that is computed on first reading."""
    return ours.force(ours.decide(policy, case, now))


def our_tasks(name: str, sample: list[Row]) -> dict[str, Task]:
    """The rows of cadencia, those that `ours.py` can do."""
    tasks: dict[str, Task] = {}
    try:
        policy = ours.policy(name)
    except NotImplementedError:
        return tasks
    candidates: list[tuple[str, Callable[[Any, Any, Any], Any], Callable[[Row], Any]]] = [
        ("cadencia, ready case", ours.decide, ours.ready_case),
        ("cadencia, everything forced", forced, ours.ready_case),
        ("cadencia, from dicts", ours.decide_from_dicts, as_dicts),
        ("cadencia, from models", ours.decide_from_models, ours.models),
        ("cadencia, ready, addresses", ours.decide, ours.addressed),
    ]
    for title, decide, prepare in candidates:
        try:
            decide(policy, prepare(sample[0]), NOW)
        except NotImplementedError:
            continue
        tasks[title] = loop(decide, policy, [prepare(row) for row in sample])
    return tasks


def zen_tasks(name: str, sample: list[Row]) -> dict[str, Task]:
    """The rows of the rules engine; none without it, or for business days."""
    policy = rivals.POLICIES[name]
    if policy.business_days or not zen_rival.available():
        return {}
    question = zen_rival.compiled(policy)
    dicts = [zen_rival.context(row, NOW) for row in sample]
    texts = [zen_rival.context_text(row, NOW) for row in sample]
    return {
        "zen-engine, yes/no, dict": zen_loop(question, dicts),
        "zen-engine, yes/no, JSON text": zen_loop(question, texts),
    }


def disagreements(name: str, sample: list[Row]) -> list[str]:
    """Where cadencia or the rules engine answers otherwise than the rival."""
    found = []
    rival = rivals.POLICIES[name]
    expected = {row.id: rivals.decide(rival, rivals.ready(row), NOW) for row in sample}
    try:
        policy = ours.policy(name)
        for row in sample:
            answer = rivals.Answer(*ours.plain(ours.decide(policy, ours.ready_case(row), NOW)))
            if answer != expected[row.id]:
                found.append(f"{row.id} {name}: cadencia {answer} but by hand {expected[row.id]}")
    except NotImplementedError:
        pass
    if zen_rival.available() and not rival.business_days:
        question = zen_rival.compiled(rival)
        for row in sample:
            if question(zen_rival.context(row, NOW)) != (expected[row.id].kind == "contact"):
                found.append(f"{row.id} {name}: zen-engine differs from {expected[row.id]}")
    return found


def main() -> None:
    """Compare the answers, then measure."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--prospects", type=int, default=5_000)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--check", type=int, default=120, help="prospects compared with the literal search")
    options.add_argument("--no-cold", action="store_true")
    given = options.parse_args()

    problems = oracle.check(given.check)
    print(f"by hand against the literal search: {given.check - len(problems)} of {given.check} agree")
    if not zen_rival.available():
        print("zen-engine is not installed: its rows are left out")
    sample = rows(given.prospects)
    ready = [rivals.ready(row) for row in sample]
    for name, policy in rivals.POLICIES.items():
        problems += disagreements(name, sample[:1_000])
        tasks = {RIVAL: loop(rivals.decide, policy, ready)}
        ours_here = our_tasks(name, sample)
        if not ours_here:
            print(f"{name}: the rows of cadencia are left out, `ours.py` is not filled in")
        tasks |= ours_here | zen_tasks(name, sample)
        print(table(name, measure(tasks, len(sample), rounds=given.rounds)), end="\n\n")
    if not given.no_cold:
        print(cold.report())
    if problems:
        print(*problems[:20], sep="\n")
        raise SystemExit(f"{len(problems)} answers differ")


if __name__ == "__main__":
    main()
