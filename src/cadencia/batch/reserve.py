"""Proposals booked one after the other, so that nobody is proposed what an earlier proposal has made impossible."""

from __future__ import annotations

from typing import Any

from ..case import Account, Case
from ..touch import Touch

__all__ = ["Bookings"]


class Bookings:
    """What has been proposed so far, by account and by contact point.

    A proposal to somebody of the same account is a booked touch of that account; one that uses a contact point of theirs is
    a booked touch of their own, as the same telephone rings.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, list[Touch]] = {}
        self._points: dict[tuple[str, str], list[Touch]] = {}

    def known(self, case: Case) -> Case:
        """The case with the proposals made so far."""
        person, account = case.prospect, case.account
        others = self._accounts.get(person.account, []) if person.account is not None else []
        points = dict.fromkeys((point.channel, point.address) for point in person.contact_points or ())
        own = [touch for point in points for touch in self._points.get(point, ())]
        if not others and not own:
            return case
        if others:
            assert person.account is not None
            known = account or Account(id=person.account)
            account = Account(id=known.id, people=known.people, touches=(*known.touches, *others))
        mine = tuple(touch.model_copy(update={"id": f"{touch.id}/point", "prospect": None}) for touch in own)
        return Case(
            prospect=person, touches=(*case.touches, *mine), account=account, opened_at=case.opened_at,
            unreadable=case.unreadable,
        )  # fmt: skip

    def book(self, case: Case, decision: Any) -> None:
        """Book what a decision proposes."""
        if decision.answer not in ("contact", "wait"):
            return
        person = case.prospect
        touch = Touch(
            id=f"reserved/{person.id}", prospect=person.id, at=decision.at, channel=decision.channel,
            contact_point=decision.contact_point, purpose=decision.purpose, step=decision.step, booked=True,
        )  # fmt: skip
        if person.account is not None:
            self._accounts.setdefault(person.account, []).append(touch)
        if touch.contact_point is not None:
            self._points.setdefault((touch.channel, touch.contact_point), []).append(touch)
