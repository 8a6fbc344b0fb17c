"""The wire formats, frozen: every kind of rule, every answer, and what errors say.

A difference here is a difference for whoever keeps policies and decisions: read it, then run `pytest --update-golden`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cadencia.rules
from cadencia import Case, Decision, Policy, Prospect, Touch
from cadencia.errors import CadenciaError
from cadencia.language import languages, messages
from cadencia.policy_files import load, read_json, read_yaml
from cadencia.rules.registry import kinds, rule_class

Golden = Callable[[str, str], None]

# -- rules: each kind with every option set; several of a kind where options exclude each other ----------------------

COUNTS = {
    "channels": ["phone", "sms"],
    "directions": ["outbound"],
    "dispositions": {"except": ["failed"]},
    "purposes": ["sales"],
    "steps": {"except": ["intro"]},
    "subjects": ["deal-7"],
    "reached": False,
    "automated": True,
}
UNLESS = [
    {
        "consent": {
            "purpose": "sales",
            "basis": ["express", "contract"],
            "valid_for": "18 full months",
            "ended_by": {"dispositions": ["refused"]},
        },
        "requested": {"early": "15m", "grace": "2h"},
        "replying": True,
        "purposes": ["service"],
        "channels": {"except": ["sms"]},
        "tags": ["vip"],
        "regions": ["ES", "ES-CT"],
        "stages": ["customer"],
        "subjects": ["deal-7"],
    },
    {"replying": "same_channel"},
]
ANY = {"because": "the law says so", "in_force": {"from": "2026-01-01", "to": "2026-12-31T22:00Z"}}
LIMIT = {
    **ANY,
    "channels": ["phone"],
    "purposes": {"except": ["service"]},
    "steps": ["intro"],
    "regions": {"except": ["US-FL", "FR"]},
    "tags": ["cold"],
    "stages": {"except": ["customer"]},
    "subjects": {"except": ["deal-8"]},
    "unless": UNLESS,
}
HISTORY = {
    **LIMIT,
    "counts": COUNTS,
    "count": "reached",
    "since": {"dispositions": ["connected"]},
    "per": ["channel", "subject"],
    "over": "account",
}
CLOCK = {"clock": ["prospect", "Europe/Madrid"]}
TIMES = {
    **HISTORY,
    **CLOCK,
    "calendar": ["ES", "prospect"],
    "business_days": "sun-thu",
    "hours": {"mon-fri": ["09:00-14:00", "16:00-18:00"]},
}
LASTING = {
    **LIMIT,
    **CLOCK,
    "scope": "channel",
    "after": "3 business days",
    "lasts": "6 months",
    "until": "2026-12-31",
    "lifted_by": {"dispositions": ["callback_requested"]},
    "calendar": "ES",
}
TIMED = {
    **ANY,
    **CLOCK,
    "met_by": COUNTS,
    "calendar": "prospect",
    "business_days": ["mon", "tue"],
    "hours": {"daily": ["08:00-20:00"]},
}
PATIENT = {**ANY, "rank": 3, "patience": "36h"}

RULES: dict[str, list[dict[str, Any]]] = {
    "max_attempts": [{**HISTORY, "at_most": 3}],
    "frequency_cap": [
        {**HISTORY, "at_most": 3, "within": "7d"},
        {**HISTORY, **CLOCK, "at_most": 0, "dates": 30},
        {
            **HISTORY,
            **CLOCK,
            "at_most": 2,
            "each": "half_month",
            "week_start": "sun",
            "since": "case",
            "per": "contact_point",
            "count": "planned",
            "over": "others",
        },
    ],
    "spacing": [
        {**TIMES, "at_least": "4 business hours"},
        {
            **TIMES,
            "gaps": ["90m", "2 days", "2 dates", "3 business days", "1 month", "60 full dates", "1 week", "1 h 30 m"],
        },
        {**TIMES, "backoff": {"first": "1h", "factor": 1.5, "at_most": "7d"}},
    ],
    "recall": [
        {**TIMES, "after": {"busy": "30m", "voicemail_left": ["2 days", "1 week"], "otherwise": "1 business day"}}
    ],
    "cool_off": [{**TIMES, "times": 3, "within": "10d", "silence": "30 days"}],
    "quiet_hours": [
        {
            **LIMIT,
            **CLOCK,
            "allow": {"fri,mon-thu": ["17:00-20:00", ">09:00-14:00"], "sat": "22:00-02:00"},
            "holidays": ["prospect", "ES-CT", "ES"],
            "dates": {"2026-12-25": "closed", "2026-12-24": ["09:00-13:00"]},
        },
        {**LIMIT, **CLOCK, "between": ["21:00-08:00", "14:00-16:00"], "holidays": "ES"},
    ],
    "business_days": [{**LIMIT, **CLOCK, "days": ["sun", "mon-wed"], "holidays": ["US-NY"]}],
    "holiday_eves": [{**LIMIT, **CLOCK, "allow": {"mon-sat": "10:00-19:00"}, "holidays": "IT"}],
    "active_period": [{**LIMIT, **CLOCK, "from": "2026-03-01", "until": "2026-06-30T12:00-04:00"}],
    "require_consent": [{**LIMIT, **CLOCK, "basis": ["express"], "purpose": "sales", "valid_for": "12 months"}],
    "clear_register": [
        {**LIMIT, **CLOCK, "registry": "us-dnc", "max_age": "31 days", "grace": "28 dates", "required": False}
    ],
    "barred": [{**LIMIT, "while_fact": "represented"}],
    "known_region": [{**LIMIT, "among": ["FR", "ES-CT"]}],
    "await_pending": [{**LIMIT, "kinds": ["impediment", "doubt"]}],
    "earn_first": [
        {
            **LIMIT,
            "least": 3,
            "counts": COUNTS,
            "count": "delivered",
            "since": "case",
            "per": ["channel"],
            "over": "account",
        }
    ],
    "await_promise": [{**LIMIT, **CLOCK, "grace": "2h", "undated": "14 days", "calendar": "ES"}],
    "no_repeated_channel": [{**HISTORY, "at_most": 2}],
    "one_channel": [{**HISTORY, **CLOCK, "dates": 7}, {**HISTORY, "within": "7d"}],
    "account_reply": [{**LIMIT, **CLOCK, "lasts": "5 business days", "counts": COUNTS, "calendar": ["ES"]}],
    "account_load": [{**LIMIT, "at_most": 2, "within": "14d"}],
    "account_day": [{**LIMIT, **CLOCK}],
    "any_of": [
        {
            **LIMIT,
            "rules": [
                {"rule": "quiet_hours", "id": "hours", "allow": "09:00-14:00"},
                {
                    "rule": "any_of",
                    "id": "inner",
                    "rules": [{"rule": "require_consent", "id": "consent"}, {"rule": "business_days", "id": "days"}],
                },
            ],
        }
    ],
    "stop_on": [{**LASTING, "dispositions": ["refused", "replied"], "counts": COUNTS, "over": "account"}],
    "stop_on_refusal": [
        {
            **LASTING,
            "dispositions": ["refused"],
            "counts": COUNTS,
            "per": "subject",
            "lifted_by_consent": {"basis": "express"},
        }
    ],
    "stop_on_stage": [{**LASTING, "on": {"except": ["new", "working"]}}],
    "stop_on_opt_out": [LASTING],
    "stop_when_exhausted": [
        {**LIMIT, "scope": "contact_point", "at_most": 6, "counts": COUNTS, "count": "delivered", "since": "case"}
    ],
    "stop_unless_qualified": [
        {**LIMIT, "scope": "channel", "fact": "budget", "tag": "fit", "at_stages": ["qualified"]},
        {"by": {"directions": ["inbound"], "dispositions": ["interested"]}},
    ],
    "channel_rotation": [
        {
            **PATIENT,
            "order": ["phone", "email", "phone"],
            "mode": "escalate",
            "each": 2,
            "counts": COUNTS,
            "count": "delivered",
        }
    ],
    "preferred_channel": [{**PATIENT, "order": ["email", "phone"]}],
    "preferred_hours": [{**PATIENT, **CLOCK, "hours": {"mon-fri": ["10:00-12:00"]}}],
    "soonest": [PATIENT],
    "respond_within": [
        {**TIMED, "within": "4 business hours", "of": "opening", "counts": {"channels": ["email"]}},
        {"within": "4h", "of": "qualification", "fact": "budget", "at_stages": ["qualified"]},
    ],
    "promise_due": [{**TIMED, "grace": "1 business day"}],
    "touch_at_least_every": [{**TIMED, "every": "2 weeks"}],
    "never_undated": [ANY],
}
CASES = [
    pytest.param(kind, data, f"{kind}{f'-{place + 1}' if len(many) > 1 else ''}", id=f"{kind}-{place + 1}")
    for kind, many in RULES.items()
    for place, data in enumerate(many)
]


def policy_of(kind: str, data: dict[str, Any]) -> Policy:
    return Policy.from_dict(
        {"cadencia": 1, "name": "golden", "channels": ["phone", "email"], "rules": [{"rule": kind, "id": "it", **data}]}
    )


def pretty(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(("kind", "data", "name"), CASES)
def test_rule(kind: str, data: dict[str, Any], name: str, golden: Golden) -> None:
    """A rule's data form is stable, and reading it gives the rule back."""
    policy = policy_of(kind, data)
    [written] = policy.to_dict()["rules"]
    golden(f"rules/{name}.json", pretty(written))
    again = Policy.from_dict({**policy.to_dict(), "rules": [written]})
    assert again == policy
    assert again.to_dict() == policy.to_dict()
    assert again.fingerprint == policy.fingerprint
    assert Policy.from_json(policy.to_json()) == policy


