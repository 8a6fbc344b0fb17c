"""Adds questions to the corpus: draws at random, and keeps what reaches an arc of the code that nothing kept reaches.

Run `PYTHONPATH=src:tests python tests/corpus/collect.py EXAMPLES SEED [fast] [decisions] [KIND ...]`, read what was added,
and commit it. Without names everything is searched.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import coverage
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cadencia import Case
from cadencia.testing import candidates, cases, policies, questions, rules, ticks, zones
from cadencia.testing.rulebook import OPTIONS
from corpus.questions import FOLDER, Asked, Put, moment, stored
from test_lane import situations as lane_situations

Arcs = set[tuple[str, int, int]]


@st.composite
def asked(draw: DrawFn, kind: str) -> Asked:
    zone = draw(zones())
    as_of = moment(draw(ticks(zone)))
    exact = draw(st.booleans())
    rule = draw(rules(kind, as_of, zone=zone))
    return Asked(rule, draw(questions(as_of, zone=zone, exact=exact, wishes=False)))


@st.composite
def put(draw: DrawFn, kinds: tuple[str, ...] | None = None) -> Put:
    zone = draw(zones())
    as_of = moment(draw(ticks(zone)))
    case = draw(cases(as_of, zone=zone))
    policy = draw(policies(as_of, kinds=kinds, zone=zone))
    candidate = draw(candidates())
    options: dict[str, Any] = {"horizon": draw(st.sampled_from(("30 days", "90 days", "2 days")))}
    for name, value in (("purpose", candidate.purpose), ("step", candidate.step), ("subjects", candidate.subjects)):
        if value and draw(st.booleans()):
            options[name] = list(value) if isinstance(value, tuple) else value
    if draw(st.booleans()):
        options["duration"] = draw(st.sampled_from(("20m", "10h")))
    kept = [touch.id for touch in case.touches if touch.booked or (touch.promise and touch.promise.by == "us")]
    if kept and draw(st.booleans()):
        options["fulfils"] = draw(st.sampled_from(kept))
    return Put(policy, case, as_of.isoformat(), options)


@st.composite
def put_fast(draw: DrawFn) -> Put:
    policy, prospect, touches, as_of = draw(lane_situations())
    horizon = draw(st.sampled_from(("90 days", "3 days", "1 h")))
    return Put(policy, Case.of(prospect, touches), as_of.isoformat(), {"horizon": horizon}, draw(st.booleans()))


def reached(check: Callable[[], None]) -> Arcs:
    """The arcs of the package that a check runs through; those of the testing kit are not sought."""
    measured = coverage.Coverage(
        data_file=None, branch=True, source=["cadencia"], config_file=False, omit=["*/testing/*"]
    )
    measured.set_option("run:disable_warnings", ["module-not-measured"])
    measured.start()
    try:
        check()
    finally:
        measured.stop()
    data = measured.get_data()
    return {(file, *arc) for file in data.measured_files() for arc in data.arcs(file) or ()}


class Collector:
    """What is kept, and what it reaches."""

    def __init__(self) -> None:
        self.known: Arcs = set()
        self.added = 0
        self.failures: set[str] = set()

    def recall(self, name: str, kind: Any) -> None:
        for data in stored(name):
            self.known |= reached(kind.of(data).check)

    def offer(self, name: str, kind: Any, found: Any) -> None:
        data = json.loads(json.dumps(found.data()))
        if kind.of(data).data() != data:
            return
        try:
            new = reached(kind.of(data).check) - self.known
        except Exception as error:
            if str(error) not in self.failures:
                print(f"FAILS: {type(error).__name__}: {error}\n{json.dumps(data, ensure_ascii=False)}", flush=True)
            self.failures.add(str(error))
            return
        if new:
            self.known |= new
            self.added += 1
            with (FOLDER / f"{name}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(data, ensure_ascii=False) + "\n")


def search(strategy: SearchStrategy[Any], take: Callable[[Any], None], examples: int, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def run(found: Any) -> None:
        take(found)

    run()


def main(examples: int, number: int, wanted: list[str]) -> None:
    kept = Collector()
    begun = time.monotonic()
    for name, kind in (("decisions", Put), ("rules", Asked)):
        kept.recall(name, kind)
    if "fast" in wanted:
        search(put_fast(), lambda found: kept.offer("decisions", Put, found), 4 * examples, number)
    print(f"fast decisions: {kept.added} added, {time.monotonic() - begun:.0f} s", flush=True)
    if "decisions" in wanted:
        search(put(), lambda found: kept.offer("decisions", Put, found), 4 * examples, number)
    print(f"decisions: {kept.added} added, {time.monotonic() - begun:.0f} s", flush=True)
    for rule in (kind for kind in OPTIONS if kind in wanted):
        search(asked(rule), lambda found: kept.offer("rules", Asked, found), examples, number)
        print(f"{rule}: {kept.added} added, {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    examples, number, *wanted = sys.argv[1:]
    main(int(examples), int(number), wanted or ["fast", "decisions", *OPTIONS])
