"""Rows of files: every record with its place, a bad one with its reason, and none swallowed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from cadencia.errors import InputError
from cadencia.reading.rows import Row, _csv_rows, header_of, read_rows

Write = Callable[..., Path]


def rows(path: Path, **options: str) -> list[Row]:
    return list(read_rows(path, **options))  # type: ignore[arg-type]


def test_csv_with_places_and_blank_lines(write: Write) -> None:
    found = rows(write("t.csv", "id,note\r\n a , hello\r\n\r\nb,\r\n"))
    assert [(row.line, row.cells, row.problem) for row in found] == [
        (2, {"id": "a", "note": "hello"}, None),
        (4, {"id": "b", "note": ""}, None),
    ]
    assert found[0].place == "t.csv:2"


def test_gzip_is_told_from_its_bytes(write: Write, tmp_path: Path) -> None:
    packed = write("t.csv.gz", "id\na\n")
    plain = tmp_path / "u.csv.gz"
    plain.write_bytes(b"id\na\n")
    assert rows(packed)[0].cells == rows(plain)[0].cells == {"id": "a"}


def test_a_byte_order_mark_is_no_part_of_the_first_column(write: Write) -> None:
    assert rows(write("t.csv", b"\xef\xbb\xbfid\na\n"))[0].cells == {"id": "a"}


def test_tabs_and_other_separators(write: Write) -> None:
    assert rows(write("t.tsv", "id\tx\na\t1\n"))[0].cells == {"id": "a", "x": "1"}
    assert rows(write("t.csv", "id;x\na;1,5\n"), separator=";")[0].cells == {"id": "a", "x": "1,5"}


def test_a_quoted_cell_may_hold_line_breaks_and_quotes(write: Write) -> None:
    found = rows(write("t.csv", 'id,note,x\na,"one\ntwo ""2""",y\nb,n,z\n'))
    assert [row.cells["note"] for row in found] == ['one\ntwo "2"', "n"]
    assert [row.line for row in found] == [2, 4]


def test_a_line_break_in_the_first_cell(write: Write) -> None:
    found = rows(write("t.csv", 'note,x,y\n"one\ntwo",1,2\nb,3,4\n'))
    assert [(row.cells["note"], row.problem) for row in found] == [("one\ntwo", None), ("b", None)]
    found = rows(write("t.csv", 'id,x,y\n"a,1,2\nb",3,4\nc,5,6\n'))  # two stray quotes make no row of two
    assert [row.problem is None for row in found] == [False, False, True]


@pytest.mark.parametrize("tail", ["", 'd,"closed",4\n', 'd,"two\nlines",4\n'])
def test_a_stray_quote_costs_one_row_and_swallows_none(write: Write, tail: str) -> None:
    found = rows(write("t.csv", f'id,note,n\na,"open,1\nb,x,2\nc,y,3\n{tail}'))
    assert [row.line for row in found if row.problem] == [2]
    assert [row.cells["id"] for row in found][:3] == ["a", "b", "c"]
    assert len(found) == (4 if tail else 3)


def test_wrong_number_of_cells(write: Write) -> None:
    found = rows(write("t.csv", "id,x\na\nb,1,2\nc,3\n"))
    assert [row.problem is None for row in found] == [False, False, True]
    assert "1 cells under a header of 2" in (found[0].problem or "")


def test_bytes_that_are_not_utf8_spoil_their_row_only(write: Write) -> None:
    found = rows(write("t.csv", b"id,name\na,Jos\xe9\nb,Jos\xc3\xa9\n"))
    assert found[0].problem == "the bytes are not UTF-8; save the file as UTF-8"
    assert found[0].cells["id"] == "a"
    assert found[1].cells["name"] == "José"
    assert found[1].problem is None
    found = rows(write("t.jsonl", b'{"id": "a", "name": "Jos\xe9"}\n{"id": "b"}\n'))
    assert found[0].problem
    assert found[0].cells["id"] == "a"
    assert found[1].problem is None


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.csv", b"", "t.csv: the file is empty"),
        ("t.jsonl", b"\n", "t.jsonl: the file is empty"),
        ("t.csv", b"\n\n", "t.csv:1: there is no header"),
        ("t.csv", b"id,,x\n", "column 2 has no name"),
        ("t.csv", b"id,id\n", "column `id` comes twice"),
        ("t.csv", "id\na\n".encode("utf-16"), "not UTF-8"),
        ("t.csv", b"id\rx\r", "bare carriage return"),
        ("t.parquet", b"x", "neither CSV nor JSON Lines"),
    ],
)
def test_a_file_that_cannot_be_used(write: Write, name: str, content: bytes, told: str) -> None:
    with pytest.raises(InputError, match=r"^[^\n]+$") as caught:
        rows(write(name, content))
    assert told in str(caught.value)


