"""A whole book at once: cadencia on frames against the same policy written by hand in polars, and in numpy.

For each policy and kind of id, in rounds in which the implementations take turns: seconds, and the ratio to polars inside
the round. Before timing, the answers are compared with each other on all rows, and on a sample with `rivals.py`, which
`oracle.py` holds to the literal specification. Then the crossing point with one by one, the peak of memory, and how the
cost grows.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
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

from cadencia import Blocked, Contact, Stop, Wait, decide_many
from cadencia.batch import decide_files

SIZES = (1, 2, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000)
INSTANT = pl.Datetime("us", "UTC")
TOLD = {
    "id": pl.Int32, "answer": pl.Enum(["contact", "wait", "blocked", "stop"]), "channel": pl.String,
    "contact_point": pl.String, "at": INSTANT, "until": INSTANT, "not_before": INSTANT, "step": pl.String,
    "needs": pl.List(pl.String), "rule": pl.String, "stops": pl.List(pl.String),
}  # fmt: skip
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
    loop = one_by_one(policy, Book(found.prospects.head(500), found.touches.filter(pl.col("prospect") < 500)))
    words = pl.col("channel", "rule").cast(pl.String)
    if not loop.equals(mine.head(500).with_columns(words)):
        told.append(f"{name}: the answers of a loop over the rows differ")
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


def one_by_one(policy: Any, found: Book) -> pl.DataFrame:
    """What `decide_many` does, by a loop over the rows: frames to dicts, `decide`, and a frame with the same columns.

    Written as quick as the public names allow.
    """
    touches: dict[Any, list[dict[str, Any]]] = {}
    for name, person, at, channel, direction, disposition in found.touches.iter_rows():
        touch = {
            "id": str(name),
            "at": at.isoformat(),
            "channel": channel,
            "direction": direction,
            "disposition": disposition,
        }
        touches.setdefault(person, []).append(touch)
    rows = []
    for name, zone, region in found.prospects.iter_rows():
        decision = policy.decide({"id": str(name), "zones": zone, "regions": region}, touches.get(name, []), as_of=NOW)
        channel = at = until = not_before = needs = rule = stops = None
        match decision:
            case Contact():
                channel, at, until = decision.channel, decision.at, decision.until
            case Wait():
                channel, at, until, rule = decision.channel, decision.at, decision.until, decision.binding
            case Stop():
                stops, rule = list(decision.stops), decision.reason
            case Blocked():
                not_before, needs, rule = decision.not_before, list(decision.needs), decision.binding
        rows.append((name, decision.answer, channel, None, at, until, not_before, None, needs, rule, stops))
    return pl.DataFrame(rows, schema=TOLD, orient="row")


def crossing(rounds: int = 3, more: int = 11) -> str:
    """From how many prospects on a batch is quicker than one by one, in processes of their own: `more` rounds of the smallest."""
    lines = [
        "milliseconds    a batch           one by one, from the same frames   from ready cases",
        "prospects   first    second   first    second   ratio (first, second)   second   ratio",
    ]
    above: dict[str, int] = {"the same frames": 0, "ready cases": 0}
    for count in SIZES:
        took: dict[str, list[list[float]]] = {}
        for _ in range(more if count < 10 else rounds):
            for how in ("batch", "frames", "ready"):
                command = [sys.executable, __file__, "--crossing", str(count), "--how", how]
                told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                took.setdefault(how, []).append([float(item) for item in told.split()])
        batch, frames, ready = ([[turn[call] for turn in took[how]] for call in (0, 1)] for how in took)
        own = [median(one / other for one, other in zip(batch[call], frames[call], strict=True)) for call in (0, 1)]
        best = median(one / other for one, other in zip(batch[1], ready[1], strict=True))
        above["the same frames"] = count if max(own) > 1 else above["the same frames"]
        above["ready cases"] = count if best > 1 else above["ready cases"]
        figures = [median(item) for item in (*batch, *frames)]
        lines.append(
            f"{count:>9,}  {figures[0]:>6.1f}  {figures[1]:>8.2f}  {figures[2]:>6.1f}  {figures[3]:>8.2f}   "
            f"{own[0]:>6.2f}  {own[1]:>6.2f}          {median(ready[1]):>8.2f}  {best:>6.2f}"
        )
    for what, most in above.items():
        lines.append(f"slower than one by one from {what}: " + (f"up to {most:,} prospects" if most else "at no size"))
    return "\n".join(lines)


def crossed(count: int, how: str) -> None:
    """One size and way in a process of its own: milliseconds of the first call, and of the best of those that follow."""
    policy, found = ours.policy("base"), book(count)
    if how == "ready":
        cases = [ours.ready_case(row) for row in sample(found, count)]

        def run() -> None:
            for case in cases:
                ours.decide(policy, case, NOW)
    elif how == "frames":

        def run() -> None:
            one_by_one(policy, found)
    else:

        def run() -> None:
            answered(policy, found)

    print(timed(run) / 1e3, min(timed(run) for _ in range(5)) / 1e3)


def growth(counts: list[int], streams: list[int]) -> str:
    """The cost by size, each in a process of its own, with the peak of memory beyond the input."""
    lines = ["prospects   us each   peak beyond input and output, bytes each"]
    for count, how in [*((count, "--one") for count in counts), *((count, "--streamed") for count in streams)]:
        with TemporaryDirectory() as folder:
            subprocess.run([sys.executable, __file__, "--make", str(count), "--folder", folder], check=True)
            command = [sys.executable, __file__, how, str(count), "--folder", folder]
            lines.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip())
    return "\n".join(lines)


def one(count: int, path: str) -> None:
    """One size: the peak of memory beyond the input and the answers, and the best time of three."""
    policy = ours.policy("base")
    answered(policy, book(100))  # whatever is loaded once
    found = Book(*(pl.read_ipc(f"{path}/{name}") for name in Book._fields))
    _ = [frame.select(pl.all().hash().sum()) for frame in found]  # the input is all there before
    now = _status("VmRSS")
    with open("/proc/self/clear_refs", "w", encoding="ascii") as refs:
        refs.write("5")  # the mark of the peak begins again
    answers = answered(policy, found)
    beyond = (_status("VmHWM") - now) * 1024 - answers.estimated_size()
    micros = min(timed(lambda: answered(policy, found)) for _ in range(3)) / count
    print(f"{count:>9,}   {micros:>7.2f}   {beyond / count:>7.0f}")


def streamed(count: int, path: str) -> None:
    """One size from Parquet to Parquet in parts, and the peak of memory in all."""
    policy = ours.policy("base")
    begin = perf_counter()
    decide_files(policy, f"{path}/prospects.parquet", f"{path}/touches.parquet", f"{path}/answers.parquet", as_of=NOW)
    micros = (perf_counter() - begin) * 1e6 / count
    print(f"{count:>9,}   {micros:>7.2f}   {_status('VmHWM') / 1024:>7.0f} MiB in all, from Parquet to Parquet")


def _status(name: str) -> int:
    """A figure of this process, in KiB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))


