"""The reasons of a fast answer, without the general path: the same verdicts and the same chain, from the digest.

Nothing here decides; it says what the rules of a lane said of one channel of a plain case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._time.clock import EVER, FOREVER
from ..record import BlockRecord, Reasons, Verdict
from ..rules.attempts import FrequencyCap, MaxAttempts
from ..rules.block import Block, chain_link
from ..rules.channels import NoRepeatedChannel
from ..rules.hours import CHUNK, OnTheClock
from ..rules.spacing import Spacing
from ..rules.stops import StopOn, StopOnOptOut
from .lane import fatal

if TYPE_CHECKING:
    from ..inquiry import Ask
    from .digest import Digest, Row
    from .lane import Lane

_HOURS: Final = 1
_STOP: Final = 2
_ATTEMPTS: Final = 3
_CAP: Final = 4
_SPACING: Final = 5
_RUNNING: Final = 6
_new: Final[Any] = tuple.__new__  # a named tuple made without a call into Python
_KINDS = (
    (OnTheClock, _HOURS),
    (StopOn, _STOP),
    (StopOnOptOut, _STOP),
    (MaxAttempts, _ATTEMPTS),
    (FrequencyCap, _CAP),
    (Spacing, _SPACING),
    (NoRepeatedChannel, _RUNNING),
)


class Item(NamedTuple):
    """One rule as a channel sees it: its verdict's place, names and because, how it is read, and what it is read with."""

    place: int
    name: str
    tag: str
    because: str | dict[str, str] | None
    kind: int
    per: bool
    """Whether it counts the channel's own touches only."""
    number: int
    """How many it allows."""
    what: Any
    """Of a stop its dispositions, its scope and whether it is that of opt-outs; the width of a cap, the gap of a spacing, else the rule."""
    details: tuple[tuple[str, Any], ...]
    said: dict[Any, tuple[Verdict, tuple[Block, ...]] | None]
    """What an hours rule has said, by place and instant."""


class Plan(NamedTuple):
    """The rules of a lane as a channel sees them."""

    silent: tuple[Verdict, ...]
    """What each says when it neither counted nor forbade anything."""
    items: tuple[Item, ...]
    """Those that may say more."""
    clocks: tuple[Item, ...]


def _plan(engine: Any, channel: str) -> Plan:
    silent: list[Verdict] = []
    items: list[Item] = []
    for rule, _ in engine.limits:
        covers = rule.channels is None or rule.channels.has(channel)
        kind = next((number for type_, number in _KINDS if isinstance(rule, type_)), None)
        if covers and kind is not None:
            details: tuple[tuple[str, Any], ...] = ()
            what = rule
            if kind == _CAP:
                details = ("at_most", rule.at_most), ("period", str(rule.within))
                what = rule.within.micros
            elif kind == _SPACING:
                details = (("gap", str(rule.at_least)),)
                what = engine.lane.spacings[rule.id]
            elif kind == _STOP:
                what = fatal(rule), rule.scope, isinstance(rule, StopOnOptOut)
            items.append(
                Item(
                    len(silent),
                    rule.id,
                    rule.rule,
                    rule.because,
                    kind,
                    bool(getattr(rule, "per", ())),
                    getattr(rule, "at_most", 0),
                    what,
                    details,
                    {},
                )
            )
        silent.append(Verdict(rule.id, rule.rule, "permits" if covers else "does_not_apply", (), (), rule.because))
    silent += [Verdict(rule.id, rule.rule, "permits", (), (), rule.because) for rule, _ in engine.preferences]
    return Plan(tuple(silent), tuple(items), tuple(item for item in items if item.kind == _HOURS))


def reasons_of(ask: Ask, channel: str | None, at: int | None, answer: str) -> Reasons | None:
    """Verdicts and chain for the channel answered; for the first channel where the case is stopped. None: ask the general path."""
    lane, now = ask[0].lane, ask[2]
    assert lane is not None  # it has answered
    if channel is None:
        channel, at = lane.first, now + 1
    found = _read(ask, lane, channel, answer)
    if found is None:
        return None
    digest, plan = found
    silent = plan.silent
    verdicts = list(silent)
    held: list[Block] = []
    tally = digest.tally(lane.planned)
    every, own = tally.rows_of(None), tally.rows_of(channel)
    for item in plan.items:
        place, name, tag, because, kind, per, number, what, details, _ = item
        if kind == _HOURS:
            shut = _shut(item, digest, now, silent[place])
            if shut is not None:
                verdicts[place] = shut[0]
                held += shut[1]
            continue
        rows, touches = own if per else every
        blocks: list[Block] = []
        if kind == _STOP:
            blocks = _stopped(item, digest, channel)
            if not blocks:
                continue
            touches = tuple([block[5][0] for block in blocks])
        elif kind == _CAP:
            first = len(rows)
            while first and rows[first - 1][0] > now - what:
                first -= 1
            for index in range(first, len(rows) - number + 1):  # a block for each run that fills the window
                start, over = rows[index + number - 1][0] - what + 1, rows[index][0] + what
                run = touches[index : index + number]
                blocks.append(_new(Block, (start, over, name, "frequency_cap", (), run, details, False, "case", False)))
            touches = touches[first:]
        elif kind == _SPACING:
            for row in reversed(rows):
                over = row[1] + what.elapsed if what.elapsed >= 0 else what.after(row[1], digest.place)
                if over <= now:
                    break
                blocks.append(
                    _new(Block, (row[0], over, name, "spacing", (), (row[5],), details, False, "case", False))
                )
        elif kind == _ATTEMPTS:
            blocks = _exhausted(item, touches)
        elif rows and rows[-1][2] == channel:
            blocks = _running(name, number, rows, channel)
        if blocks:
            held += blocks
            verdicts[place] = _new(Verdict, (name, tag, "forbids", touches, tuple(blocks), because))
        elif touches:
            verdicts[place] = _new(Verdict, (name, tag, "permits", touches, (), because))
    if not held:
        return Reasons(tuple(verdicts), ())
    assert at is not None
    return Reasons(tuple(verdicts), _chain(held, plan, digest, now, at))