def test_every_kind_and_option_is_here() -> None:
    """No kind and no option of a kind is left out of the golden files, and every one differs from its default."""
    ours = {kind for kind in kinds() if "." not in kind}
    assert set(RULES) == ours
    for kind in sorted(ours):
        fields = {field.alias or name for name, field in rule_class(kind).model_fields.items()}
        shown = {key for data in RULES[kind] for key in policy_of(kind, data).to_dict()["rules"][0]}
        assert shown == fields, f"{kind}: {sorted(fields ^ shown)}"


def test_fingerprints(golden: Golden) -> None:
    """A fingerprint is stamped on stored decisions: it must not change by accident."""
    lines = [f"{param.values[2]} {policy_of(str(param.values[0]), param.values[1]).fingerprint}" for param in CASES]  # type: ignore[arg-type]
    golden("fingerprints.txt", "\n".join(lines) + "\n")


def test_schema_accepts_every_rule() -> None:
    """The JSON Schema of the policy format knows every kind, and every option as the library writes it."""
    validators = pytest.importorskip("jsonschema").validators
    schema = Policy.json_schema()
    validator = validators.validator_for(schema)
    validator.check_schema(schema)
    check = validator(schema)
    everything = {
        "cadencia": 1,
        "name": "all",
        "rules": [
            {**policy_of(kind, item).to_dict()["rules"][0], "id": f"{kind}-{place}"}
            for kind, many in RULES.items()
            for place, item in enumerate(many)
        ],
    }
    errors = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in check.iter_errors(everything)
    ]
    assert not errors, "\n".join(errors)
    wrong = (
        {"rule": "max_attempt", "id": "a", "at_most": 1},
        {"rule": "max_attempts", "id": "a", "at_mots": 1},
        {"rule": "max_attempts", "id": "a"},
    )
    for rule in wrong:
        assert list(check.iter_errors({"cadencia": 1, "name": "x", "rules": [rule]})), rule


