"""When a step is due, and from what: the anchors of its delay."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from .._clock import DAY, EVER, FOREVER, day_date, day_number, iso, micros
from .._spans import Span
from ..rules.base import zones_of
from ..rules.delays import Clockwork, calendar_of, over
from ..rules.filters import promised_range
from .conditions import due_of

if TYPE_CHECKING:
    from .._periods import Delay
    from .._view import Seen, View
    from ..prospect import Occasion
    from .models import Cadence, Step
    from .states import Run, State

__all__ = ["Turn", "Window", "clockwork_of", "turn_of", "windows_of"]

#: Kinds of item that keep us from going on, and let us when they are done.
LIFTING = ("impediment", "hold")
#: A window of which nobody knows when it opens.
_UNKNOWN = FOREVER - DAY


class Turn(NamedTuple):
    """From when a step in order is due, and why then.

    Attributes:
        at: the instant; `EVER` for at once, `FOREVER` where something must be known first (`needs`).
        why: the anchor in one word: `start`, `previous`, `answer`, `promise`, `overdue_promise`, `pending`, `occasion`.
        anchor: the id of the touch, item or occasion.
        delay: as it is written.
        needs: what must be known to say when.
    """

    at: int
    why: str
    anchor: str
    delay: str = ""
    needs: tuple[str, ...] = ()


class Window(NamedTuple):
    """A stretch in which a step beside the sequence may be taken once."""

    lo: int
    hi: int
    why: str
    anchor: str
    kind: str
    needs: tuple[str, ...] = ()


def clockwork_of(cadence: Cadence, view: View) -> Clockwork:
    """The zones and calendar on which delays of a cadence run."""
    made: Clockwork = view.remember(
        cadence,
        ("cadence_clockwork", id(cadence)),
        lambda: Clockwork(zones_of(view, cadence.clock), calendar_of(view, cadence.calendar)),
    )
    return made


def turn_of(cadence: Cadence, view: View, run: Run, state: State, step: Step) -> Turn:
    """When a step that follows a state is due."""
    after = step.after
    anchor = after.anchor
    seen = state.by
    if anchor == "promise" and state.promised is not None:
        return _promised(cadence, view, step, state.promised)
    if anchor == "start" or seen is None:
        if after.delay is None:
            return Turn(EVER if run.start is None else run.start, "start", "opening")
        if run.start is None:
            return Turn(FOREVER, "start", "opening", str(after.delay), ("opened_at",))
        return _delayed(cadence, view, after.delay, run.start, run.start, "start", "opening")
    why = "answer" if cadence.reading.answers(seen) else "previous"
    delay = after.undated if anchor == "promise" and after.undated is not None else after.delay
    if delay is None:
        return Turn(seen.end, why, seen.id)
    return _delayed(cadence, view, delay, seen.hi, seen.end, why, seen.id)


def _delayed(cadence: Cadence, view: View, delay: Delay, start: int, end: int, why: str, anchor: str) -> Turn:
    done = over(delay, clockwork_of(cadence, view), start, end)
    return Turn(FOREVER if done.needs else done.at, why, anchor, str(delay), done.needs)


def _promised(cadence: Cadence, view: View, step: Step, seen: Seen) -> Turn:
    """After the promised time; without one, `undated` after the promise was given."""
    after = step.after
    assert seen.promise is not None
    if seen.promise.at is None:
        delay = after.undated or after.delay
        if delay is None:
            return Turn(seen.end, "promise", seen.id)
        return _delayed(cadence, view, delay, seen.hi, seen.end, "promise", seen.id)
    low, last = promised_range(view, seen)
    # theirs has lapsed when its date is over; ours may be kept from the beginning of its date
    at = low if seen.promise.by == "us" else last + (low != last)
    if after.delay is None:
        return Turn(at, "promise", seen.id)
    return _delayed(cadence, view, after.delay, at, at, "promise", seen.id)


def windows_of(cadence: Cadence, view: View, run: Run, step: Step, span: Span) -> Iterator[Window]:
    """The stretches of a span in which a step beside the sequence may be taken, used ones left out, in order."""
    found = list(_pending(cadence, view, step) if step.after.anchor == "pending" else _occasions(view, step, span))
    used = sorted(taken.seen.hi for taken in run.taken if taken.step == step.id)
    for window in sorted(found):
        first = next((instant for instant in used if window.lo <= instant < window.hi), None)
        if first is None:
            yield window
        elif window.lo < first:  # taken: open until then
            yield window._replace(hi=first)


def _pending(cadence: Cadence, view: View, step: Step) -> Iterator[Window]:
    """An item is taken up when it is due: what kept us (an impediment, a hold) also when it is done, the rest until it is."""
    for item in view.prospect.pending:
        if step.after.kinds and item.kind not in step.after.kinds:
            continue
        done = FOREVER if item.done_at is None else micros(item.done_at)
        lifts = item.kind in LIFTING
        at, needs = _taken_up(cadence, view, step, min(due_of(view, item), done if lifts else FOREVER))
        end = FOREVER if lifts else done
        if at < end:
            yield Window(at, end, "pending", item.id, item.kind, needs)


def _taken_up(cadence: Cadence, view: View, step: Step, at: int) -> tuple[int, tuple[str, ...]]:
    if at >= FOREVER:
        return _UNKNOWN, ("pending_date",)
    if step.after.delay is None:
        return at, ()
    done = over(step.after.delay, clockwork_of(cadence, view), at, at)
    return (_UNKNOWN, done.needs) if done.needs else (done.at, ())


def _occasions(view: View, step: Step, span: Span) -> Iterator[Window]:
    """The window of each occasion: from its date, or from when we learned of it, for as long as `lasts`."""
    lasts = step.after.lasts
    assert lasts is not None
    reach = lasts.micros + 3 * DAY
    for item in view.prospect.occasions:
        if step.after.kinds and item.kind not in step.after.kinds:
            continue
        learned = EVER if item.since is None else micros(item.since)
        yearly = item.yearly or step.after.yearly
        for day in _days(item.date, yearly, span[0] - reach, span[1] + reach):
            starts = [zone.at(day) for zone in view.zones]
            if not starts:
                yield Window(EVER, FOREVER, "occasion", _name(item, day), item.kind, ("zone",))
                return
            late = not yearly and learned > max(starts)  # from the day we learn of it
            low = learned if late else max(max(starts), learned)
            high = (learned if late else min(starts)) + lasts.micros
            if low < high:
                yield Window(low, high, "occasion", _name(item, day), item.kind)


def _name(item: Occasion, day: int) -> str:
    return f"{item.kind} {day_date(day).isoformat()}"


def _days(first: date, yearly: bool, start: int, end: int) -> Iterator[int]:
    """The days of an occasion that may meet a span; 29 February is kept on the 28th in a common year."""
    if not yearly:
        yield day_number(first)
        return
    for year in range(max(day_date(start // DAY).year, first.year), day_date(min(end, FOREVER - DAY) // DAY).year + 1):
        leap = first.month == 2 and first.day == 29 and not isleap(year)
        yield day_number(date(year, first.month, 28 if leap else first.day))


def shown(instant: int) -> str:
    """An instant in a block's details."""
    return iso(instant)
