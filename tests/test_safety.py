"""Law 11, as a machine: contacts at any instant of answered windows, bookings that come due, people of one account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from cadencia import Account, Case, Contact, Policy, Touch, Wait
from cadencia.rules import Candidate
from cadencia.testing import cases, policies, ticks, zones
from cadencia.testing.clocks import ticks_near
from spec.decide import permitted

EPOCH, TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
LIMITS = (
    "max_attempts",
    "frequency_cap",
    "spacing",
    "recall",
    "cool_off",
    "no_repeated_channel",
    "quiet_hours",
    "business_days",
    "account_load",
    "account_day",
    "account_reply",
    "await_promise",
    "stop_on",
    "stop_when_exhausted",
)


class Safety(RuleBasedStateMachine):
    """Starting from any history, every touch made at any instant of an answered window is allowed when made."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        zone = self.zone = data.draw(zones())
        self.now = EPOCH + data.draw(ticks(zone)) * TICK
        case = data.draw(cases(self.now, zone=zone, exact=True, max_size=4, wishes=False))
        person = case.prospect.model_copy(
            update={"contact_points": None, "opt_outs": (), "suppressions": (), "account": "a1"}
        )
        others = case.account or Account(id="a1", people=({"id": "p2", "zones": [zone]},), touches=())
        self.people = {person.id: person} | {other.id: other for other in others.people}
        self.touches = [
            touch.model_copy(update={"prospect": touch.prospect or person.id})
            for touch in (*case.touches, *others.touches)
        ]
        self.policy: Policy = data.draw(policies(self.now, zone=zone, kinds=LIMITS, max_size=3))
        self.made = 0
        note(f"policy {self.policy.to_json(None)}")

    def case_of(self, who: str, without: str | None = None) -> Case:
        own = [touch for touch in self.touches if touch.prospect == who and touch.id != without]
        others = [touch for touch in self.touches if touch.prospect != who]
        people = [person for name, person in self.people.items() if name != who]
        return Case(prospect=self.people[who], touches=own, account=Account(id="a1", people=people, touches=others))

    def contact(self, data: st.DataObject, who: str, fulfils: Touch | None, book: bool) -> None:
        minutes = data.draw(st.sampled_from((0, 0, 20, 300)))
        options: dict[str, Any] = {"duration": timedelta(minutes=minutes), "horizon": "20 days"}
        decision = self.policy.decide(
            self.case_of(who), as_of=self.now, fulfils=fulfils.id if fulfils else None, **options
        )
        if not isinstance(decision, (Contact, Wait)):
            return
        at = datetime.fromisoformat(decision.at.isoformat()).astimezone(UTC)
        until = decision.until and datetime.fromisoformat(decision.until.isoformat()).astimezone(UTC)
        last = min(until or at + timedelta(days=20), self.now + timedelta(days=20)) - TICK
        inside = ticks_near((at - EPOCH) // TICK, self.zone, past=False, future=True).map(
            lambda tick: min(EPOCH + tick * TICK, last)
        )
        when = data.draw(st.one_of(st.just(at), st.just(last), inside))
        seen = when if not book else self.now
        candidate = Candidate(decision.channel, decision.contact_point, duration=minutes * 60_000_000)
        case = self.case_of(who, without=fulfils.id if fulfils else None)
        came_due = any(touch.booked and seen > (touch.end or touch.at) >= self.now for touch in self.touches)  # type: ignore[operator]
        if not came_due:
            assert permitted(self.policy, case, candidate, when, seen), (candidate, when)
        if fulfils:
            self.touches.remove(fulfils)
        self.made += 1
        self.touches.append(
            Touch(
                id=f"made-{self.made}",
                at=when,
                end=when + timedelta(minutes=minutes),
                channel=decision.channel,
                prospect=who,
                contact_point=decision.contact_point,
                booked=book,
                by=data.draw(st.sampled_from(("ana", "ben"))),
                disposition="unknown"
                if book
                else data.draw(st.sampled_from(("no_answer", "sent", "busy", "voicemail_left"))),
            )
        )
        self.now = max(self.now, seen)

    @rule(data=st.data(), book=st.booleans())
    def anyone(self, data: st.DataObject, book: bool) -> None:
        """People of one account, one after another: contacted at an instant of the window, or booked for it."""
        self.contact(data, data.draw(st.sampled_from(sorted(self.people))), None, book)

    @rule(data=st.data())
    def booking_due(self, data: st.DataObject) -> None:
        """A booking is decided again when it is due."""
        waiting = sorted(
            (touch for touch in self.touches if _booked(touch) and touch.at >= self.now), key=lambda touch: touch.id
        )  # type: ignore[operator]
        if waiting:
            booking = data.draw(st.sampled_from(waiting))
            self.now = max(self.now, booking.at)  # type: ignore[type-var,assignment]
            self.contact(data, booking.prospect or "", booking, book=False)

    @rule(hours=st.integers(0, 200))
    def time_passes(self, hours: int) -> None:
        """Nothing happens for a while."""
        self.now += timedelta(hours=hours)


def _booked(touch: Touch) -> bool:
    """Whether it is still to happen."""
    return touch.booked and not touch.cancelled and touch.disposition != "cancelled"


TestSafety = Safety.TestCase
TestSafety.settings = settings(stateful_step_count=6)
