"""Law 13 for files that are broken: what the columns make of them is what the rows say."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadencia import InputError, Policy
from cadencia.batch import decide_files
from cadencia.reading import read_book
from cadencia.rules import Spacing, StopOn
from cadencia.touch import DISPOSITIONS

NOW = "2026-03-06T12:00Z"
POLICY = Policy(
    name="house",
    channels=["phone", "email"],
    rules=[Spacing(id="breathe", at_least="48h"), StopOn(id="over", dispositions=["opted_out"])],
)
PEOPLE = 'id,zone,account\nana,Europe/Madrid,\nbea,Europe/Lisbon,one\ncyd,UTC,one\ndan,UTC,\n"d,ana",UTC,\n'
HEAD = "id,prospect,at,channel,direction,disposition\n"
GOOD = "t0,dan,2026-03-05T12:00:00Z,phone,outbound,no_answer\n"
PEOPLE_RECORDS = "".join(
    json.dumps(dict(zip(PEOPLE.split("\n")[0].split(","), row.split(","), strict=True))) + "\n"
    for row in PEOPLE.split("\n")[1:-2]
)
GOOD_RECORD = json.dumps(dict(zip(HEAD.strip().split(","), GOOD.strip().split(","), strict=True))) + "\n"


def row_by_row(people: Path, touches: Path) -> Any:
    """What is answered, what became of the rows, and what is wrong with them, read row by row."""
    book = read_book([people], [touches], dispositions=DISPOSITIONS)
    answers = {case.prospect.id: POLICY.decide(case, as_of=NOW).answer for case in book.cases()}
    bad = sorted(str(problem) for problem in (*book.problems, *book.disagreements))
    return answers, book.prospect_rows(), book.touch_rows(), bad, len(book.nameless), sorted(book.closed)


def in_columns(people: Path, touches: Path, part: int = 1_000) -> Any:
    """The same in columns."""
    folder = people.parent / "out"
    folder.mkdir(exist_ok=True)
    counts = decide_files(
        POLICY, people, touches, folder / "a.parquet", quarantine=folder / "b.parquet", as_of=NOW, part=part,
        dispositions=DISPOSITIONS,
    )  # fmt: skip
    frame = pl.read_parquet(folder / "a.parquet")
    answers = {str(row["id"]).strip(): str(row["answer"]) for row in frame.iter_rows(named=True)}
    names = {"prospects": people.name, "touches": touches.name}
    bad = [f"{names[row[0]]}:{row[1]}: {row[3]}" for row in pl.read_parquet(folder / "b.parquet").iter_rows()]
    return answers, counts.prospects, counts.touches, sorted(bad), counts.nameless, sorted(counts.told.closed)


#: What is wrong, in which file, and who is closed by it.
ROWS: dict[str, tuple[str, bytes, set[str]]] = {
    "cut before the opt-out": ("csv", b"t1,ana,2026-03-02T10:00Z,phone,inbound\n", {"ana"}),
    "cut at the end of the file": ("csv", b"t1,ana,2026-03-02T10:00Z", {"ana"}),
    "a cell too many": ("csv", b"t1,ana,2026-03-02T10:00Z,phone,inbound,opted_out,x\n", {"ana"}),
    "a cell too many before the name": ("csv", b"t,1,ana,2026-03-02T10:00Z,phone,inbound,opted_out\n", {"ana"}),
    "cells too many on both sides": ("csv", b"t,,1,ana,2026-03-02T10:00Z,pho,ne,inbound,opted_out\n", {"ana"}),
    "a separator in a name": ("csv", b"t1,d,ana,2026-03-02T10:00Z,phone,inbound,opted_out\n", {"ana", "d,ana"}),
    "the cell before the name is lost": ("csv", b"ana,2026-03-02T10:00Z,phone,inbound,opted_out\n", {"ana"}),
    "two names": ("csv", b"bea,ana,2026-03-02T10:00Z,phone,inbound\n", {"ana", "bea", "cyd"}),
    "two names and a cell too many": (
        "csv", b"t1,dan,ana,2026-03-02T10:00Z,phone,inbound,opted_out\nt2,ana,bea,x,phone,inbound,opted_out\n",
        {"ana", "bea", "cyd", "dan"},
    ),
    "a name that is not UTF-8 and a cell too many": (
        "csv", b"t,1,ana,2026-03-02T10:00Z,phone,inb\xffound,opted_out\n", {"ana"},
    ),
    "a quote left open": ("csv", b't1,"ana,2026-03-02T10:00Z,phone,inbound,opted_out\n' + GOOD.encode(), {"ana"}),
    "a quote in the middle": ("csv", b't1,ana,2026-03-02T10:00Z,pho"ne,inbound,opted_out\n', {"ana"}),
    "quotes that contradict": ("csv", b't1,ana,2026-03-02T10:00Z,"pho"ne"",inbound,opted_out\n', {"ana"}),
    "quotes in a name": ("csv", b't1,ana,2026-03-02T10:00Z,pho"n"e,outbound,no_answer\n', set()),
    "quotes where they belong": ("csv", b'"t1","ana",2026-03-02T10:00Z,phone,"inbound",opted_out\n', set()),
    "a line break in a cell": ("csv", b't1,ana,2026-03-02T10:00Z,"pho\nne",inbound,opted_out\nt2,bea,x,,,\n', {"bea", "cyd"}),
    "blank lines": ("csv", b"\n  \nt1,ana,never,phone,inbound,opted_out\n\n", {"ana"}),
    "not UTF-8": ("csv", b"t1,ana,2026-03-02T10:00Z,phone,inbound,opted_out\xff\n", {"ana"}),
    "NUL": ("csv", b"t1,ana,2026-03-02T10:00Z,phone,inbound,opted_out\0\n", {"ana"}),
    "a bare carriage return": ("csv", b"t1,ana,2026-03-02T10:00Z,phone,inbound,opted_out\rt2,bea\n", {"ana"}),
    "nobody": ("csv", b"t1\n", set()),
    "an account": ("csv", b"t1,bea,2026-03-02T10:00Z\n", {"bea", "cyd"}),
    "an unknown disposition": ("csv", b"t1,ana,2026-03-02T10:00Z,phone,inbound,opted_uot\n", {"ana"}),
    "the same id twice": ("csv", b"t0,ana,2026-03-02T10:00Z,phone,inbound,opted_out\n", {"ana", "dan"}),
    "no id": ("csv", b",ana,2026-03-02T10:00Z,phone,inbound,opted_out\n", {"ana"}),
    "no disposition": ("csv", b"t1,ana,2026-03-02T10:00Z,phone,inbound,\n", set()),
    "spaces": ("csv", b" t1 , ana , 2026-03-02T10:00Z , phone , inbound , opted_out \n", set()),
    "a key twice": ("jsonl", b'{"id": "t1", "prospect": "ana", "disposition": "opted_out", "disposition": "sent"}\n', {"ana"}),
    "a key twice with odd blanks": (
        "jsonl", b'{"id": "t1", "prospect": "ana", "by": "a", "disposition" : "opted_out", "disposition"\t: "sent"}\n', {"ana"},
    ),
    "a key twice in a record": ("jsonl", b'{"id": "t1", "prospect": "ana", "promise": {"by": "us", "by": "us"}}\n', {"ana"}),
    "two prospects": ("jsonl", b'{"id": "t1", "prospect": "ana", "prospect": "bea"}\n', set()),
    "a record cut": ("jsonl", b'{"id": "t1", "prospect": "ana", "at": "2026-03-', {"ana"}),
    "a number that is none": ("jsonl", b'{"id": "t1", "prospect": "ana", "objective_met": NaN}\n', {"ana"}),
    "a number too large": ("jsonl", b'{"id": "t1", "prospect": "ana", "objective_met": ' + b"1" * 5_000 + b"}\n", {"ana"}),
    "no record": ("jsonl", b"[1]\nnull\n7\n", set()),
    "no JSON": ("jsonl", b"prospect: ana\n", set()),
    "a key that is not ours, twice": ("jsonl", b'{"id": "t1", "prospect": "ana", "x": 1, "x": 2}\n', {"ana"}),
    "a record that is not UTF-8": ("jsonl", b'{"id": "t1", "prospect": "ana", "by": "\xff"}\n', {"ana"}),
    "an escaped NUL": ("jsonl", b'{"id": "t1", "prospect": "ana", "by": "a\\u0000"}\n', {"ana"}),
    "blank lines of records": ("jsonl", b'\n \n{"id": "t1", "prospect": "ana"}\n\n', {"ana"}),
    "a pair in a text": (
        "jsonl",
        b'{"id": "t1", "prospect": "ana", "at": "2026-03-02T10:00Z", "channel": "phone", "by": "say \\": \\"so"}\n',
        set(),
    ),
    "a record without a disposition": (
        "jsonl", b'{"id": "t1", "prospect": "ana", "at": "2026-03-02T10:00Z", "channel": "phone"}\n', set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("part", [1, 1_000])
@pytest.mark.parametrize("what", ROWS)
def test_a_bad_row_closes_the_same_people_either_way(tmp_path: Path, what: str, part: int) -> None:
    end, row, closed = ROWS[what]
    people, touches = tmp_path / "people.csv", tmp_path / f"touches.{end}"
    people.write_text(PEOPLE)
    touches.write_bytes((HEAD + GOOD if end == "csv" else GOOD_RECORD).encode() + row)
    alone = row_by_row(people, touches)
    assert set(alone[-1]) == closed
    assert in_columns(people, touches, part) == alone


@pytest.mark.parametrize(
    ("end", "row"),
    [
        ("csv", b"ana,UTC\n"),
        ("csv", b"eve,UTC\n"),
        ("csv", b'"eve,UTC,\n'),
        ("csv", b"eve,UTC,one,more\n"),
        ("csv", b",UTC\n"),
        ("csv", b"eve,U\xffTC,one\n"),
        ("jsonl", b'{"id": "eve", "zone": "UTC", "zone": "Asia/Tokyo", "account": "one"}\n'),
        ("jsonl", b'{"id": "ana", "zone": "UT'),
        ("jsonl", b'{"id": "ana", "zone": {"a": 1, "a": 2}, "account": {"a": 1}}\n'),
        ("jsonl", b'{"id": 7, "zone": "UTC", "zone": 7}\n'),
    ],
)
def test_a_bad_prospect_is_closed_either_way(tmp_path: Path, end: str, row: bytes) -> None:
    people, touches = tmp_path / f"people.{end}", tmp_path / "touches.csv"
    people.write_bytes((PEOPLE if end == "csv" else PEOPLE_RECORDS).encode() + row)
    touches.write_text(HEAD + GOOD)
    alone = row_by_row(people, touches)
    assert alone[3]
    assert in_columns(people, touches) == alone


def test_a_number_that_no_column_holds_closes(tmp_path: Path) -> None:
    people, touches = tmp_path / "people.jsonl", tmp_path / "touches.csv"
    people.write_text(PEOPLE_RECORDS + '\n{"id": "eve", "zone": 1e999}\n')
    touches.write_text(HEAD)
    found = in_columns(people, touches)
    assert found[0]["eve"] == "blocked"
    assert found[3] == ["people.jsonl:6: a number is out of range; write a smaller one, or text in quotes"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("touches.csv", b""),
        ("touches.csv", b"\n\n"),
        ("touches.csv", b"id,prospect,at,channel,\xff\n"),
        ("touches.csv", b"id,id,prospect,at,channel\n"),
        ("touches.csv", b"id,,prospect,at,channel\n"),
        ("touches.csv", b"id,prospect,at,channel,opt_out\n"),
        ("touches.jsonl", b""),
        ("touches.jsonl", b"\n"),
        ("touches.csv", b"\x1f\x8b\x08cut"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_the_same_words(tmp_path: Path, name: str, data: bytes) -> None:
    people, touches = tmp_path / "people.csv", tmp_path / name
    people.write_text(PEOPLE)
    touches.write_bytes(data)
    told = []
    for read in (row_by_row, in_columns):
        with pytest.raises(InputError, match=rf"^{name}[^\n]+$") as caught:
            read(people, touches)
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("head", [HEAD, '"id","prospect","at","channel","direction","disposition"\n', "\ufeff" + HEAD])
def test_a_good_file_is_read_where_it_is(tmp_path: Path, head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    people, touches = tmp_path / "people.jsonl", tmp_path / "touches.csv"
    people.write_text(PEOPLE_RECORDS)
    touches.write_text(head + GOOD + GOOD.replace("t0", '"t,""1"""'))

    def refuse(*_: object) -> None:
        raise AssertionError("a copy is made")

    monkeypatch.setattr("cadencia.batch.tidy._copied_cells", refuse)
    monkeypatch.setattr("cadencia.batch.tidy.copied_records", refuse)
    assert in_columns(people, touches) == row_by_row(people, touches)


