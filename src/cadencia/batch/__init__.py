"""A whole book at once: the same answers as one by one, on columns.

`decide_many` takes frames of prospects and touches, and gives a frame of answers. Most rows take a numeric lane, the others
the engine itself. Needs the extra `frames`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra

if TYPE_CHECKING:
    from .answers import Answers
    from .decide import decide_many
    from .files import decide_files
    from .past import Past

__all__ = ["Answers", "Past", "decide_files", "decide_many"]

_HOME = {"Answers": "answers", "Past": "past", "decide_files": "files", "decide_many": "decide"}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import numpy  # noqa: F401
        import polars  # noqa: F401
    except ImportError:
        raise MissingExtra("deciding on frames", "frames") from None
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
