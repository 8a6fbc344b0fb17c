"""The mapping file: a CRM export is read unedited, and whatever the mapping does not know closes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cadencia.errors import InputError, MissingExtra
from cadencia.prospect import Prospect
from cadencia.reading import Book, Mapping, read_book
from cadencia.touch import Touch

Write = Callable[..., Path]


def touches_of(write: Write, mapping: str, content: str, name: str = "calls.csv") -> list[Touch]:
    book = book_of(write, mapping, content, name)
    assert book.problems == []
    return [touch for case in book.cases() for touch in case.touches]


def book_of(write: Write, mapping: str, content: str, name: str = "calls.csv") -> Book:
    people = write("people.csv", "id\np1\np2\n")
    return read_book([people], [write(name, content)], Mapping.from_yaml(mapping))


def prospect_of(write: Write, mapping: str, content: str, name: str = "people.csv") -> Prospect:
    book = read_book([write(name, content)], mapping=Mapping.from_yaml(mapping))
    assert book.problems == []
    return next(book.cases()).prospect


HUBSPOT = """
touches:
  fields:
    id: id
    prospect: {column: properties.hs_call_callee_object_id}
    at: {column: properties.hs_timestamp, unit: ms}
    channel: {value: phone}
    direction: {column: properties.hs_call_direction, values: {INBOUND: inbound, OUTBOUND: outbound}}
    duration: {column: properties.hs_call_duration, unit: ms}
    disposition:
      column: properties.hs_call_disposition
      values:
        9d9162e7-6cf3-4944-bf63-4dff82258764: busy
        f240bbac-87c9-4f6e-bf70-924b57d47db7: connected
"""


def test_hubspot_call_records(write: Write) -> None:
    record = {
        "id": 71,
        "properties": {
            "hs_call_callee_object_id": "p1",
            "hs_timestamp": "1772784000000",
            "hs_call_direction": "OUTBOUND",
            "hs_call_duration": 90_500,
            "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
        },
    }
    (touch,) = touches_of(write, HUBSPOT, json.dumps(record), "calls.jsonl")
    assert touch.id == "71"
    assert touch.at == datetime(2026, 3, 6, 8, tzinfo=UTC)
    assert touch.end == datetime(2026, 3, 6, 8, 1, 30, 500_000, tzinfo=UTC)
    assert touch.disposition == "connected"


def test_a_label_that_the_mapping_does_not_know_closes_the_prospect(write: Write) -> None:
    mapping = """
touches:
  fields:
    {id: id, prospect: who, at: at, channel: {value: phone}, disposition: {column: d, values: {Connected: connected}}}
"""
    book = book_of(write, mapping, "id,who,at,d\n1,p1,2026-03-06T09:00Z,Conected\n2,p2,2026-03-06T09:00Z,Connected\n")
    assert book.closed == ["p1"]
    (case, other) = book.cases()
    (line,) = case.unreadable
    assert line.startswith(
        "calls.csv:2: disposition: the mapping does not know `Conected`; add it under `values`; did you"
    )
    assert other.unreadable == ()


def test_otherwise_is_the_users_own_word(write: Write) -> None:
    mapping = """
touches:
  fields:
    prospect: who
    at: at
    channel: {value: phone}
    disposition: {column: d, values: {A: busy}, otherwise: unknown}
"""
    touches = touches_of(write, mapping, "who,at,d\np1,2026-03-06T09:00Z,A\np1,2026-03-06T10:00Z,B\n")
    assert [(touch.id, touch.disposition) for touch in touches] == [("calls.csv:2", "busy"), ("calls.csv:3", "unknown")]


def test_one_row_makes_several_touches(write: Write) -> None:
    mapping = """
touches:
  fields: {prospect: lead_id, channel: {value: email}}
  makes:
    - {if_given: date_sent, fields: {id: {template: "{id}-sent"}, at: date_sent, disposition: {value: sent}}}
    - if_given: date_reply
      fields: {id: {template: "{id}-reply"}, at: date_reply, direction: {value: inbound}, disposition: {value: replied}}