@pytest.mark.parametrize("end", ["csv", "jsonl"])
def test_packed_bytes_are_told_whatever_the_name(tmp_path: Path, end: str) -> None:
    people, touches = tmp_path / "people.csv", tmp_path / f"touches.{end}"
    people.write_bytes(gzip.compress(PEOPLE.encode()))
    touches.write_bytes(gzip.compress((HEAD + GOOD if end == "csv" else GOOD_RECORD).encode()))
    found = in_columns(people, touches)
    assert found == row_by_row(people, touches)
    assert found[0]["dan"] == "wait"


def test_a_table_of_one_column(tmp_path: Path) -> None:
    people, touches = tmp_path / "people.csv", tmp_path / "touches.csv"
    touches.write_text(HEAD)
    for text in ("id\nana\nbea\n", "id\nana\n\nbea\n", "id\nana\n \nbea\n", 'id\n"ana"\nbea,\n'):
        people.write_text(text)
        assert in_columns(people, touches) == row_by_row(people, touches), text


def test_a_library_that_declares_nothing_leaves_it_to_the_policy_and_counts(tmp_path: Path) -> None:
    people, touches = tmp_path / "people.csv", tmp_path / "touches.csv"
    people.write_text(PEOPLE)
    touches.write_text(HEAD + "".join(f"t{n},dan,2026-03-05T12:0{n}:00Z,phone,outbound,barked\n" for n in range(3)))
    counts = decide_files(POLICY, people, touches, as_of=NOW)
    assert counts.answers["wait"] == 1
    assert dict(counts.told.reports) == {"undeclared_disposition": 1}
    assert counts.told.closed == []


