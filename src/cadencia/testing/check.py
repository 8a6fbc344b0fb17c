"""`check_rule`: our own laws, run on anybody's rule."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import DrawFn, SearchStrategy
from pydantic import ValidationError

from ..errors import InputError, PolicyError
from ..rules.base import Deadline, Limit, Preference, Rule, unwritten
from ..rules.registry import BUILT_IN, kind_of
from ._asking import LawBroken, shown
from .clocks import instants, zones
from .fields import rules_of
from .laws import LIMIT_LAWS, RULE_LAWS, Law
from .order_laws import DEADLINE_LAWS, PREFERENCE_LAWS
from .questions import Question, questions

__all__ = ["check_rule", "laws_of"]

#: The one method that each kind of rule needs.
_METHODS: Final[tuple[tuple[type[Rule], str], ...]] = ((Limit, "blocks"), (Preference, "key"), (Deadline, "dues"))


def check_rule(rule: type[Rule], strategy: SearchStrategy[Any] | None = None, examples: int = 200) -> None:
    """Runs every law that fits the kind of a rule on random cases, clustered on the nasty places.

    For limits and stop rules: the rule is written and read back unchanged; blocks are well formed and have messages;
    the same question gets the same answer, whatever the order of touches, however often one is repeated, and with
    clocks and dice out of reach; a part of a span is answered as the whole; nothing raises. For preferences: keys
    compare and depend on the case alone. For deadlines: dues are well formed and what is met stays met.

    Args:
        rule: the class, such as `NoMondayMornings`.
        strategy: instances of it; made from its fields when not given.
        examples: how many random questions.

    Raises:
        AssertionError: a law that does not hold, with the smallest example found.

    Example:
        >>> from cadencia.rules import Spacing
        >>> from cadencia.testing import check_rule
        >>> check_rule(Spacing, examples=5)
    """
    laws = laws_of(rule)
    _check_class(rule)
    smallest: dict[str, tuple[Rule, Question]] = {}

    @settings(
        settings.default,
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(_drawn(rule, strategy))
    def run(drawn: tuple[Rule, Question]) -> None:
        smallest["found"] = drawn
        for law in laws:
            law(*drawn)

    try:
        run()
    except Unsatisfiable:
        raise AssertionError(
            f"`{rule.__name__}`: no valid instance was drawn from its fields; give a strategy, for example "
            f'`check_rule({rule.__name__}, st.builds({rule.__name__}, id=st.just("r1"), ...))`'
        ) from None
    except LawBroken as error:
        found, question = smallest["found"]
        told = shown(found, question.case, question.candidate, question.span)
        raise AssertionError(f"`{kind_of(rule)}` breaks the {error}\nsmallest example:\n{told}") from error.__cause__


def laws_of(rule: type[Rule]) -> tuple[Law, ...]:
    """The laws that fit a kind of rule.

    Example:
        >>> from cadencia.rules import Soonest
        >>> from cadencia.testing.check import laws_of
        >>> [law.__name__ for law in laws_of(Soonest)]
        ['round_trip', 'sortable', 'same_key']
    """
    if issubclass(rule, Limit):
        return LIMIT_LAWS
    if issubclass(rule, Preference):
        return PREFERENCE_LAWS
    return DEADLINE_LAWS if issubclass(rule, Deadline) else RULE_LAWS


def _check_class(rule: type[Rule]) -> None:
    """What can be said of a rule before anything is drawn: its name, that it is frozen, that it explains itself."""
    try:
        kind = kind_of(rule)
    except (KeyError, PolicyError) as error:
        raise AssertionError(f"`{rule.__name__}`: {error}") from None
    if kind not in BUILT_IN and "." not in kind:
        raise AssertionError(f"`{rule.__name__}`: kind `{kind}` is not dotted; write for example `acme.{kind}`")
    if not rule.model_config.get("frozen") or rule.model_config.get("extra") != "forbid":
        raise AssertionError(f"`{kind}` must be frozen and forbid unknown keys; leave both as `Rule` sets them")
    if not (rule.__doc__ or "").strip():
        raise AssertionError(f"`{kind}` has no docstring; the reference shows its first line")
    for base, method in _METHODS:
        written = [name for name in (method, "answer") if getattr(rule, name, None) is not getattr(base, name, None)]
        if issubclass(rule, base) and not written:
            raise AssertionError(unwritten(rule, method))


@st.composite
def _drawn(draw: DrawFn, rule: type[Rule], strategy: SearchStrategy[Any] | None) -> tuple[Rule, Question]:
    zone = draw(zones())
    as_of = draw(instants(zone))
    if strategy is not None:
        found = draw(strategy)
        assert isinstance(found, rule), f"the strategy drew {found!r}, which is no `{rule.__name__}`"
    else:
        data = draw(rules_of(rule, as_of, zone))
        try:
            found = rule.model_validate(data)
        except (ValidationError, InputError):
            reject()
    return found, draw(questions(as_of, zone=zone))