# -- decisions -------------------------------------------------------------------------------------------------------

RULEBOOK: list[dict[str, Any]] = [
    {"rule": "max_attempts", "id": "four", "at_most": 4, "because": "nobody likes the fifth"},
    {"rule": "spacing", "id": "breathe", "at_least": "2 days"},
    {
        "rule": "quiet_hours",
        "id": "siesta",
        "channels": ["phone"],
        "allow": {"mon-fri": ["09:00-14:00", "17:00-20:00"]},
        "holidays": "ES",
    },
    {"rule": "channel_rotation", "id": "vary", "order": ["email", "phone"]},
    {"rule": "stop_on", "id": "answered", "dispositions": ["replied", "refused"]},
    {"rule": "respond_within", "id": "quick", "within": "24h"},
]
HOUSE = {"cadencia": 1, "name": "house", "version": "7", "channels": ["email", "phone"], "rules": RULEBOOK}
LAW = {
    "cadencia": 1,
    "name": "law",
    "channels": ["email", "phone", "sms"],
    "rules": [{"rule": "require_consent", "id": "consent", "channels": ["phone"], "because": "no call without one"}],
}
PERSON: dict[str, Any] = {
    "id": "p1",
    "zones": "Europe/Madrid",
    "regions": "ES",
    "owner": "ana",
    "owner_kind": "team",
    "contact_points": [
        {"channel": "phone", "address": "+34600000001"},
        {"channel": "email", "address": "p1@example.com"},
    ],
    "wishes": [{"rule": "quiet_hours", "id": "not-early", "allow": "10:00-24:00"}],
}
HISTORY_OF_P1: list[dict[str, Any]] = [
    {"id": "t1", "at": "2026-03-02T10:30+01:00", "channel": "email", "disposition": "sent"},
    {
        "id": "t2",
        "at": "2026-03-04T17:30+01:00",
        "end": "2026-03-04T17:35+01:00",
        "channel": "phone",
        "disposition": "no_answer",
    },
]
INBOUND = {
    "id": "i1",
    "at": "2026-03-05T12:00+01:00",
    "channel": "email",
    "direction": "inbound",
    "disposition": "clicked",
}