@pytest.mark.parametrize("name", ["no/such.csv", "folder.csv"])
def test_what_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    people = tmp_path / "people.csv"
    people.write_text(PEOPLE)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"^quarantine: `.*` cannot be written \("):
        decide_files(POLICY, people, quarantine=tmp_path / name, as_of=NOW)


NOISE = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b" ",
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b":",
    b"x",
    b"ana",
    b"bea,",
    b",dan",
    b'"prospect": "ana", ',
    b"\\",
]


@settings(
    max_examples=max(60, settings.default.max_examples // 4), suppress_health_check=list(HealthCheck), deadline=None
)
@given(end=st.sampled_from(["csv", "jsonl"]), data=st.data())
def test_whatever_breaks_a_file_the_columns_contact_nobody_more(end: str, data: st.DataObject) -> None:
    """A few bytes are lost or come in: the columns say what the rows say, or refuse the file."""
    rows = [
        ("t1", "ana", "2026-03-02T10:00:00Z", "phone", "inbound", "opted_out"),
        ("t2", "bea", "2026-03-05T10:00:00Z", "phone", "outbound", "sent"),
    ]
    names = HEAD.strip().split(",")
    if end == "csv":
        text = HEAD + GOOD + "".join(",".join(row) + "\n" for row in rows)
    else:
        text = GOOD_RECORD + "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
    broken = text.encode()
    for _ in range(data.draw(st.integers(1, 3))):
        at, lost = data.draw(st.integers(len(HEAD), len(broken))), data.draw(st.integers(0, 12))
        broken = broken[:at] + data.draw(st.sampled_from([b"", *NOISE])) + broken[at + lost :]
    with TemporaryDirectory() as name:
        people, touches = Path(name) / "people.csv", Path(name) / f"touches.{end}"
        people.write_text(PEOPLE)
        touches.write_bytes(broken)
        alone = row_by_row(people, touches)
        refused = ""
        try:
            found = in_columns(people, touches)
        except InputError as error:
            found, refused = alone, str(error)
        assert found == alone, broken
        assert not refused or (end == "jsonl" and ("is not one of ours" in refused or "in columns" in refused)), broken


PERSON: dict[str, list[Any]] = {
    "phone": ["+34600", 34600, 34600.0, None, " ", ["+34"], True],
    "email": ["a@b.es", ""],
    "contact_points": [
        [], None, [{"channel": "phone", "address": "1", "status": "invalid"}], [{"channel": "email", "address": "x"}], "[oops",
        '[{"channel": "phone", "address": "2"}]', {"channel": "phone", "address": "3"}, "x", [{"channel": "phone", "status": None}],
    ],
    "zones": [["UTC"], [{"zone": "Asia/Tokyo", "source": "x"}], "UTC;Asia/Tokyo", ["UTC;Asia/Tokyo"], [" UTC"]],
    "facts": [{"vip": True}, {"age": 3}, {"vip": {"value": 1, "since": "2026-01-01T00:00Z"}}],
    "wishes": [[{"rule": "max_attempts", "at_most": 0}], {"rule": "spacing", "at_least": "400h"}],
    "opt_outs": [[{"channel": "email"}], [{"purpose": "sale"}], [{}], {}],
    "tags": [["a;b"], "a;b", []],
    "stage": ["new", {"name": "new"}],
    "account": ["one", 1, 1.0],
    "owner": ["bo", 7.5, True],
}  # fmt: skip
EVENT: dict[str, list[Any]] = {
    "id": ["t0", 5, 5.0, None],
    "promise": [{"by": "us"}, {"by": "them", "at": "2026-03-09", "kind": "callback"}],
    "subjects": [["a"], "a;b", "[oops"],
    "source": [{"a": {"b": 1}}, {"a": 2}],
    "channel": [["phone"], 5],
    "disposition": ["opted_out", {"a": 1}],
    "duration": [60, "60"],
}


@settings(
    max_examples=max(60, settings.default.max_examples // 4), suppress_health_check=list(HealthCheck), deadline=None
)
@given(data=st.data())
def test_records_say_in_columns_what_they_say_by_themselves(data: st.DataObject) -> None:
    """Law 13: a record is read by its own keys, also within, whatever keys the others have."""

    def records(least: dict[str, Any], more: dict[str, list[Any]]) -> list[dict[str, Any]]:
        found = []
        for number in range(data.draw(st.integers(1, 4))):
            names = data.draw(st.lists(st.sampled_from(sorted(more)), unique=True, max_size=3))
            values = {name: data.draw(st.sampled_from(more[name])) for name in names}
            found.append({"id": f"{number}", **least, **values})
        return found

    people = records({"zone": "UTC"}, PERSON)
    touches = records({"prospect": "1", "at": "2026-03-05T12:00Z", "channel": "phone"}, EVENT)
    if data.draw(st.booleans()):
        touches[0].pop("id")
    with TemporaryDirectory() as name:
        say_the_same(Path(name), people, touches)


def say_the_same(folder: Path, people: list[dict[str, Any]], touches: list[dict[str, Any]]) -> None:
    """Records are read alike in columns and one by one."""
    paths = folder / "people.jsonl", folder / "touches.jsonl"
    for path, rows in zip(paths, (people, touches), strict=True):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    # what a record holds where one value belongs is said in other words
    found, alone = (list(read(*paths)) for read in (in_columns, row_by_row))
    for told in (found, alone):
        told[3] = [line.partition(": ")[0] for line in told[3]]
    assert found == alone


@pytest.mark.parametrize(
    ("name", "value", "more"),
    [
        *((name, value, {}) for name, values in PERSON.items() for value in values),
        *(("contact_points", value, {"phone": "+34600"}) for value in PERSON["contact_points"]),
        ("zone", 1e300, {}), ("owner", {"a": 1}, {}),
    ],
)  # fmt: skip
def test_a_prospect_beside_others_is_read_as_by_itself(
    tmp_path: Path, name: str, value: Any, more: dict[str, Any]
) -> None:
    """Each odd value in a record among plain ones."""
    plain = [{"id": "1", "zone": "UTC"}, {"id": "2", "zone": "UTC", "email": "a@b.es"}]
    touches = [{"id": "t", "prospect": "1", "at": "2026-03-05T12:00Z", "channel": "phone"}]
    say_the_same(tmp_path, [*plain, {"id": "3", "zone": "UTC", name: value, **more}], touches)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name, values in EVENT.items() for value in values),
        ("booked", True),
        ("by", True),
        ("end", 1e300),
    ],
)
def test_a_touch_beside_others_is_read_as_by_itself(tmp_path: Path, name: str, value: Any) -> None:
    """Each odd value in a record among plain ones."""
    least = {"prospect": "1", "at": "2026-03-05T12:00Z", "channel": "phone"}
    say_the_same(tmp_path, [{"id": "1", "zone": "UTC"}], [{"id": "t", **least}, {"id": "u", **least, name: value}])


def test_touches_without_ids_close_either_way(tmp_path: Path) -> None:
    """A record of JSON Lines must name its touch; in CSV without the column the place of a row does."""
    people, touches = tmp_path / "people.csv", tmp_path / "touches.jsonl"
    people.write_text(PEOPLE)
    touches.write_text('{"prospect": "dan", "at": "2026-03-05T12:00Z", "channel": "phone"}\n')
    assert in_columns(people, touches) == row_by_row(people, touches)
    assert row_by_row(people, touches)[0]["dan"] == "blocked"
