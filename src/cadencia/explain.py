"""From an answer to its whole explanation: verdicts, chain, needs, deadlines and reports."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import TZPATH

from ._time.clock import FOREVER, micros, moment
from .decision import Blocked, Contact, Decision, Stop, Wait
from .engine.closed import lifting
from .engine.foresight import foreseen
from .errors import RuleFailure
from .inquiry import Option
from .record import BlockRecord, Due, OptionRecord, Record, Verdict
from .rules.block import Block, chain_of, principal
from .rules.choice import Choice
from .rules.filters import Candidate

if TYPE_CHECKING:
    from .engine import Question


def record_of(question: Question, decision: Decision) -> Record:
    """The whole of a decision on a question as plain data."""
    _, options, candidate = decision.inquiry()
    engine, policy, view = question.engine, question.engine.policy, question.view
    opened = isinstance(decision, (Contact, Wait))
    told = {option.candidate: _option(question, option) for option in options}
    blocked = isinstance(decision, Blocked)
    if candidate is None:
        candidate = next(iter(told), question.wanted)
        if blocked:
            candidate = min(told, key=lambda item: _distance(told[item]), default=candidate)
    ordered = _in_order(question, options, candidate, decision._at)
    records = tuple(told[option.candidate] for option in ordered)
    length = (
        question.start + 1 if isinstance(decision, Stop) else question.end if decision._at is None else decision._at + 1
    )
    blocks = question.blocks(candidate, question.start, min(length, question.end))
    chain = chain_of(blocks, question.start, length if decision._at is None else decision._at)
    now = [block for block in blocks if block.start <= question.start < block.end]
    openings = [option.opening for option in options if option.opening is not None]
    stop = principal(blocks, question.start) if isinstance(decision, Stop) else None
    needs, not_before = _hope(told.get(candidate)) if blocked else ((), None)
    earliest = min(openings) if openings else None
    waits_for = _waiting(question, decision, earliest)
    proposal = question.proposal(decision)
    return Record(
        answer=decision.answer,
        prospect=view.prospect.id,
        zone=view.zones[0].name if view.zones else None,
        as_of=moment(question.start),
        horizon=moment(question.end),
        policy=engine.name,
        version=policy.version,
        fingerprint=engine.fingerprint,
        layers={layer.name: layer.fingerprint for layer in policy.layers},
        made_with=made_with() | dict(item.rsplit(" ", 1) for item in policy.plug_ins),
        channel=candidate.channel if opened else None,
        contact_point=candidate.point if opened else None,
        purpose=candidate.purpose if proposal is None else proposal.purpose,
        step=candidate.step if proposal is None else proposal.step,
        at=_moment(decision._at) if opened else None,
        until=_moment(decision._until) if decision._until is not None and decision._until < FOREVER else None,
        earliest=_moment(earliest),
        waits_for=waits_for,
        reason=stop.rule if stop else None,
        code=stop.code if stop else None,
        scope=stop.scope if stop else None,
        needs=needs,
        not_before=not_before,
        binding=chain[-1].rule if chain else None,
        blocking=tuple(sorted({block.rule for block in now})),
        chain=tuple(BlockRecord(block) for block in chain),
        options=records,
        verdicts=tuple(_verdict(question, candidate, rule, table, now) for rule, table in question.limits)
        + tuple(Verdict(rule.id, rule.rule, "permits", (), (), rule.because) for rule, _ in engine.preferences),
        deadlines=_deadlines(question),
        reports=tuple(sorted({*_reports(question), *question.odd(decision)})),
        proposal=proposal,
    )


def _moment(instant: int | None) -> Any:
    return None if instant is None else moment(instant)


def _in_order(question: Question, options: tuple[Option, ...], chosen: Candidate, at: int | None) -> list[Option]:
    """The options: the chosen one, the others by opening, those that never open last."""
    return sorted(
        options,
        key=lambda item: (
            item.candidate != chosen or at is None,
            FOREVER if item.opening is None else item.opening,
            item.candidate.channel,
            item.candidate.point or "",
        ),
    )


def _option(question: Question, option: Option) -> OptionRecord:
    candidate = option.candidate
    now = question.blocks(candidate, question.start, question.start + 1)
    needs, not_before = ((), None) if option.opening is not None else lifting(question, candidate)
    return OptionRecord(
        candidate.channel,
        candidate.point,
        _moment(option.opening),
        _moment(option.until),
        tuple(sorted({block.rule for block in now if block.start <= question.start < block.end})),
        needs,
        _moment(not_before),
    )


def _distance(option: OptionRecord) -> tuple[Any, ...]:
    """How far a blocked option is from being open: those that time alone opens are the nearest, then those with the fewest needs."""
    if option.not_before is not None and not option.needs:
        return 0, option.not_before
    return (1, len(option.needs), option.needs) if option.needs else (2,)


def _hope(nearest: OptionRecord | None) -> tuple[tuple[str, ...], Any]:
    """What a blocked case needs, and the first instant at which time alone helps."""
    if nearest is None or (not nearest.needs and nearest.not_before is None):
        return ("policy",), None
    return nearest.needs, None if nearest.needs else nearest.not_before


def _waiting(question: Question, decision: Decision, earliest: int | None) -> str | None:
    """The preference that waits, if it is one and not a limit: the first without which contact would be earlier."""
    if earliest is None or decision._at is None or not isinstance(decision, Wait) or decision._at <= earliest:
        return None
    patient = [rule.id for rule, _ in question.engine.preferences if getattr(rule, "patience", None) is not None]
    for name in patient:
        other = decision.without(name)
        if other._at is not None and other._at < decision._at:
            return str(name)
    return patient[0] if patient else None


def _verdict(question: Question, candidate: Candidate, rule: Any, table: Any, now: list[Block]) -> Verdict:
    blocks = tuple(block for block in now if block.rule == rule.id)
    view = question.view.using(table)
    says: Literal["permits", "forbids", "does_not_apply"] = "forbids" if blocks else "permits"
    touches: tuple[str, ...] = ()
    try:
        if not rule.covers(view, candidate):
            says = "does_not_apply"
        touches = rule.counted(view, candidate, question.start)
    except Exception as error:
        question.failures.setdefault(rule.id, RuleFailure(rule.id, error))
    # what a block names counts too, though it be booked for later
    touches = tuple(dict.fromkeys((*touches, *(touch for block in blocks for touch in block.touches))))
    return Verdict(rule.id, rule.rule, says, touches, blocks, rule.because)


def _deadlines(question: Question) -> tuple[Due, ...]:
    found: list[Due] = []
    for rule, table in question.engine.deadlines:
        view = question.owing.using(table)
        try:
            if rule.in_force is not None and not any(
                start <= question.start < end for start, end in rule.in_force.spans(view.zones)
            ):
                continue
            owed = [item for item in rule.dues(view, question.start) if question.owes(item)]
        except Exception as error:
            failure = RuleFailure(rule.id, error)
            question.failures.setdefault(rule.id, failure)
            question.reports[("deadline_ignored", rule.id, failure.type)] = None
            continue
        for item in owed:
            responsible: tuple[str, ...] = ()
            state: Literal["met", "met_late", "due", "missed", "will_be_missed", "undated"]
            if item.met is not None and item.met <= question.start:
                state = "met" if item.due is None or item.met <= item.due else "met_late"
            elif item.due is None:
                state = "undated"
            elif item.due < question.start:
                state = "missed"
            else:
                possible, responsible = foreseen(question, rule, view, item)
                state = "due" if possible else "will_be_missed"
            owner, owner_kind = item.owner, item.owner_kind
            if state in ("missed", "will_be_missed"):
                named, blameless = question.excuse(item, state == "missed")
                responsible = named or responsible
                if blameless:  # limits always win, and then nobody is to blame
                    owner, owner_kind = None, None
            found.append(
                Due(
                    item.rule,
                    item.code,
                    item.anchor,
                    _moment(item.due),
                    state,
                    _moment(item.met),
                    owner,
                    owner_kind,
                    responsible,
                    dict(item.details),
                )
            )
    return tuple(found)


def _reports(question: Question) -> tuple[tuple[str, ...], ...]:
    """What was odd, each as a code with its details."""
    found = dict(question.reports)
    declared = question.engine.declared
    for touch in question.case.touches:
        if touch.disposition not in declared:
            found[("undeclared_disposition", touch.id, touch.disposition)] = None
    for seen in question.view.touches:
        if not seen.booked and seen.lo > question.start:
            found[("touch_in_the_future", seen.id)] = None
    for name in _unheard(question):
        found[("opt_out_in_touch", name)] = None
    for name in question.case.view().overdue(question.start):
        if name not in question.view.fulfilled:
            found[("overdue", name)] = None
    for item in question.case.prospect.pending:
        open_ = item.done_at is None or micros(item.done_at) > question.start
        if open_ and question.case.prospect.owner_of(item)[0] is None:
            found[("no_owner", item.id, item.kind)] = None
    for name, failure in question.failures.items():
        found.setdefault(("rule_error", name, failure.type), None)
    return tuple(sorted(found))


def _unheard(question: Question) -> list[str]:
    """The touches in which the person opted out where neither a rule reads such touches nor an opt-out is on record."""
    if any(_hears(rule) for rule, _ in question.limits) or question.case.prospect.opt_outs:
        return []
    return [seen.id for seen in question.view.touches if seen.disposition == "opted_out" and not seen.booked]


def _hears(rule: Any) -> bool:
    """Whether a limit closes or stops after a touch in which the person opted out."""
    if rule.rule in ("stop_on_opt_out", "cadence"):
        return True
    chosen = (getattr(rule, "dispositions", None), getattr(getattr(rule, "counts", None), "dispositions", None))
    return any(isinstance(choice, Choice) and not choice.excluded and choice.has("opted_out") for choice in chosen)


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    from ._version import __version__

    found = [("cadencia", __version__)]
    zones = next((file for path in TZPATH if (file := Path(path) / "tzdata.zi").is_file()), None)
    if zones is not None:
        with zones.open(encoding="ascii", errors="replace") as lines:
            found.append(("tzdata", lines.readline().removeprefix("# version ").strip()))
    else:
        found.append(("tzdata", _installed("tzdata")))
    found.append(("holidays", _installed("holidays")))
    return tuple(found)


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def made_with() -> dict[str, str]:
    """The versions of cadencia, of the zone rules and of the holiday calendars that are in use."""
    return dict(_versions())