"""
    content = (
        "id,lead_id,date_sent,date_reply\n7,p1,2026-03-06T09:00Z,2026-03-07T09:00Z\n8,p2,2026-03-06T09:00Z,\n9,p2,,\n"
    )
    book = book_of(write, mapping, content)
    assert [touch.id for case in book.cases() for touch in case.touches] == ["7-sent", "7-reply", "8-sent"]
    assert (book.touch_rows().read, book.touch_rows().skipped) == (2, 1)


def test_one_row_makes_a_touch_with_a_promise(write: Write) -> None:
    mapping = """
zone: Europe/Madrid
touches:
  fields: {prospect: who, at: at, channel: {value: phone}, promise: {by: {value: us}, at: call_back}}
"""
    first, second = touches_of(
        write, mapping, "who,at,call_back\np1,2026-03-06 09:00,2026-03-10 17:00\np2,2026-03-06 09:00,\n"
    )
    assert first.promise is not None
    assert first.promise.at == datetime(2026, 3, 10, 16, tzinfo=UTC)
    assert second.promise is None


@pytest.mark.parametrize(
    ("source", "cell", "expected"),
    [
        ("{column: t, zone: America/New_York}", "2026-03-06 09:00:00", datetime(2026, 3, 6, 14, tzinfo=UTC)),
        ("{column: t, zone: America/New_York}", "2026-03-06T09:00:00+01:00", datetime(2026, 3, 6, 8, tzinfo=UTC)),
        ("{column: t, zone: America/New_York}", "2026-03-06", date(2026, 3, 6)),
        ("{column: t, unit: s}", "1772784000", datetime(2026, 3, 6, 8, tzinfo=UTC)),
        ("{column: t, format: '%d/%m/%Y %H:%M', zone: UTC}", "06/03/2026 08:00", datetime(2026, 3, 6, 8, tzinfo=UTC)),
        ("{column: t, format: '%d/%m/%Y'}", "06/03/2026", date(2026, 3, 6)),
        ("{column: t, date: only}", "2026-03-06T00:00:00Z", date(2026, 3, 6)),
        (
            "{column: t, zone: Europe/Madrid, twice: first}",
            "2025-10-26 02:30",
            datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
        ),
        (
            "{column: t, zone: Europe/Madrid, twice: second}",
            "2025-10-26 02:30",
            datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
        ),
    ],
)
def test_times(write: Write, source: str, cell: str, expected: object) -> None:
    mapping = f"touches: {{fields: {{prospect: who, at: {source}, channel: {{value: phone}}}}}}"
    assert touches_of(write, mapping, f"who,t\np1,{cell}\n")[0].at == expected


@pytest.mark.parametrize(
    ("source", "cell", "told"),
    [
        ("t", "2026-03-06T09:00", "no UTC offset"),
        ("{column: t, zone: Europe/Madrid}", "2026-03-29 02:30", "does not exist in Europe/Madrid"),
        ("{column: t, zone: Europe/Madrid}", "2025-10-26 02:30", "comes twice in Europe/Madrid"),
        ("{column: t, unit: ms}", "yesterday", "is not a number of ms"),
        ("{column: t, format: '%d/%m/%Y'}", "2026-03-06", "is not written as"),
        ("{column: t, unit: HH:MM}", "10:00", "counts a duration"),
        ("{column: t, zone: UTC}", "soon enough", "is not a time"),
    ],
)
def test_times_that_cannot_be_read_close(write: Write, source: str, cell: str, told: str) -> None:
    mapping = f"touches: {{fields: {{prospect: who, at: {source}, channel: {{value: phone}}}}}}"
    book = book_of(write, mapping, f"who,t\np1,{cell}\n")
    assert told in book.problems[0].what
    assert book.closed == ["p1"]


@pytest.mark.parametrize(
    ("unit", "cell", "seconds"),
    [("HH:MM", "01:30", 5400), ("HH:MM:SS", "0:01:30", 90), ("m", "1.5", 90), ("s", "90", 90)],
)
def test_durations(write: Write, unit: str, cell: str, seconds: int) -> None:
    duration = f"{{column: d, unit: '{unit}'}}"
    mapping = f"touches: {{fields: {{prospect: w, at: t, channel: {{value: phone}}, duration: {duration}}}}}"
    (touch,) = touches_of(write, mapping, f"w,t,d\np1,2026-03-06T09:00Z,{cell}\n")
    assert touch.end is not None
    assert (touch.end - touch.at).total_seconds() == seconds


def test_parts_of_a_duration_that_are_no_minutes(write: Write) -> None:
    mapping = "touches: {fields: {prospect: w, at: t, channel: {value: phone}, duration: {column: d, unit: 'HH:MM'}}}"
    assert book_of(write, mapping, "w,t,d\np1,2026-03-06T09:00Z,1:75\n").closed == ["p1"]


def test_a_number_where_a_written_time_is_expected(write: Write) -> None:
    mapping = "{zone: UTC, touches: {fields: {prospect: w, at: t, channel: {value: phone}}}}"
    assert book_of(write, mapping, '{"w": "p1", "t": 5}\n', "calls.jsonl").closed == ["p1"]


def test_yaml_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtra, match="reading YAML needs the extra `yaml`"):
        Mapping.from_yaml("zone: UTC")


@pytest.mark.parametrize("cell", ["-5", "soon", "1e400"])
def test_durations_that_cannot_be_read(write: Write, cell: str) -> None:
    mapping = "touches: {fields: {prospect: w, at: t, channel: {value: phone}, duration: d}}"
    assert book_of(write, mapping, f"w,t,d\np1,2026-03-06T09:00Z,{cell}\n").closed == ["p1"]


SALESFORCE = """
zone: UTC
blank: ["NULL"]
prospects:
  fields:
    id: Id
    zones: {columns: [Zone1, Zone2]}
    contact_points:
      - {if_given: Phone, channel: {value: phone}, address: Phone}
      - if_given: Email
        channel: {value: email}
        address: Email
        status: {column: Bounced, values: {"": unknown}, otherwise: bounced}
    suppressions:
      - {if_true: DoNotCall, channel: {value: phone}, reason: {value: do_not_call}}
    opt_outs:
      - if_true: HasOptedOutOfEmail
        channel: {value: email}
        since: {column: OptedOutOn, date: start, zone: Europe/Madrid}
    stage: {name: Status, since: StatusOn}
  facts:
    rating: Rating
    revenue: {value: Revenue, since: RevenueOn}
