"""The reasons of a fast answer, without the general path: the same verdicts and the same chain, from the digest.

Nothing here decides; it says what the rules of a lane said of one channel of a plain case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ._clock import EVER, FOREVER, zone_of
from ._lane import BLOCKED
from .decision import Ask, BlockRecord, Reasons, Verdict
from .explain import chain_link
from .rules.attempts import FrequencyCap, MaxAttempts
from .rules.base import Block
from .rules.channels import NoRepeatedChannel
from .rules.hours import CHUNK, OnTheClock
from .rules.spacing import Spacing
from .rules.stops import StopOn

if TYPE_CHECKING:
    from ._digest import Digest
    from ._lane import Lane

_HOURS: Final = 1
_STOP: Final = 2
_ATTEMPTS: Final = 3
_CAP: Final = 4
_SPACING: Final = 5
_RUNNING: Final = 6
_new: Final = tuple.__new__  # a named tuple made without a call into Python
_KINDS = (
    (OnTheClock, _HOURS),
    (StopOn, _STOP),
    (MaxAttempts, _ATTEMPTS),
    (FrequencyCap, _CAP),
    (Spacing, _SPACING),
    (NoRepeatedChannel, _RUNNING),
)


class Item(NamedTuple):
    """One rule as a channel sees it: its place among the verdicts, how it is read, and what hours rules have said."""

    place: int
    kind: int
    rule: Any
    said: dict[Any, tuple[Verdict, tuple[Block, ...]] | None]


class Plan(NamedTuple):
    """The rules of a lane as a channel sees them."""

    silent: tuple[Verdict, ...]
    """What each says when it neither counted nor forbade anything."""
    items: tuple[Item, ...]
    """Those that may say more."""


def _plan(engine: Any, channel: str) -> Plan:
    silent: list[Verdict] = []
    items: list[Item] = []
    for rule, _ in engine.limits:
        covers = rule.channels is None or rule.channels.has(channel)
        kind = next((number for type_, number in _KINDS if isinstance(rule, type_)), None)
        if covers and kind is not None:
            items.append(Item(len(silent), kind, rule, {}))
        silent.append(Verdict(rule.id, rule.rule, "permits" if covers else "does_not_apply", (), (), rule.because))
    silent += [Verdict(rule.id, rule.rule, "permits", (), (), rule.because) for rule, _ in engine.preferences]
    return Plan(tuple(silent), tuple(items))


def reasons_of(ask: Ask, channel: str | None, at: int | None) -> Reasons | None:
    """Verdicts and chain for the channel answered; for the first channel where the case is stopped. None: ask the general path."""
    engine, case, now, end, _, _ = ask
    lane, digest = engine.lane, case.digest()
    if lane is None or digest is None or digest.planned.ties or digest.long:
        return None
    if channel is None:
        if lane.answer(digest, now, end) == BLOCKED:
            return None
        channel, at = next(iter(lane.roads)), now + 1
    plan: Plan | None = lane.plans.get(channel)
    if plan is None:
        plan = lane.plans[channel] = _plan(engine, channel)
    verdicts = list(plan.silent)
    held: list[Block] = []
    for item in plan.items:
        place, kind, rule, _ = item
        if kind == _HOURS:
            shut = _shut(item, digest, now, verdicts[place])
            if shut is not None:
                verdicts[place] = shut[0]
                held += shut[1]
            continue
        touches, blocks = _said(kind, rule, lane, digest, channel, now)
        if blocks:
            held += blocks
            name, tag, _, _, _, because = verdicts[place]
            verdicts[place] = _new(
                Verdict, (name, tag, "forbids", touches, tuple([BlockRecord(block) for block in blocks]), because)
            )
        elif touches:
            name, tag, says, _, _, because = verdicts[place]
            verdicts[place] = _new(Verdict, (name, tag, says, touches, (), because))
    if not held:
        return Reasons(tuple(verdicts), ())
    assert at is not None
    clocks = [item for item in plan.items if item.kind == _HOURS]
    return Reasons(tuple(verdicts), _chain(held, clocks, plan.silent, digest, now, at))


def _said(
    kind: int, rule: Any, lane: Lane, digest: Digest, channel: str, now: int
) -> tuple[tuple[str, ...], list[Block]]:
    """The touches that count for a rule, and its blocks that cover now."""
    if kind == _STOP:
        names = rule.dispositions.names
        if digest.dispositions.isdisjoint(names):
            return (), []
        whole = rule.scope == "case"
        hits = [row for row in digest.rows if row[4] in names and (whole or row[2] == channel)]
        return tuple([row[5] for row in hits]), [
            Block(
                row[0], FOREVER, rule.id, "stopped", (), (row[5],), (("disposition", row[4]),), True, rule.scope, False
            )
            for row in hits
        ]
    tally = digest.planned if rule.count == "planned" else digest.attempted
    touches, ids = tally.touches, tally.ids
    if rule.per:
        touches = [item for item in touches if item[2] == channel]
        ids = tuple([item[5] for item in touches])
    if kind == _ATTEMPTS:
        if len(ids) < rule.at_most:
            return ids, []
        details = (("at_most", rule.at_most), ("made", len(ids)))
        return ids, [Block(EVER, FOREVER, rule.id, "exhausted", (), ids, details, False, "case", True)]
    if kind == _SPACING:
        gap = lane.spacings[rule.id]
        late: list[Block] = []
        for start, end, _, _, _, name in reversed(touches):
            over = end + gap.elapsed if gap.elapsed >= 0 else gap.after(end, digest.zone, digest.place)
            if over <= now:
                break
            late.append(Block(start, over, gap.id, "spacing", (), (name,), gap.details))
        return ids, late
    if kind == _CAP:
        width, count = rule.within.micros, rule.at_most
        first = len(touches)
        while first and touches[first - 1][0] > now - width:
            first -= 1
        full: list[Block] = []
        for index in range(first, len(touches) - count + 1):
            start, over = touches[index + count - 1][0] - width + 1, touches[index][0] + width
            details = (("at_most", count), ("period", rule.within.text))
            full.append(Block(start, over, rule.id, "frequency_cap", (), ids[index : index + count], details))
        return ids[first:], full
    running: list[str] = []
    for _, _, by, _, _, name in reversed(touches):
        if by != channel or len(running) > rule.at_most:
            break
        running.append(name)
    if len(running) < rule.at_most:
        return ids, []
    details = (("channel", channel), ("running", len(running)))
    return ids, [
        Block(touches[-1][0], FOREVER, rule.id, "repeated_channel", ("other_channel",), tuple(running[::-1]), details)
    ]


def _shut(item: Item, digest: Digest, now: int, silent: Verdict) -> tuple[Verdict, tuple[Block, ...]] | None:
    """The verdict and blocks of an hours rule that is shut at an instant; kept, as every case of the place has the same."""
    key = digest.place, now
    try:
        return item.said[key]
    except KeyError:
        pass
    rule = item.rule
    names = {name for entry in rule.holidays or () for name in (digest.place[1] if entry == "prospect" else (entry,))}
    blocks: dict[Block, None] = {}
    for name in rule.clock:
        zone = digest.zone if name == "prospect" else zone_of(name)
        for block in rule.kept(zone, tuple(sorted(names)), now // CHUNK):
            if block.start <= now < block.end:
                blocks[block] = None
    if len(item.said) > 20_000:
        item.said.clear()
    shut = tuple(blocks)
    verdict = silent._replace(says="forbids", blocks=tuple(map(BlockRecord, shut)))
    item.said[key] = (verdict, shut) if shut else None
    return item.said[key]


def _chain(
    held: list[Block], clocks: list[Item], silent: tuple[Verdict, ...], digest: Digest, now: int, at: int
) -> tuple[BlockRecord, ...]:
    """From now, the block that ends last, then the one at its end, until the instant answered."""
    chain: list[BlockRecord] = []
    covering = held
    while now < at and covering:
        link = chain_link(covering)
        chain.append(BlockRecord(link))
        now = link.end
        if now < at:
            covering = [block for block in held if block.end > now]
            for item in clocks:
                shut = _shut(item, digest, now, silent[item.place])
                if shut is not None:
                    covering += shut[1]
    return tuple(chain)
