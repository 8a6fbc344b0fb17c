"""Our own laws for a whole policy: each a function of a policy and a question, its sentence as docstring."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from .._time.clock import micros
from .._view import View
from ..case import Case
from ..decision import Contact, Decided, Opened, Stop
from ..language import languages
from ..policy import Policy
from ..rules.base import Limit, Preference
from ._asking import asked, broken
from .laws import _turned
from .questions import Question

__all__ = ["POLICY_LAWS", "PolicyLaw", "openings"]

PolicyLaw = Callable[[Policy, Question], None]
Openings = dict[tuple[str, str | None], datetime | None]

_HORIZON: Final = timedelta(days=90)
_TICK: Final = timedelta(microseconds=1)


def round_trip(policy: Policy, question: Question) -> None:
    """Law 12: policy to data to policy is the identity, data has one normal form, and the fingerprint stays."""
    again = Policy.from_json(policy.to_json())
    if again != policy or again.to_dict() != policy.to_dict() or again.fingerprint != policy.fingerprint:
        broken("round trip", f"written and read again, it is {again.to_json(None)}")


def order(policy: Policy, question: Question) -> None:
    """Law 2: the order of rules and touches means nothing, and a rule given twice is given once."""
    first = _decided("order", policy, question)
    told = policy.to_dict()
    rules = told.get("rules", [])
    for what, entries in (("turned round", rules[::-1]), ("given twice", [*rules, *rules])):
        if _decided("order", Policy.from_dict({**told, "rules": entries}), question) != first:
            broken("order", f"with its rules {what} it decides differently")
    case = _turned(question.case, lambda touches: touches[::-1])
    if _decided("order", policy, question._replace(case=case)) != first:
        broken("order", "with the touches turned round it decides differently")


def idempotence(policy: Policy, question: Question) -> None:
    """Law 15: a touch given twice is given once."""
    twice = question._replace(case=_turned(question.case, lambda touches: (*touches, *touches)))
    if _decided("idempotence", policy, twice) != _decided("idempotence", policy, question):
        broken("idempotence", "with every touch given twice it decides differently")


def purity(policy: Policy, question: Question) -> None:
    """Law 6: same input, same output, whatever was asked before."""
    first = _decided("purity", policy, question)
    fresh, case = policy.model_copy(), Case.model_validate(question.case.model_dump())
    _decided("purity", fresh, question._replace(as_of=question.as_of + timedelta(days=3)))
    if _decided("purity", fresh, question._replace(case=case)) != first:
        broken("purity", "asked again, from the same data, it decides differently")


def layers(policy: Policy, question: Question) -> None:
    """Law 4: laid over itself a policy is itself; under a law that says nothing it stays as open as it was."""
    if (policy & policy).fingerprint != policy.fingerprint:
        broken("layers", "laid over itself it is another policy")
    nothing = Policy(name="says-nothing", channels=policy.engine.channels)
    alone, under = (openings(_decided("layers", one, question)) for one in (policy, policy & nothing))
    if alone != under:
        broken("layers", f"under a layer that says nothing, options open at {under}, else at {alone}")


def only_no(policy: Policy, question: Question) -> None:
    """Law 3: without any one of its limits, no option opens later."""
    whole = openings(_decided("only no", policy, question))
    for rule in policy.engine.rules:
        if isinstance(rule, Limit) and not rule.id.startswith("always/"):
            fewer = openings(_decided("only no", policy.without(rule.id), question))
            for option, opening in whole.items():
                freed = fewer[option]
                if opening is not None and (freed is None or freed > opening):
                    broken("only no", f"without `{rule.id}`, {option} opens at {freed}, with it at {opening}")


def honest_preferences(policy: Policy, question: Question) -> None:
    """Law 8: the set of options is the same with and without preferences."""
    named = [rule.id for rule in policy.engine.rules if isinstance(rule, Preference)]
    with_, without = (
        openings(_decided("honest preferences", one, question)) for one in (policy, policy.without(*named))
    )
    if with_ != without:
        broken("honest preferences", f"options open at {with_}, and without {', '.join(named)} at {without}")


def sound_reasons(policy: Policy, question: Question) -> None:
    """Laws 1 and 7: every instant before an option's opening is covered by some block of it; none covers the opening."""
    law, case, as_of = "sound reasons", question.case, question.as_of
    for (channel, point), opening in openings(_decided(law, policy, question)).items():
        end = as_of + _HORIZON if opening is None else opening

        def why(at: datetime, channel: str = channel, point: str | None = point) -> object:
            return asked(
                law,
                lambda: policy.why_not(
                    case, at, channel, contact_point=point, as_of=as_of, purpose=question.candidate.purpose
                ),
            )

        for at in sorted({as_of, as_of + (end - as_of) / 2, end - _TICK}):
            if as_of <= at < end and not why(at):
                broken(law, f"{channel} opens at {opening}, and nothing forbids it at {at}")
        if opening is not None and why(opening):
            broken(law, f"{channel} opens at {opening}, and is forbidden then")


def stable(policy: Policy, question: Question) -> None:
    """Law 16: asked again at the answered instant, no booking come due, the answer is `Contact` by that very option."""
    first = _decided("stable", policy, question)
    if not isinstance(first, Opened):
        return
    at = datetime.fromisoformat(first.at.isoformat())
    view = View.of(question.case)
    if view.overdue(micros(at)) != view.overdue(micros(question.as_of)):
        return
    again = _decided("stable", policy, question._replace(as_of=at))
    if not isinstance(again, Contact) or (again.channel, again.contact_point) != (first.channel, first.contact_point):
        broken("stable", f"it answers {first!r}; asked again then, {again!r}")


def dated(policy: Policy, question: Question) -> None:
    """Law 14: every case gets a date, a named missing fact, or a final stop, and says so in every language."""
    decision = _decided("dated", policy, question)
    record = decision.record
    if not (isinstance(decision, (Opened, Stop)) or record.needs or record.not_before):
        broken("dated", f"{decision!r} names neither a date nor what is missing")
    for language in languages():
        asked("dated", lambda language=language: decision.text(language))  # type: ignore[misc]
    if type(decision).from_dict(json.loads(decision.to_json())) != decision:
        broken("dated", f"{decision!r}, written and read again, is another decision")


#: The laws of a policy, in the order in which they are tried.
POLICY_LAWS: Final[tuple[PolicyLaw, ...]] = (
    round_trip, order, idempotence, purity, layers, only_no, honest_preferences, sound_reasons, stable, dated,
)  # fmt: skip


def openings(decision: Decided) -> Openings:
    """When each option opens."""
    return {(option.channel, option.contact_point): option.opening for option in decision.options}


def _decided(law: str, policy: Policy, question: Question) -> Decided:
    """The decision of the policy; a rule that raises breaks the law that a valid case never makes a rule raise."""

    def decide() -> Any:
        decision = policy.decide(
            question.case, as_of=question.as_of, purpose=question.candidate.purpose, horizon=_HORIZON
        )
        failures = decision.inquiry().question.failures
        for failure in failures.values():
            raise failure
        return decision

    found: Decided = asked(law, decide)
    return found
