"""Whole questions: a case, an instant, a candidate and a span that belong together."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .._time.clock import HOUR, MINUTE
from .._time.spans import Span
from ..case import Case
from ..rules.filters import Candidate
from .clocks import instants, spans, zones
from .people import cases
from .words import ADDRESSES, CHANNELS, PURPOSES, STEPS, SUBJECTS, maybe, some

__all__ = ["Question", "candidates", "questions"]


class Question(NamedTuple):
    """What a rule is asked: may this candidate be, in this case, on this span.

    Attributes:
        as_of: the instant around which everything was drawn.
        zone: on whose wall clock; usually among the prospect's.
        case: the case.
        candidate: what might be done.
        span: `(start, end)` in microseconds, near `as_of`.
    """

    as_of: datetime
    zone: str
    case: Case
    candidate: Candidate
    span: Span


@st.composite
def candidates(draw: DrawFn, *, duration: bool = True) -> Candidate:
    """Candidates: what might be done, with what is known of it.

    Args:
        duration: whether some have a length.

    Example:
        >>> from cadencia.testing import candidates
        >>> from hypothesis import find
        >>> find(candidates(), lambda candidate: candidate.purpose is not None)
        Candidate(channel='phone', point=None, purpose='marketing', step=None, subjects=(), duration=0)
    """
    channel = draw(st.sampled_from(CHANNELS))
    return Candidate(
        channel=channel,
        point=draw(maybe(st.sampled_from(ADDRESSES[channel]))),
        purpose=draw(maybe(st.sampled_from(PURPOSES))),
        step=draw(maybe(st.sampled_from(STEPS))),
        subjects=tuple(draw(some(SUBJECTS))),
        duration=draw(st.sampled_from((0, 0, 30 * MINUTE, 30 * HOUR) if duration else (0,))),
    )


def questions(
    around: datetime | None = None, *, zone: str | None = None, constant: bool = False, **options: Any
) -> SearchStrategy[Question]:
    """Questions whose case, candidate and span lie around one instant, so that rules bind.

    Args:
        around: the instant; any when not given.
        zone: on whose wall clock; any when not given.
        constant: only zones without clock changes.
        options: switches of `cases`.

    Example:
        >>> from cadencia.testing import questions
        >>> from hypothesis import find
        >>> find(questions(), lambda question: True).as_of.utcoffset()
        datetime.timedelta(0)
    """
    return _questions(around, zone, constant, options)


@st.composite
def _questions(
    draw: DrawFn, around: datetime | None, zone: str | None, constant: bool, options: dict[str, Any]
) -> Question:
    name = draw(zones(constant=constant)) if zone is None else zone
    as_of = draw(instants(name)) if around is None else around
    case = draw(cases(as_of, zone=name, constant=constant, **options))
    return Question(as_of, name, case, draw(candidates()), draw(spans(as_of, name)))
