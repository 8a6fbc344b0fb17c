"""Fair timing on a noisy machine: implementations take turns, and every ratio is formed inside its round.

Absolute times drift by a factor while a machine is shared; ratios inside a round hardly do. So ratios are
what is reported, as the median over the rounds with the least and the greatest; microseconds are for context.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time_ns

Task = Callable[[], object]


@dataclass(slots=True)
class Measured:
    """One implementation: microseconds per item, and its ratio to the reference, over all rounds."""

    name: str
    micros: float
    ratio: float
    least: float
    greatest: float


def measure(tasks: dict[str, Task], items: int, *, reference: str | None = None, rounds: int = 7) -> list[Measured]:
    """Run each task once per round, each round beginning with another one; the first round is not counted.

    A task works through all `items`. Garbage is collected before each task and not while it runs.
    The reference is the first task unless named.
    """
    names = list(tasks)
    reference = reference or names[0]
    micros: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            elapsed = timed(tasks[name])
            if turn:
                micros[name].append(elapsed / items)
    return [summary(name, micros[name], micros[reference]) for name in names]


def timed(task: Task) -> float:
    """Microseconds of processor time that the task takes, with the garbage collector off: others on the machine do not count."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        begin = process_time_ns()
        task()
        return (process_time_ns() - begin) / 1000
    finally:
        if enabled:
            gc.enable()


def summary(name: str, figures: Sequence[float], reference: Sequence[float]) -> Measured:
    """The medians over the rounds; ratios are formed round by round first."""
    ratios = [own / other for own, other in zip(figures, reference, strict=True)]
    return Measured(name, statistics.median(figures), statistics.median(ratios), min(ratios), max(ratios))


def table(title: str, measured: Sequence[Measured], unit: str = "us") -> str:
    """The results as aligned text."""
    width = max(len(title), *(len(row.name) for row in measured))
    lines = [f"{title:<{width}}  {unit:>10}  {'ratio':>7}  (least-greatest)"]
    lines += [
        f"{row.name:<{width}}  {row.micros:>10,.2f}  {row.ratio:>7.3f}  ({row.least:.3f}-{row.greatest:.3f})"
        for row in measured
    ]
    return "\n".join(lines)
