"""Whatever is given, the answer is a decision or an error of ours, one line for each mistake: never another exception."""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cadencia import (
    Account,
    CadenciaError,
    Case,
    Consent,
    ContactPoint,
    Decision,
    Fact,
    InputError,
    Occasion,
    OptOut,
    PendingItem,
    Policy,
    PolicyError,
    Promise,
    Prospect,
    Region,
    Stage,
    Suppression,
    Touch,
    ZoneEvidence,
)
from cadencia.reading import Mapping, read_book
from cadencia.rules import AwaitPromise, MaxAttempts, QuietHours, Spacing
from cadencia.rules.registry import ALWAYS, BUILT_IN, read_rule, rule_class

GOLDEN = Path(__file__).parent / "golden" / "rules"


class Unprintable:
    """Says nothing of itself."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Unequal:
    """Neither compares nor hashes."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")


def nested(make: Callable[[Any], Any], depth: int = 3000) -> Any:
    value: Any = make(1)
    for _ in range(depth):
        value = make(value)
    return value


RING: list[Any] = []
RING.append(RING)
UTC = dt.UTC

HOSTILE: dict[str, Any] = {
    "nothing": None,
    "true": True,
    "zero": 0,
    "negative": -1,
    "eighteen digits": 10**18,
    "five thousand digits": 10**5000,
    "not a number": math.nan,
    "infinite": -math.inf,
    "a decimal that is none": Decimal("NaN"),
    "a fraction": Fraction(1, 3),
    "complex": 1j,
    "bytes that are not UTF-8": b"\xff\xfe",
    "a bytearray": bytearray(b"x"),
    "empty text": "",
    "blank text": " \t",
    "a null character": "\0",
    "half a surrogate pair": "a\ud800b",
    "a very long text": "x" * 300_000,
    "digits without end": "9" * 5000,
    "several lines": "a\nb\r\nc",
    "a backtick": "a`b",
    "a picture": "😀",
    "digits of another script": "٣",
    "braces": "{x} {0.__class__}",
    "a naive datetime": dt.datetime(2026, 3, 1),
    "an aware datetime": dt.datetime(2026, 3, 1, tzinfo=UTC),
    "the first datetime": dt.datetime.min.replace(tzinfo=UTC),
    "the last datetime": dt.datetime.max.replace(tzinfo=UTC),
    "a datetime past the last": dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=23))),
    "a date": dt.date(2026, 3, 1),
    "the last date": dt.date.max,
    "the first date": dt.date.min,
    "a time of day": dt.time(3),
    "the longest timedelta": dt.timedelta.max,
    "the shortest timedelta": dt.timedelta.min,
    "a naive text": "2026-03-01T10:00",
    "the year one": "0001-01-01T00:00Z",
    "past the year 9999": "9999-12-31T23:59:59-23:00",
    "`2d`": "2d",
    "days without end": "9" * 30 + "d",
    "minus three days": "-3 days",
    "no such hour": "25:00-26:00",
    "equal edges": "09:00-09:00",
    "an empty list": [],
    "a list of nothing": [None],
    "a list of numbers": [1, math.nan],
    "a list of records": [{}],
    "a list of lists": [[]],
    "a list of everything": [1, "a", None, {}],
    "an empty record": {},
    "a record under nothing": {None: 1},
    "a record under a number": {1: 2},
    "a record under half a surrogate pair": {"\ud800": 1},
    "all but a number": {"except": 1},
    "a mixed set": {1, "a"},
    "a set of nothing": frozenset([None, 1]),
    "a pair of numbers": (1, 2),
    "a range": range(3),
    "an object": object(),
    "a class": int,
    "a function": len,
    "a module": sys,
    "a zone from nowhere": ZoneInfo("UTC"),
    "what cannot be printed": Unprintable(),
    "what cannot be compared": Unequal(),
    "a list without bottom": nested(lambda inner: [inner]),
    "a record without bottom": nested(lambda inner: {"a": inner}),
    "a list in itself": RING,
}

