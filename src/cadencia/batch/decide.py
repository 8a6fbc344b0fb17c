"""`decide_many`: which rows take which lane, and the answers put together again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from .._lane.lane import Lane
from .._time.clock import FOREVER, micros, moment, read_instant
from ..case import Case
from ..engine import length_of
from ..errors import InputError, RuleFailure, did_you_mean, given
from ..policy import Policy
from ..reading.book import Tally
from ..reading.plain import check_columns, prospect_columns, touch_columns
from ..rules.base import Limit
from .answers import Answers, Columns, bad_frame
from .apart import set_apart, tell_undeclared
from .coding import Bools, Ints, texts
from .engine import FRAMES, Said, Seen, Sources, Told, answer_one_by_one, said_of
from .events import Events, read_events
from .frames import kind_of, read_frame, write_frame
from .history import ordered, read_history, vocabulary
from .numeric import answer
from .past import column_lane, read_past
from .people import People, read_people
from .reserve import Bookings
from .track import CONTACT, ENGINE, NEEDS, STOP, WAIT, Found, Track

__all__ = ["Decides", "decide_many"]

Reasons = Literal["none", "binding", "all"]
_REASONS: Final = ("none", "binding", "all")
#: A book in which nothing has happened.
NO_TOUCHES: Final = pl.DataFrame(schema={"prospect": pl.String, "at": pl.Datetime("us", "UTC"), "channel": pl.String})


class Decides(Protocol):
    """Whatever decides cases one by one: a policy, or a playbook."""

    def decide(self, prospect: Any, /, *, as_of: Any) -> Any:
        """The decision of a case."""


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


def decide_many(
    policy: Decides,
    prospects: Any,
    touches: Any = None,
    *,
    as_of: datetime | str,
    purpose: str | None = None,
    step: str | None = None,
    subjects: Iterable[str] = (),
    duration: timedelta | str | None = None,
    horizon: timedelta | str = "90 days",
    reasons: Reasons = "binding",
    evidence: bool = False,
    reserve: bool = False,
) -> Answers:
    """The answers for a whole book: the very same as one by one, on columns.

    Args:
        policy: a policy, or anything else with a `decide` of its own, such as a playbook.
        prospects, touches: frames of polars, pandas, pyarrow or duckdb, or anything with an Arrow stream. Columns have the
            names of our fields, as in the files of the command line: of a prospect at least `id`, and usually `zone` and
            `region`; of a touch `prospect`, `at` and `channel`, and usually `direction`, `disposition` and `id`. The
            rows may be in any order. A column that is not ours is refused.
        as_of: the instant of the question with its offset, or the name of a column of `prospects` that holds instants.
        purpose, step, subjects, duration, horizon: as in `Policy.decide`.
        reasons: `none`; `binding`: the rule that binds, and for a case that is over its stops; `all`: also every rule that
            forbids the answer's option now.
        evidence: also the ids of the touches that counted. Every row is then decided one by one.
        reserve: each proposal is booked before the next of the same account or contact point is decided, in the order of the
            rows of prospects.

    Returns:
        `Answers`, whose `frame` has a row for each prospect, of the kind that was given:

        | column | what it holds | null |
        | --- | --- | --- |
        | `id` | the prospect's, as it was given | never |
        | `answer` | `contact`, `wait`, `blocked` or `stop` | never |
        | `channel` | the channel to use | unless contact or wait |
        | `contact_point` | the address to use | also where no addresses were given |
        | `at` | from when, an instant in UTC to the microsecond | unless contact or wait |
        | `until` | before when it must begin, or when a stop ends | open to the horizon, or for ever |
        | `not_before` | when time alone opens a blocked case | unless blocked |
        | `step` | the step that it is for | where none was asked for |
        | `needs` | what would open a blocked case | unless blocked |
        | `rule` | the rule that binds a wait, or that ended a stop | for a contact |
        | `stops` | every rule that ended it | unless stop |
        | `blocking` | with `reasons="all"`, every rule that forbids now | never |
        | `touches` | with `evidence`, the ids that counted | never |

    Raises:
        InputError: an argument or a column that cannot be used. A bad row is no error: it closes its prospect.
        PolicyError: the policy names no channels.
        MissingExtra: the extra `frames` is not installed.

    Example:
        >>> import polars as pl
        >>> from cadencia import Policy, decide_many
        >>> from cadencia.rules import Spacing
        >>> policy = Policy(name="gentle", channels=["phone"], rules=[Spacing(id="breathe", at_least="48h")])
        >>> prospects = pl.DataFrame({"id": [1, 2], "zone": "Europe/Madrid"})
        >>> touches = pl.DataFrame({"prospect": [2], "at": ["2026-03-26T10:00+01:00"], "channel": ["phone"]})
        >>> found = decide_many(policy, prospects, touches, as_of="2026-03-27T14:00+01:00")
        >>> found.frame["answer"].to_list(), found.frame["at"][1].isoformat(), found.frame["rule"][1]
        (['contact', 'wait'], '2026-03-28T09:00:00+00:00', 'breathe')
    """
    people_frame = read_frame(prospects, "prospects")
    touch_frame = NO_TOUCHES if touches is None else read_frame(touches, "touches")
    now, people_frame = instants_of(as_of, people_frame)
    check_frame(people_frame, ("id",), prospect_columns, "prospects")
    check_frame(touch_frame, ("prospect", "at", "channel"), touch_columns, "touches")
    question = question_of(
        policy, now, purpose=purpose, step=step, subjects=subjects, duration=duration, horizon=horizon, reasons=reasons,
        evidence=evidence,
    )  # fmt: skip
    return answer_book(policy, people_frame, touch_frame, question, kind_of(prospects), reserve=reserve)


def question_of(
    policy: Decides, now: int | Ints, *, purpose: str | None = None, step: str | None = None, subjects: Iterable[str] = (),
    duration: timedelta | str | None = None, horizon: timedelta | str = "90 days", reasons: Reasons = "binding",
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
    span = length_of(horizon, "horizon")
    wanted = {"purpose": purpose, "step": step, "subjects": tuple(subjects), "duration": duration}
    options: dict[str, Any] = {name: value for name, value in wanted.items() if value not in (None, ())}
    if horizon != "90 days":
        options["horizon"] = horizon
    return Question(now, span, options, reasons, evidence)


def answer_book(
    policy: Decides, people_frame: pl.DataFrame, touch_frame: pl.DataFrame, question: Question, kind: str, *,
    reserve: bool = False, sources: Sources = FRAMES,
) -> Answers:  # fmt: skip
    """The answers for frames that have been checked; `sources` say where their rows come from."""
    reasons, evidence = question.reasons, question.evidence
    people = read_people(people_frame)
    events = read_events(touch_frame, people)
    set_apart(people, events, sources, question.dispositions)
    found = _lane(policy, question, reserve)
    columns = Columns(len(people), reasons, evidence)
    fast = np.zeros(len(people), np.bool_)
    if found is not None and people.plain.any():
        # where a column form raises, the blocks of its rule decide
        with suppress(RuleFailure):
            fast = by_columns(*found, people, events, question, columns)
    seen = one_by_one(policy, people, events, ~fast, question, reserve, sources)
    if question.told is not None:
        question.told.closed += seen.book.closed
        if isinstance(policy, Policy):
            tell_undeclared(question.told, policy.engine.declared, events, fast)
    columns.put(seen.answers)
    return _gather(people, events, fast, seen, columns, kind)


def by_columns(
    lane: Lane, more: tuple[Limit, ...], people: People, events: Events, question: Question, columns: Columns
) -> Bools:
    """Answer what the numeric lane can, and say which rows those are."""
    now, count = question.now, len(people)
    usable = people.plain.copy()
    owner, at, code, end = events.owner, events.at, events.words.code, events.end
    odd = events.odd
    if odd is not None:
        usable[owner[np.flatnonzero(odd & (owner >= 0))]] = False
    if len(owner) and int(owner.min()) < 0:
        known = owner >= 0
        owner, at, code = owner[known], at[known], code[known]
        end = None if end is None else end[known]
    if isinstance(now, int):
        if len(at) and int(at.max()) > now:
            usable[owner[np.flatnonzero(at > now)]] = False
    else:
        usable[owner[np.flatnonzero(at > now[owner])]] = False
    start, last = (now, now) if isinstance(now, int) else (int(now.min()), int(now.max()))
    first = int(at.min()) if len(at) else start
    track = Track(lane, people.places, start, last + question.horizon, min(first, start), more)
    if more:
        track.ask(read_past(owner, at, end, code, events.words, people, now, ordered))
    words = vocabulary(events.words, lane, track.channels, track.number)
    history = read_history(owner, at, code, words, people=usable, at_most=lane.most, whole=question.reasons == "all")
    found = answer(
        track, history, usable, people.place, at, end, code, words, now, question.horizon, people.offered, question.reasons,
    )  # fmt: skip
    fast: Bools = found.kind != ENGINE
    _put(found, fast, track, people, columns, question.options.get("step"))
    assert len(fast) == count
    return fast


def _put(found: Found, fast: Bools, track: Track, people: People, columns: Columns, step: str | None) -> None:
    """Move the answers of the lane into the columns."""
    columns.answer = np.array([0, 0, 1, 3, 2], np.uint8)[found.kind]
    columns.at, columns.until = found.at, found.until
    opened = (found.kind == CONTACT) | (found.kind == WAIT)
    columns.opened = opened
    columns.bounded = opened & (found.until < FOREVER)
    columns.channels = [road.channel for road in track.roads]
    columns.channel = found.channel
    if step is not None:
        columns.put_step(np.flatnonzero(opened), step)
    if people.offered is not None:
        for number, channel in enumerate(columns.channels):
            if channel in people.offered:
                rows = np.flatnonzero(found.channel == number)
                columns.addresses.append((rows, texts(people.frame[channel])[rows]))
    rows = np.fromiter(found.needs, np.intp, len(found.needs))
    columns.needs.put(rows, [NEEDS[number] for number in found.needs.values()])
    if found.rule is not None and found.stops is not None and columns.stops is not None:
        columns.rules = list(track.rules)
        columns.rule = found.rule
        rows = np.flatnonzero(found.kind == STOP)
        columns.stops.put_bits(rows, found.stops[rows], track.rules)
    if found.blocking is not None and columns.blocking is not None:
        rows = np.flatnonzero(fast)
        columns.blocking.put_bits(rows, found.blocking[rows], track.rules)


def one_by_one(
    policy: Decides, people: People, events: Events, asked: Bools, question: Question, reserve: bool, sources: Sources
) -> Seen:
    """The answers of the rows that need the engine."""
    owner = events.owner
    mine = np.zeros(len(owner), np.bool_)
    if asked.any():
        mine = asked[owner] & (owner >= 0)
    if events.odd is not None:
        mine |= events.odd & (owner < 0)
    now = question.now

    booked = Bookings() if reserve else None

    def decide(cases: Iterable[tuple[int, Case]]) -> Iterator[tuple[int, Said]]:
        for row, case in cases:
            as_of = moment(now if isinstance(now, int) else int(now[row]))
            decision = policy.decide(case if booked is None else booked.known(case), as_of=as_of, **question.options)
            if booked is not None:
                booked.book(case, decision)
            if question.told is not None:
                question.told.reports.update({report[0] for report in decision.reports})
            yield row, said_of(decision, question.reasons, question.evidence)

    return answer_one_by_one(
        people.frame, events.frame, np.flatnonzero(asked), np.flatnonzero(mine), decide, sources, question.dispositions
    )


def _gather(people: People, events: Events, fast: Bools, seen: Seen, columns: Columns, kind: str) -> Answers:
    """The answers, and what became of every row."""
    kept: Bools | None = None
    if len(seen.answers) + int(fast.sum()) < len(people):
        kept = fast.copy()
        kept[list(seen.answers)] = True
    owner = events.owner
    lost = owner < 0
    if events.odd is not None:
        lost &= ~events.odd
    strangers = dict(seen.book.strangers)
    if lost.any():
        names = texts(events.frame["prospect"]).filter(pl.Series(lost)).cast(pl.String)
        for name, many in names.value_counts(name="many").iter_rows():
            strangers[name] = strangers.get(name, 0) + many
    rows, touch_rows = seen.book.prospect_rows(), seen.book.touch_rows()
    quick = int(fast.sum())
    quick_touches = int(np.count_nonzero(fast[owner[owner >= 0]])) if len(fast) else 0
    unknown = pl.DataFrame(
        {"prospect": list(strangers), "touches": list(strangers.values())},
        schema={"prospect": pl.String, "touches": pl.Int64},
    )
    return Answers(
        frame=write_frame(columns.frame(people.frame["id"], kept), kind),
        quarantine=bad_frame(seen.bad, kind),
        strangers=write_frame(unknown, kind),
        prospects=Tally(rows.answered + quick, rows.closed, rows.unreadable),
        touches=Tally(
            touch_rows.answered + quick_touches, touch_rows.closed + int(np.count_nonzero(lost)), touch_rows.unreadable
        ),
        lanes={"columns": quick, "engine": len(seen.answers)},
    )


def _lane(policy: Decides, question: Question, reserve: bool) -> tuple[Lane, tuple[Limit, ...]] | None:
    """The lane of a policy and its rules in columns, where the question is one that they can answer."""
    if reserve or question.evidence or not isinstance(policy, Policy) or type(policy).decide is not Policy.decide:
        return None
    if "duration" in question.options or "subjects" in question.options:
        return None
    found = column_lane(policy.engine)
    if found is None or not Track.fits(*found):
        return None
    if found[1] and not {"purpose", "step"}.isdisjoint(question.options):
        return None  # a column form is asked about a channel, and nothing else
    return found


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
        raise InputError(f"as_of: column {given(as_of)} must hold an instant with its offset in every row")
    found: npt.NDArray[np.int64] = column.dt.cast_time_unit("us").to_physical().to_numpy()
    return found, frame.drop(as_of)


def check_frame(frame: pl.DataFrame, needed: tuple[str, ...], known: tuple[str, ...], what: str) -> None:
    check_columns(frame.columns, known, what)
    for name in needed:
        if name not in frame.columns:
            raise InputError(f"{what}: there is no column {given(name)}" + did_you_mean(name, frame.columns))
