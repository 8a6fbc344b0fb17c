"""What is asked of every prospect of a book, and the frames it is asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from .._time.clock import micros, read_instant
from ..bookshelf import Playbooks, settled
from ..case import Case
from ..engine import length_of
from ..errors import InputError, did_you_mean, given
from ..reading.plain import check_columns
from .coding import Ints
from .frames import SAY_ZONE

__all__ = [
    "NO_TOUCHES",
    "Decides",
    "Question",
    "Reasons",
    "Told",
    "check_frame",
    "decision_of",
    "instants_of",
    "question_of",
]

Reasons = Literal["none", "binding", "all"]
_REASONS: Final = ("none", "binding", "all")
#: A book in which nothing has happened.
NO_TOUCHES: Final = pl.DataFrame(schema={"prospect": pl.String, "at": pl.Datetime("us", "UTC"), "channel": pl.String})


class Decides(Protocol):
    """Whatever decides cases one by one: a policy, or a playbook."""

    def decide(self, prospect: Any, /, *, as_of: Any) -> Any:
        """The decision of a case."""


@dataclass(slots=True)
class Told:
    """What a run notes on the way: by how many prospects what is reported, and who is closed because of bad rows."""

    reports: Counter[str] = field(default_factory=Counter)
    closed: list[str] = field(default_factory=list)


class Question(NamedTuple):
    """What is asked of every prospect.

    Attributes:
        now: the instant, or one for each row of prospects.
        horizon: how far ahead an opening is looked for.
        options: the arguments of `decide` that were given.
        dispositions: with these, a touch with any other cannot be read.
        told: where it is noted what was reported, and who is closed.
    """

    now: int | Ints
    horizon: int
    options: Mapping[str, Any]
    reasons: Reasons
    evidence: bool
    dispositions: Collection[str] | None = None
    told: Told | None = None


def question_of(
    policy: Decides, now: int | Ints, *, purpose: str | None = None, step: str | None = None, subjects: Iterable[str] = (),
    duration: timedelta | str | None = None, horizon: timedelta | str | None = None, reasons: Reasons = "binding",
    evidence: bool = False,
) -> Question:  # fmt: skip
    """The question that the arguments of `decide_many` put.

    Raises:
        InputError: an argument that cannot be used.
    """
    if reasons not in _REASONS:
        raise InputError(
            f"reasons: {given(reasons)} is none of {', '.join(_REASONS)}" + did_you_mean(reasons, _REASONS)
        )
    if not callable(getattr(policy, "decide", None)):
        raise InputError(f"policy: {given(type(policy).__name__)} does not decide; give a Policy or a playbook")
    if isinstance(policy, Playbooks) and not len(policy):
        raise InputError("policy: no playbook is on the shelf; write for example `Playbooks.packaged()`")
    span = length_of("90 days" if horizon is None else horizon, "horizon")
    wanted = {"purpose": purpose, "step": step, "subjects": tuple(subjects), "duration": duration, "horizon": horizon}
    options: dict[str, Any] = {name: value for name, value in wanted.items() if value not in (None, ())}
    return Question(now, span, options, reasons, evidence)


def decision_of(policy: Decides, case: Case, as_of: datetime, options: Mapping[str, Any]) -> Any:
    """The decision of a case; one that has entered no playbook of a shelf is answered by the first, as on the command line."""
    if isinstance(policy, Playbooks):
        return settled(policy, case, as_of=as_of, **options)
    return policy.decide(case, as_of=as_of, **options)


def instants_of(as_of: datetime | str, frame: pl.DataFrame) -> tuple[int | Ints, pl.DataFrame]:
    """The instant of the question, or the column of them, taken out of the frame.

    Raises:
        InputError: neither an instant nor a column of instants.
    """
    if not isinstance(as_of, str) or as_of not in frame.columns:
        return micros(read_instant(as_of, "as_of")), frame
    column = frame[as_of]
    if column.dtype == pl.String:
        column = pl.Series(
            [read_instant(value, f"as_of (row {row})") for row, value in enumerate(column, 1)],
            dtype=pl.Datetime("us", "UTC"),
        )
    if not isinstance(column.dtype, pl.Datetime) or column.dtype.time_zone is None or column.null_count():
        raise InputError(
            f"as_of: column {given(as_of)} must hold an instant with its offset in every row; say which zone times are in with "
            + SAY_ZONE
        )
    found: npt.NDArray[np.int64] = column.dt.cast_time_unit("us").to_physical().to_numpy()
    return found, frame.drop(as_of)


def check_frame(frame: pl.DataFrame, needed: tuple[str, ...], known: tuple[str, ...], what: str) -> None:
    """Refuse a frame with a column that is not ours, or without one that is needed.

    Raises:
        InputError: the column.
    """
    check_columns(frame.columns, known, what, frame=True)
    for name in needed:
        if name not in frame.columns:
            raise InputError(f"{what}: there is no column {given(name)}" + did_you_mean(name, frame.columns))