"""
LEAD = (
    "Id,Zone1,Zone2,Phone,Email,Bounced,DoNotCall,HasOptedOutOfEmail,OptedOutOn,"
    "Status,StatusOn,Rating,Revenue,RevenueOn\n"
)


def test_salesforce_lead(write: Write) -> None:
    row = (
        "L1,Europe/Madrid,Atlantic/Canary,NULL,a@example.com,2026-01-01,TRUE,1,2026-02-01,"
        "Open,2026-01-05 10:00,Hot,5,2026-01-01T00:00Z\n"
    )
    prospect = prospect_of(write, SALESFORCE, LEAD + row)
    assert [item.zone for item in prospect.zones] == ["Europe/Madrid", "Atlantic/Canary"]
    assert prospect.contact_points is not None
    assert [(point.channel, point.status) for point in prospect.contact_points] == [("email", "bounced")]
    assert [(item.channel, item.reason) for item in prospect.suppressions] == [("phone", "do_not_call")]
    assert prospect.opt_outs[0].since == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert prospect.stages[0].since == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert prospect.facts["rating"].value == "Hot"
    assert prospect.facts["revenue"].since == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_lead_that_says_little(write: Write) -> None:
    prospect = prospect_of(write, SALESFORCE, LEAD + "L1,,,,,,false,0,,,,,,\n")
    assert (prospect.zones, prospect.contact_points, prospect.suppressions, prospect.opt_outs) == ((), (), (), ())
    assert (prospect.stages, prospect.facts) == ((), {})


def test_a_flag_that_says_neither_yes_nor_no_is_unreadable(write: Write) -> None:
    row = "L1,,,,,,perhaps,0,,,,,,\n"
    book = read_book([write("people.csv", LEAD + row)], mapping=Mapping.from_yaml(SALESFORCE))
    assert "`perhaps` says neither yes nor no" in book.problems[0].what
    assert next(book.cases()).unreadable


def test_only_skip_and_files(write: Write, tmp_path: Path) -> None:
    write("people.csv", "id\np1\n")
    write(
        "a1.csv",
        "w;t;k;s\np1;2026-03-06T09:00Z;call;done\np1;2026-03-06T10:00Z;note;done\np1;2026-03-06T11:00Z;call;open\n",
    )
    write("a2.csv", "w;t;k;s\np1;2026-03-07T09:00Z;call;done\n")
    mapping = """
