"""Figures of referrals and refusals: which source sends whom, who waits untouched, and who won where we did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..models import Figure, Row
from .base import Inputs, Known, fact_name

__all__ = ["Referred", "Refusals"]


class Referred:
    """Unqualified share by source of referral, and new referrals that nobody has touched."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.sources: dict[str, list[int]] = {}
        self.unknown = 0
        self.told = False
        self.waiting: list[str] = []

    def add(self, known: Known) -> None:
        """Take a case in."""
        source = known.fact(self.inputs.referred_by)
        if source is None:
            return
        row = self.sources.setdefault(str(source.value), [0, 0])
        if not known.made and not known.stopped:
            self.waiting.append(known.id)
        qualified = self._qualified(known)
        if qualified is None:
            self.unknown += 1
            return
        self.told = True
        row[0] += not qualified
        row[1] += 1

    def _qualified(self, known: Known) -> bool | None:
        said = known.says(self.inputs.qualified)
        if said is not None:
            return said
        stage = next((name for lo, hi, name in known.view.stages if lo <= known.day.now < hi), None)
        if stage in self.inputs.qualified_stages:
            return True
        return False if stage in self.inputs.unqualified_stages else None

    def figures(self) -> Mapping[str, Figure]:
        """The figures `unqualified` and `referrals_untouched`."""
        if not self.sources:
            missing = (fact_name(self.inputs.referred_by),)
            return {code: Figure(code, missing=missing) for code in ("unqualified", "referrals_untouched")}
        total = sum(row[1] for row in self.sources.values()) + self.unknown
        untouched = Figure("referrals_untouched", len(self.waiting), total, named=tuple(self.waiting))
        if not self.told:
            missing = (fact_name(self.inputs.qualified),)
            return {
                "unqualified": Figure("unqualified", unknown=self.unknown, missing=missing),
                "referrals_untouched": untouched,
            }
        rows = tuple(Row((name,), *self.sources[name]) for name in sorted(self.sources))
        part, of = (sum(row[place] for row in self.sources.values()) for place in (0, 1))
        return {
            "unqualified": Figure("unqualified", part, of, by=rows, unknown=self.unknown),
            "referrals_untouched": untouched,
        }


class Refusals:
    """Refusals by reason and winner."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.rows: Counter[tuple[str | None, str | None]] = Counter()
        self.unknown = 0

    def add(self, known: Known) -> None:
        """Take a case in."""
        if not any(seen.disposition in self.inputs.refused and not seen.booked for seen in known.view.touches):
            return
        reason, winner = known.fact(self.inputs.refusal_reason), known.fact(self.inputs.refusal_winner)
        if reason is None and winner is None:
            self.unknown += 1
        else:
            self.rows[
                (None if reason is None else str(reason.value), None if winner is None else str(winner.value))
            ] += 1

    def figures(self) -> Mapping[str, Figure]:
        """The figure `refusals`: those whose reason or winner is known, of all."""
        known = sum(self.rows.values())
        total = known + self.unknown
        if total and not known:
            missing = (fact_name(self.inputs.refusal_reason), fact_name(self.inputs.refusal_winner))
            return {"refusals": Figure("refusals", of=total, unknown=self.unknown, missing=missing)}
        ordered = sorted(self.rows.items(), key=lambda item: (-item[1], str(item[0])))
        rows = tuple(Row(key, count) for key, count in ordered)
        return {"refusals": Figure("refusals", known, total, by=rows, unknown=self.unknown)}
