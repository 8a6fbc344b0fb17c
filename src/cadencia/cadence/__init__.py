"""Cadences: what we would like to do. Ordered steps, each with a purpose, channels and a delay; tracks by outcome.

A cadence proposes and a policy disposes: a `Playbook` holds both. The step a case is at is derived from its touches.
"""

from __future__ import annotations

from .models import After, Cadence, Carry, Condition, Ending, Entry, Made, Requirement, Step
from .outcomes import OUTCOMES, Outcome
from .planning import Plan, Planned, Position

__all__ = [
    "OUTCOMES",
    "After",
    "Cadence",
    "Carry",
    "Condition",
    "Ending",
    "Entry",
    "Made",
    "Outcome",
    "Plan",
    "Planned",
    "Position",
    "Requirement",
    "Step",
]
