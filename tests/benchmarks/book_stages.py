"""Where the time of a whole book goes: each stage of `decide_many` on columns, as a share of the whole.

The stages are timed where they are called, on the clock of the wall, as blocks of prospects are worked on side by side. What
the reasons cost is the difference between a run that tells the binding rule and one that tells none.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import ours
from book_workload import book
from workload import NOW

from cadencia import decide_many
from cadencia.batch import lanes

STAGES = {
    "read_people": "prospects: ids, zones and regions as numbers",
    "read_events": "touches: whose each is, and its words as codes",
    "read_history": "ended cases put aside, the rest brought into order by prospect",
    "answer": "releases, look-ups in the calendar, the choice of a channel, reasons",
    "_gather": "the frame of answers",
}


@contextmanager
def watched(took: dict[str, float]) -> Iterator[None]:
    """Add up the seconds of each stage."""
    before = {name: getattr(lanes, name) for name in STAGES}

    def timed(name: str, stage: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            begin = perf_counter()
            try:
                return stage(*args, **named)
            finally:
                took[name] = took.get(name, 0) + perf_counter() - begin

        return run

    for name, stage in before.items():
        setattr(lanes, name, timed(name, stage))
    try:
        yield
    finally:
        for name, stage in before.items():
            setattr(lanes, name, stage)


def best(policy: Any, found: Any, reasons: Any, rounds: int) -> dict[str, float]:
    """The seconds of each stage in the quickest of some runs, and of the whole."""
    runs = []
    for _ in range(rounds):
        took: dict[str, float] = {}
        begin = perf_counter()
        with watched(took):
            decide_many(policy, found.prospects, found.touches, as_of=NOW, reasons=reasons)
        runs.append(took | {"whole": perf_counter() - begin})
    return min(runs, key=lambda took: took["whole"])


def main() -> None:
    """Print the shares for each policy."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--prospects", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    found = book(given.prospects)
    for name in ("base", "open_ended", "business"):
        policy = ours.policy(name)
        binding, none = (best(policy, found, reasons, given.rounds) for reasons in ("binding", "none"))
        whole = binding["whole"]
        print(f"{name}, {given.prospects:,} prospects: {whole:.2f} s")
        for stage, what in STAGES.items():
            print(f"  {binding[stage] / whole:5.0%}  {what}")
        rest = whole - sum(binding[stage] for stage in STAGES)
        print(f"  {rest / whole:5.0%}  what is left: checks, columns filled in, counts")
        print(f"  of it, telling the binding rule: {(whole - none['whole']) / whole:.0%}")


if __name__ == "__main__":
    main()
