"""What `import cadencia` costs, against importing the pydantic names it uses, and pendulum.

Whole processes, from start to exit, taking turns; medians of nine rounds, ratios formed inside a round. Also
lists which heavy modules the import has loaded: there should be none.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from time import perf_counter_ns

from harness import summary, table

ROUNDS = 9
HEAVY = ("holidays", "numpy", "polars", "pyarrow", "yaml", "hypothesis")
REFERENCE = "pydantic names and pendulum"
STATEMENTS = {
    REFERENCE: "from pydantic import BaseModel, ConfigDict, Field, TypeAdapter; import pendulum",
    "pydantic names": "from pydantic import BaseModel, ConfigDict, Field, TypeAdapter",
    "pendulum": "import pendulum",
    "nothing": "pass",
    "cadencia": "import cadencia",
}


def process(statement: str) -> float:
    """Milliseconds of a whole process that runs the statement."""
    begin = perf_counter_ns()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return (perf_counter_ns() - begin) / 1e6


def heavy_modules() -> list[str]:
    """Which of the heavy modules are loaded after `import cadencia`."""
    statement = f"import sys, cadencia; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True, text=True)
    return done.stdout.split()


def main() -> None:
    """Measure and print."""
    present = find_spec("cadencia") is not None
    statements = {name: code for name, code in STATEMENTS.items() if present or name != "cadencia"}
    for code in statements.values():
        process(code)
    figures: dict[str, list[float]] = {name: [] for name in statements}
    names = list(statements)
    for turn in range(ROUNDS):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            figures[name].append(process(statements[name]))
    print(table("import", [summary(name, figures[name], figures[REFERENCE]) for name in names], unit="ms"))
    if present:
        print("loaded by `import cadencia`:", ", ".join(heavy_modules()) or "none of " + ", ".join(HEAVY))
    else:
        print("cadencia is not installed: its row is left out")


if __name__ == "__main__":
    main()
