"""Our own laws for one rule: each a function of a rule and a question, its sentence as docstring.

A law that does not hold raises an `AssertionError` that names it. `check_rule` runs all that fit a kind of rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from string import Formatter
from typing import Final

from .._time.clock import micros, moment
from .._time.spans import union
from .._view import View
from ..case import Case
from ..language import languages
from ..language import messages as house_messages
from ..prospect import Prospect
from ..rules.base import Limit, Rule, StopRule
from ..rules.block import Block
from ..rules.filters import Candidate
from ..touch import Touch
from ._asking import answer, asked, broken, difference, points, said, view_of
from .guards import ReadsTheWorld, sealed
from .questions import Question

__all__ = [
    "LIMIT_LAWS",
    "RULE_LAWS",
    "column_form",
    "idempotence",
    "locality",
    "order",
    "purity",
    "round_trip",
    "told",
    "well_formed",
]

_WORD: Final = re.compile(r"[a-z][a-z0-9_]*")

Law = Callable[[Rule, Question], None]


def round_trip(rule: Rule, question: Question) -> None:
    """Law 12: model to data to model is the identity, and data is written in one normal form."""

    def write(model: Rule, short: bool) -> str:
        return json.dumps(model.model_dump(mode="json", by_alias=True, exclude_defaults=short), sort_keys=True)

    def there_and_back(short: bool) -> None:
        text = write(rule, short)
        again = type(rule).model_validate(json.loads(text))
        if again != rule:
            broken("round trip", f"{rule!r} is written as `{text}`, which reads as {again!r}")
        if (second := write(again, short)) != text:
            broken("round trip", f"`{text}`, read and written again, is `{second}`")

    for short in (False, True):
        asked("round trip", partial(there_and_back, short))


def well_formed(rule: Rule, question: Question) -> None:
    """Every block begins before it ends, bears the rule's id, and says why in words; a stop rule's blocks stop."""
    assert isinstance(rule, Limit)
    case, candidate, span = question.case, question.candidate, question.span
    law = "well-formed blocks"
    known = {touch.id for touch in (*case.touches, *(case.account.touches if case.account else ()))}
    blocks: list[Block] = asked(law, lambda: list(rule.blocks(view_of(case), candidate, span)))
    for block in blocks:
        _well_formed(rule, block, known)
    for block in answer(law, rule, view_of(case), candidate, span):
        _well_formed(rule, block, known)


def _well_formed(rule: Limit, block: Block, known: set[str]) -> None:
    law = "well-formed blocks"
    if not isinstance(block, Block):
        broken(law, f'{block!r} is not a Block; write `self.block(start, end, "code")`')
    if type(block.start) is not int or type(block.end) is not int:
        broken(law, f"{block} has an edge that is not an int of microseconds")
    if block.start >= block.end:
        broken(law, f"{block} does not begin before it ends")
    if block.rule != rule.id:
        broken(law, f"{block} bears another id than the rule's, `{rule.id}`")
    if not _WORD.fullmatch(block.code):
        broken(law, f"code `{block.code}` is not one word in lower case, such as `monday_morning`")
    for need in block.needs:
        if not _WORD.fullmatch(need):
            broken(law, f"need `{need}` is not one word in lower case, such as `consent`")
    if not set(block.touches) <= known:
        broken(law, f"{block} names a touch that the case does not have")
    if isinstance(rule, StopRule) and not (block.stops and block.scope == rule.scope):
        broken(law, f'{block} of a stop rule does not stop; write `self.stop(start, end, "code")`')


def told(rule: Rule, question: Question) -> None:
    """Every code has a message, and in every language that the rule ships; every message finds its details."""
    assert isinstance(rule, Limit)
    law = "told in words"
    shipped = type(rule).messages
    if len({frozenset(table) for table in shipped.values()}) > 1:
        every = sorted({code for table in shipped.values() for code in table})
        broken(
            law,
            f"the languages of `messages` differ in their codes; write each of {', '.join(every)} in each language",
        )
    for block in answer(law, rule, view_of(question.case), question.candidate, question.span):
        if not any(block.code in table for table in (*shipped.values(), *map(_house, languages()))):
            wanting = ", ".join(sorted({*languages(), *shipped}))
            write = f'messages = {{"en": {{"{block.code}": "..."}}}}'
            broken(law, f"code `{block.code}` has no message in any language ({wanting}); write `{write}`")
        for language in sorted({*languages(), *shipped}):
            house = _house(language).get(block.code) if language in languages() else None
            template = house or shipped.get(language, {}).get(block.code)
            if template is None:
                if language in shipped:
                    broken(law, f"code `{block.code}` has no message in `{language}`; add one to `messages`")
                continue
            wanted = {name for _, name, _, _ in Formatter().parse(template) if name}
            if missing := ", ".join(sorted(wanted - dict(block.details).keys())):
                broken(
                    law,
                    f"the `{language}` message of `{block.code}` wants {missing}, which {block} lacks",
                )


def _house(language: str) -> Mapping[str, str]:
    """Our own messages of blocks."""
    found: Mapping[str, str] = house_messages(language)["blocks"]
    return found


def purity(rule: Rule, question: Question) -> None:
    """Law 6: same input, same output. No clock is read, no dice are thrown, and earlier questions do not matter."""
    assert isinstance(rule, Limit)
    law = "purity"
    case, candidate, span = question.case, question.candidate, question.span
    view = view_of(case)
    first = answer(law, rule, view, candidate, span)

    def again(seen: View, model: Limit = rule) -> list[Block]:
        with sealed(type(rule).__module__):
            return list(model.answer(seen, candidate, span))

    try:
        for other in (again(view), again(view_of(case)), again(view_of(case), rule.model_copy())):
            if other != first:
                broken(law, f"asked twice, it answers differently: {difference(first, other) or 'in another order'}")
    except ReadsTheWorld as world:
        broken(law, f"the rule reads `{world.what}`; whatever it needs to know must be in the case")


def order(rule: Rule, question: Question) -> None:
    """Law 2: the order in which touches are given means nothing."""
    assert isinstance(rule, Limit)
    first = answer("order", rule, view_of(question.case), question.candidate, question.span)
    for turn in (lambda touches: touches[::-1], lambda touches: touches[1:] + touches[:1]):
        other = answer("order", rule, view_of(_turned(question.case, turn)), question.candidate, question.span)
        if set(other) != set(first):
            broken("order", f"with the touches in another order it answers differently: {difference(first, other)}")


def locality(rule: Rule, question: Question) -> None:
    """Law 5: at every instant of a sub-span the same codes, needs and evidence as on the whole span."""
    assert isinstance(rule, Limit)
    law = "locality"
    view, candidate, span = view_of(question.case), question.candidate, question.span
    whole = answer(law, rule, view, candidate, span)
    edges = points(span, whole)
    parts = [(at, at + 1) for at in edges] + [(low, high) for low, high in pairwise([*edges, span[1]]) if low < high]
    middle = (span[0] + span[1]) // 2
    parts += [(low, high) for low, high in ((span[0], middle), (middle, span[1])) if low < high]
    for part in parts:
        blocks = answer(law, rule, view, candidate, part)
        for at in points(part, blocks):
            one, other = said(blocks, at), said(whole, at)
            if one != other:
                broken(
                    law,
                    f"at {at}, asked on {part} (the one) and on the whole span (the other): {difference(one, other)}",
                )


def idempotence(rule: Rule, question: Question) -> None:
    """Law 15: a touch repeated with the same id and content, or older than `memory`, changes nothing."""
    assert isinstance(rule, Limit)
    law = "idempotence"
    case, candidate, span = question.case, question.candidate, question.span
    first = answer(law, rule, view_of(case), candidate, span)
    twice = answer(law, rule, view_of(_turned(case, lambda touches: (*touches, *touches))), candidate, span)
    if set(twice) != set(first):
        broken(law, f"with every touch given twice it answers differently: {difference(first, twice)}")
    memory = rule.looks_back
    if memory is None:
        return
    for old in _older(span[0] - memory, candidate.channel):
        more = case.model_copy(update={"touches": (*case.touches, old)})
        other = answer(law, rule, view_of(more), candidate, span)
        for at in points(span, [*first, *other]):
            if said(first, at) != said(other, at):
                told = difference(said(first, at), said(other, at))
                broken(
                    law, f"a touch older than its `memory` ({memory} us), {old!r}, changes the answer at {at}: {told}"
                )


def column_form(rule: Rule, question: Question) -> None:
    """Law 13: a column form, where a rule has one, lets go of a channel exactly where its blocks do."""
    assert isinstance(rule, Limit)
    if not hasattr(rule, "columns"):
        return
    from .._lane.digest import digest_of
    from ..batch.past import has_columns, past_of, releases

    law = "columns"
    rule = rule.model_copy(
        update=dict.fromkeys(("in_force", "stages", "tags", "regions", "purposes", "steps")) | {"unless": ()}
    )
    if not has_columns(rule):
        broken(law, "`columns` is for limits that are no stop rules; leave it out")
    start, end = question.span
    plain = _plain(question.case, start)
    for case in (plain, _going_on(plain, start)):
        digest = digest_of(case)
        assert digest is not None
        past = past_of(digest, start)
        for channel in sorted({question.candidate.channel, *(touch.channel for touch in case.touches)}):
            if rule.channels is not None and not rule.channels.has(channel):
                continue
            release = int(asked(law, partial(releases, rule, past, channel))[0])
            blocks = answer(law, rule, view_of(case), Candidate(channel), (start, end))
            held = union((max(block.start, start), min(block.end, end)) for block in blocks)
            wanted = [(start, min(release, end))] if release > start else []
            if held != wanted:
                broken(law, f"on `{channel}` from {start} it says {release}, but the blocks forbid {held or 'nothing'}")


def _plain(case: Case, instant: int) -> Case:
    """What is plain of a case: one zone, and touches that are done and known to the instant."""
    zone = case.prospect.zones[0].zone if case.prospect.zones else "Europe/Madrid"
    touches = {
        touch.id: touch
        for touch in case.touches
        if isinstance(touch.at, datetime) and micros(touch.at) <= instant and not touch.booked and not touch.cancelled
        and touch.disposition != "cancelled"
    }  # fmt: skip
    return Case(
        prospect=Prospect(id="p", zones=zone, regions=case.prospect.regions),
        touches=tuple(touch.model_copy(update={"prospect": None}) for touch in touches.values()),
    )


def _going_on(case: Case, instant: int) -> Case:
    """The case with its last touch still going on at an instant, and a while after."""
    if not case.touches:
        return case
    *before, last = case.touches
    return Case(
        prospect=case.prospect,
        touches=(*before, last.model_copy(update={"end": moment(instant) + timedelta(minutes=20)})),
    )


#: The laws of limits and stop rules, in the order in which they are tried.
LIMIT_LAWS: Final[tuple[Law, ...]] = (round_trip, well_formed, told, purity, order, idempotence, locality, column_form)
#: The laws of every rule.
RULE_LAWS: Final[tuple[Law, ...]] = (round_trip,)


def _turned(case: Case, turn: Callable[[tuple[Touch, ...]], tuple[Touch, ...]]) -> Case:
    account = case.account and case.account.model_copy(update={"touches": turn(case.account.touches)})
    return case.model_copy(update={"touches": turn(case.touches), "account": account})


def _older(instant: int, channel: str) -> list[Touch]:
    """Touches that ended at an instant, of the sorts that count most."""
    from .._time.clock import moment

    at = moment(instant)
    sorts = (
        {"disposition": "no_answer"},
        {"disposition": "replied"},
        {"direction": "inbound", "disposition": "replied"},
    )
    return [Touch(id=f"old-{index}", at=at, channel=channel, **sort) for index, sort in enumerate(sorts)]
