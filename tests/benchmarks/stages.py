"""Where the time of one decision goes: each stage timed by itself, as a share of the whole.

Stages of a decision from a ready case: the lane's arithmetic, the answer's object and the call around it, the ids of the
blocking rules; and beside them what comes before (reading data into a digest, counting) and after (every reason). Then the
same cases by the general path, which answers whatever the lane cannot: alone, and with the law of Spain laid under the policy.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any

import ours
from workload import NOW, as_dicts, rows

from cadencia import Case, Pack, Policy
from cadencia._lane.digest import Digest
from cadencia._lane.lane import Lane
from cadencia._lane.rows import read_raw
from cadencia._time.clock import micros
from cadencia.decision import Decision

PROSPECTS = 3_000
HORIZON = 90 * 86_400_000_000


def best(task: Callable[[], None], times: int = 7) -> float:
    """Microseconds for each prospect, the best of several runs on this process's own clock."""
    found = []
    for _ in range(times):
        begin = process_time()
        task()
        found.append(process_time() - begin)
    return min(found) / PROSPECTS * 1e6


def main() -> None:
    """Time the stages for each policy."""
    sample = rows(PROSPECTS)
    data = [as_dicts(row) for row in sample]
    start = micros(NOW)
    for name in ("base", "open_ended", "business"):
        policy = ours.policy(name)
        lane = policy.engine.lane
        assert lane is not None
        cases = [ours.ready_case(row) for row in sample]
        digests: list[Digest] = [digest for case in cases if (digest := case.digest()) is not None]
        answers: list[Decision] = [policy.decide(case, as_of=NOW) for case in cases]

        def read(data: list[dict[str, Any]] = data) -> None:
            for item in data:
                read_raw(item["prospect"], item["touches"])

        def count(digests: list[Digest] = digests) -> None:
            for digest in digests:
                Digest(digest.place, digest.rows, digest.long).tally(planned=True)

        def answer(digests: list[Digest] = digests, lane: Lane = lane) -> None:
            for digest in digests:
                lane.answer(digest, start, start + HORIZON)

        def decide(cases: list[Case] = cases, policy: Policy = policy) -> None:
            for case in cases:
                policy.decide(case, as_of=NOW)

        def block(answers: list[Decision] = answers) -> None:
            for decision in answers:
                if decision.answer == "wait":
                    decision.blocking  # noqa: B018

        def reason(cases: list[Case] = cases, policy: Policy = policy) -> None:
            for case in cases:
                ours.force(policy.decide(case, as_of=NOW))

        lanes, decided, blocking = best(answer), best(decide), best(block)
        whole = decided + blocking
        print(f"{name}: {whole:.2f} us from a ready case")
        print(f"  {lanes / whole:5.0%}  releases, look-ups in the calendar, the choice of a channel")
        print(f"  {(decided - lanes) / whole:5.0%}  the call and the answer's object")
        print(f"  {blocking / whole:5.0%}  the ids of the rules that forbid now")
        reading, counting, reasons = best(read), best(count), best(reason) - decided
        lawful = policy & Pack.load("ES").policy
        few = cases[: PROSPECTS // 10]

        def wholly(few: list[Case] = few, policy: Policy = policy) -> None:
            for case in few:
                policy.engine.decide(case, (), NOW, None, None, (), None, "90 days", None)

        def under_the_law(few: list[Case] = few, policy: Policy = lawful) -> None:
            for case in few:
                policy.decide(case, as_of=NOW, purpose="marketing")

        general, law = best(wholly, 3) * 10, best(under_the_law, 3) * 10
        print(
            f"  by the general path: {general / whole:.0f} times as long; with the pack of Spain: {law / whole:.0f} times"
        )
        print(
            f"  beside: {reading:.2f} us to read data, {counting:.2f} us to count it, {reasons:.2f} us for every reason"
        )


if __name__ == "__main__":
    main()
