"""The cold start: the very first decision of a process, and the first one in each further zone.

Each run is a fresh process that imports everything first (not counted), then decides for forty prospects of
forty zones, none of them stopped. The main figure is the first decision from ready objects, the loading of the
zone's data counted in both (the rival's objects hold a loaded zone, those of cadencia a name). What it takes to make
the objects is shown beside it: the rival's are bare, those of cadencia are validated. The mean over the zones includes
the holidays of ten countries, the median does not. The implementations take turns, and ratios are formed inside a
round.

Called with the name of an implementation, this module is that process; without, it prints the report.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from time import process_time_ns
from typing import Any
from zoneinfo import ZoneInfo

import ours
import rivals
from harness import summary, table
from workload import NOW, Row, rows

POLICY = "open_ended"
IMPLEMENTATIONS = {"rival": "by hand, plain Python", "ours": "cadencia"}


def one_per_zone() -> list[Row]:
    """For each of the forty zones the first prospect with touches whom no rule stops or closes for ever."""
    chosen: dict[str, Row] = {}
    for row in rows(2_000):
        answered = any(touch[2] in ("replied", "opted_out") for touch in row.touches)
        bounced = {touch[1] for touch in row.touches if touch[2] == "bounced_hard"}
        if row.touches and not answered and len(bounced) <= 2:
            chosen.setdefault(row.zone, row)
    return list(chosen.values())


def run(implementation: str) -> list[list[float]]:
    """Microseconds of the forty zones in order: objects made, first decision with the zone loaded, second decision."""
    policy: Any
    ready: Callable[[Row], Any]
    decide: Callable[[Any, Any, Any], Any]
    load: Callable[[str], Any]
    if implementation == "ours":
        policy, ready, decide, load = ours.policy(POLICY), ours.ready_case, ours.decide, str
    else:
        policy, ready, decide, load = rivals.POLICIES[POLICY], rivals.ready, rivals.decide, ZoneInfo
    cases, making, first, second = [], [], [], []
    gc.collect()
    gc.disable()  # as in `harness.timed`
    for row in one_per_zone():
        begin = process_time_ns()
        load(row.zone)
        loaded = process_time_ns()
        case = ready(row)
        made = process_time_ns()
        decide(policy, case, NOW)
        first.append((process_time_ns() - made + loaded - begin) / 1000)
        making.append((made - loaded) / 1000)
        cases.append(case)
    for case in cases:
        begin = process_time_ns()
        decide(policy, case, NOW)
        second.append((process_time_ns() - begin) / 1000)
    return [making, first, second]


def fresh(implementation: str) -> list[list[float]]:
    """The figures of `run` in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), implementation]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: list[list[float]] = json.loads(done.stdout)
    return figures


def report(rounds: int = 7) -> str:
    """Tables of the very first decision, of the first one in a further zone, and of the second (warm)."""
    implementations = ["rival"]
    try:
        ours.policy(POLICY)
        implementations.append("ours")
    except NotImplementedError:
        pass
    figures: dict[str, list[list[list[float]]]] = {name: [] for name in implementations}
    for turn in range(rounds):
        for name in implementations[turn % 2 :] + implementations[: turn % 2]:
            figures[name].append(fresh(name))

    def of(title: str, pick: Callable[[list[list[float]]], float]) -> str:
        picked = {name: [pick(process) for process in figures[name]] for name in implementations}
        return table(
            title,
            [summary(IMPLEMENTATIONS[name], picked[name], picked["rival"]) for name in implementations],
        )

    def both(process: list[list[float]]) -> list[float]:
        return [made + decided for made, decided in zip(process[0][1:], process[1][1:], strict=True)]

    return "\n\n".join(
        (
            of("cold, very first decision", lambda process: process[1][0]),
            of("cold, first of a zone, mean", lambda process: fmean(process[1][1:])),
            of("cold, first of a zone, median", lambda process: median(process[1][1:])),
            of("the same, objects made, mean", lambda process: fmean(both(process))),
            of("the same, objects made, median", lambda process: median(both(process))),
            of("second of the zone", lambda process: median(process[2])),
        )
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        json.dump(run(sys.argv[1]), sys.stdout)
    else:
        print(report())