def test_a_header_without_rows_is_no_error(write: Write) -> None:
    assert rows(write("t.csv", "id,x\n")) == []


def test_a_cut_gzip_is_an_error_and_not_a_shorter_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"id\n" + b"a\n" * 10_000)[:-12])
    with pytest.raises(InputError, match="cut or damaged"):
        rows(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        rows(tmp_path / "no.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="folder"):
        rows(tmp_path / "folder.csv")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": 1', "not JSON"),
        ("[1]", "not a record"),
        ('{"id": "a", "id": "b"}', "key `id` comes twice"),
        ('{"id": NaN}', "not a JSON number"),
        ("[" * 100_000, "recursion"),
        ('{"id": ' + "1" * 5_000 + "}", "a number has thousands of digits"),
        ('{"id": "a\\u0000"}', "the character NUL"),
        ('{"id": "b", "facts": {"x": [{"a\\u0000": 1}]}}', "the character NUL"),
    ],
)
def test_json_lines_that_are_no_records(write: Write, line: str, told: str) -> None:
    found = rows(write("t.jsonl", f'{line}\n{{"id": "ok"}}\n'))
    assert told.lower() in (found[0].problem or "").lower()
    assert found[1].cells == {"id": "ok"}


def test_header_of(write: Write) -> None:
    assert header_of(write("t.csv", "id, x \n")) == ("id", "x")
    assert header_of(write("t.jsonl", "{}\n")) is None


@pytest.mark.parametrize("separator", ["", ";;", '"'])
def test_a_separator_that_cannot_be_one(write: Write, separator: str) -> None:
    with pytest.raises(InputError, match="separator"):
        list(_csv_rows(write("t.csv", "id\n"), separator))


def test_quotes_that_contradict_themselves_spoil_their_row(write: Write) -> None:
    found = rows(write("t.csv", 'id,x\n"a"b"",1\nc,2\n'))
    assert [row.problem is None for row in found] == [False, True]
    found = rows(write("t.csv", 'id,x\na,"one\ntwo" three\nb,2\n'))
    assert [row.problem is None for row in found] == [False, False, True]


def test_a_broken_line_of_json_that_holds_no_record(write: Write) -> None:
    found = rows(write("t.jsonl", b'[\xe9]\n{\xe9\n["\xe9"]\n'))
    assert [row.cells for row in found] == [{}, {}, {}]


def test_a_file_that_may_not_be_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("t.csv", "id\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="cannot be opened \\(Permission denied\\)"):
        rows(path)


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('{"id": "a", "x": 1, "x": 2}', {"id": "a"}),
        ('{"id": "a", "x": 1, "x": 1}', {"id": "a", "x": 1}),
        ('{"id": "a", "id": "b", "x": 1}', {"x": 1}),
        ('{"id": "a", "x": {"y": 1, "y": 2, "z": 3}}', {"id": "a", "x": {"z": 3}}),
        ('{"id": "a", "x": NaN}', {"id": "a", "x": None}),
        (' {"id" : "a" , "x": 1', {"id": "a"}),
        ('{"id": "a", "x": 12', {"id": "a"}),
        ('{"id": "a", "x": "cut', {"id": "a"}),
        ('{"id": "a", "x"', {"id": "a"}),
        ('{"id": "a", 1: 2}', {"id": "a"}),
        ('{"id": "a", "id": "b", "x": 1,', {"x": 1}),
        ('{"id": "a"} and more', {"id": "a"}),
        ('{"id": "a", "x": ' + "[" * 100_000, {"id": "a"}),
        ('{"id": "a", "x": ' + "1" * 5_000 + "}", {"id": "a"}),
        ("{", {}),
        ("", {}),
    ],
)
def test_what_can_be_made_out_of_a_record_that_cannot_be_read(write: Write, line: str, cells: object) -> None:
    found = rows(write("t.jsonl", f'{line}\n{{"id": "ok"}}\n'))
    assert (found[0].cells, bool(found[0].problem)) == ((cells, True) if line else ({"id": "ok"}, False))


def test_a_byte_that_no_text_has(write: Write) -> None:
    found = rows(write("t.csv", b'id,x\na\x00,1\nb,2\n"c\n\x00",3\n'))
    assert [row.problem is None for row in found] == [False, True, False]
    assert "the byte NUL" in str(found[0].problem)
