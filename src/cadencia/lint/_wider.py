"""Whether one rule speaks wherever another does, and counts whatever it counts. True is proven; False is not known."""

from __future__ import annotations

from typing import Any, Final

from ..rules.base import Limit
from ..rules.choice import Choice
from ..rules.filters import TouchFilter

_SPOKEN: Final = ("channels", "purposes", "steps", "tags", "stages", "subjects")
_COUNTED: Final = ("channels", "dispositions", "purposes", "steps", "subjects")
_OUTBOUND: Final = Choice(frozenset({"outbound"}))
_DIRECTIONS: Final = frozenset({"inbound", "outbound"})


def wider(wide: Choice | None, narrow: Choice | None) -> bool:
    """Whether everything that one choice has the other has too."""
    if wide is None:
        return True
    if narrow is None:
        return False
    if narrow.excluded:
        return wide.excluded and wide.names <= narrow.names
    return not wide.names & narrow.names if wide.excluded else narrow.names <= wide.names


def speaks_wherever(wide: Limit, narrow: Limit) -> bool:
    """Whether a limit speaks of every candidate, at every instant, of which another does."""
    return (
        all(wider(getattr(wide, name), getattr(narrow, name)) for name in _SPOKEN)
        and wide.regions in (None, narrow.regions)
        and wide.in_force in (None, narrow.in_force)
        and all(item in narrow.unless for item in wide.unless)
    )


def filters(wide: TouchFilter, narrow: TouchFilter) -> bool:
    """Whether a filter matches every touch that another matches; neither naming directions is outbound ones only."""
    return (
        all(wider(getattr(wide, name), getattr(narrow, name)) for name in _COUNTED)
        and _directions(narrow) <= _directions(wide)
        and wide.reached in (None, narrow.reached)
        and wide.automated in (None, narrow.automated)
    )


def _directions(counts: TouchFilter) -> set[str]:
    chosen = counts.directions or _OUTBOUND
    return {name for name in _DIRECTIONS if chosen.has(name)}


def only_ours(counts: TouchFilter) -> bool:
    """Whether a filter matches outbound touches only: those that a policy decides about."""
    return _directions(counts) <= {"outbound"}


def counts_whatever(wide: Any, narrow: Any) -> bool:
    """Whether a limit counts every touch that another counts, for every candidate."""
    return (
        filters(wide.counts, narrow.counts)
        and (wide.count in ("planned", narrow.count) or (wide.count == "attempted" and narrow.count != "planned"))
        and wide.since in ("ever", narrow.since)
        and set(wide.per) <= set(narrow.per)
        and wide.over in ("account", narrow.over)
    )


def governs(wide: Any, counter: Any) -> bool:
    """Whether every touch that `counter` counts was decided under `wide`, which counts all of them.

    Then what `wide` keeps apart or few is so among all that `counter` counts, as long as the policy is followed.
    """
    only = counter.counts.channels
    return (
        only_ours(counter.counts)
        and wider(wide.channels, only)
        and not any(
            getattr(wide, name)
            for name in ("purposes", "steps", "regions", "tags", "stages", "subjects", "in_force", "unless")
        )
        and counts_whatever(wide, counter)
    )
