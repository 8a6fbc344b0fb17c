"""The dispositions that a mapping makes: each must be known, or every row that it makes closes its prospect."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from ..errors import InputError
from .mapping import Mapping
from .shape import check_disposition
from .source import Source

__all__ = ["check_dispositions"]


def check_dispositions(mapping: Mapping, known: Collection[str], where: str = "mapping") -> None:
    """Every disposition that the mapping itself writes is one of the known.

    Raises:
        InputError: one line for each that is not; the nearest is offered.
    """
    mistakes = []
    for path, value in _made(mapping):
        if isinstance(value, str) and value.strip():
            try:
                check_disposition(value.strip(), known, f"{where}, {path}")
            except InputError as error:
                mistakes.append(str(error))
    if mistakes:
        raise InputError(*dict.fromkeys(mistakes))


def _made(mapping: Mapping) -> Iterator[tuple[str, Any]]:
    """Where the mapping writes a disposition, and which."""
    for number, section in enumerate(mapping.touches):
        parts = [(f"touches[{number}].fields", section.fields)]
        parts += [(f"touches[{number}].makes[{index}]", part.fields) for index, part in enumerate(section.makes)]
        for path, fields in parts:
            source = fields.get("disposition")
            if isinstance(source, Source):
                here = f"{path}.disposition"
                yield from ((f"{here}.{name}", getattr(source, name)) for name in ("value", "otherwise", "default"))
                yield from ((f"{here}.values", value) for value in (source.values or {}).values())