def main() -> None:
    """Compare the answers, then measure."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--prospects", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", type=int, help="only the n-th of the cases, from 1")
    for name in ("--make", "--one", "--streamed", "--crossing"):
        options.add_argument(name, type=int, help="one size alone; for the table of growth")
    options.add_argument("--how", help="which way such a size is crossed")
    options.add_argument("--part", choices=("cases", "crossing", "growth"), help="only one part of the tables")
    options.add_argument("--folder", help="where such a size is")
    options.add_argument("--streams", type=int, nargs="*", default=[1_000_000, 5_000_000])
    options.add_argument("--growth", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    given = options.parse_args()
    if given.make:
        for name, frame in zip(Book._fields, book(given.make), strict=True):
            frame.write_ipc(f"{given.folder}/{name}")
            frame.write_parquet(f"{given.folder}/{name}.parquet")
        return
    if given.one or given.streamed:
        one(given.one, given.folder) if given.one else streamed(given.streamed, given.folder)
        return
    if given.crossing:
        crossed(given.crossing, given.how)
        return
    problems = oracle.check(60)
    small = book(20_000)
    for name in rivals.POLICIES:
        problems += differences(name, small)
    print(*(problems or ["all answers agree"]), sep="\n")
    if given.part in (None, "cases"):
        compare(given)
    if given.part == "crossing" or (given.part is None and given.only is None):
        print(crossing(), end="\n\n")
    if given.part == "growth" or (given.part is None and given.only is None):
        print(growth(given.growth, given.streams))
    if problems:
        raise SystemExit(f"{len(problems)} answers differ")


def compare(given: argparse.Namespace) -> None:
    """The cases, each in rounds."""
    chosen = CASES if given.only is None else CASES[given.only - 1 : given.only]
    for name, ids, reasons in chosen:
        found = book(given.prospects, ids=ids)
        title = f"{name}, {ids} ids, {given.prospects:,}"
        print(table(title, measure(tasks(name, found, ids, reasons), given.prospects, rounds=given.rounds)), end="\n\n")
        del found


if __name__ == "__main__":
    main()
