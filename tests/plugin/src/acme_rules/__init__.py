"""Rules of Acme, to be named in any policy: a limit, a preference and a deadline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cadencia.rules import Block, Candidate, Deadline, Due, Limit, Offer, Preference
from cadencia.rules.author import DAY, EVER, FOREVER, HOUR, MINUTE, Span, View, weekday

__all__ = ["LuckyWeekday", "NoMondayMornings", "ThankYou"]

MONDAY = 0
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class NoMondayMornings(Limit):
    """No contact on Monday before a wall-clock time, in any zone in which the prospect may be."""

    rule: Literal["acme.no_monday_mornings"] = "acme.no_monday_mornings"
    until: time = time(12)

    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "en": {"monday_morning": "no contact on Monday before {until} in {zone}"},
        "es": {"monday_morning": "sin contacto el lunes antes de las {until} en {zone}"},
    }

    @property
    def memory(self) -> int | None:
        """No touch matters."""
        return 0

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        """Monday from midnight to `until`, of every Monday that meets the span."""
        if not case.zones:
            yield self.block(EVER, FOREVER, "zone_unknown", needs=("zone",))
        until = self.until.hour * HOUR + self.until.minute * MINUTE
        for zone in case.zones:
            for day in range(zone.day(span[0]), zone.day(span[1] - 1) + 1):
                start, end = zone.at(day), zone.at(day, until)
                if weekday(day) == MONDAY and start < end:
                    yield self.block(start, end, "monday_morning", until=f"{self.until:%H:%M}", zone=zone.name)


class LuckyWeekday(Preference):
    """Options that open on the lucky weekday come first; where several zones are plausible, in all of them."""

    rule: Literal["acme.lucky_weekday"] = "acme.lucky_weekday"
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "thu"

    def key(self, case: View, offer: Offer) -> bool:
        """False, which sorts first, on the lucky day."""
        lucky = WEEKDAYS.index(self.weekday)
        return not (case.zones and all(weekday(zone.day(offer.opening)) == lucky for zone in case.zones))


class ThankYou(Deadline):
    """Thanks are due within some days of elapsed time after each order: a touch that ended `converted`."""

    rule: Literal["acme.thank_you"] = "acme.thank_you"
    days: Annotated[int, Field(ge=0)] = 3

    def dues(self, case: View, as_of: int) -> Iterator[Due]:
        """One for each order; met by the first touch of ours after it."""
        for order in case.touches:
            if order.disposition != "converted" or order.booked:
                continue
            thanks = [
                seen.lo
                for seen in case.touches
                if seen.outbound and seen.out and not seen.booked and seen.lo > order.hi
            ]
            yield Due(
                self.id, "thanks", order.id, order.lo, order.hi + self.days * DAY,
                met=min(thanks, default=None), owner=case.prospect.owner, owner_kind=case.prospect.owner_kind,
            )  # fmt: skip
