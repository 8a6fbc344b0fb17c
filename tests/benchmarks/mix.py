"""The mix of answers the hand-written rival gives on the workload: how many stop, contact and wait."""

from __future__ import annotations

from collections import Counter

import rivals
from workload import NOW, rows


def main(n: int = 20_000) -> None:
    """Print the touches per prospect, and the mix on every policy."""
    sample = rows(n)
    ready = [rivals.ready(row) for row in sample]
    print(f"touches per prospect: {sum(len(row.touches) for row in sample) / n:.2f}")
    for policy in rivals.POLICIES.values():
        kinds = Counter(rivals.decide(policy, prospect, NOW).kind for prospect in ready)
        shares = ", ".join(f"{kind} {count / n:.1%}" for kind, count in kinds.most_common())
        print(f"{policy.name:<12}{shares}")


if __name__ == "__main__":
    main()
