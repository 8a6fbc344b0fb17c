"""The engine: rules told apart, blocks united, and the answers derived from them.

`ruled` tells a policy's rules apart, `openings` unites their blocks, `choosing` and `closed` say what is taken and what is
over, `question` answers, and `engine` is what a policy asks.
"""

from __future__ import annotations

from .asking import candidate_of, length_of, not_allowed
from .engine import Engine
from .question import Question
from .ruled import ALWAYS, Ruled

__all__ = ["ALWAYS", "Engine", "Question", "Ruled", "candidate_of", "length_of", "not_allowed"]