def decisions() -> dict[str, Decision]:
    house, law = Policy.from_dict(HOUSE), Policy.from_dict(LAW)

    def of(policy: Policy, as_of: str, *touches: dict[str, Any], **changes: Any) -> Decision:
        case = Case.model_validate({"prospect": {**PERSON, **changes}, "touches": [*HISTORY_OF_P1, *touches]})
        return policy.decide(case, as_of=as_of, purpose="sales", duration="15m")

    return {
        "contact": of(house, "2026-03-09T11:00+01:00", INBOUND),
        "wait": of(house, "2026-03-05T13:00+01:00", INBOUND),
        "blocked": of(house, "2026-03-09T11:00+01:00", contact_points=[]),
        "stop": of(
            house,
            "2026-03-09T11:00+01:00",
            {"id": "t3", "at": "2026-03-06T18:00+01:00", "channel": "phone", "disposition": "refused"},
        ),
        "layered": of(house & law, "2026-03-05T13:00+01:00"),
    }


def masked(data: dict[str, Any]) -> dict[str, Any]:
    """Versions of what a decision was made with differ from machine to machine."""
    return {**data, "made_with": dict.fromkeys(data["made_with"], "*")}


@pytest.mark.parametrize("name", ["contact", "wait", "blocked", "stop", "layered"])
def test_decision(name: str, golden: Golden) -> None:
    """A decision's data form and its words are stable, and reading it gives an equal decision."""
    decision = decisions()[name]
    assert decision.answer == {"layered": "wait"}.get(name, name)
    golden(f"decisions/{name}.json", pretty(masked(decision.to_dict())))
    golden(f"decisions/{name}.txt", "\n\n".join(decision.text(language) for language in languages()) + "\n")
    assert Decision.from_dict(json.loads(decision.to_json())) == decision


def test_schema_accepts_every_decision() -> None:
    validators = pytest.importorskip("jsonschema").validators
    schema = Decision.json_schema()
    validator = validators.validator_for(schema)
    validator.check_schema(schema)
    for decision in decisions().values():
        validator(schema).validate(decision.to_dict())


# -- errors ----------------------------------------------------------------------------------------------------------

MINIMAL: dict[str, Any] = {"cadencia": 1, "name": "p", "channels": ["phone"], "rules": []}


def one(**rule: Any) -> Callable[[], object]:
    return lambda: Policy.from_dict({**MINIMAL, "rules": [{"id": "a", **rule}]})


