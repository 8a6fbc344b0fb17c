"""A whole book at once: cadencia on frames against the same policy written by hand in polars, and in numpy.

For each policy and kind of id, in rounds in which the implementations take turns: seconds, and the ratio to polars inside
the round. Before timing, the answers are compared with each other on all rows, and on a sample with `rivals.py`, which
`oracle.py` holds to the literal specification. Then the crossing point with one by one, the peak of memory, and how the
cost grows.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from typing import Any

import book_numpy
import book_polars
import oracle
import ours
import polars as pl
import rivals
from book_workload import Book, book, sample
from harness import Task, measure, table, timed
from workload import NOW

from cadencia import decide_many

CASES = (
    ("base", "int", "binding"),
    ("open_ended", "int", "binding"),
    ("business", "int", "binding"),
    ("base", "int", "none"),
    ("base", "int", "all"),
    ("base", "sparse", "binding"),
    ("base", "uuid", "binding"),
)


def answered(policy: Any, found: Book, reasons: str = "binding") -> pl.DataFrame:
    """Our answers."""
    answers: pl.DataFrame = decide_many(policy, found.prospects, found.touches, as_of=NOW, reasons=reasons).frame
    return answers


def differences(name: str, found: Book) -> list[str]:
    """Where the rivals answer otherwise."""
    policy = ours.policy(name)
    mine = answered(policy, found)
    others = {"polars": book_polars.decide(name, found)}
    if name != "business":
        others["numpy"] = book_numpy.decide(name, found)
    told = []
    for rival, theirs in others.items():
        for column in ("answer", "channel", "at", "until"):
            ours_, other = mine[column], theirs[column]
            if ours_.dtype == pl.Enum:
                ours_, other = ours_.cast(pl.String), other.cast(pl.String)
            many = ours_.ne_missing(other).sum()
            if many:
                told.append(f"{name}: {many} answers of {rival} differ in `{column}`")
    for row, said in zip(sample(found, 500), mine.head(500).iter_rows(named=True), strict=True):
        wanted = rivals.decide(rivals.POLICIES[name], rivals.ready(row), NOW)
        if (wanted.kind, wanted.channel, wanted.at, wanted.until) != tuple(
            said[column] for column in ("answer", "channel", "at", "until")
        ):
            told.append(f"{name}: {row.id}: {said} but by hand {wanted}")
    return told


def tasks(name: str, found: Book, ids: str, reasons: str) -> dict[str, Task]:
    """One turn of each implementation."""
    policy = ours.policy(name)
    runs: dict[str, Task] = {
        "by hand, polars": lambda: book_polars.decide(name, found, reasons=reasons != "none"),
        f"cadencia, reasons={reasons}": lambda: answered(policy, found, reasons),
    }
    if name != "business" and ids == "int":
        runs["by hand, numpy, no reasons"] = lambda: book_numpy.decide(name, found)
    return runs


def crossing() -> str:
    """From how many prospects on a batch is quicker than one by one."""
    policy = ours.policy("base")
    lines = ["prospects   one by one   batch (ms)"]
    for count in (10, 30, 100, 300, 1_000, 3_000, 10_000):
        found = book(count)
        cases = [ours.ready_case(row) for row in sample(found, count)]

        def alone(cases: list[Any] = cases) -> None:
            for case in cases:
                ours.decide(policy, case, NOW)

        def together(found: Book = found) -> None:
            answered(policy, found)

        alone(), together()
        singly = min(timed(alone) for _ in range(3))
        lines.append(f"{count:>9,}   {singly / 1e3:>10.2f}   {min(timed(together) for _ in range(3)) / 1e3:>10.2f}")
    return "\n".join(lines)


def growth(counts: list[int]) -> str:
    """The cost by size, each in a process of its own, with the peak of memory beyond the input."""
    lines = ["prospects   us each   peak beyond input and output, bytes each"]
    for count in counts:
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(count)], check=True, capture_output=True, text=True
        )
        lines.append(done.stdout.rstrip("\n"))
    return "\n".join(lines)


def one(count: int) -> None:
    """One size: the best of three, and the peak of the first."""
    policy, found = ours.policy("base"), book(count)
    answered(policy, book(100))  # whatever is loaded once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/status", encoding="ascii") as status:
        now = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    with open("/proc/self/clear_refs", "w", encoding="ascii") as refs:
        refs.write("5")  # the mark of the peak begins again
    answers = answered(policy, found)
    with open("/proc/self/status", encoding="ascii") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    beyond = (peak - now) * 1024 - answers.estimated_size()
    micros = min(timed(lambda: answered(policy, found)) for _ in range(3)) / count
    assert before
    print(f"{count:>9,}   {micros:>7.2f}   {beyond / count:>7.0f}")


def main() -> None:
    """Compare the answers, then measure."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--prospects", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", type=int, help="only the n-th of the cases, from 1")
    options.add_argument("--one", type=int, help="one size alone; for the table of growth")
    options.add_argument("--growth", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    given = options.parse_args()
    if given.one:
        one(given.one)
        return
    problems = oracle.check(60)
    small = book(20_000)
    for name in rivals.POLICIES:
        problems += differences(name, small)
    print(*(problems or ["all answers agree"]), sep="\n")
    chosen = CASES if given.only is None else CASES[given.only - 1 : given.only]
    for name, ids, reasons in chosen:
        found = book(given.prospects, ids=ids)
        title = f"{name}, {ids} ids, {given.prospects:,}"
        print(table(title, measure(tasks(name, found, ids, reasons), given.prospects, rounds=given.rounds)), end="\n\n")
        del found
    if given.only is None:
        print(crossing(), end="\n\n")
        print(growth(given.growth))
    if problems:
        raise SystemExit(f"{len(problems)} answers differ")


if __name__ == "__main__":
    main()
