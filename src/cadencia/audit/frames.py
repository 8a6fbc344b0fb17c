"""The audit of frames: polars, and whatever else speaks Arrow (pandas, pyarrow, DuckDB). Needs the extra `frames`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import MissingExtra
from ..policy import Policy
from ..reading import Book, Row
from ..reading.cells import Context
from ..reading.plain import check_columns, prospect_columns, prospects_as_named, touch_columns, touches_as_named
from ..reading.shape import ProspectShape, TouchShape
from .auditor import Auditor
from .findings import Audit

if TYPE_CHECKING:
    import polars

__all__ = ["audit_frame", "findings_table"]

_NOTHING = Context(None, ())


class Arrow(Protocol):
    """A frame that gives itself as an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """See the Arrow PyCapsule interface."""
        ...


def audit_frame(
    policy: Policy,
    prospects: Arrow,
    touches: Arrow,
    *,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    channels: Iterable[str] | None = None,
    purpose: str | None = None,
    whole: bool = False,
    horizon: timedelta | str = "90 days",
) -> Audit:
    """`audit` on two frames.

    The columns have our own names, as in a CSV without a mapping: `id`, `zone` or `zones` (a text with `;`, or a list), `region`,
    `phone`, `stage` and so on for prospects; `prospect`, `at`, `channel` and so on for touches. A timestamp must have a zone or
    be text with an offset; null means that nothing is known. A row that cannot be read closes its prospect and is counted.

    Raises:
        InputError: a column is not one of ours, or something is no frame.
        MissingExtra: polars is not installed.
    """
    auditor = Auditor(
        policy, since=since, until=until, channels=channels, purpose=purpose, whole=whole, horizon=horizon
    )
    book = Book()
    names, rows = _read(prospects, "prospects", prospect_columns)
    book.add_prospects(rows, ProspectShape(prospects_as_named(names), _NOTHING, as_named=True))
    names, rows = _read(touches, "touches", touch_columns)
    book.add_touches(rows, TouchShape(touches_as_named(names), _NOTHING))
    findings = tuple(finding for case in book.cases() for finding in auditor.case(case))
    auditor.rows(book)
    return Audit(findings, auditor.summary())


def findings_table(audit: Audit) -> polars.DataFrame:
    """The findings as a frame: one row for each rule that a touch broke, so that they can be grouped and joined."""
    pl = _polars()
    rows = [
        {
            **{name: getattr(finding, name) for name in ("prospect", "touch", "channel", "purpose", "by", "says")},
            "at": finding.at if isinstance(finding.at, datetime) else None,
            "date": None if isinstance(finding.at, datetime) else finding.at,
            "rule": rule,
            "evidence": [*dict.fromkeys(id for block in finding.blocks if block.rule == rule for id in block.touches)],
            "instead": finding.instead,
        }
        for finding in audit.findings
        for rule in finding.rules
    ]
    instant = pl.Datetime("us", "UTC")
    texts = dict.fromkeys(("channel", "purpose", "by", "says", "rule"), pl.String)
    schema = {"prospect": pl.String, "touch": pl.String, "at": instant, "date": pl.Date, **texts}
    found: polars.DataFrame = pl.DataFrame(rows, schema={**schema, "evidence": pl.List(pl.String), "instead": instant})
    return found


def _read(frame: Arrow, what: str, known: tuple[str, ...]) -> tuple[list[str], Iterator[Row]]:
    """The names of the columns, and the rows."""
    _polars()
    from ..batch.frames import read_frame

    table = read_frame(frame, what)
    check_columns(table.columns, known, what, frame=True)
    return table.columns, _rows(table, what)


def _rows(table: Any, what: str) -> Iterator[Row]:
    for number, record in enumerate(table.iter_rows(named=True), 1):
        yield Row(what, number, {name: _cell(value) for name, value in record.items() if value is not None})


def _cell(value: Any) -> Any:
    """A value as a JSON Lines file would hold it."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, list):
        return [_cell(item) for item in value]
    if isinstance(value, dict):
        return {name: _cell(item) for name, item in value.items() if item is not None}
    return value


def _polars() -> Any:
    try:
        import polars
    except ImportError:
        raise MissingExtra("an audit of frames", "frames") from None
    return polars