def top(**changes: Any) -> Callable[[], object]:
    return lambda: Policy.from_dict({**MINIMAL, **changes})


def asks(**arguments: Any) -> Callable[[], object]:
    return lambda: Policy.from_dict(MINIMAL).decide(Prospect(id="p1"), **{"as_of": "2026-03-06T10:00Z", **arguments})


CAP = {"rule": "frequency_cap", "at_most": 1}
HOURS = {"rule": "quiet_hours"}


def errors(folder: Path) -> dict[str, Callable[[], object]]:
    """Bad input by what is wrong with it; each must be refused in one line."""
    (folder / "latin.yaml").write_bytes("cadencia: 1\nname: se\u00f1or\n".encode("latin-1"))
    (folder / "empty.yaml").write_text("", encoding="utf-8")
    (folder / "policy.toml").write_text("", encoding="utf-8")
    (folder / "circle.yaml").write_text("cadencia: 1\nname: circle\nlayers: [circle.yaml]\n", encoding="utf-8")
    (folder / "above.yaml").write_text("cadencia: 1\nname: above\nlayers: [../other.yaml]\n", encoding="utf-8")
    (folder / "pack.yaml").write_text("cadencia: 1\nname: pack\nlayers: ['pack:XX']\n", encoding="utf-8")
    house = Policy.from_dict({**MINIMAL, "name": "house"})
    return {
        "a time without offset": asks(as_of="2026-03-06T10:00"),
        "a date for an instant": asks(as_of="2026-03-06"),
        "no time at all": asks(as_of="yesterday"),
        "a number for an instant": asks(as_of=20260306),
        "a horizon that is no length": asks(horizon="a while"),
        "a horizon of nothing": asks(horizon="0 days"),
        "a touch without offset": lambda: Touch(id="t", at="2026-03-06T10:00", channel="phone"),
        "a touch that ends first": lambda: Touch(
            id="t", at="2026-03-06T10:00Z", end="2026-03-06T09:00Z", channel="phone"
        ),
        "an unknown zone": lambda: Prospect(id="p", zones="Europe/Madird"),
        "a region that is a name": lambda: Prospect(id="p", regions="Spain"),
        "a wish that is a preference": lambda: Prospect(id="p", wishes=[{"rule": "soonest"}]),
        "an unknown key of a prospect": lambda: Prospect(id="p", zone="Europe/Madrid"),
        "a clock that is no zone": one(**CAP, each="day", clock="Madrid"),
        "a window that is impossible": one(**HOURS, allow="09:00-25:00"),
        "a window that is no window": one(**HOURS, allow="9 to 5"),
        "a window with equal edges": one(**HOURS, allow="09:00-09:00"),
        "a weekday that is none": one(**HOURS, allow={"mon-fry": ["09:00-10:00"]}),
        "both allow and between": one(**HOURS, allow="09:00-10:00", between="22:00-06:00"),
        "neither allow nor between": one(**HOURS),
        "a dated exception without a date": one(**HOURS, allow="09:00-10:00", dates={"christmas": "closed"}),
        "holidays of nowhere": one(**HOURS, allow="09:00-10:00", holidays="ZZ"),
        "`2d` as a delay": one(rule="spacing", at_least="2d"),
        "a delay that is none": one(rule="spacing", at_least="soon"),
        "two kinds of gap": one(rule="spacing", at_least="2 days", gaps=["1h"]),
        "business hours without hours": one(rule="spacing", at_least="4 business hours"),
        "`1 month` as a length": one(**CAP, within="1 month"),
        "a length that is none": one(**CAP, within="a week"),
        "a length of nothing": one(**CAP, within="0d"),
        "no period": one(**CAP),
        "two periods": one(**CAP, within="7d", each="week"),
        "a period that is none": one(**CAP, each="fortnight"),
        "a limit below zero": one(rule="max_attempts", at_most=-1),
        "an unknown kind": one(rule="max_attempt", at_most=1),
        "a kind like nothing": one(rule="zzz"),
        "a plug-in that is not installed": one(rule="nobody.has_this_rule"),
        "a kind that always binds": one(rule="suppressions"),
        "no kind": one(at_most=1),
        "a rule that is text": top(rules=["max_attempts"]),
        "an unknown key of a rule": one(rule="max_attempts", at_mots=1),
        "a key that is missing": one(rule="max_attempts"),
        "an unknown key of a filter": one(rule="max_attempts", at_most=1, counts={"channel": "phone"}),
        "an unknown key far inside": one(rule="max_attempts", at_most=1, unless={"consent": {"base": "express"}}),
        "an unknown key where several things may stand": one(
            rule="max_attempts", at_most=1, since={"disposition": "sent"}
        ),
        "an unknown key of a disposition": top(dispositions={"ghosted": {"wentout": False}}),
        "an unknown key of a layer": top(layers=[{**MINIMAL, "rule": []}]),
        "an unknown key of a policy": top(rule=[]),
        "a period in force that is no time": one(rule="max_attempts", at_most=1, in_force={"from": "soon"}),
        "an unknown disposition": one(rule="stop_on", dispositions=["refusd"]),
        "an unknown disposition in a recall": one(rule="recall", after={"bussy": "30m"}),
        "an empty recall": one(rule="recall", after={}),
        "a stop on everything": one(rule="stop_on"),
        "an `any_of` with a preference": one(rule="any_of", rules=[{"rule": "soonest", "id": "b"}]),
        "a period in force turned round": one(
            rule="max_attempts", at_most=1, in_force={"from": "2026-02-01", "to": "2026-01-01"}
        ),
        "the wrong format": top(cadencia=2),
        "no format": lambda: read_json('{"name": "p"}'),
        "a name with a slash": top(name="a/b"),
        "a name that only layers have": top(name="a & b"),
        "two rules with one id": top(
            rules=[{"rule": "max_attempts", "id": "a", "at_most": 1}, {"rule": "max_attempts", "id": "a", "at_most": 2}]
        ),
        "a reserved id": top(rules=[{"rule": "max_attempts", "id": "always/mine", "at_most": 1}]),
        "several mistakes at once": top(
            rules=[
                {"rule": "max_attempts", "id": "a", "at_most": "many"},
                {"rule": "spacing", "id": "b", "at_least": "2d"},
            ]
        ),
        "no channels": lambda: Policy(name="layer").decide(Prospect(id="p"), as_of="2026-03-06T10:00Z"),
        "two layers with one name": lambda: house & Policy.from_dict({**MINIMAL, "name": "house", "channels": ["sms"]}),
        "without a rule that is not there": lambda: house.without("siesta"),
        "without a rule that always binds": lambda: house.without("always/opt-outs"),
        "JSON that is none": lambda: read_json("{"),
        "JSON with a key twice": lambda: read_json('{"cadencia": 1, "name": "a", "name": "b"}'),
        "JSON that is a list": lambda: read_json("[]"),
        "YAML that is none": lambda: read_yaml("a: [1"),
        "YAML with a key twice": lambda: read_yaml("cadencia: 1\nname: a\nname: b"),
        "YAML with an alias": lambda: read_yaml("cadencia: 1\nname: &n a\nversion: *n"),
        "YAML with a tag": lambda: read_yaml("cadencia: 1\nname: !!python/object:os.system a"),
        "YAML that nests too deep": lambda: read_yaml("cadencia: 1\nname: " + "[" * 60 + "]" * 60),
        "a file that is not UTF-8": lambda: load(folder / "latin.yaml"),
        "a file that is empty": lambda: load(folder / "empty.yaml"),
        "a file that is not there": lambda: load(folder / "nowhere.yaml"),
        "a file of another kind": lambda: load(folder / "policy.toml"),
        "a layer that names itself": lambda: load(folder / "circle.yaml"),
        "a layer above the folder": lambda: load(folder / "above.yaml"),
        "a pack that is not shipped": lambda: load(folder / "pack.yaml"),
        "a language that is not there": lambda: (
            Policy.from_dict(MINIMAL).decide(Prospect(id="p"), as_of="2026-03-06T10:00Z").text("sp")
        ),
    }


