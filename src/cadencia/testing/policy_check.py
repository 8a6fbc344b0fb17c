"""`check_policy`: our own laws, run on a whole policy."""

from __future__ import annotations

import json
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from ..policy import Policy
from ._asking import LawBroken, shown_case
from .policy_laws import POLICY_LAWS
from .questions import Question, questions
from .words import CHANNELS

__all__ = ["check_policy"]

_EVERY_CHANNEL: Final = "every-channel"


def check_policy(policy: Policy, strategy: SearchStrategy[Question] | None = None, examples: int = 100) -> None:
    """Runs our laws on a policy, with random prospects and histories that cluster on the nasty places.

    Written and read again it is the same policy; the order of rules and touches, and repeating one, mean nothing; the same
    question has the same answer; laid over itself it is itself; none of its limits releases anything; preferences
    only order; whatever is closed has a reason, and the opening has none; the answer still holds at the answered instant;
    every case gets a date, a missing fact or an end, in words and as data. A rule that raises fails the check.

    Args:
        policy: the policy, layers and all; a layer that names no channels is asked about the common ones.
        strategy: the questions to ask it; `cadencia.testing.questions()` when not given. Only the case, the instant and the
            purpose of the candidate are used.
        examples: how many random questions.

    Raises:
        AssertionError: a law that does not hold, with the smallest example found.

    Example:
        >>> from cadencia import Policy
        >>> from cadencia.rules import MaxAttempts
        >>> from cadencia.testing import check_policy
        >>> check_policy(Policy(name="three", channels=["phone"], rules=[MaxAttempts(id="m", at_most=3)]), examples=5)
    """
    decides = policy
    if policy.engine.channels is None:
        decides = policy & Policy(name=_EVERY_CHANNEL, channels=CHANNELS)
    smallest: dict[str, Question] = {}

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
    @given(questions() if strategy is None else strategy)
    def run(question: Question) -> None:
        smallest["found"] = question
        for law in POLICY_LAWS:
            law(decides, question)

    try:
        run()
    except LawBroken as error:
        question = smallest["found"]
        told = f"  policy: {json.dumps(policy.to_dict(), ensure_ascii=False)}\n{shown_case(question.case)}"
        told += f"\n  as of: {question.as_of.isoformat()}, purpose {question.candidate.purpose}"
        raise AssertionError(
            f"policy `{policy.name}` breaks the {error}\nsmallest example:\n{told}"
        ) from error.__cause__
