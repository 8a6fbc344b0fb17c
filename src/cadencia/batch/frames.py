"""Frames in and out: anything that speaks the Arrow C stream interface, and back to the caller's kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from ..errors import InputError, given

__all__ = ["SAY_ZONE", "Kind", "kind_of", "read_frame", "write_frame"]

Kind = str

#: How a column of times without an offset is told its zone.
SAY_ZONE: Final = 'pandas `.dt.tz_localize("Europe/Madrid")` or polars `.dt.replace_time_zone("Europe/Madrid")`'

#: The libraries whose frames are given back as they came; any other stream comes back as a polars frame.
_KNOWN: Final = {"polars": "polars", "pandas": "pandas", "pyarrow": "pyarrow", "duckdb": "duckdb", "_duckdb": "duckdb"}


def kind_of(source: Any) -> Kind:
    """Which library a frame is of."""
    return _KNOWN.get(type(source).__module__.partition(".")[0], "polars")


def read_frame(source: Any, what: str) -> pl.DataFrame:
    """The frame as a polars one, without copying where that is possible.

    Raises:
        InputError: it is no frame.
    """
    if isinstance(source, pl.LazyFrame):
        return source.collect()
    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, (str, bytes)) or not (
        hasattr(source, "__arrow_c_stream__") or isinstance(source, (Mapping, list, tuple))
    ):
        raise InputError(
            f"{what}: {given(type(source).__name__)} is not a frame; give one of polars, pandas, pyarrow or duckdb"
        )
    try:
        if isinstance(source, (list, tuple)):
            frame = pl.DataFrame(list(source), infer_schema_length=None)
        else:
            frame = pl.DataFrame(source)
    except ImportError:
        raise InputError(
            f"{what}: a frame of pandas is handed over by `pyarrow`, which is not installed; write `pip install pyarrow`"
        ) from None
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise InputError(f"{what}: the frame cannot be read ({error})") from None
    # pandas hands over an index that has been filtered or sorted as a column of its own
    return frame.drop([name for name in frame.columns if name.startswith("__index_level_")])


def write_frame(frame: pl.DataFrame, kind: Kind) -> Any:
    """A frame in the caller's kind."""
    if kind == "polars":
        return frame
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    if kind == "pandas":
        return table.to_pandas()
    if kind == "duckdb":
        import duckdb

        return duckdb.from_arrow(table)
    return table