def test_errors(tmp_path: Path, golden: Golden) -> None:
    """Every refusal is one line for each mistake: where, what was given, what to write instead."""
    told: list[str] = []
    for what, attempt in errors(tmp_path).items():
        with pytest.raises(CadenciaError) as caught:
            attempt()
        text = str(caught.value).replace(str(tmp_path), "FOLDER")
        text = re.sub(r"\(installed: [^)]*\)", "(installed: PLUG-INS)", text)
        assert text.strip(), what
        told.append("\n".join([what, *(f"    {line}" for line in text.splitlines())]))
    golden("errors.txt", "\n".join(told) + "\n")


def test_what_survives_yaml() -> None:
    """A country `NO`, an hour `21:00`, a word `on`, a number with a zero in front: all read as written."""
    policy = Policy.from_yaml(
        """
        cadencia: 1
        name: on
        version: 010
        channels: [phone, no]
        rules:
          - rule: quiet_hours
            id: yes
            allow: {mon-fri: [08:00-21:00], sat: [21:00-24:00]}
            holidays: NO
            dates: {2026-12-24: closed}
          - {rule: max_attempts, id: 1e3, at_most: 0}
          - {rule: stop_on_stage, id: off, on: [on, null-ish, ~x]}
        """
    )
    assert (policy.name, policy.version, policy.channels) == ("on", "010", ("no", "phone"))
    assert [rule.id for rule in policy.rules] == ["1e3", "off", "yes"]
    hours = policy.to_dict()["rules"][2]
    assert hours["holidays"] == ["NO"]
    assert hours["allow"] == {"mon-fri": ["08:00-21:00"], "sat": ["21:00-24:00"]}
    assert policy.to_dict()["rules"][1]["on"] == ["null-ish", "on", "~x"]


