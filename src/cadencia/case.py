"""A case: a prospect with everything that has happened, as put to the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import ValidationError, model_validator

from ._model import Model, OneOrMore
from ._time.clock import EVER, Instant, day_number, micros, read_instant
from .errors import InputError, given, mistakes_of
from .prospect import Prospect
from .touch import Touch

if TYPE_CHECKING:
    from pydantic import PrivateAttr

    from ._lane.digest import Digest
    from ._view import View

__all__ = ["Account", "Case"]


class Account(Model):
    """The company or household that speaks with one voice: the other people in it, with their touches.

    Attributes:
        people: the other prospects of the account, not the one of the case.
        touches: their touches; each names its `prospect`.
    """

    id: str
    people: Annotated[tuple[Prospect, ...], OneOrMore] = ()
    touches: Annotated[tuple[Touch, ...], OneOrMore] = ()


class Case(Model):
    """A prospect with its touches and facts, the other people of its account, and when the case was opened.

    Immutable; its integer view is made once, on first use.

    Example:
        >>> from cadencia import Case, Prospect, Touch
        >>> case = Case(prospect=Prospect(id="p1"), touches=[Touch(id="a", at="2026-03-06T09:00Z", channel="phone")])
        >>> len(case.known_at("2026-03-01T00:00Z").touches)
        0
    """

    __slots__ = ("_digest",)  # a slot and not the dict: one place nearer, for every decision

    if TYPE_CHECKING:
        _digest: Digest | None = PrivateAttr()

    prospect: Prospect
    touches: Annotated[tuple[Touch, ...], OneOrMore] = ()
    account: Account | None = None
    opened_at: Instant | None = None

    @model_validator(mode="after")
    def _own(self) -> Self:
        for touch in self.touches:
            if touch.prospect is not None and touch.prospect != self.prospect.id:
                raise InputError(
                    f"touches: touch {given(touch.id)} is with {given(touch.prospect)}, and the case is of"
                    f" {given(self.prospect.id)}; give it with the touches of the account, or leave it out"
                )
        return self

    unreadable: tuple[str, ...] = ()
    """One line for each touch row that could not be read; any closes the case."""

    @classmethod
    def of(
        cls, subject: Prospect | Case | Mapping[str, Any], touches: Iterable[Touch | Mapping[str, Any]] = ()
    ) -> Case:
        """The case of a prospect and touches, models or data; a case is returned as it is (then `touches` must be empty).

        Raises:
            InputError: one line for each mistake in the data.
        """
        refuse_one(touches)
        if isinstance(subject, Case):
            if touches:
                raise InputError(
                    "touches: a case carries its own touches; give a prospect with touches, or a case alone"
                )
            return subject
        if not isinstance(subject, (Prospect, Mapping)):
            raise InputError(
                f"prospect: {given(type(subject).__name__)} is neither a Prospect nor a Case; write `Prospect(id=...)`"
            )
        if not isinstance(touches, Iterable):
            raise InputError(
                f"touches: {given(touches)} is not a list of touches; write `[Touch(id=..., at=..., channel=...)]`"
            )
        touches = tuple(touches)
        for touch in touches:
            if not isinstance(touch, (Touch, Mapping)):
                raise InputError(
                    f"touches: {given(type(touch).__name__)} is not a Touch; write `Touch(id=..., at=..., channel=...)`"
                )
        try:
            return cls.model_validate({"prospect": subject, "touches": touches})
        except ValidationError as error:
            raise InputError(*mistakes_of(error, "")) from None

    def view(self) -> View:
        """The integer view that the rules read; made once."""
        view: View | None = self.__dict__.get("_view")
        if view is None:
            from ._view import View

            view = self.__dict__["_view"] = View.of(self)
        return view

    def digest(self) -> Digest | None:
        """The few integers that common policies need; None when the case is not plain. Made once."""
        try:
            return self._digest
        except AttributeError:  # the slot is still empty
            from ._lane.digest import digest_of

            found = digest_of(self)
            object.__setattr__(self, "_digest", found)
            return found

    def known_at(self, when: datetime | str) -> Case:
        """The case as it was known at an instant: whatever we learned later is gone.

        A done touch is known from `recorded_at`, else from when it happened (one known only to the day from the first
        instant at which it may have begun); a booking from `recorded_at`, else always; everything else from its `since`,
        else always.
        """
        instant = read_instant(when, "known_at")
        people = self.account.people if self.account else ()
        account = self.account and Account(
            id=self.account.id,
            people=tuple(prospect_at(person, instant) for person in people),
            touches=self._touches_at(self.account.touches, instant),
        )
        return Case(
            prospect=prospect_at(self.prospect, instant),
            touches=self._touches_at(self.touches, instant),
            account=account,
            opened_at=self.opened_at if self.opened_at is None or self.opened_at <= instant else None,
            unreadable=self.unreadable,
        )

    def known_from(self, touch: Touch) -> int:
        """The instant, in microseconds, from which a touch of the case is known; `EVER` for a booking without `recorded_at`."""
        if touch.recorded_at is not None:
            return micros(touch.recorded_at)
        if touch.booked:
            return EVER
        if isinstance(touch.at, datetime):
            return micros(touch.at)
        return self.view().date_range(day_number(touch.at), touch.zone)[0]

    def _touches_at(self, touches: tuple[Touch, ...], instant: datetime) -> tuple[Touch, ...]:
        at = micros(instant)
        return tuple(touch for touch in touches if self.known_from(touch) <= at)


def refuse_one(touches: object) -> None:
    """Refuses one touch where a list is meant: it could be walked through, by its fields.

    Raises:
        InputError: it is one.
    """
    if isinstance(touches, Touch) or (isinstance(touches, Mapping) and touches):
        raise InputError("touches: one touch is not a list of touches; write `[touch]`")


def prospect_at(prospect: Prospect, instant: datetime) -> Prospect:
    """A prospect as it was known at an instant."""

    def known(items: Iterable[Any]) -> list[Any]:
        return [item for item in items if item.since is None or item.since <= instant]

    changes: Mapping[str, Any] = {
        "zones": tuple(known(prospect.zones)),
        "regions": tuple(known(prospect.regions)),
        "contact_points": None
        if prospect.contact_points is None
        else tuple(
            point if point.since is None or point.since <= instant else point.model_copy(update={"status": "unknown"})
            for point in prospect.contact_points
        ),
        "consents": tuple(known(prospect.consents)),
        "opt_outs": tuple(known(prospect.opt_outs)),
        "suppressions": tuple(known(prospect.suppressions)),
        "registers": tuple(known(prospect.registers)),
        "stages": tuple(known(prospect.stages)),
        "occasions": tuple(known(prospect.occasions)),
        "facts": {name: fact for name, fact in prospect.facts.items() if fact.since is None or fact.since <= instant},
        "pending": tuple(
            item.model_copy(update={"done_at": None, "content_kept": None, "price_kept": None})
            if item.done_at and item.done_at > instant
            else item
            for item in known(prospect.pending)
        ),
    }
    return prospect.model_copy(update=dict(changes))
