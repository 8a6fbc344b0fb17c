"""What a policy, a rule or a plug-in may get wrong, each said where it is, with what to write instead."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest

import cadencia
import cadencia.rules
from cadencia import Account, Case, MissingExtra, Policy, PolicyError, Prospect, RuleFailure, Touch
from cadencia.errors import CadenciaError, InputError
from cadencia.rules import Limit, MaxAttempts
from cadencia.rules.registry import kind_of, read_rule, register, rule_class

AS_OF = "2026-03-03T12:00Z"


def rule(kind: str, **fields: Any) -> Callable[[], object]:
    return lambda: read_rule({"rule": kind, "id": "r", **fields})


def policy(**fields: Any) -> Callable[[], object]:
    return lambda: Policy.from_dict({"name": "p", "channels": ["phone"], **fields})


CAP = {"rule": "max_attempts", "id": "m", "at_most": 1}
OTHER = {**CAP, "at_most": 2}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (rule("any_of", rules=[]), r"`rules: \[\]` permits nothing"),
        (rule("any_of", rules=[CAP, OTHER]), "two rules of `any_of` have the same id"),
        (rule("any_of", rules=[{"rule": "soonest", "id": "s"}]), "`any_of` takes limits only"),
        (rule("promise_due", grace="4 business hours"), "a delay in business hours needs `hours`"),
        (rule("preferred_hours", hours={"mon": []}), "name no window"),
        (rule("active_period"), "give `from`, `until` or both"),
        (rule("frequency_cap", at_most=1, each="week", week_start="monday"), r"`monday` is not a weekday.*did you mean `mon`"),
        (rule("cool_off", times=2, silence="1 day"), "`times: 2` needs a period"),
        (rule("max_attempts", at_most=1, channels={"but": "phone"}), r"write `\[a, b\]` or `{except: \[a, b\]}`"),
        (rule("quiet_hours", allow="09:00-17:00", clock=[]), r"clock: `\[\]` names no zone"),
        (rule("quiet_hours", allow={"mon": 9}), "`9` is not a list of windows"),
        (
            rule("soonest", in_force={"from": "2026-03-02T10:00Z", "to": "2026-03-02T10:00Z"}),
            "`to` .* is not after `from`",
        ),
        (rule("soonest", in_force={"from": "2026-03-02", "to": "2026-03-01"}), "is before `from`; write a later date"),
        (lambda: read_rule({"id": "r"}), "a rule needs its kind"),
        (lambda: read_rule([]), r"`\[\]` is not a rule"),
        (policy(cadencia=2), "policy format `2` is not known to this version; write `cadencia: 1`"),
        (policy(rules=[{**CAP, "id": f"m{n}"} for n in range(1001)]), "`1001` rules are too many; a policy holds at most 1000"),
        (policy(rules=[CAP, OTHER]), "two rules have the id `m`"),
        (policy(rules=[{**CAP, "id": "wish/m"}]), "rule id `wish/m` is reserved"),
        (policy(rules=[{"rule": "opt_outs", "id": "o"}]), "`opt_outs` binds in every policy; leave it out"),
        (policy(layers=["house.yaml"]), "layer `house.yaml` is a file name; read the policy from its file"),
        (policy(layers=[{"name": "a", "layers": [{"name": "b"}]}]), "layer `a` has layers of its own"),
        (policy(layers=[{"name": "a"}, {"name": "a", "rules": [CAP]}]), "two layers are named `a` and differ"),
        (policy(name="a & b"), "`&` joins the names of layers"),
        (lambda: Policy.load(), "no policy file given"),
        (lambda: Prospect(id="p", stage="open", stages="open"), "give `stage` or `stages`, not both"),
        (lambda: Case.of(7), "`int` is neither a Prospect nor a Case"),
        (lambda: Case.of({"id": "p"}, [7]), "`int` is not a Touch"),
        (lambda: Case.of(Case(prospect={"id": "p"}), [{}]), "a case carries its own touches"),
        (lambda: Policy(name="p").decide({"id": "p"}, as_of=AS_OF), "policy `p` names no channels"),
        (lambda: Policy(name="p", channels=["phone"]).decide({"id": "p"}, as_of="0001-01-01T00:00+23:00"), "out of range"),
        (lambda: Policy(name="p", channels=["phone"]).decide({"id": "p"}, as_of="9999-01-01T00:00Z"), "out of range"),
    ],
)  # fmt: skip
def test_said_with_what_to_write(make: Callable[[], object], says: str) -> None:
    with pytest.raises(CadenciaError, match=says):
        make()


# -- files of policies ------------------------------------------------------------------------------------------------


def test_layers_in_files(tmp_path: Path) -> None:
    def write(name: str, **data: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"cadencia": 1, "name": path.stem, **data}), encoding="utf-8")
        return path

    write("law.json", channels=["phone"], rules=[CAP])
    inline = {"name": "inline", "rules": [{"rule": "soonest", "id": "s"}]}
    house = Policy.load(write("house.json", layers=["law.json", inline]))
    assert [layer.name for layer in house.layers] == ["inline", "law"]
    for layers, says in (
        ("law.json", "`law.json` is not a list; write `layers: "),
        ([7], "`7` is not a layer; write a file name"),
        (["law.json"] * 51, "more than 50 layers"),
        (["../law.json"], "lies above the policy's folder"),
        (["self.json"], "names itself; break the circle"),
        (["a\0b.json"], "is not there; name a file beside or below the policy"),
        (["law.toml"], "^self.json, layers: `law.toml` is not there; name a file beside or below the policy$"),
    ):
        with pytest.raises(PolicyError, match=says):
            Policy.load(write("self.json", layers=layers))
    with pytest.raises(PolicyError, match=r"`house.ini` is neither `.json` nor `.yaml`"):
        Policy.load(write("house.ini"))
    (tmp_path / "large.json").write_text(" " * 1_000_001, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"large.json: larger than 1,000,000 bytes"):
        Policy.load(tmp_path / "large.json")
    (tmp_path / "latin.yaml").write_bytes(b"cadencia: 1\nname: caf\xe9\n")
    with pytest.raises(PolicyError, match=r"latin.yaml: byte 21 is not UTF-8"):
        Policy.load(tmp_path / "latin.yaml")
    for text in ("", "null", "# nothing\n"):
        (tmp_path / "empty.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(PolicyError, match=r"empty.yaml: empty; write at least `cadencia: 1` and `name:`"):
            Policy.load(tmp_path / "empty.yaml")


@pytest.mark.parametrize("read", [Policy.from_json, Policy.from_yaml])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not (JSON|YAML)"),
        ("[1]", "is not a policy; write `cadencia: 1`"),
        ('{"name": "p"}', "the policy format is missing; write `cadencia: 1`"),
        ('{"cadencia": 1, "name": "p", "name": "q"}', "key `name` is given twice; keep one"),
        ('{"cadencia": 1, "name": ' + "[" * 50 + "]" * 50 + "}", "nests too deep; at most 40 levels"),
        ('{"cadencia": 1, "name": ' + "[" * 5000 + "]" * 5000 + "}", "nests too deep; at most 40 levels"),
        (" " * 1_000_001, "larger than 1,000,000 bytes"),
        ('{"cadencia": "2", "name": "p"}', "policy format `2` is not known"),
    ],
)  # fmt: skip
def test_texts_of_policies(read: Callable[[str], Policy], text: str, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        read(text)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("cadencia: 1\nname: p\n  channels: [a]\n", 3, "a second `:` in one value, or a key that does not stand under the one above"),
        ("name: p\nbecause: a: b\n", 2, "put text with `: ` in quotes"),
        ("rules:\n  - rule: a\n   id: b\n", 3, "the indentation fits no line above; align the keys of one table"),
        ("rules:\n    - a: b\n  - c: d\n", 3, "the indentation fits no line above"),
        ("rules:\n  - a\n  b: c\n", 3, "the indentation fits no line above"),
        ("rules:\n\t- rule: a\n", 2, "a tab; indent with blanks"),
        ("a: {b: c}}\n", 1, "a bracket that closes nothing"),
        ("{a: 1}}\n", 1, "a bracket that closes nothing"),
        ("a: 1\n]\n", 2, "a bracket that closes nothing"),
        ("a: |x\n", 1, "`|` and `>` begin text on the lines below"),
        ('a: "\\xZZ"\n', 1, "an escape that is none in double quotes"),
        ("!a!b c\n", 1, "tags (`!name`) are not allowed"),
        ("a: \x07\n", None, "a character that no text file holds"),
        ("cadencia: 1\nname p\nchannels: [a]\n", 2, "a key without a value; write `key: value`"),
        ("name: p\nchannels: [a\n\n", 2, "never closed; write the `,` or the `]`"),
        ("a: {b: c\nd: e\n", 1, "never closed; write the `,` or the `}`"),
        ('a: ["b" "c"]\n', 1, "brackets without a `,` between two things"),
        ("a: [\n", 2, "the end comes within a list or a table; close its bracket"),
        ('cadencia: 1\nname: "p\nchannels: [a]\n', 2, "a quote that is never closed"),
        ("name: 'it's'\n", 1, "text behind a value"),
        ("name: @p\n", 1, "`@` cannot begin a value; put the value in quotes"),
        ("name: *p\n", 1, "aliases (`*name`) are not allowed; put text that begins"),
        ("name: *\n", 1, "aliases (`*name`) are not allowed; put text that begins"),
        ("a: b\n---\nc: d\n", 2, "a second document begins; keep one"),
        ('a: "\\q"\n', 1, r"`\q` means nothing in double quotes; write single quotes"),
        ("a: [b, , c]\n", 1, "a value is missing before `,`"),
        ("a: \0\n", None, "a character that no text file holds; take it away, or save the file as UTF-8"),
    ],
)  # fmt: skip
def test_yaml_that_is_none_is_told_in_our_words(text: str, line: int | None, says: str) -> None:
    """One line, with the line of the file, and what to write instead of it."""
    with pytest.raises(PolicyError) as caught:
        Policy.from_yaml(text)
    told = str(caught.value)
    assert told.startswith("policy: not YAML: " + (f"line {line}: " if line else ""))
    assert says in told
    assert "\n" not in told


@pytest.mark.parametrize("written", ["01.03.2026", "1/3/26", "2026/03/01", "03-01-2026", "2026-3-1", "1.3.2026"])
def test_a_date_in_another_order_is_not_guessed(written: str) -> None:
    """Which number is the month nobody knows: the error says the order, and names no date that may have been meant."""
    text = f"cadencia: 1\nname: p\nchannels: [a]\nrules:\n  - {{rule: active_period, id: a, from: {written}}}\n"
    with pytest.raises(PolicyError) as caught:
        Policy.from_yaml(text)
    assert (
        str(caught.value) == f"policy `p`, rules[0].from: `{written}` is not a date; write YYYY-MM-DD, as `2026-03-06`"
    )


def test_a_time_in_another_order_is_not_guessed() -> None:
    for written in ("05.13.2026", "05/03/2026 12:40"):
        with pytest.raises(InputError) as caught:
            Case(prospect=Prospect(id="a")).known_at(written)
        form = "write YYYY-MM-DD, then the time and its offset, as `2026-03-06T21:30-05:00`"
        assert str(caught.value).endswith(f"`{written}` is not a time; {form}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cadencia: 1\nname: &a p\nversion: *a\n", r"line 2: aliases .* are not allowed|not YAML|given twice"),
        ("cadencia: 1\nname: !!int 3\n", "line 2: tag .* is not allowed"),
        ("cadencia: 1\n? [a]\n: 1\nname: p\n", "line 2: a key must be text"),
        ("cadencia: 1\n~: 1\nname: p\n", "line 2: a key must be text"),
    ],
)  # fmt: skip
def test_yaml_beyond_json(text: str, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        Policy.from_yaml(text)


def test_yaml_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    with pytest.raises(
        MissingExtra, match=r"reading YAML needs the extra `yaml`; write `pip install 'cadencia\[yaml\]'`"
    ):
        Policy.from_yaml("cadencia: 1")


# -- plug-ins -----------------------------------------------------------------------------------------------------------


class Undotted(Limit):
    """A kind that could be ours one day."""

    rule: Literal["undotted"] = "undotted"


class Kindless(Limit):
    """No kind at all."""


def test_a_kind_of_a_third_party_is_dotted_and_has_a_name() -> None:
    with pytest.raises(PolicyError, match=r"kind `undotted`: .* write for example `acme.undotted`"):
        register(Undotted)
    with pytest.raises(PolicyError, match="`Kindless` has no kind"):
        kind_of(Kindless)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("nowhere_at_all:Rule", r"the plug-in `nowhere_at_all:Rule` cannot be loaded: ModuleNotFoundError"),
        ("cadencia:Policy", r"the plug-in `cadencia:Policy` is not a rule class"),
        ("cadencia:DISPOSITIONS", r"the plug-in `cadencia:DISPOSITIONS` is not a rule class"),
        ("cadencia.rules:Soonest", r"calls itself `soonest`; give both the same name"),
    ],
)
def test_plug_ins_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, value: str, says: str) -> None:
    point = EntryPoint(name="acme.strange", value=value, group="cadencia.rules")
    monkeypatch.setattr("cadencia.rules.registry._plug_ins", lambda: {"acme.strange": point})
    with pytest.raises(PolicyError, match=says):
        rule_class("acme.strange")
    with pytest.raises(PolicyError, match=r"no rule named `acme.strangr`; did you mean `acme.strange`"):
        rule_class("acme.strangr")


def test_a_plug_in_without_a_package_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    from cadencia.rules.registry import plug_in_of

    monkeypatch.setattr("cadencia.rules.registry._plug_ins", lambda: {"acme.x": SimpleNamespace(dist=None)})
    assert plug_in_of("acme.x") is None
    assert plug_in_of("soonest") is None


# -- errors themselves -----------------------------------------------------------------------------------------------


def test_failures_of_rules_compare_by_rule_type_and_code() -> None:
    one, same = RuleFailure("r", ValueError("a")), RuleFailure("r", ValueError("b"))
    assert one == same
    assert len({one, same}) == 1
    assert one != RuleFailure("s", ValueError("a"))
    assert one != RuleFailure("r", TypeError("a"))
    assert one != "rule `r`: ValueError: a"
    assert str(one) == "rule `r`: ValueError: a"


@pytest.mark.parametrize("error", [NotImplementedError(), TypeError(""), ValueError("  \n")])
def test_a_failure_without_a_text_still_says_what_happened(error: Exception) -> None:
    assert str(RuleFailure("r", error)) == f"rule `r`: {type(error).__name__}, without a text"


def test_long_values_are_cut() -> None:
    with pytest.raises(InputError) as caught:
        Touch(id="t", at="x" * 500, channel="phone")
    assert f"`{'x' * 59}…` is not a time" in str(caught.value)


# -- small things that people look at ---------------------------------------------------------------------------------


def test_modules_list_what_they_have() -> None:
    assert dir(cadencia) == sorted(cadencia.__all__)
    assert dir(cadencia.rules) == sorted(cadencia.rules.__all__)
    for module in (cadencia, cadencia.rules):
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            module.Nothing  # noqa: B018


def test_the_stage_of_a_prospect() -> None:
    assert Prospect(id="p").stage is None
    assert Prospect(id="p", stages=["new", "open"]).stage == "open"
    dated = [{"name": "lost", "since": "2026-03-02T10:00Z"}, {"name": "open", "since": "2026-03-01T10:00Z"}, "new"]
    assert Prospect(id="p", stages=dated).stage == "lost"


@pytest.mark.parametrize(
    "wish",
    [
        {"rule": "cool_off", "silence": "60 days", "counts": {"dispositions": ["refussed"]}},
        {"rule": "recall", "after": {"refussed": "2 days"}},
        {
            "rule": "any_of",
            "rules": [
                {"rule": "max_attempts", "id": f"m{most}", "at_most": most, "counts": {"dispositions": ["refussed"]}}
                for most in (1, 2)
            ],
        },
    ],
)
def test_a_wish_that_names_no_disposition(wish: dict[str, Any]) -> None:
    with pytest.raises(
        InputError, match=r"wishes\[0\]: disposition `refussed` is not well known; .*did you mean `refused`"
    ):
        Prospect(id="p", wishes=[wish])


@pytest.mark.parametrize(
    ("rule", "mistake"),
    [
        (
            {"rule": "active_period", "from": "2026-03-02", "until": "2026-03-01"},
            "`until` `2026-03-01` is before `from`",
        ),
        ({"rule": "active_period", "from": "2026-03-02T12:00Z", "until": "2026-03-02T12:00Z"}, "is not after `from`"),
        ({"rule": "active_period", "from": "2026-03-05", "until": "2026-03-02T12:00Z"}, "is not after `from`"),
        ({"rule": "active_period", "from": "2026-03-05T12:00Z", "until": "2026-03-02"}, "is not after `from`"),
        (
            {"rule": "soonest", "in_force": {"from": "2026-03-05", "to": "2026-03-02T12:00Z"}},
            "`to` .* is not after `from`",
        ),
        (
            {"rule": "soonest", "in_force": {"from": "2026-03-05T12:00Z", "to": "2026-03-02"}},
            "`to` .* is not after `from`",
        ),
    ],
)
def test_a_period_that_ends_before_it_begins(rule: dict[str, Any], mistake: str) -> None:
    with pytest.raises(PolicyError, match=mistake):
        policy(rules=[{"id": "r", **rule}])()


def test_a_period_of_a_date_and_an_instant_that_may_hold_one_is_accepted() -> None:
    for start, end in (("2026-03-02", "2026-03-02T00:00Z"), ("2026-03-02T23:00Z", "2026-03-02")):
        policy(rules=[{"rule": "active_period", "id": "r", "from": start, "until": end}])()


def test_a_consent_that_ends_before_it_begins() -> None:
    with pytest.raises(InputError, match="not after it begins"):
        Prospect(id="p", consents={"since": "2026-03-02T00:00Z", "until": "2026-03-01T00:00Z"})


def test_a_touch_with_somebody_else_is_not_the_prospects_own() -> None:
    theirs = Touch.model_validate({"id": "t", "at": "2026-03-02T12:00Z", "channel": "phone", "prospect": "q"})
    with pytest.raises(
        InputError, match="touch `t` is with `q`, and the case is of `p`; give it with the touches of the account"
    ):
        Case.of(Prospect(id="p"), [theirs])


def test_a_wish_alone_and_a_wish_without_an_id() -> None:
    (wish,) = Prospect(id="p", wishes={"rule": "max_attempts", "at_most": 1}).wishes
    assert wish == MaxAttempts(id="wish-1", at_most=1)


def test_what_was_known_of_bookings_and_dates() -> None:
    touches = [
        {"id": "booked", "at": "2026-04-01T10:00Z", "channel": "phone", "booked": True},
        {"id": "dated", "at": "2026-03-02", "channel": "phone"},
        {"id": "told-late", "at": "2026-03-01T10:00Z", "channel": "phone", "recorded_at": "2026-03-05T10:00Z"},
        {"id": "later", "at": "2026-03-04T10:00Z", "channel": "phone"},
    ]
    case = Case(
        prospect={"id": "p", "account": "a"}, touches=touches, opened_at="2026-03-04T00:00Z",
        account=Account(id="a", people=[{"id": "q"}], touches=[{**touches[3], "id": "o", "prospect": "q"}]),
    )  # fmt: skip
    known = case.known_at("2026-03-03T10:00Z")
    assert [touch.id for touch in known.touches] == ["booked", "dated"]
    assert known.account is not None
    assert known.account.touches == ()
    assert known.opened_at is None
    assert [touch.id for touch in case.known_at("2026-03-05T10:00Z").touches] == [item["id"] for item in touches]
