"""A book accounts for every row, and closes whoever a bad row might be about."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadencia.errors import InputError
from cadencia.reading import Book, Mapping, Tally, read_book

Write = Callable[..., Path]
PEOPLE = "id,zone,account,phone\np1,Europe/Madrid,,+34910000001\np2,Europe/Madrid,a,+34910000002\np3,Europe/Madrid,a,\n"
TOUCHES = "id,prospect,at,channel,direction,disposition\n"


def book(write: Write, people: str | bytes = PEOPLE, touches: str | bytes = TOUCHES) -> Book:
    return read_book([write("people.csv", people)], [write("touches.csv", touches)])


def closed(found: Book) -> dict[str, tuple[str, ...]]:
    return {case.prospect.id: case.unreadable for case in found.cases() if case.unreadable}


def test_our_own_column_names(write: Write) -> None:
    people = (
        "id,name,zones,region,phone,email,stage,stage_since,owner,tags,consents,wishes,opened_at\n"
        "p1,Ana,Europe/Madrid;Atlantic/Canary,ES,+34910000001,,open,2026-01-01T00:00Z,o1,vip;new,"
        '"[{""since"": ""2026-01-01T00:00Z"", ""channel"": ""phone""}]",'
        '"[{""rule"": ""max_attempts"", ""at_most"": 1}]",2026-01-02T00:00Z\n'
    )
    touches = (
        "id,prospect,at,channel,disposition,promise_by,promise_at,promise_kind,duration\n"
        "t1,p1,2026-03-06T09:30+01:00,phone,callback_requested,us,2026-03-10,callback,90\n"
        "t2,p1,2026-03-07,phone,busy,,,,\n"
    )
    (case,) = book(write, people, touches).cases()
    prospect = case.prospect
    assert [item.zone for item in prospect.zones] == ["Europe/Madrid", "Atlantic/Canary"]
    assert prospect.regions[0].region == "ES"
    assert prospect.contact_points is not None
    assert [point.channel for point in prospect.contact_points] == ["phone"]
    assert prospect.stages[0].since is not None
    assert prospect.tags == ("vip", "new")
    assert prospect.consents[0].channel == "phone"
    assert prospect.wishes[0].kind == "max_attempts"
    assert case.opened_at is not None
    first, second = case.touches
    assert first.promise is not None
    assert first.promise.by == "us"
    assert first.end is not None
    assert second.precision == "date"
    assert second.promise is None


def test_no_channel_column_means_that_we_were_not_told(write: Write) -> None:
    assert next(book(write, "id\np1\n").cases()).prospect.contact_points is None
    assert next(book(write, "id,phone\np1,\n").cases()).prospect.contact_points == ()
    records = (
        '{"id": "a"}\n{"id": "b", "contact_points": null}\n{"id": "c", "phone": null}\n{"id": "d", "phone": "+9991"}\n'
    )
    found = read_book([write("people.jsonl", records)])
    points = [case.prospect.contact_points for case in found.cases()]
    assert [None if some is None else len(some) for some in points] == [None, None, 0, 1]


def test_a_column_that_is_not_ours_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match=r"column `opt_out` is not one of ours; .* did you mean `opt_outs`"):
        book(write, "id,opt_out\np1,yes\n")
    found = read_book([write("people.jsonl", '{"id": "p1", "opt_out": true}\n{"id": "p2", "zone": "UTC"}\n')])
    assert [problem.people for problem in found.problems] == [("p1",)]


@pytest.mark.parametrize(
    ("header", "cell", "mark"),
    [
        ("id;zone;phone", "id;zone;phone", ";"),
        ('"id";"zone"', '"id";"zone"', ";"),
        ("id\tzone", "id zone", r"\t"),
        ("id|zone", "id|zone", "|"),
    ],
)
def test_another_separator_is_told(write: Write, header: str, cell: str, mark: str) -> None:
    """Cells parted by something else make a header of one cell: the error says what to write, and that reads the file."""
    text = header + "\n" + header.replace("id", "p1").replace("zone", "UTC").replace("phone", "+99912") + "\n"
    path = write("people.csv", text)
    told = f'people.csv:1: the header is one cell, `{cell}`; write `separator: "{mark}"` in a mapping (`--mapping`)'
    for mapping in (None, Mapping.from_yaml("prospects: {fields: {id: id, zones: zone}}")):
        with pytest.raises(InputError) as caught:
            read_book([path], (), mapping)
        assert str(caught.value) == told
    found = read_book([path], (), Mapping.from_yaml(f'separator: "{mark}"'))
    assert [case.prospect.id for case in found.cases()] == ["p1"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("t,p1,2026-03-06T09:00,phone,inbound,opted_out", "has no UTC offset"),
        ("t,p1,20260306,phone,inbound,opted_out", "is a date without a time"),
        ("t,p1,2026-02-30T09:00Z,phone,inbound,opted_out", "is not a time"),
        ("t,p1,,phone,inbound,opted_out", "at: this key is required"),
        ("t,p1,2026-03-06T09:00Z,,inbound,opted_out", "channel: this key is required"),
        ("t,p1,2026-03-06T09:00Z,phone,sideways,opted_out", "direction: `sideways`"),
        ("t,p1,2026-03-06T09:00Z,phone,inbound", "5 cells under a header of 6"),
        ("t,p1,2026-03-06T09:00Z,phone,inbound,opted_out,oops", "7 cells under a header of 6"),
    ],
)
def test_a_mangled_opt_out_closes_its_prospect_with_file_and_line(write: Write, row: str, told: str) -> None:
    found = book(write, touches=f"{TOUCHES}{row}\n")
    (line,) = closed(found)["p1"]
    assert line.startswith("touches.csv:2: ")
    assert told in line
    assert found.nameless == []
    assert found.touch_rows() == Tally(0, 0, 1)
    assert found.prospect_rows() == Tally(2, 1, 0)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("t.csv", 't,"p1,2026-03-06T09:00Z,phone,inbound,opted_out'),
        ("t.csv", 't,"p1",2026-03-06T09:00Z,phone,"inbound,opted_out'),
        ("t.csv", "t,p1,2026-03-06T09:00Z,phone,inbound,opted_out\0"),
        ("t.jsonl", '{"id": "t", "prospect": "p1", "disposition": "opted_out", "disposition": "no_answer"}'),
        ("t.jsonl", '{"id": "t", "prospect": "p1", "at": "2026-03-06T09:00Z", "objective_met": NaN}'),
        ("t.jsonl", '{"id": "t", "prospect": "p1", "at": "2026-03-06T09:0'),
        ("t.jsonl", '{"id": "t", "prospect": "p1", "by": "\xff", "at": "2026-03-06T09:0'),
    ],
)
def test_a_broken_row_that_names_its_prospect_closes_it(write: Write, name: str, row: str) -> None:
    header = TOUCHES if name == "t.csv" else ""
    text = f"{header}{row}\n".encode().replace("\xff".encode(), b"\xff")
    found = read_book([write("people.csv", PEOPLE)], [write(name, text)])
    assert set(closed(found)) == {"p1"}
    assert found.nameless == []


def test_a_record_that_names_two_prospects_may_be_about_anybody(write: Write) -> None:
    row = '{"id": "t", "prospect": "p1", "prospect": "p2"}\n'
    found = read_book([write("people.csv", PEOPLE)], [write("t.jsonl", row)])
    assert [problem.place for problem in found.nameless] == ["t.jsonl:1"]


def test_an_account_speaks_with_one_voice_about_bad_rows_too(write: Write) -> None:
    found = book(write, touches=f"{TOUCHES}t,p2,soon,phone,inbound,replied\n")
    lines = closed(found)
    assert set(lines) == {"p2", "p3"}
    assert lines["p3"][0].endswith("(of `p2`, same account)")
    assert found.prospect_rows() == Tally(1, 2, 0)


@pytest.mark.parametrize("person", ["", "p9"])
def test_a_bad_row_of_nobody_we_know_is_said_first(write: Write, person: str) -> None:
    found = book(write, touches=f"{TOUCHES}t,{person},soon,phone,inbound,opted_out\n")
    assert [problem.place for problem in found.nameless] == ["touches.csv:2"]
    assert closed(found) == {}


def test_touches_of_people_we_do_not_know(write: Write) -> None:
    found = book(write, touches=f"{TOUCHES}t,p9,2026-03-06T09:00Z,phone,inbound,replied\n")
    assert found.strangers == {"p9": 1}
    assert found.touch_rows() == Tally(0, 1, 0)


def test_an_unknown_zone_name_closes(write: Write) -> None:
    found = book(write, "id,zone\np1,Europe/Madird\np2,UTC\n")
    (line,) = closed(found)["p1"]
    assert "did you mean `Europe/Madrid`?" in line
    assert found.prospect_rows() == Tally(1, 0, 1)
    assert len(found) == 2


def test_a_prospect_row_that_names_nobody(write: Write) -> None:
    found = book(write, "id,zone\n,UTC\np2,UTC\n")
    assert len(found) == 1
    assert len(found.nameless) == 1
    assert found.prospect_rows() == Tally(1, 0, 1)


def test_a_good_row_does_not_answer_for_a_bad_one_of_the_same_prospect(write: Write) -> None:
    found = book(write, 'id,zone,opt_outs\np1,UTC,\np1,UTC,"[{""since"": ""soon""}]"\n')
    assert set(closed(found)) == {"p1"}
    assert found.prospect_rows() == Tally(0, 1, 1)


def test_what_a_register_answered(write: Write) -> None:
    """A column of our own name holds the answers as JSON; one that cannot be read closes its prospect."""
    cell = '"[{""registry"": ""us-dnc"", ""since"": ""2026-03-02T09:00Z"", ""listed"": true}]"'
    found = book(write, f'id,zone,registers\np1,UTC,{cell}\np2,UTC,"[{{}}]"\n')
    [case] = [case for case in found.cases() if case.prospect.id == "p1"]
    assert [(item.registry, item.listed) for item in case.prospect.registers] == [("us-dnc", True)]
    assert set(closed(found)) == {"p2"}


def test_repeated_ids_with_equal_content_change_nothing(write: Write) -> None:
    row = "t,p1,2026-03-06T09:00Z,phone,outbound,busy\n"
    found = book(write, PEOPLE + PEOPLE.split("\n", 2)[1] + "\n", TOUCHES + row + row.replace("09:00Z", "10:00+01:00"))
    assert closed(found) == {}
    assert len(next(found.cases()).touches) == 1
    assert (found.repeated_prospects, found.repeated_touches) == (1, 1)
    assert found.prospect_rows() == Tally(4, 0, 0)
    assert found.touch_rows() == Tally(2, 0, 0)


def test_repeated_ids_with_other_content_close(write: Write) -> None:
    found = book(write, PEOPLE + "p1,Europe/Lisbon,,+34910000001\n")
    assert "prospect `p1` stands in people.csv:2 with other content" in closed(found)["p1"][0]
    assert found.prospect_rows() == Tally(2, 2, 0)
    found = book(
        write,
        touches=f"{TOUCHES}t,p1,2026-03-06T09:00Z,phone,outbound,busy\nt,p2,2026-03-06T09:00Z,phone,inbound,replied\n",
    )
    assert set(closed(found)) == {"p1", "p2", "p3"}
    assert found.touch_rows() == Tally(0, 2, 0)


def test_equal_instants_and_touches_in_the_future_are_read(write: Write) -> None:
    rows = "".join(f"t{n},p1,2099-03-06T09:00Z,phone,outbound,busy\n" for n in range(3))
    found = book(write, touches=TOUCHES + rows)
    assert closed(found) == {}
    assert len(next(found.cases()).touches) == 3


def test_rows_are_not_added_once_cases_were_taken(write: Write) -> None:
    from cadencia.reading.cells import Context
    from cadencia.reading.plain import prospects_as_named
    from cadencia.reading.shape import ProspectShape

    found = book(write)
    list(found.cases())
    with pytest.raises(InputError, match="already taken"):
        found.add_prospects([], ProspectShape(prospects_as_named(["id"]), Context(None, ())))


def test_many_bad_rows_of_one_prospect_are_counted_and_not_all_carried(write: Write) -> None:
    found = book(write, touches=TOUCHES + "".join(f"t{n},p1,soon,phone,inbound,replied\n" for n in range(50)))
    lines = closed(found)["p1"]
    assert len(lines) == 21
    assert lines[-1] == "and 30 rows more"


def test_accounts_hold_the_other_people(write: Write) -> None:
    found = book(write, touches=f"{TOUCHES}t,p2,2026-03-06T09:00Z,phone,inbound,replied\n")
    alone, replied, other = found.cases()
    assert alone.account is None
    assert replied.account is not None
    assert [person.id for person in replied.account.people] == ["p3"]
    assert other.account is not None
    assert [touch.id for touch in other.account.touches] == ["t"]
    assert [case.prospect.id for case in found.cases(lambda person: person == "p3")] == ["p3"]


def test_a_million_touches_of_one_prospect(tmp_path: Path) -> None:
    """Work grows with the number of rows and no faster: twice the rows, at most twice the calls of ours."""
    import sys

    def calls(count: int) -> int:
        path = tmp_path / f"touches{count}.csv"
        rows = (f"t{n},p1,2026-03-06T09:{n // 60 % 60:02}:{n % 60:02}Z,phone,outbound,busy\n" for n in range(count))
        path.write_text(TOUCHES + "".join(rows))
        people = tmp_path / "people.csv"
        people.write_text("id\np1\n")
        made = 0

        def watch(frame: object, event: str, argument: object) -> None:
            nonlocal made
            made += event in ("call", "c_call")

        sys.setprofile(watch)
        try:
            (case,) = read_book([people], [path]).cases()
        finally:
            sys.setprofile(None)
        assert len(case.touches) == count
        return made

    calls(10)
    one, two = calls(1_000), calls(2_000)
    assert two < 2.1 * one
    assert two / 2_000 < 150, "so a million rows are a matter of seconds"


GOOD_PEOPLE = [
    f"p{n},{zone},{account},+1555010{n:04}"
    for n, (zone, account) in enumerate([("UTC", ""), ("Asia/Kolkata", "a")] * 4)
]
GOOD_TOUCHES = [f"t{n},p{n % 9},2026-03-{n + 1:02}T09:00Z,phone,outbound,busy" for n in range(20)]


@st.composite
def _damaged(draw: st.DrawFn, header: str, rows: Sequence[str]) -> tuple[bytes, int]:
    """A file with some rows repeated, cut, spoilt or spliced; and how many records were written."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    lines: list[bytes] = []
    for row in rows:
        for _ in range(draw(st.sampled_from([1, 1, 1, 0, 2]))):
            data = bytearray(row.encode())
            kind = draw(st.sampled_from(["good"] * 6 + ["cut", "byte", "comma", "quote", "blank", "swap"]))
            spot = chance.randrange(len(data))
            if kind == "cut":
                del data[max(spot, 1) :]
            elif kind == "byte":
                data[spot] = chance.choice([0xE9, 0x00, 0x20, 0x3B, 0x41])
            elif kind == "comma":
                data[spot:spot] = b","
            elif kind == "quote":
                data[spot:spot] = b'"'
            elif kind == "blank":
                data = bytearray(b",".join([b""] * (header.count(",") + 1)))
            elif kind == "swap":
                data.reverse()
            lines.append(bytes(data))
    return header.encode() + b"\n" + b"".join(line + b"\n" for line in lines), sum(1 for line in lines if line.strip())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=_damaged("id,zone,account,phone", GOOD_PEOPLE),
    touches=_damaged("id,prospect,at,channel,direction,disposition", GOOD_TOUCHES),
)
def test_every_row_is_answered_closed_or_unreadable(
    tmp_path: Path, people: tuple[bytes, int], touches: tuple[bytes, int]
) -> None:
    """Answered + closed + unreadable = read, whatever happened to the files; no bad row leaves its prospect open."""
    first, second = tmp_path / "people.csv", tmp_path / "touches.csv"
    first.write_bytes(people[0])
    second.write_bytes(touches[0])
    found = read_book([first], [second])
    cases = {case.prospect.id: case for case in found.cases()}
    assert len(cases) == len(found) == len(found.ids)
    assert (found.prospect_rows().read, found.touch_rows().read) == (people[1], touches[1])
    assert found.prospect_rows().unreadable + found.touch_rows().unreadable == len(found.problems)
    for problem in found.problems:
        for person in problem.people:
            assert person not in cases or cases[person].unreadable
    assert set(found.closed) == {person for person, case in cases.items() if case.unreadable}


def test_one_file_given_twice_tells_a_bad_row_once(write: Write) -> None:
    people, touches = write("people.csv", PEOPLE), write("touches.csv", f"{TOUCHES}t,p1,soon,phone,inbound,opted_out\n")
    (line,) = closed(read_book([people], [touches, touches]))["p1"]
    assert line.startswith("touches.csv:2: ")
