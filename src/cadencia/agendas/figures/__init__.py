"""The figures of a book, one question each. Where an input is not in the data, the figure says so by name and is no number."""

from .base import Collector, Inputs, Known
from .portfolio import Portfolio
from .referrals import Referred, Refusals
from .work import Answers, Dated, GivenUp, Silence, Speed

__all__ = [
    "Answers", "Collector", "Dated", "GivenUp", "Inputs", "Known", "Portfolio", "Referred", "Refusals", "Silence", "Speed",
]  # fmt: skip
