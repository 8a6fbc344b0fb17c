"""How the laws ask a rule, and how they say that one is broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, NoReturn, TypeVar

from .._time.clock import iso
from .._time.spans import Span
from .._view import View
from ..case import Case
from ..errors import raised
from ..rules.base import Limit, Rule
from ..rules.block import Block
from ..rules.filters import Candidate

T = TypeVar("T")
_MOST_POINTS = 14


class LawBroken(AssertionError):
    """A law that does not hold: which, and how."""

    def __init__(self, law: str, how: str) -> None:
        self.law, self.how = law, how
        super().__init__(f"law `{law}`: {how}")


def broken(law: str, how: str) -> NoReturn:
    """This law does not hold, and how."""
    raise LawBroken(law, how) from None


def asked(law: str, ask: Callable[[], T]) -> T:
    """What the rule answers; whatever it raises breaks the law that a valid case never makes a rule raise."""
    try:
        return ask()
    except LawBroken:
        raise
    except Exception as error:
        raise LawBroken("raises nothing", f"{raised(error)} (while checking `{law}`)") from error


def answer(law: str, rule: Limit, view: View, candidate: Candidate, span: Span) -> list[Block]:
    """The blocks of a limit on a span."""
    return asked(law, lambda: list(rule.answer(view, candidate, span)))


class Said(NamedTuple):
    """What a rule says of one instant in one block: everything but from where to where."""

    code: str
    needs: tuple[str, ...]
    touches: tuple[str, ...]
    details: str
    stops: bool
    scope: str
    final: bool


def said(blocks: Iterable[Block], instant: int) -> frozenset[Said]:
    """What some blocks say of an instant."""
    return frozenset(
        Said(block.code, block.needs, tuple(block.touches), repr(block.details), block.stops, block.scope, block.final)
        for block in blocks
        if block.start <= instant < block.end
    )


def difference(one: Iterable[Any], other: Iterable[Any]) -> str:
    """What only one of two answers says, on one line."""
    only, missing = sorted(map(repr, set(one) - set(other))), sorted(map(repr, set(other) - set(one)))
    return "; ".join(
        text
        for text in (
            only and f"only the one says {', '.join(only[:3])}",
            missing and f"only the other says {', '.join(missing[:3])}",
        )
        if text
    )


def points(span: Span, blocks: Iterable[Block]) -> list[int]:
    """Instants of a span at which answers may change: its ends, its middle, and both sides of every edge of a block."""
    low, high = span
    found = {low, (low + high) // 2, high - 1}
    for block in blocks:
        for edge in (block.start, block.end):
            found.update(at for at in (edge - 1, edge) if low <= at < high)
    ordered = sorted(found)
    step = -(-len(ordered) // _MOST_POINTS)
    return sorted({*ordered[::step], ordered[-1]})


def view_of(case: Case) -> View:
    """A view of a case that nobody has looked at yet."""
    return View.of(case)


def shown(rule: Rule, case: Case, candidate: Candidate, span: Span) -> str:
    """A rule and a question on a few lines, as data."""
    told = f"  span: {span} ({iso(span[0])} to {iso(span[1])})"
    return f"  rule: {_data(rule)}\n{shown_case(case)}\n  candidate: {candidate}\n{told}"


def shown_case(case: Case) -> str:
    """A case on a line, as data."""
    return f"  case: {_data(case)}"


def _data(model: Any) -> str:
    try:
        data = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    except Exception:  # a rule that cannot be written is shown as Python shows it
        return repr(model)
    return json.dumps(data, ensure_ascii=False)
