"""A literal check of the rival: every rule as a predicate of one instant, time stepped minute by minute.

Slow and plain on purpose. It shares with the rival only the names of things (rows, policies, answers): the
windows are written down again, and holidays are asked of the `holidays` object, day by day. The candidate
instants are `now`, every whole minute after it, and each touch plus 48, 96 and 168 hours, so that answers
are exact to the microsecond. No zone of the workload has an offset with seconds in it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
import rivals
from workload import CHANNELS, NOW, SEED, PastTouch, Row, rows

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LOOK_AHEAD = timedelta(days=60)

HOURS = {
    "phone": (range(0, 5), ((9, 14), (17, 20))),
    "email": (range(0, 7), ((7, 22),)),
    "sms": (range(0, 6), ((10, 19),)),
    "social": (range(0, 7), ((8, 21),)),
}

INSTANTS = (
    NOW,
    datetime(2026, 3, 28, 23, 30, 0, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 12, 24, 20, 0, tzinfo=UTC),
)
"""The workload's own instant, the eves of two clock changes (Europe, Australia) and Christmas Eve."""


@cache
def _calendar(country: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def open_hours(row: Row, channel: str, at: datetime) -> bool:
    """Whether the wall clock at that instant lies in a window of the channel, on a day that is no holiday."""
    local = at.astimezone(_zone(row.zone))
    days, windows = HOURS[channel]
    if local.weekday() not in days or local.date() in _calendar(row.country):
        return False
    return any(opens <= local.hour < closes for opens, closes in windows)


def business_days_passed(row: Row, since: datetime, at: datetime, count: int) -> bool:
    """Whether `count` business days have begun after the local date of `since`, that of `at` included."""
    zone, calendar = _zone(row.zone), _calendar(row.country)
    day, last = since.astimezone(zone).date(), at.astimezone(zone).date()
    begun = 0
    while day < last and begun < count:
        day += timedelta(days=1)
        begun += day.weekday() not in (5, 6) and day not in calendar
    return begun >= count


def blocking(policy: rivals.Policy, row: Row, channel: str, at: datetime) -> tuple[str, ...]:
    """The names of the rules that forbid the channel at that instant."""
    sent = [touch for touch in row.touches if not touch[3]]
    names = []
    if any(touch[1] == channel and touch[2] == "bounced_hard" for touch in row.touches):
        names.append("bounced")
    if sent and sent[-1][1] == channel:
        names.append("no-repeat")
    if sum(at - touch[0] < 168 * HOUR for touch in sent) >= 3:
        names.append("weekly-cap")
    if not _spaced(policy, row, sent, at, 48 * HOUR, 2):
        names.append("spacing")
    if not _spaced(policy, row, [touch for touch in sent if touch[1] == channel], at, 96 * HOUR, 4):
        names.append("channel-spacing")
    if not open_hours(row, channel, at):
        names.append(f"{channel}-hours")
    return tuple(names)


def _spaced(
    policy: rivals.Policy, row: Row, sent: list[PastTouch], at: datetime, elapsed: timedelta, days: int
) -> bool:
    if policy.business_days:
        return all(business_days_passed(row, touch[0], at, days) for touch in sent[-1:])
    return all(at - touch[0] >= elapsed for touch in sent)


def stopping(policy: rivals.Policy, row: Row) -> tuple[str, ...]:
    """The names of the rules that stop everything."""
    names = []
    if any(touch[2] in {"replied", "opted_out"} for touch in row.touches):
        names.append("answered")
    if {touch[1] for touch in row.touches if touch[2] == "bounced_hard"} == set(CHANNELS):
        names.append("all-bounced")
    if policy.at_most is not None and sum(not touch[3] for touch in row.touches) >= policy.at_most:
        names.append("exhausted")
    return tuple(names)


def search(policy: rivals.Policy, row: Row, now: datetime) -> rivals.Answer:
    """The answer found by asking every rule at every candidate instant."""
    if stops := stopping(policy, row):
        return rivals.Answer("stop", None, None, None, stops)
    sent = [touch for touch in row.touches if not touch[3]]
    releases = {touch[0] + hours * HOUR for touch in sent for hours in (48, 96, 168)}
    pending = sorted((at for at in releases if at > now), reverse=True)
    start = CHANNELS.index(sent[-1][1]) + 1 if sent else 0
    order = [CHANNELS[(start + step) % 4] for step in range(4)]
    minute = at = now
    while at <= now + LOOK_AHEAD:
        for channel in order:
            if not blocking(policy, row, channel, at):
                kind = "contact" if at == now else "wait"
                return rivals.Answer(
                    kind, channel, at, _closes(policy, row, channel, at), blocking(policy, row, channel, now)
                )
        next_minute = minute.replace(second=0, microsecond=0) + MINUTE
        if pending and pending[-1] < next_minute:
            at = pending.pop()
        else:
            at = minute = next_minute
    return rivals.Answer("blocked", None, None, None, ("bounced", "no-repeat"))


def _closes(policy: rivals.Policy, row: Row, channel: str, at: datetime) -> datetime:
    at = at.replace(second=0, microsecond=0) + MINUTE
    while not blocking(policy, row, channel, at):
        at += MINUTE
    return at


def check(n: int, policies: tuple[str, ...] = tuple(rivals.POLICIES), seed: int = SEED) -> list[str]:
    """List where the rival and the search differ on `n` prospects; policies and instants take turns.

    The histories are drawn up to each instant, so that spacing and caps bind at every one of them.
    """
    differences = []
    samples = [rows(n, seed, now) for now in INSTANTS]
    for index in range(n):
        policy = rivals.POLICIES[policies[index % len(policies)]]
        which = index // len(policies) % len(INSTANTS)
        row, now = samples[which][index], INSTANTS[which]
        found = rivals.decide(policy, rivals.ready(row), now)
        expected = search(policy, row, now)
        if found != expected:
            differences.append(f"{row.id} {policy.name} {now.isoformat()}: {found} but {expected}")
    return differences


def main() -> None:
    """Check 200 prospects, or as many as the first argument says."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    differences = check(n)
    print(*differences, f"{n - len(differences)} of {n} answers agree", sep="\n")
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
