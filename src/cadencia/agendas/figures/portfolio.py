"""Figures of the portfolio: is everybody touched, is it really cared for, is it active, and who gets our effort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from ..._clock import micros
from ..._view import Seen
from ...rules.pending import EarnFirst
from ..day import Day
from ..models import Figure, Row
from .base import Inputs, Known, fact_name

__all__ = ["Portfolio"]

_CODES = (
    "portfolio_touched", "portfolio_cared_for", "portfolio_active", "referrals_per_client", "effort", "favourites",
)  # fmt: skip


class Portfolio:
    """Everybody whose playbook or policy says how often they are touched, buyers or not.

    Attributes:
        cycle: how far back a client counts as active, and a referral as theirs, in microseconds.
        effort: how far back touches count as effort, in microseconds.
    """

    def __init__(self, inputs: Inputs, day: Day, cycle: int, effort: int) -> None:
        self.inputs, self.day = inputs, day
        self.since, self.lately = day.now - cycle, day.now - effort
        self.touched: list[str] = []
        self.forgotten: list[str] = []
        self.cared: list[str] = []
        self.gives = False
        self.undatable = 0
        self.active: set[str] = set()
        self.unknown_active = 0
        self.told_active = False
        self.names: dict[str, list[str]] = {}
        self.referrals: list[tuple[str, int | None]] = []
        self.lost = 0  # referrals whose source or date is not known
        self.effort: dict[str, int] = {}
        self.prospects = [0, 0]  # touches, people
        self.former = [0, 0]  # the same of cases of the portfolio that are over

    def add(self, known: Known) -> None:
        """Take a case in."""
        self._referral(known)
        lately = sum(seen.lo >= self.lately for seen in known.made)
        if known.period is None:
            if lately or not known.stopped:  # what was spent on a case that is over was spent all the same
                side = self.former if known.stopped and _was_kept(known) else self.prospects
                side[0] += lately
                side[1] += 1
            return
        person = known.case.prospect
        for name in {person.id, person.name} - {None}:
            self.names.setdefault(str(name), []).append(person.id)
        self.effort[person.id] = lately
        self._touched(known)
        self._active(known)

    def _referral(self, known: Known) -> None:
        source = known.fact(self.inputs.referred_by)
        if source is not None:
            opened = known.view.opened
            if opened is None and source.since is not None:
                opened = micros(source.since)
            self.referrals.append((str(source.value), opened))

    def _touched(self, known: Known) -> None:
        due = next((item for item in known.record.deadlines if item.code == "touch"), None)
        if due is None:
            self.undatable += 1
            return
        met = any(known.recent(seen) for seen in known.made)
        if not met and due.state != "missed":  # not a whole period in the portfolio yet
            self.undatable += 1
            return
        (self.touched if met else self.forgotten).append(known.id)
        rules = [item.rule for item in known.answer.engine.limits if isinstance(item.rule, EarnFirst)]
        self.gives = self.gives or bool(rules)
        if any(
            known.recent(seen) and any(rule.tells(seen) for rule in rules) and _own(known, seen) for seen in known.made
        ):
            self.cared.append(known.id)

    def _active(self, known: Known) -> None:
        won = [seen.lo for seen in known.view.touches if seen.disposition in self.inputs.won and not seen.booked]
        self.told_active = self.told_active or bool(won)
        if len(won) > 1 and won[-1] >= self.since:
            self.active.add(known.id)
        for name in (self.inputs.rebought, self.inputs.recommended, self.inputs.referred):
            found = known.fact(name)
            if found is None or not known.says(name):
                continue
            self.told_active = True
            if found.since is None:
                self.unknown_active += known.id not in self.active
            elif micros(found.since) >= self.since:
                self.active.add(known.id)

    def figures(self) -> Mapping[str, Figure]:
        """The figures of the portfolio; all of them are missing where nobody is in one."""
        if not self.effort:
            return {code: Figure(code, missing=("portfolio",)) for code in _CODES}
        return {figure.code: figure for figure in self._figures()}

    def _figures(self) -> Iterator[Figure]:
        of = len(self.touched) + len(self.forgotten)
        if of:
            yield Figure(
                "portfolio_touched", len(self.touched), of, named=tuple(self.forgotten), unknown=self.undatable
            )
        else:
            yield Figure("portfolio_touched", unknown=self.undatable, missing=("opened_at",))
        if not self.gives:
            yield Figure("portfolio_cared_for", missing=("rule:earn_first",))
        else:
            yield Figure("portfolio_cared_for", len(self.cared), of, unknown=self.undatable)
        theirs = self._theirs()
        size = len(self.effort)
        names = (self.inputs.rebought, self.inputs.recommended, self.inputs.referred)
        if not self.told_active and not self.referrals:
            missing = (
                "dispositions:" + ", ".join(self.inputs.won),
                *map(fact_name, names),
                fact_name(self.inputs.referred_by),
            )
            yield Figure("portfolio_active", missing=missing)
        else:
            active = self.active | {name for name, count in theirs.items() if count}
            yield Figure("portfolio_active", len(active), size, unknown=self.unknown_active)
        if not self.referrals:
            yield Figure("referrals_per_client", missing=(fact_name(self.inputs.referred_by),))
        else:
            rows = tuple(
                Row((name,), count)
                for name, count in sorted(theirs.items(), key=lambda item: (-item[1], item[0]))
                if count
            )
            yield Figure("referrals_per_client", sum(theirs.values()), size, by=rows, unknown=self.lost)
        yield self._effort()
        yield self._favourites()

    def _theirs(self) -> dict[str, int]:
        """Referrals of each client within the cycle."""
        found = dict.fromkeys(self.effort, 0)
        self.lost = 0
        for source, opened in self.referrals:
            people = self.names.get(source, ())
            if len(people) != 1 or opened is None:
                self.lost += 1
            elif opened >= self.since:
                found[people[0]] += 1
        return found

    def _effort(self) -> Figure:
        made = sum(self.effort.values()) + self.former[0]
        if not made + self.prospects[0]:
            return Figure("effort", missing=("touches",))
        rows = (Row(("portfolio",), made, len(self.effort) + self.former[1]), Row(("prospects",), *self.prospects))
        return Figure("effort", made, made + self.prospects[0], by=rows)

    def _favourites(self) -> Figure:
        """How much of the effort on the portfolio goes to its most touched tenth."""
        made = sum(self.effort.values())
        if not made:
            return Figure("favourites", missing=("touches",))
        ordered = sorted(self.effort.items(), key=lambda item: (-item[1], item[0]))[: ceil(len(self.effort) / 10)]
        return Figure("favourites", sum(count for _, count in ordered), made, named=tuple(name for name, _ in ordered))


def _was_kept(known: Known) -> bool:
    """Whether a case that is over was in the portfolio: its rule spoke of it, and it had entered the playbook."""
    return known.rule is not None and (known.position is None or known.position.inside)


def _own(known: Known, seen: Seen) -> bool:
    """Whether a touch is more than the greeting of an occasion: birthdays alone are no care."""
    playbook = known.answer.playbook
    if playbook is None:
        return True
    for step in playbook.cadence.steps:
        if step.after.anchor == "occasion" and (seen.step == step.id or seen.purpose == step.purpose):
            return False
    return True