separator: ";"
prospects: {files: people.csv, separator: ","}
touches:
  - {files: "a*.csv", only: {k: call}, skip: {s: open}, fields: {prospect: w, at: t, channel: {value: phone}}}
"""
    book = read_book(mapping=Mapping.from_yaml(mapping), data=tmp_path)
    assert [touch.id for touch in next(book.cases()).touches] == ["a1.csv:2", "a2.csv:2"]
    assert book.touch_rows().skipped == 2


def test_default_and_split(write: Write) -> None:
    mapping = "prospects: {fields: {id: i, tags: {column: t, split: '|'}, owner: {column: o, default: nobody}}}"
    prospect = prospect_of(write, mapping, "i,t,o\np1,a| b |,\n")
    assert (prospect.tags, prospect.owner) == (("a", "b"), "nobody")


def test_a_template_needs_its_columns(write: Write) -> None:
    mapping = "touches: {fields: {id: {template: '{a}-{b}'}, prospect: w, at: t, channel: {value: phone}}}"
    book = book_of(write, mapping, "a,b,w,t\n1,,p1,2026-03-06T09:00Z\n")
    assert "column `b` is empty" in book.problems[0].what


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "has the keys `prospects` and `touches`"),
        (
            "touches: {fields: {prospect: w, at: t, chanel: c}}",
            "`chanel` is not a field of a touch; did you mean `channel`?",
        ),
        ("touches: {fields: {prospect: w, at: t}}", "`channel` is missing"),
        ("prospects: {fields: {name: n}}", "`id` is missing"),
        (
            "prospects: {fields: {id: i, contact_points: {channel: c, adress: a}}}",
            "unknown key `adress`; did you mean `address`?",
        ),
        (
            "touches: {fields: {prospect: p, at: a, channel: c, disposition: {column: d, valeus: {a: sent}}}}",
            "fields.disposition: unknown key `valeus`; did you mean `values`?",
        ),
        (
            "prospects: {fields: {id: {template: '{a}', colunms: [a]}}}",
            "unknown key `colunms`; did you mean `columns`?",
        ),
        ("prospects: {fields: {id: {colum: i}}}", "unknown key `colum`; did you mean `column`?"),
        ("prospects: {fields: {id: {column: i, value: x}}}", "give one of `column`, `columns`, `value` and `template`"),
        ("prospects: {fields: {id: {column: i, otherwise: x}}}", "`otherwise` needs `values`"),
        ("prospects: {fields: {id: {column: i, unit: s, format: '%Y'}}}", "give `unit` or `format`"),
        ("prospects: {files: ../x.csv}", "leads out of the data folder"),
        ("zone: Europe/Madird", "did you mean `Europe/Madrid`?"),
        ("format: 2", "format: `2`"),
        ("prospects: {fields: {id: i, stage: {if_given: s, fields: {name: n}, since: t}}}", "unknown key `since`"),
        ("prospects: {fields: {id: [[]]}}", "is neither"),
        ("prospects: {fields: {id: {if_given: x, fields: {a: b}}}}", "fields.id: unknown key `a`"),
        ("a: &x 1\nb: *x", "mapping: line 1: aliases (`*name`) are not allowed"),
        ("a: !!int 1", "mapping: line 1: tag `tag:yaml.org,2002:int` is not allowed"),
        ("a: " + "x" * 1_000_001, "mapping: larger than 1,000,000 bytes"),
        ("a: 1\na: 2", "mapping: line 2: key `a` is given twice; keep one"),
        ("a: [", "mapping: not YAML: line 1: "),
        ("? [a]\n: 1", "mapping: line 1: a key must be text"),
        ("x: " + "[" * 70 + "]" * 70, "mapping: line 1: nests too deep; at most 40 levels"),
        (
            "touches: {fields: {prospect: w, at: t, channel: c}, makes: [{fields: {at: a}}, {fields: {at: b}}]}",
            "needs an `id` of its own",
        ),
    ],
)
def test_mistakes_in_a_mapping(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        Mapping.from_yaml(text)
    assert told in str(caught.value)
    assert all("\n" not in line for line in caught.value.mistakes)


def test_a_mapping_that_does_not_fit_the_file(write: Write) -> None:
    mapping = Mapping.from_yaml("prospects: {fields: {id: Idd}}")
    with pytest.raises(InputError, match="no column `Idd`, which the mapping names; did you mean `Id`"):
        read_book([write("people.csv", "Id\n1\n")], mapping=mapping)
    with pytest.raises(InputError, match="no section of the mapping's `prospects` takes this file"):
        read_book([write("people.csv", "Id\n1\n")], mapping=Mapping.from_yaml("prospects: {files: other.csv}"))
    with pytest.raises(InputError, match=r"no file matches `other\.csv`"):
        read_book(mapping=Mapping.from_yaml("prospects: {files: other.csv}"), data=write("people.csv", "Id\n").parent)
    with pytest.raises(InputError, match="no file is given"):
        read_book(mapping=mapping)


def test_load_and_schema(write: Write) -> None:
    assert Mapping.load(write("m.json", '{"zone": "UTC"}')) == Mapping.load(write("m.yaml", "zone: UTC"))
    for name, content in {"bad.json": b"{", "bad.yaml": b"zone: \xff"}.items():
        with pytest.raises(InputError, match=name):
            Mapping.load(write(name, content))
    with pytest.raises(InputError, match="cannot be opened"):
        Mapping.load("no/such/mapping.yaml")
    schema = Mapping.json_schema()
    assert set(schema["properties"]) == {"format", "zone", "blank", "separator", "prospects", "touches"}
    assert "since" not in json.dumps(schema["$defs"]["TouchSection"])


def test_yaml_types_nothing(write: Write) -> None:
    """Unquoted `NO`, `21:00` and `on` stay what they are: a country, a text, a text."""
    mapping = "prospects: {fields: {id: i, regions: {value: NO}, owner: {value: on}, account: {value: 21:00}}}"
    prospect = prospect_of(write, mapping, "i\np1\n")
    assert (prospect.regions[0].region, prospect.owner, prospect.account) == ("NO", "on", "21:00")


def test_json_labels_flags_and_nested_columns(write: Write) -> None:
    mapping = """
