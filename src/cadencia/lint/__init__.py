"""What is probably not meant in a policy, and whether its own examples come out as they say.

One question per module: hours that never open, counts that never bind, delays, channels, and what is said twice.
A finding is sound under the policy itself: it speaks of what the policy would do, never of taste.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from . import channels, counts, delays, hours, twice
from ._told import LEVELS, Finding, Told
from .examples import run_examples

if TYPE_CHECKING:
    from ..policy import Policy

__all__ = ["Finding", "lint", "run_examples"]

_QUESTIONS: Final[tuple[Callable[[Told], Iterator[Finding]], ...]] = (
    channels.findings,
    hours.findings,
    counts.findings,
    delays.findings,
    twice.findings,
)


def lint(policy: Policy) -> list[Finding]:
    """What is probably not meant: errors first, then by rule, code and message. Needs no case and no clock.

    Example:
        >>> from cadencia import Policy
        >>> from cadencia.rules import MaxAttempts
        >>> rules = [MaxAttempts(id="a", at_most=3), MaxAttempts(id="b", at_most=5)]
        >>> policy = Policy(name="twice", channels=["phone"], rules=rules)
        >>> [finding.code for finding in lint(policy)]
        ['dominated']
    """
    told = Told(policy)
    found = {finding for question in _QUESTIONS for finding in question(told)}
    return sorted(found, key=lambda item: (LEVELS.index(item.level), item.rule, item.code, item.message))
