"""A policy made ready to decide: `decide`, `why_not` and `windows`, all derived from the blocks of a candidate on a span."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .._lane.reasons import endings_of, reasons_of
from .._time.clock import DAY, micros, moment, read_instant
from .._time.spans import Span
from ..case import Case
from ..errors import InputError, PolicyError, check_text, given
from ..inquiry import Ask, Inquiry
from ..rules.block import Block
from ..rules.filters import Candidate
from ..touch import DISPOSITIONS
from .asking import LONGEST_HORIZON, candidate_of, length_of, name_of, not_allowed
from .question import Question
from .ruled import ALWAYS, Rules

if TYPE_CHECKING:
    from .._lane.lane import Lane
    from ..decision import Decided
    from ..policy import Policy
    from ..prospect import Prospect
    from ..touch import Touch

__all__ = ["Engine"]


class Engine(Rules):
    """A policy made ready to decide: its rules told apart by kind, each with its layer's words."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self.last: tuple[datetime | str | None, timedelta | str, int, int] = None, "", 0, 0

    def span(self, as_of: datetime | str, horizon: timedelta | str) -> Span:
        """The span of a question; the last one is kept, as a whole book is asked about at one instant."""
        start = micros(read_instant(as_of, "as_of"))
        end = start + length_of(horizon, "horizon")
        self.last = as_of, horizon, start, end
        return start, end

    def decide(
        self, subject: Prospect | Case | Mapping[str, Any], touches: Iterable[Touch | Mapping[str, Any]],
        as_of: datetime | str, purpose: str | None, step: str | None,
        subjects: Iterable[str], duration: timedelta | str | None, horizon: timedelta | str, fulfils: str | None,
    ) -> Decided:  # fmt: skip
        """The decision by the general path. See `Policy.decide`."""
        instant, end = self.span(as_of, horizon)
        case = Case.of(subject, touches)
        self.check_channels()
        if fulfils is not None:
            check_text(fulfils, "fulfils")
        view = case.view().at(instant, fulfils)
        wanted = candidate_of("", None, purpose, step, subjects)
        if duration is not None:
            wanted = wanted._replace(duration=length_of(duration, "duration"))
        return Question(self, case, view, self.limits_of(view), wanted, instant, end).answer()

    def check_channels(self) -> None:
        """A policy without channels is only a layer: it answers nothing.

        Raises:
            PolicyError: it names none.
        """
        if self.channels is None:
            raise PolicyError(
                f"policy {given(self.policy.name)} names no channels; write `channels: [phone, email]` or lay it over one that does"
            )

    reasons = staticmethod(reasons_of)
    endings = staticmethod(endings_of)

    @cached_property
    def lane(self) -> Lane | None:
        """The fast lane of the policy; None where a rule needs the general path."""
        from .._lane.lane import lane_for

        if self.channels is None or any(item.table is not DISPOSITIONS for item in self.limits):
            return None
        preferences = [item.rule for item in self.preferences]
        return lane_for(self.channels, [item.rule for item in self.limits], preferences, ALWAYS)

    def inquire(self, ask: Ask, channel: str | None) -> Inquiry:
        """The options behind a fast answer, worked out by the general path."""
        _, source, start, end, purpose, step = ask
        case = source if isinstance(source, Case) else source.case()
        view = case.view().at(start)
        question = Question(self, case, view, self.limits_of(view), Candidate("", None, purpose, step), start, end)
        assert self.channels is not None
        options = tuple(question.option(item, start, end) for item in question.candidates(self.channels))
        chosen = next((option.candidate for option in options if option.candidate.channel == channel), None)
        return Inquiry(question, options, chosen)

    def _question(
        self, subject: Prospect | Case, touches: Iterable[Touch], start: int, end: int, as_of: datetime | str | None,
        wanted: Candidate, duration: timedelta | str | None,
    ) -> Question:  # fmt: skip
        case = Case.of(subject, touches)
        known = start if as_of is None else micros(read_instant(as_of, "as_of"))
        view = case.view().at(known)
        if duration is not None:
            wanted = wanted._replace(duration=length_of(duration, "duration"))
        return Question(self, case, view, self.limits_of(view), wanted, start, end)

    def why_not(
        self, subject: Prospect | Case, instant: datetime | str, channel: str, *, touches: Iterable[Touch] = (),
        as_of: datetime | str | None = None, contact_point: str | None = None, purpose: str | None = None, step: str | None = None,
        subjects: Iterable[str] = (), duration: timedelta | str | None = None,
    ) -> tuple[Block, ...]:  # fmt: skip
        """See `Policy.why_not`."""
        at = micros(read_instant(instant, "instant"))
        wanted = candidate_of(name_of(channel, "channel"), contact_point, purpose, step, subjects)
        question = self._question(subject, touches, at, at + 1, as_of, wanted, duration)
        candidates = [question.wanted]
        if contact_point is None:
            candidates = question.candidates((channel,))
        answers = [question.blocks(candidate, at, at + 1) for candidate in candidates]
        if self.channels is not None and channel not in self.channels:
            return (not_allowed(channel),)
        return () if not all(answers) else tuple(answers[0])

    def windows(
        self, subject: Prospect | Case, start: datetime | str, end: datetime | str, *, touches: Iterable[Touch] = (),
        as_of: datetime | str | None = None, purpose: str | None = None, step: str | None = None, subjects: Iterable[str] = (),
        duration: timedelta | str | None = None,
    ) -> dict[Candidate, tuple[tuple[datetime, datetime], ...]]:  # fmt: skip
        """See `Policy.windows`."""
        low, high = micros(read_instant(start, "start")), micros(read_instant(end, "end"))
        self.check_channels()
        if not low < high <= low + LONGEST_HORIZON:
            raise InputError(f"end: {given(end)} must lie after start, by at most {LONGEST_HORIZON // DAY} days")
        wanted = candidate_of("", None, purpose, step, subjects)
        question = self._question(subject, touches, low, high, as_of, wanted, duration)
        return {
            candidate: tuple(
                (moment(begin), moment(finish)) for begin, finish in question.permitted(candidate, low, high)
            )
            for candidate in question.candidates(self.channels or ())
        }
