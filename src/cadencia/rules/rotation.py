"""Which way first: preferences order options and never add or remove one."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from .._model import Names, Whole
from .._time.hours import WeekField, WeekHours, open_spans, week_table
from .._time.periods import DelayField, LengthField
from .._time.spans import meet
from ..errors import InputError, given
from .base import Offer, Preference
from .clock import check_clock, zones_of
from .delays import ClockNames
from .filters import TouchFilter
from .history import tells

if TYPE_CHECKING:
    from .._view import Seen, View

Rotated = Annotated[Names, Field(min_length=1)]


class Patient(Preference):
    """A preference with `patience`: for how long, after contact first became possible, a better option is waited for.

    Without it the earliest option wins, and the preference only decides between options that open at the same instant.
    """

    patience: LengthField | None = None


class ChannelRotation(Patient):
    """Varies the channel over the attempts.

    Attributes:
        order: the channels; channels not named come after them.
        mode: `alternate`: the one after the channel last used, round and round. `in_order`: the one used least often since the
            person was last reached, so none starves. `escalate`: each channel for `each` attempts, then the next, round again.
        each: attempts on one channel before `escalate` moves on.
        counts, count: which touches are attempts; outbound ones that went out, unless said otherwise.
    """

    rule: Literal["channel_rotation"] = "channel_rotation"
    order: Rotated
    mode: Literal["alternate", "in_order", "escalate"] = "alternate"
    each: Annotated[Whole, Field(ge=1)] = 1
    counts: TouchFilter = TouchFilter()
    count: Literal["planned", "attempted", "delivered", "reached"] = "attempted"

    def key(self, case: View, offer: Offer) -> Any:
        channel = offer.candidate.channel
        size = len(self.order)
        if channel not in self.order:
            return (size, 1)
        place = self.order.index(channel)
        used, recent = case.remember(self, ("rotation", id(self)), lambda: self._attempts(case))
        if self.mode == "alternate":
            if not used:
                return (place, 0)
            last = {seen.channel for seen in used[bisect_left(used, used[-1].lo, key=lambda seen: seen.lo) :]}
            after = max((self.order.index(item) for item in last if item in self.order), default=-1)
            return (((place - after - 1) % size), 0) if channel not in last else (size - 1, 0)
        if self.mode == "in_order":
            return (recent[channel] * size + place, 0)
        return ((place - recent.total() // self.each) % size, 0)

    def _attempts(self, case: View) -> tuple[list[Seen], Counter[str]]:
        """The attempts made, and how often each channel was used since the person was last reached."""
        since = max((index for index, seen in enumerate(case.touches) if seen.reached), default=-1)
        return self.used(case), Counter(seen.channel for seen in case.touches[since + 1 :] if self._uses(seen))

    def used(self, case: View) -> list[Seen]:
        """The attempts made, in order."""
        return [seen for seen in case.touches if self._uses(seen)]

    def _uses(self, seen: Seen) -> bool:
        return seen.outbound and not seen.booked and tells(self.count, seen) and self.counts.counts(seen)


class PreferredChannel(Patient):
    """These channels first, in this order; the others after them."""

    rule: Literal["preferred_channel"] = "preferred_channel"
    order: Rotated

    def key(self, case: View, offer: Offer) -> Any:
        channel = offer.candidate.channel
        return self.order.index(channel) if channel in self.order else len(self.order)


class PreferredHours(Patient):
    """These hours rather than others: an option is taken at its first permitted instant inside them, if patience allows.

    On the clock of every zone named: an instant is preferred when it is in all of them.
    """

    rule: Literal["preferred_hours"] = "preferred_hours"
    hours: WeekField
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)

    @model_validator(mode="after")
    def _some(self) -> PreferredHours:
        if not any(self.hours.values()):
            raise InputError(
                f'hours {given(self.hours)} name no window; write for example `{{mon-fri: ["10:00-12:00"]}}`'
            )
        return self

    def moment(self, case: View, offer: Offer, until: int) -> int:
        best = offer.opening
        if until < best:
            return best
        spans = list(offer.spans)
        for zone in zones_of(case, self.clock):
            spans = meet(spans, open_spans(WeekHours(week_table(self.hours)), zone, best, until + 1))
        return spans[0][0] if spans and spans[0][0] <= until and zones_of(case, self.clock) else best

    def key(self, case: View, offer: Offer) -> Any:
        zones = zones_of(case, self.clock)
        table = WeekHours(week_table(self.hours))
        inside = bool(zones) and all(open_spans(table, zone, offer.opening, offer.opening + 1) for zone in zones)
        return 0 if inside else 1


class Soonest(Patient):
    """The option that opens first."""

    rule: Literal["soonest"] = "soonest"

    def key(self, case: View, offer: Offer) -> Any:
        return offer.opening


__all__ = ["ChannelRotation", "DelayField", "PreferredChannel", "PreferredHours", "Soonest"]
