"""Which rows of a book take which lane, and the answers put together again."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import numpy as np
import polars as pl

from .._lane.lane import Lane
from .._time.clock import FOREVER
from ..errors import RuleFailure
from ..policy import Policy
from ..reading.book import Tally
from .answers import Answers, Columns, bad_frame, frame_of_few, strangers_frame
from .apart import set_apart, tell_undeclared
from .coding import Bools, texts
from .engine import FRAMES, Seen, Sources, answer_one_by_one
from .events import Events, in_time, read_events
from .few import answer_few, is_few
from .frames import write_frame
from .history import ordered, read_history
from .numeric import answer
from .past import read_past
from .people import People, read_people
from .question import Decides, Question
from .track import CONTACT, ENGINE, NEEDS, STOP, WAIT, Found, Track, rules_of, track_of

__all__ = ["answer_book"]


def answer_book(
    policy: Decides, people_frame: pl.DataFrame, touch_frame: pl.DataFrame, question: Question, kind: str, *,
    reserve: bool = False, sources: Sources = FRAMES,
) -> Answers:  # fmt: skip
    """The answers for frames that have been checked; `sources` say where their rows come from."""
    touch_frame = in_time(touch_frame)
    plain = None if reserve else _plain(policy, question)
    lane = None if plain is None else plain.engine.lane
    if plain is not None and lane is not None and sources is FRAMES and is_few(people_frame, touch_frame):
        return _answer_few(plain, lane, people_frame, touch_frame, question, kind)
    track = None if plain is None else _track(plain, question)
    people = read_people(people_frame)
    events = read_events(touch_frame, people)
    set_apart(people, events, sources, question.dispositions)
    columns = Columns(len(people), question.reasons, question.evidence)
    fast = np.zeros(len(people), np.bool_)
    if track is not None:
        columns.channels, columns.rules = [road.channel for road in track.roads], list(track.rules)
    if track is not None and people.plain.any():
        # where a column form raises, the blocks of its rule decide
        with suppress(RuleFailure):
            fast = by_columns(track, people, events, question, columns)
    owner = events.owner
    mine = np.zeros(len(owner), np.bool_)
    if not fast.all():
        mine = ~fast[owner] & (owner >= 0)
    if events.odd is not None:
        mine |= events.odd & (owner < 0)
    rows = np.flatnonzero(~fast), np.flatnonzero(mine)
    seen = answer_one_by_one(policy, people_frame, touch_frame, *rows, question, reserve=reserve, sources=sources)
    if question.told is not None:
        question.told.closed += seen.book.closed
        if isinstance(policy, Policy):
            tell_undeclared(question.told, policy.engine.declared, events, fast)
    columns.put(seen.answers)
    return _gather(people, events, fast, seen, columns, kind)


def _answer_few(
    policy: Policy, lane: Lane, people: pl.DataFrame, touches: pl.DataFrame, question: Question, kind: str
) -> Answers:
    """The answers of a small book, row by row."""
    few = answer_few(policy.engine, lane, people, touches, question)
    rows = np.array(few.rows, np.intp), np.array(few.touch_rows, np.intp)
    seen = answer_one_by_one(policy, people, touches, *rows, question)
    strangers = Counter(seen.book.strangers) + Counter(few.strangers)
    left, touch_rows = seen.book.prospect_rows(), seen.book.touch_rows()
    said = few.said | seen.answers
    names = tuple(lane.roads), rules_of(lane)
    nobodys = sum(few.strangers.values())
    return Answers(
        frame=write_frame(frame_of_few(people["id"], said, *names, question.reasons), kind),
        quarantine=bad_frame(seen.bad, kind),
        strangers=strangers_frame(strangers, kind),
        prospects=Tally(left.answered + len(few.said), left.closed, left.unreadable),
        touches=Tally(touch_rows.answered + few.touches, touch_rows.closed + nobodys, touch_rows.unreadable),
        lanes={"columns": 0, "rows": len(few.said), "engine": len(seen.answers)},
    )


def by_columns(track: Track, people: People, events: Events, question: Question, columns: Columns) -> Bools:
    """Answer what the numeric lane can, and say which rows those are."""
    now = question.now
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
    first = int(at.min()) if len(at) and (odd is None or not odd.all()) else start
    lane, track = track.lane, track.over(people.places, start, last + question.horizon, min(first, start))
    if track.more:
        track.ask(read_past(owner, at, end, code, events.words, people, now, ordered))
    words = track.vocabulary(events.words)
    history = read_history(owner, at, code, words, people=usable, at_most=lane.most, whole=question.reasons == "all")
    place = track.placed(people.places, people.place)
    found = answer(
        track, history, usable, place, at, end, code, words, now, question.horizon, people.offered, question.reasons,
    )  # fmt: skip
    fast: Bools = found.kind != ENGINE
    _put(found, fast, track, people, columns, question.options.get("step"))
    return fast


def _put(found: Found, fast: Bools, track: Track, people: People, columns: Columns, step: str | None) -> None:
    """Move the answers of the lane into the columns."""
    columns.answer = np.array([0, 0, 1, 3, 2], np.uint8)[found.kind]
    columns.at, columns.until = found.at, found.until
    opened = (found.kind == CONTACT) | (found.kind == WAIT)
    columns.opened = opened
    columns.bounded = opened & (found.until < FOREVER)
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
        columns.rule = found.rule
        rows = np.flatnonzero(found.kind == STOP)
        columns.stops.put_bits(rows, found.stops[rows], track.rules)
    if found.blocking is not None and columns.blocking is not None:
        rows = np.flatnonzero(fast)
        columns.blocking.put_bits(rows, found.blocking[rows], track.rules)


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
    strangers = Counter(seen.book.strangers)
    if lost.any():
        names = texts(events.frame["prospect"]).filter(pl.Series(lost)).cast(pl.String)
        strangers.update(dict(names.value_counts(name="many").iter_rows()))
    rows, touch_rows = seen.book.prospect_rows(), seen.book.touch_rows()
    quick = int(fast.sum())
    quick_touches = int(np.count_nonzero(fast[owner[owner >= 0]])) if len(fast) else 0
    return Answers(
        frame=write_frame(columns.frame(people.frame["id"], kept), kind),
        quarantine=bad_frame(seen.bad, kind),
        strangers=strangers_frame(strangers, kind),
        prospects=Tally(rows.answered + quick, rows.closed, rows.unreadable),
        touches=Tally(
            touch_rows.answered + quick_touches, touch_rows.closed + int(np.count_nonzero(lost)), touch_rows.unreadable
        ),
        lanes={"columns": quick, "rows": 0, "engine": len(seen.answers)},
    )


def _plain(policy: Decides, question: Question) -> Policy | None:
    """The policy, where it decides as policies do, and the question is one that a lane can answer."""
    if not isinstance(policy, Policy) or type(policy).decide is not Policy.decide:
        return None
    return None if question.evidence or not question.options.keys().isdisjoint(("duration", "subjects")) else policy


def _track(policy: Policy, question: Question) -> Track | None:
    """The track of a policy, where the question is one that it can answer."""
    track = track_of(policy.engine)
    if track is not None and track.more and not {"purpose", "step"}.isdisjoint(question.options):
        return None  # a column form is asked about a channel, and nothing else
    return track
