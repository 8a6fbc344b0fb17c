"""The base of every model: frozen, unknown keys refused with the nearest known one offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Model(BaseModel):
    """A frozen pydantic model that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, validate_default=False)


def _sequence(value: Any) -> Any:
    """A single item where a list is expected is a list of one."""
    return (value,) if isinstance(value, (str, Mapping, BaseModel)) else value


def _sorted_names(value: Any) -> Any:
    value = _sequence(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(dict.fromkeys(value))
    return value


OneOrMore = BeforeValidator(_sequence)
Names = Annotated[tuple[str, ...], BeforeValidator(_sorted_names)]
"""One name or a list of names, order kept, repeats dropped."""
