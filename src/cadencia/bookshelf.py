"""Several playbooks at once: exactly one proposes for a case, and where one ends another takes the case up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ._time.clock import micros, moment, read_instant
from .cadence.stays import admits
from .cadence.walk import runs_of, state_at
from .case import Case
from .decision import Decided
from .errors import PolicyError, did_you_mean, given
from .playbook import Playbook, packaged_names
from .policy import Policy
from .prospect import Prospect
from .touch import Touch

if TYPE_CHECKING:
    from .cadence.planning import Plan

__all__ = ["Chosen", "Playbooks", "settled"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The playbook that proposes for a case, and since when where another handed the case over.

    Attributes:
        came_from: the playbooks that the case went through, in order.
    """

    playbook: Playbook
    entered: datetime | None = None
    came_from: tuple[str, ...] = ()


class Playbooks:
    """A set of playbooks of which one proposes for a case at once.

    The one with the smallest `rank` that the case has entered begins; where it has ended and its ending goes to another of
    the set, that one takes the case up from there.

    Example:
        >>> from cadencia import Playbooks, Prospect
        >>> shelf = Playbooks.packaged()
        >>> shelf.which(Prospect(id="p1"), as_of="2026-03-06T10:00+01:00").playbook.name
        'gentle-persistence'
    """

    def __init__(self, *playbooks: Playbook) -> None:
        self._by_name: dict[str, Playbook] = {}
        for item in playbooks:
            if self._by_name.setdefault(item.name, item) != item:
                raise PolicyError(f"two playbooks are named {given(item.name)}; give one another name")

    @classmethod
    def packaged(cls) -> Playbooks:
        """The playbooks that come with the library."""
        return cls(*(Playbook.load(name) for name in packaged_names()))

    def __iter__(self) -> Iterator[Playbook]:
        return iter(sorted(self._by_name.values(), key=lambda item: (item.rank, item.name)))

    def __len__(self) -> int:
        return len(self._by_name)

    def __getitem__(self, name: str) -> Playbook:
        found = self._by_name.get(name)
        if found is None:
            raise PolicyError(f"playbook {given(name)} is not on the shelf" + did_you_mean(name, self._by_name))
        return found

    def __and__(self, other: Policy) -> Playbooks:
        """The same playbooks under a further policy."""
        return Playbooks(*(item & other for item in self))

    def which(
        self,
        prospect: Prospect | Case | Mapping[str, Any],
        touches: Iterable[Touch | Mapping[str, Any]] = (),
        *,
        as_of: datetime | str,
    ) -> Chosen | None:
        """The playbook that proposes for a case at an instant; None where the case has entered none."""
        case = Case.of(prospect, touches)
        instant = micros(read_instant(as_of, "as_of"))
        view = case.view().at(instant)
        entered: int | None = None
        path: list[str] = []
        here: Playbook | None = None
        for playbook in self:
            if state_at(runs_of(playbook.cadence, view.using(playbook.engine.table)), instant) is not None:
                here = playbook
                break
        while here is not None:
            found = state_at(runs_of(here.cadence, view.using(here.engine.table), entered), instant)
            if found is None or found[1].ending is None or found[1].by is None:
                break
            onward = here.cadence.ends[found[1].ending].goes_to
            after = (found[1].answered or found[1].by).end
            if onward is None or onward not in self._by_name or (entered is not None and after <= entered):
                break
            there = self._by_name[onward]
            if not admits(there.cadence, view.using(there.engine.table), found[0].lo, after):
                break
            path.append(here.name)
            here, entered = there, after
        if here is None:
            return None
        return Chosen(here, None if entered is None else moment(entered), tuple(path))

    def decide(
        self,
        prospect: Prospect | Case | Mapping[str, Any],
        touches: Iterable[Touch | Mapping[str, Any]] = (),
        *,
        as_of: datetime | str,
        horizon: timedelta | str | None = None,
        fulfils: str | None = None,
    ) -> Decided | None:
        """The decision of the playbook that proposes; None where the case has entered none."""
        case = Case.of(prospect, touches)
        chosen = self.which(case, as_of=as_of)
        if chosen is None:
            return None
        return chosen.playbook.decide(case, as_of=as_of, horizon=horizon, fulfils=fulfils, entered=chosen.entered)

    def plan(self, prospect: Prospect | Case, n: int, *, as_of: datetime | str) -> Plan | None:
        """The next `n` touches by the playbook that proposes, if nobody answers."""
        case = Case.of(prospect)
        chosen = self.which(case, as_of=as_of)
        return None if chosen is None else chosen.playbook.plan(case, n, as_of=as_of, entered=chosen.entered)


def settled(shelf: Playbooks, case: Case, **options: Any) -> Decided:
    """The decision of a case; one that has entered no playbook of a shelf is answered by the first."""
    decision = shelf.decide(case, **options)
    return next(iter(shelf)).decide(case, **options) if decision is None else decision
