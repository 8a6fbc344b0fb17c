"""For whoever tests rules, policies and programs that use them: strategies for hypothesis, and our laws for your rules.

Needs the extra `testing`. Everything drawn is clustered on the places where things go wrong: clock changes, midnights,
window edges, equal instants, bookings, dates without a time.
"""

from __future__ import annotations

from . import _needs as _needs
from .check import check_rule
from .clocks import instants, spans, ticks, zones
from .histories import histories, touches
from .people import cases, prospects
from .policy_check import check_policy
from .questions import Question, candidates, questions
from .rulebook import deadlines, limits, policies, policy_data, preferences, rule_data, rules, stop_rules

__all__ = [
    "Question",
    "candidates",
    "cases",
    "check_policy",
    "check_rule",
    "deadlines",
    "histories",
    "instants",
    "limits",
    "policies",
    "policy_data",
    "preferences",
    "prospects",
    "questions",
    "rule_data",
    "rules",
    "spans",
    "stop_rules",
    "ticks",
    "touches",
    "zones",
]