def endings_of(ask: Ask) -> list[Block] | None:
    """The blocks that ended a stopped case; None: ask the general path.

    The hours end nothing, and are not asked: their calendars may have to be made first.
    """
    lane = ask[0].lane
    assert lane is not None  # it has answered
    found = _read(ask, lane, lane.first, "stop")
    if found is None:
        return None
    digest, plan = found
    tally = digest.tally(lane.planned)
    blocks: list[Block] = []
    for item in plan.items:
        if item.kind == _STOP:
            blocks += _stopped(item, digest, lane.first)
        elif item.kind == _ATTEMPTS:
            blocks += _exhausted(item, tally.rows_of(lane.first if item.per else None)[1])
    return blocks


def _read(ask: Ask, lane: Lane, channel: str, answer: str) -> tuple[Digest, Plan] | None:
    """The digest of a case and the plan of a channel; None where the lane cannot tell the reasons."""
    digest = ask[1].digest()
    if digest is None or not digest.plain or answer == "blocked":
        return None
    if answer == "stop" and digest.points is not None and channel not in digest.points:
        return None  # that there is no address is told too
    plan: Plan | None = lane.plans.get(channel)
    if plan is None:
        plan = lane.plans[channel] = _plan(ask[0], channel)
    return digest, plan


def _stopped(item: Item, digest: Digest, channel: str) -> list[Block]:
    """A block for each touch by which a stop has come."""
    names, scope, opted_out = item.what
    if digest.dispositions.isdisjoint(names):
        return []
    code = "opted_out" if opted_out else "stopped"
    blocks: list[Block] = []
    for row in digest.rows:
        if row[4] in names and (row[2] == channel or scope == "case"):
            details: tuple[tuple[str, str], ...] = (("disposition", row[4]),)
            if opted_out:
                details = ("channel", "" if scope == "case" else channel), ("purpose", "")
            blocks.append(_new(Block, (row[0], FOREVER, item.name, code, (), (row[5],), details, True, scope, False)))
    return blocks


def _exhausted(item: Item, touches: tuple[str, ...]) -> list[Block]:
    """A block where as many touches were made as are allowed."""
    if len(touches) < item.number:
        return []
    made = ("at_most", item.number), ("made", len(touches))
    return [_new(Block, (EVER, FOREVER, item.name, "exhausted", (), touches, made, False, "case", True))]


def _running(name: str, number: int, rows: list[Row], channel: str) -> list[Block]:
    """A block where the channel was used too often running."""
    run: list[str] = []
    for row in reversed(rows):
        if row[2] != channel or len(run) > number:
            break
        run.append(row[5])
    if len(run) < number:
        return []
    details = ("channel", channel), ("running", len(run))
    ids = tuple(run[::-1])
    return [
        _new(
            Block,
            (rows[-1][0], FOREVER, name, "repeated_channel", ("other_channel",), ids, details, False, "case", False),
        )
    ]


def _shut(item: Item, digest: Digest, now: int, silent: Verdict) -> tuple[Verdict, tuple[Block, ...]] | None:
    """The verdict and blocks of an hours rule that is shut at an instant; kept, as every case of the place has the same."""
    key = digest.place, now
    try:
        return item.said[key]
    except KeyError:
        pass
    rule = item.what
    kept = rule.kept_at(*digest.place, now // CHUNK)
    blocks = dict.fromkeys(block for block in kept if block.start <= now < block.end)
    if len(item.said) > 20_000:  # pragma: no cover - a bound on memory, far above what a test should reach
        item.said.clear()
    shut = tuple(blocks)
    verdict = silent._replace(says="forbids", held=shut)
    item.said[key] = (verdict, shut) if shut else None
    return item.said[key]


def _chain(held: list[Block], plan: Plan, digest: Digest, now: int, at: int) -> tuple[BlockRecord, ...]:
    """From now, the block that ends last, then the one at its end, until the instant answered."""
    chain: list[BlockRecord] = []
    covering = held
    while now < at and covering:
        link = chain_link(covering)
        chain.append(BlockRecord(link))
        now = link[1]
        if now < at:
            covering = [block for block in held if block[1] > now]
            for item in plan.clocks:
                shut = _shut(item, digest, now, plan.silent[item.place])
                if shut is not None:
                    covering += shut[1]
    return tuple(chain)
