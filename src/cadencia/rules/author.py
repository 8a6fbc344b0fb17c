"""What the author of a rule needs besides the base classes: the words of a rule's arguments, and fields that read time.

A `View` is the case as rules see it: `zones`, `touches`, `others`, `prospect`. Instants are microseconds since 1970 in UTC; a `Zone`
turns them into local days and back: `zone.day(instant)`, `zone.at(day, time)`, `zone.days(first, last)`. A block that nothing in time
ends runs to `FOREVER`, and one that nothing in time begins runs from `EVER`.
"""

from __future__ import annotations

from .._clock import DAY, EVER, FOREVER, HOUR, MINUTE, SECOND, Zone, weekday
from .._hours import WeekField
from .._periods import DelayField, LengthField
from .._spans import Span
from .._view import Seen, View
from .filters import ChoiceField

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