prospects:
  fields:
    id: id
    tags: {column: vip, values: {"true": vip, "false": plain, "": unknown}}
    owner: {column: a.b}
    zones: {column: zones, json: true}
"""
    records = '{"id": 1, "vip": true, "a": {"b": "o"}, "zones": ["UTC"]}\n{"id": 2, "a": 5}\n'
    book = read_book([write("people.jsonl", records)], mapping=Mapping.from_yaml(mapping))
    first, second = (case.prospect for case in book.cases())
    assert (first.id, first.tags, first.owner, first.zones[0].zone) == ("1", ("vip",), "o", "UTC")
    assert (second.tags, second.owner) == (("unknown",), None)
    assert [problem.people for problem in book.problems] == []


def test_json_in_a_cell_that_is_no_json(write: Write) -> None:
    book = read_book([write("people.csv", "id,zones\np1,[UTC\n")])
    assert "begins like JSON and is not" in book.problems[0].what


def test_a_date_where_an_instant_is_needed(write: Write) -> None:
    mapping = "prospects: {fields: {id: i, opt_outs: {since: {column: s, date: start}}}}"
    book = read_book([write("people.csv", "i,s\np1,2026-03-01\n")], mapping=Mapping.from_yaml(mapping))
    assert "say which `zone`" in book.problems[0].what
    mapping = "{zone: UTC, prospects: {fields: {id: i, opt_outs: {until: {column: s, date: end}, since: t}}}}"
    (case,) = read_book(
        [write("people.csv", "i,s,t\np1,2026-03-01,2026-02-01T00:00Z\n")], mapping=Mapping.from_yaml(mapping)
    ).cases()
    assert case.prospect.opt_outs[0].until == datetime(2026, 3, 2, tzinfo=UTC)


def test_end_and_duration_contradict_and_a_constant_lasts(write: Write) -> None:
    fields = "prospect: w, at: t, channel: {value: phone}"
    row = "w,t,e,d\np1,2026-03-06T09:00Z,2026-03-06T10:00Z,60\n"
    assert book_of(write, f"touches: {{fields: {{{fields}, end: e, duration: d}}}}", row).closed == ["p1"]
    (touch,) = touches_of(write, f"touches: {{fields: {{{fields}, duration: {{value: 60}}}}}}", row)
    assert touch.end == datetime(2026, 3, 6, 9, 1, tzinfo=UTC)
    assert book_of(write, f"touches: {{fields: {{{fields}, duration: d}}}}", row.replace(",60", ",1e12")).closed == [
        "p1"
    ]
    (touch,) = touches_of(write, f"touches: {{fields: {{{fields}, duration: d}}}}", row.replace("T09:00Z", ""))
    assert touch.end is None


def test_one_row_of_two_people_counts_once(write: Write) -> None:
    mapping = """