AS_OF = "2026-03-02T10:00Z"
PERSON: dict[str, Any] = {"id": "a", "zones": "Europe/Madrid", "regions": "ES"}
TOUCH: dict[str, Any] = {
    "id": "t", "at": "2026-03-01T10:00Z", "channel": "phone", "disposition": "no_answer", "direction": "outbound",
}  # fmt: skip
CHANNELS = ["phone", "email"]
FAST = Policy(
    name="fast",
    channels=CHANNELS,
    rules=[MaxAttempts(id="m", at_most=3), Spacing(id="s", at_least="2 days")],
)
SLOW = Policy(
    name="slow",
    channels=CHANNELS,
    rules=[MaxAttempts(id="m", at_most=3), AwaitPromise(id="a"), QuietHours(id="q", allow="09:00-17:00")],
)


def survives(ask: Callable[[Any], object]) -> None:
    """Every hostile value is answered, or refused in lines that any file can hold."""
    for name, value in HOSTILE.items():
        try:
            ask(value)
        except CadenciaError as error:
            for line in getattr(error, "mistakes", (str(error),)):
                assert line, name
                assert "\n" not in line, name
                assert len(line) < 600, name
                line.encode()
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__} instead of an error of ours") from error


def told(decision: Decision) -> None:
    """Everything a decision can say."""
    assert isinstance(decision.verdicts, tuple)
    assert isinstance(decision.chain, tuple)
    for text in (decision.to_json(), decision.text("en"), decision.text("es"), decision._repr_html_(), repr(decision)):
        assert text


@pytest.mark.parametrize("policy", [FAST, SLOW], ids=["fast", "slow"])
class TestQuestions:
    def test_the_instant(self, policy: Policy) -> None:
        survives(lambda value: told(policy.decide(PERSON, [TOUCH], as_of=value)))
        survives(lambda value: Case(prospect=PERSON).known_at(value))

    def test_who_and_what_happened(self, policy: Policy) -> None:
        survives(lambda value: told(policy.decide(value, as_of=AS_OF)))
        for person in (PERSON, Prospect(**PERSON)):
            survives(lambda value, person=person: told(policy.decide(person, value, as_of=AS_OF)))
            survives(lambda value, person=person: told(policy.decide(person, [value], as_of=AS_OF)))
            for key in TOUCH:
                survives(
                    lambda value, key=key, person=person: told(
                        policy.decide(person, [{**TOUCH, key: value}], as_of=AS_OF)
                    )
                )
        for key in Prospect.model_fields:
            survives(lambda value, key=key: told(policy.decide({**PERSON, key: value}, [TOUCH], as_of=AS_OF)))

    @pytest.mark.parametrize("key", ["purpose", "step", "subjects", "duration", "horizon", "fulfils"])
    def test_what_for(self, policy: Policy, key: str) -> None:
        survives(lambda value: told(policy.decide(PERSON, [TOUCH], as_of=AS_OF, **{key: value})))

    @pytest.mark.parametrize(
        "key", ["instant", "channel", "touches", "as_of", "contact_point", "purpose", "step", "subjects", "duration"]
    )
    def test_why_not(self, policy: Policy, key: str) -> None:
        asked = {"instant": AS_OF, "channel": "phone"}
        survives(lambda value: policy.why_not(Prospect(**PERSON), **{**asked, key: value}))

    @pytest.mark.parametrize(
        "key", ["start", "end", "touches", "as_of", "purpose", "step", "subjects", "duration", "prospect"]
    )
    def test_windows(self, policy: Policy, key: str) -> None:
        asked = {"prospect": Prospect(**PERSON), "start": AS_OF, "end": "2026-03-09T10:00Z"}
        survives(lambda value: policy.windows(**{**asked, key: value}))

    def test_rules_left_out(self, policy: Policy) -> None:
        decision = policy.decide(PERSON, [TOUCH], as_of=AS_OF)
        survives(policy.without)
        survives(decision.without)
        survives(decision.text)


BASES: dict[type[Any], dict[str, Any]] = {
    Touch: TOUCH,
    Promise: {"by": "us"},
    Account: {"id": "a"},
    Case: {"prospect": PERSON},
    Consent: {"since": AS_OF},
    ContactPoint: {"channel": "phone", "address": "1"},
    Fact: {},
    Occasion: {"kind": "birthday", "date": "2026-01-01"},
    OptOut: {},
    PendingItem: {"id": "1", "kind": "task"},
    Prospect: PERSON,
    Region: {"region": "ES"},
    Stage: {"name": "open"},
    Suppression: {},
    ZoneEvidence: {"zone": "UTC"},
}


