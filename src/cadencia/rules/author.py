"""What the author of a rule needs besides the base classes: the words of a rule's arguments, and fields that read time.

A `View` is the case as rules see it: `zones`, `touches`, `others`, `prospect`. Instants are microseconds since 1970
in UTC; a `Zone` turns them into local days and back: `zone.day(instant)`, `zone.at(day, time)`,
`zone.days(first, last)`. A block that no time ends runs to `FOREVER`, and one that no time begins runs from `EVER`.

Example:
    >>> from cadencia.rules.author import HOUR, weekday
    >>> from cadencia import Case, Prospect
    >>> (zone,) = Case(prospect=Prospect(id="p1", zones="Asia/Tokyo")).view().zones
    >>> day = zone.day(0)  # the local date of 1970-01-01T00:00Z: day 0, a Thursday
    >>> day, weekday(day), zone.at(day, 9 * HOUR)
    (0, 3, 0)
"""

from __future__ import annotations

from .._time.clock import DAY, EVER, FOREVER, HOUR, MINUTE, SECOND, Zone, weekday
from .._time.hours import WeekField
from .._time.periods import DelayField, LengthField
from .._time.spans import Span
from .._view import Seen, View
from .choice import ChoiceField

__all__ = [
    "DAY",
    "EVER",
    "FOREVER",
    "HOUR",
    "MINUTE",
    "SECOND",
    "ChoiceField",
    "DelayField",
    "LengthField",
    "Seen",
    "Span",
    "View",
    "WeekField",
    "Zone",
    "weekday",
]