touches:
  fields: {at: at, channel: {value: meeting}, group: id}
  makes:
    - {if_given: first, fields: {id: {template: "{id}/1"}, prospect: first}}
    - {if_given: second, fields: {id: {template: "{id}/2"}, prospect: second}}
"""
    book = book_of(write, mapping, "id,at,first,second\nm,2026-03-06T09:00Z,p1,p2\nn,2026-03-06T09:00Z,p1,p9\n")
    rows = book.touch_rows()
    assert (rows.answered, rows.closed, rows.unreadable) == (1, 1, 0)


def test_the_template_of_a_prospect_in_a_bad_row(write: Write) -> None:
    mapping = "touches: {fields: {prospect: {template: 'p{n}'}, at: at, channel: {value: phone}}}"
    assert book_of(write, mapping, "n,at\n1,soon\n").closed == ["p1"]
    assert len(book_of(write, mapping, "n,at\n,soon\n").nameless) == 1


def test_rows_of_prospects_may_be_skipped_and_watched(write: Write) -> None:
    seen: list[str] = []

    def watch(rows: object, path: Path) -> object:
        seen.append(path.name)
        return rows

    mapping = Mapping.from_yaml("prospects: {skip: {kind: company}, fields: {id: i}}")
    book = read_book([write("people.csv", "i,kind\na,company\nb,person\n")], mapping=mapping, watch=watch)  # type: ignore[arg-type]
    assert (book.ids, book.prospect_rows().skipped, seen) == (["b"], 1, ["people.csv"])