def test_a_limit_of_zero_means_never() -> None:
    for rule in ({"rule": "max_attempts"}, {"rule": "frequency_cap", "within": "1d"}):
        policy = Policy.from_dict({**MINIMAL, "rules": [{"id": "zero", "at_most": 0, **rule}]})
        decision = policy.decide(Prospect(id="p"), as_of="2026-03-06T10:00Z")
        assert (decision.answer, decision.blocking) == ("stop", ("zero",))


# -- words -----------------------------------------------------------------------------------------------------------


def texts(node: ast.AST | None) -> set[str]:
    """The texts that an expression may give."""
    return (
        {item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)}
        if node
        else set()
    )


def codes_in(folder: Path) -> tuple[set[str], set[str], set[str]]:
    """The codes of blocks, of needs and of deadlines that the sources of the rules name."""
    blocks, needs, dues = {"rule_error"}, {"zone", "region", "calendar", "rule_mended", "policy"}, set()
    for file in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "closes":
                blocks |= texts(node.value)
            elif (
                isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "code"
            ):
                blocks |= {text for text in texts(node.value) if not text.startswith("_")}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                keywords = {item.arg: item.value for item in node.keywords}
                if (
                    node.func.attr in ("block", "stop")
                    and len(node.args) > 2
                    and isinstance(node.args[2], ast.Constant)
                ):
                    blocks |= texts(node.args[2])
                if node.func.attr in ("block", "stop"):
                    needs |= texts(keywords.get("needs"))
                if node.func.attr == "owed" and len(node.args) > 1:
                    dues |= texts(node.args[1])
    return blocks | {f"{need}_unknown" for need in ("zone", "region", "calendar")}, needs - {"ever"}, dues


def test_every_code_has_words() -> None:
    """Each code of a block, need and deadline that rules and cadences name is said in every language, and no other."""
    rules = Path(cadencia.rules.__file__).parent
    found = zip(codes_in(rules), codes_in(rules.parent / "cadence"), strict=True)
    blocks, needs, dues = (ours | cadence for ours, cadence in found)
    for language in languages():
        table = messages(language)
        assert set(table["blocks"]) - {"channel_not_allowed"} == blocks
        assert needs <= set(table["needs"])
        assert set(table["deadlines"]) == dues
