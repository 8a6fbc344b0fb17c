"""A case as it was known when each of its touches began: `Case.known_at` for every touch, sharing what does not change.

Of a case with n touches each replay reads those that came before, so a history costs n²/2 looks; the records themselves
are read once for each version of the prospect.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from .._time.clock import EVER, micros, moment
from .._view import Seen, View
from ..case import Account, Case, prospect_at
from ..prospect import Prospect


class Replay:
    """The views of one case, touch by touch.

    The history of a touch is what was known when it began (for one known only to the day: at the last instant at which it
    may have begun), without the touch itself. Of the touches that may have begun by then, only those count that come before
    it in the one order of touches: of two at the same instant, the second saw the first, and not the other way round.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.whole = case.view()
        self._edges = sorted({micros(item) for item in _changes(case)})
        self._versions: dict[int, Version] = {}
        self._plain = not self.whole.others and all(
            isinstance(seen.touch.at, datetime) and seen.touch.recorded_at is None and not seen.booked
            for seen in self.whole.touches
        )
        self._known = {seen.id: case.known_from(seen.touch) for seen in self.whole.everybody}
        self._places = {seen.id: place for place, seen in enumerate(self.whole.everybody)}

    def before(self, seen: Seen) -> View:
        """The view of the case when a touch of its own began."""
        version = self._version(seen.hi)
        if self._plain:
            own, others = version.own[: self._places[seen.id]], []
        else:
            own, others = (
                [item for item in pool if self._counts(item, seen)] for pool in (version.own, version.others)
            )
        account = version.account and Account(
            id=version.account.id, people=version.account.people, touches=tuple(item.touch for item in others)
        )
        opened = self.case.opened_at
        then = Case(
            prospect=version.prospect,
            touches=tuple(item.touch for item in own),
            account=account,
            opened_at=opened if opened is None or micros(opened) <= seen.hi else None,
        )
        view = then.view()
        view.conflicts, view.touches, view.others = (), own, others  # read already, and shared
        view.zones, view.regions = version.view.zones, version.view.regions
        return view.at(seen.lo)

    def _counts(self, item: Seen, seen: Seen) -> bool:
        """Whether a touch was known when another began, and came before it."""
        if item.id == seen.id or self._known[item.id] > seen.hi:
            return False
        return item.booked or item.lo > seen.hi or self._places[item.id] < self._places[seen.id]

    def _version(self, instant: int) -> Version:
        number = bisect_right(self._edges, instant)
        version = self._versions.get(number)
        if version is None:
            version = self._versions[number] = Version(self.case, self._edges[number - 1] if number else EVER)
        return version


class Version:
    """A prospect and its account's people between two changes of what is known of them, with every touch read."""

    def __init__(self, case: Case, instant: int) -> None:
        at = moment(instant)
        self.prospect = prospect_at(case.prospect, at)
        self.account = case.account and case.account.model_copy(
            update={"people": tuple(prospect_at(person, at) for person in case.account.people)}
        )
        self.view = View(Case(prospect=self.prospect, touches=case.touches, account=self.account))
        self.own = self.view.touches
        self.others = self.view.others


def _changes(case: Case) -> Iterator[datetime]:
    """When something was learned of the prospect, or of the other people of the account."""
    for person in (case.prospect, *(case.account.people if case.account else ())):
        for item in _dated(person):
            since = getattr(item, "since", None)
            done = getattr(item, "done_at", None)
            yield from (value for value in (since, done) if isinstance(value, datetime))


def _dated(person: Prospect) -> Iterable[object]:
    """Every record of a prospect, whatever the field: what has no date is passed over by the caller."""
    for value in dict(person).values():
        if isinstance(value, Mapping):
            yield from value.values()
        elif isinstance(value, tuple):
            yield from value