@pytest.mark.parametrize("model", BASES, ids=lambda model: model.__name__)
def test_models(model: type[Any]) -> None:
    for key in (*model.model_fields, "no_such_key"):
        survives(lambda value, key=key: model(**{**BASES[model], key: value}))


# -- policies ---------------------------------------------------------------------------------------------------------


def examples_of(kind: str) -> list[dict[str, Any]]:
    """The golden wire forms of a kind: every option, where need be in several rules."""
    files = sorted(GOLDEN.glob(f"{kind}*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    found = [entry for entry in found if entry["rule"] == kind]
    assert found
    return found


@pytest.mark.parametrize("kind", [kind for kind in BUILT_IN if kind not in ALWAYS])
def test_rules(kind: str) -> None:
    for entry in examples_of(kind):
        for field, info in rule_class(kind).model_fields.items():
            key = info.alias or field

            def read(value: Any, entry: dict[str, Any] = entry, key: str = key) -> None:
                rule = read_rule({**entry, key: value})
                policy = Policy(name="p", channels=CHANNELS, rules=[rule])
                assert Policy.from_json(policy.to_json()).fingerprint == policy.fingerprint

            survives(read)
            inside = entry.get(key)
            if isinstance(inside, dict):
                for name in (*inside, "no_such_key"):
                    survives(lambda value, name=name, read=read, inside=inside: read({**inside, name: value}))
            if isinstance(inside, list):
                survives(lambda value, read=read, inside=inside: read([*inside, value]))
    survives(lambda value: rule_class(kind)(id=value))


def test_policies() -> None:
    whole = {"name": "p", "channels": CHANNELS}
    for read in (Policy.from_dict, Policy.from_json, Policy.from_yaml, Policy.load):
        survives(read)
    for key in (*Policy.model_fields, "no_such_key"):
        survives(lambda value, key=key: Policy.from_dict({**whole, key: value}).fingerprint)
        survives(lambda value, key=key: Policy(**{**whole, key: value}).fingerprint)
    survives(lambda value: Policy(name="p", rules=[value]))


def test_examples_of_a_policy() -> None:
    example = {"says": "x", "as_of": AS_OF, "case": {"prospect": {"id": "a"}}, "expect": {"answer": "contact"}}

    def check(**changes: Any) -> list[str]:
        return Policy.from_dict({**FAST.to_dict(), "examples": [{**example, **changes}]}).check_examples()

    for key in example:
        survives(lambda value, key=key: check(**{key: value}))
    for key in ("answer", "channel", "at", "until", "not_before", "reason", "binding", "blocking", "needs", "nope"):
        survives(lambda value, key=key: check(expect={key: value}))
    for key in ("prospect", "touches", "account", "opened_at", "unreadable", "nope"):
        survives(lambda value, key=key: check(case={**example["case"], key: value}))


def test_decisions_as_data() -> None:
    data = FAST.decide(PERSON, [TOUCH], as_of=AS_OF).to_dict()
    survives(Decision.from_dict)
    for key in data:
        survives(lambda value, key=key: told(Decision.from_dict({**data, key: value})))


# -- what must be said, or must not be accepted -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "line"),
    [
        (lambda: Policy.from_dict(None), "policy: `None` is not a policy; write `{'name': ..., 'rules': [...]}`"),
        (lambda: Policy.from_json(b"{}"), "policy: `b'{}'` is not text; give the content of a file"),
        (lambda: Policy.from_json('{"cadencia": NaN}'), "policy: `NaN` is not a number that JSON knows; write digits"),
        (lambda: Policy.load(7), "`7` is not the path of a policy file; write for example `house.yaml`"),
        (lambda: Policy.load("a\0b.yaml"), "`a\0b.yaml` cannot be read: embedded null byte"),
        (lambda: SLOW.without(["m"]), "rule id: `['m']` is not text; write a name in quotes"),
        (lambda: FAST.decide(PERSON, as_of=AS_OF, purpose=3), "purpose: `3` is not text; write a name in quotes"),
        (lambda: FAST.decide(PERSON, as_of=AS_OF, step=b"x"), "step: `b'x'` is not text; write a name in quotes"),
        (lambda: SLOW.decide(PERSON, as_of=AS_OF, fulfils=["t"]), "fulfils: `['t']` is not text; write a name in quotes"),
        (
            lambda: SLOW.decide(PERSON, as_of=AS_OF, subjects=3),
            "subjects: `3` is not a list of names; write for example `[renewal]`",
        ),
        (
            lambda: FAST.decide(PERSON, 3, as_of=AS_OF),
            "touches: `3` is not a list of touches; write `[Touch(id=..., at=..., channel=...)]`",
        ),
        (lambda: FAST.decide(PERSON, as_of=AS_OF).without(1), "rule id: `1` is not text; write a name in quotes"),
        (lambda: FAST.decide(PERSON, as_of=AS_OF).text(1), "language: `1` is not text; write a name in quotes"),
        (
            lambda: MaxAttempts(id="m", at_most=10**5000),
            "MaxAttempts: at_most: `<int>` is beyond counting; write a number of at most 18 digits",
        ),
        (
            lambda: OptOut(channel=" "),
            "OptOut, channel: `` is blank; write a name, or leave the key out",
        ),
        (lambda: Suppression(contact_point=""), "Suppression, contact_point: `` is blank; write a name, or leave the key out"),
        (lambda: Touch(**{**TOUCH, "channel": ""}), "Touch, channel: `` is blank; write a name, or leave the key out"),
        (
            lambda: MaxAttempts(id="m", at_most=1, channels=["phone", ""]),
            "MaxAttempts, channels: `['phone', '']` names something blank, which nothing is called; write a name",
        ),
        (lambda: Occasion(kind="birthday", date=0), "Occasion, date: `0` is not a date; write for example `2026-03-06`"),
    ],
)  # fmt: skip
def test_said_in_one_line(read: Callable[[], object], line: str) -> None:
    with pytest.raises(CadenciaError) as caught:
        read()
    assert str(caught.value).removeprefix("MaxAttempts, ") == line.removeprefix("MaxAttempts, ")


def test_no_digits_are_too_many() -> None:
    with pytest.raises(PolicyError, match="policy: a number has thousands of digits"):
        Policy.from_json('{"cadencia": ' + "1" * 5000 + "}")


def test_a_decision_read_back_has_instants_with_an_offset_and_a_zone_that_exists() -> None:
    data = FAST.decide(PERSON, [TOUCH], as_of=AS_OF).to_dict()
    with pytest.raises(InputError, match=r"decision, as_of: `2026-03-02T10:00:00` has no UTC offset"):
        Decision.from_dict({**data, "as_of": "2026-03-02T10:00:00"})
    with pytest.raises(InputError, match=r"decision, zone: zone `Europe/Madird` .* did you mean `Europe/Madrid`"):
        Decision.from_dict({**data, "zone": "Europe/Madird"})


def test_a_zone_may_be_an_object() -> None:
    assert Prospect(id="a", zones=[{"zone": ZoneInfo("Asia/Tokyo")}]).zones[0].zone == "Asia/Tokyo"
    assert Touch(**{**TOUCH, "at": "2026-03-01", "zone": ZoneInfo("Asia/Tokyo")}).zone == "Asia/Tokyo"


def test_sets_are_read_in_one_order() -> None:
    person = Prospect(id="a", zones={"UTC", "Asia/Tokyo"}, tags={"vip", "cold", "new"})
    assert [item.zone for item in person.zones] == ["Asia/Tokyo", "UTC"]
    assert person.tags == ("cold", "new", "vip")


def test_hours_and_days_may_be_taken_from_another_rule() -> None:
    first = QuietHours(id="a", allow={"mon-fri": ["09:00-14:00", "21:00-02:00"]})
    assert QuietHours(id="a", allow=first.allow) == first
    spaced = Spacing(id="s", at_least="2 business days", business_days=["sat", "mon-wed"])
    assert spaced.business_days == (0, 1, 2, 5)
    assert Spacing(id="s", at_least="2 business days", business_days=spaced.business_days) == spaced
    for wrong in ((0, 7), (True,), ("mon", 1)):
        with pytest.raises(InputError, match="is not a weekday"):
            Spacing(id="s", at_least="2 business days", business_days=wrong)
    for wrong in ((9, 8), (-1, 5), (1, 10**18), (1, 2, 3), (1.0, 2.0)):
        with pytest.raises(InputError, match="is not a window"):
            QuietHours(id="a", allow=[wrong])


def test_what_no_file_can_hold_still_has_a_fingerprint() -> None:
    """Half a surrogate pair is text in Python and in JSON, and no bytes in UTF-8."""
    odd = Policy.from_json(
        r'{"cadencia": 1, "name": "p", "rules": [{"rule": "max_attempts", "id": "a", "at_most": 1, "tags": "a\ud800"}]}'
    )
    assert odd.fingerprint != FAST.fingerprint
    assert Policy.from_json(odd.to_json()) == odd


# -- files ------------------------------------------------------------------------------------------------------------

JSON = {
    "null": "null", "true": "true", "a number": "0", "a fraction": "1.5", "too large": "1e400", "NaN": "NaN",
    "five thousand digits": "1" + "0" * 5000, "empty": '""', "blank": '" "', "a null character": '"\\u0000"',
    "half a surrogate pair": '"a\\ud800"', "long": '"' + "x" * 100_000 + '"', "lines": '"a\\nb"', "control": '"\x01"',
    "a list": "[]", "a list of nothing": "[null]", "a list of records": "[{}]", "a record": "{}", "a key": '{"a": 1}',
    "deep": "[" * 3000 + "]" * 3000, "twice": '{"a": 1, "a": 2}', "cut": "tru", "naive": '"2026-03-01T10:00"',
    "past the end": '"9999-12-31T23:59:59-23:00"', "an escape": '"\\u001b[31m"',
}  # fmt: skip


def record(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{key}": {value}' for key, value in fields.items()) + "}\n"


def test_files_of_json_lines(tmp_path: Path) -> None:
    people = {"id": '"p1"', "zones": '"UTC"'}
    touch = {key: f'"{value}"' for key, value in TOUCH.items()} | {"prospect": '"p1"'}
    prospects, touches = tmp_path / "people.jsonl", tmp_path / "touches.jsonl"
    person_keys = (*Prospect.model_fields, "zone", "region", "phone", "stage", "opened_at", "no_such_key")
    touch_keys = (*Touch.model_fields, "promise_by", "promise_at", "promise_kind", "duration", "no_such_key")
    for name, value in JSON.items():
        books = [(record({**people, key: value}), record(touch)) for key in person_keys]
        books += [(record(people), record({**touch, key: value})) for key in touch_keys]
        books += [(f"{value}\n{record(people)}", record(touch)), (record(people), f"{value}\n{record(touch)}")]
        for first, second in books:
            prospects.write_text(first, encoding="utf-8")
            touches.write_text(second, encoding="utf-8")
            try:
                book = read_book([prospects], [touches])
                for case in book.cases():
                    told(SLOW.decide(case, as_of=AS_OF))
                    for line in case.unreadable:
                        assert "\n" not in line, name
                        line.encode()
            except InputError as error:
                str(error).encode()


def test_a_promise_of_json_lines_may_have_either_form_and_not_both(tmp_path: Path) -> None:
    prospects, touches = tmp_path / "people.jsonl", tmp_path / "touches.jsonl"
    prospects.write_text('{"id": "p1"}\n', encoding="utf-8")
    row = {key: f'"{value}"' for key, value in TOUCH.items()} | {"prospect": '"p1"'}
    whole = {"promise": '{"by": "us", "at": "2026-03-04"}'}
    parts = {"promise_by": '"us"', "promise_at": '"2026-03-04"'}

    def read(fields: dict[str, str]) -> Case:
        touches.write_text(record({**row, **fields}), encoding="utf-8")
        return next(read_book([prospects], [touches]).cases())

    assert read(whole).touches == read(parts).touches
    assert read(parts).touches[0].promise == Promise(by="us", at="2026-03-04")
    assert read({}).touches[0].promise is None
    assert read({**whole, **parts}).unreadable == ("touches.jsonl:1: promise: it is given twice; keep one form",)
    assert "promise.by" in read({"promise_at": '"2026-03-04"'}).unreadable[0]


def test_mappings(tmp_path: Path) -> None:
    path = tmp_path / "mapping.json"
    for value in JSON.values():
        for text in (
            value,
            f'{{"touches": {value}}}',
            f'{{"prospects": {{"id": {value}}}}}',
            f'{{"touches": {{"id": {{"column": {value}}}, "at": {{"column": "x", "values": {value}}}}}}}',
        ):
            path.write_text(text, encoding="utf-8")
            try:
                Mapping.load(path)
            except InputError as error:
                for line in error.mistakes:
                    assert "\n" not in line
                    line.encode()
