"""While a rule answers, no clock and no dice: whatever reads one raises."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from types import ModuleType
from typing import Any, Final, NoReturn

__all__ = ["ReadsTheWorld", "sealed"]


class ReadsTheWorld(Exception):
    """A rule read a clock or threw dice; `what` names the function."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


def _forbidden(what: str) -> Callable[..., NoReturn]:
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise ReadsTheWorld(what)

    return refuse


class _Timeless(type):
    """A stand-in for `datetime` or `date` that is the same for every purpose but `now`, `today` and `utcnow`."""

    real: type

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.real)

    def __subclasscheck__(cls, kind: type) -> bool:
        return kind is cls or issubclass(kind, cls.real)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.real(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if name in ("now", "today", "utcnow"):
            raise ReadsTheWorld(f"{cls.real.__name__}.{name}")
        return getattr(cls.real, name)


def _timeless(real: type) -> type:
    return _Timeless(real.__name__, (), {"real": real})


_CLOCKS: Final = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_DICE: Final = (
    "random",
    "randint",
    "randrange",
    "choice",
    "choices",
    "shuffle",
    "sample",
    "uniform",
    "gauss",
    "getrandbits",
)
_FUNCTIONS: Final[dict[Any, str]] = {
    **{getattr(time, name): f"time.{name}" for name in _CLOCKS},
    **{getattr(random, name): f"random.{name}" for name in _DICE},
}
_CLASSES: Final[dict[Any, type]] = {datetime: _timeless(datetime), date: _timeless(date)}


class _Calendar(ModuleType):
    """The module `datetime` with stand-ins for its two classes that know the time."""

    def __getattr__(self, name: str) -> Any:
        import datetime as real

        value = getattr(real, name)
        return _CLASSES.get(value, value) if isinstance(value, type) else value


_CALENDAR: Final = _Calendar("datetime")


def _stand_in(value: Any) -> Any:
    if isinstance(value, ModuleType):
        return _CALENDAR if value.__name__ == "datetime" else None
    if isinstance(value, type):
        return _CLASSES.get(value)
    if callable(value) and getattr(value, "__module__", None) in ("time", "random", None):
        try:
            name = _FUNCTIONS.get(value)
        except TypeError:
            return None
        return _forbidden(name) if name else None
    return None


@contextmanager
def sealed(module: str) -> Iterator[None]:
    """Inside, the functions of `time` and `random` raise, and `now` and `today` under any name the module has for them.

    Args:
        module: the name of the module in which the rule is written.

    Raises:
        ReadsTheWorld: where the code inside reads a clock or throws dice.

    Example:
        >>> import random
        >>> from cadencia.testing.guards import sealed
        >>> with sealed("random"):
        ...     random.random()
        Traceback (most recent call last):
        cadencia.testing.guards.ReadsTheWorld: random.random
    """
    changed: list[tuple[Any, str, Any]] = []
    homes: list[tuple[Any, tuple[str, ...]]] = [(time, _CLOCKS), (random, _DICE)]
    places = [(home, name, getattr(home, name)) for home, names in homes for name in names]
    if (home := sys.modules.get(module)) is not None:
        places += [(home, name, value) for name, value in vars(home).items() if name not in _DICE or home is not random]
    try:
        for home, name, value in places:
            stand_in = _stand_in(value)
            if stand_in is not None:
                changed.append((home, name, value))
        for home, name, value in changed:
            setattr(home, name, _stand_in(value))
        yield
    finally:
        for home, name, value in reversed(changed):
            setattr(home, name, value)
