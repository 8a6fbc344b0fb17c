"""The packs as data: complete, sourced, and in the engine as they are written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from cadencia import Pack, Policy, PolicyError
from cadencia._provisions import PURPOSES
from cadencia.pack import NOTICE
from cadencia.rules import FrequencyCap, QuietHours
from cadencia.touch import CHANNELS
from packs.support import alone

ROOT = Path(__file__).resolve().parent.parent.parent
#: How many lengths of the research a pack gives; a number that falls has lost one.
COMPARED = 23
LAW = ROOT.parent / "shared" / "research" / "law.yaml"
NAMES = Pack.names()
COUNTRIES = (
    "AE", "AR", "AU", "BE", "BR", "CA", "CL", "CO", "DE", "EC", "ES", "FR", "GB", "IE", "IN", "IT", "JP", "KR", "MX",
    "NL", "NZ", "PE", "PT", "SG", "TR", "US", "ZA",
)  # fmt: skip
NOT_EXPRESSIBLE = {
    "CL-DEBT-EMERG", "CL-PREFIX", "DE-7A", "ES-CAC-NOADS", "ES-CLI", "GB-OFCOM-2016", "IN-TCCCPR-2025", "KR-50-2Y",
    "NZ-VOICE", "US-NOWINDOW", "US-TCPA-ABANDON",
}  # fmt: skip


def person(pack: str, zone: str, **more: Any) -> dict[str, Any]:
    return {"id": "p", "zones": zone, "regions": pack, **more}


def test_the_jurisdictions() -> None:
    """Twenty-seven countries, the frame of the Union, and the states with rules of their own."""
    assert [name for name in NAMES if "-" not in name] == sorted([*COUNTRIES, "EU"])
    assert {name.partition("-")[0] for name in NAMES if "-" in name} == {"US", "BR"}
    assert len(NAMES) == 70


@pytest.mark.parametrize("name", NAMES)
def test_every_provision_says_where_it_comes_from(name: str) -> None:
    pack = Pack.load(name)
    assert pack.jurisdiction == name
    assert pack.notice == NOTICE
    assert NOTICE in (pack.policy.because or "")
    for item in pack.rules:
        assert item.id.startswith(name.partition("-")[0])
        assert item.citation
        assert item.says.endswith(".")
        assert item.checked == date(2026, 11, 22)
        assert bool(item.seen_at) is item.verified, item.id


@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_verified_is_active(name: str) -> None:
    """A provision that was not verified is listed and has no rule; one that is active has one, or says what carries it."""
    pack = Pack.load(name)
    behind = {pack.provision(rule.id).id for rule in pack.policy.rules}
    for item in pack.rules:
        if item.status != "active":
            assert item.id not in behind
            assert not item.limits
        elif item.limits:
            assert item.id in behind
        else:
            assert item.reason
            assert item.through == ("wishes",) or set(item.through) <= behind


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_keeps_to_the_scope_of_its_provision(name: str) -> None:
    """Each rule speaks of the channels and purposes of its provision, of the dates, and says why it is there."""
    pack = Pack.load(name)
    assert pack.policy.channels is None
    for rule in pack.policy.rules:
        item: Any = pack.provision(rule.id)
        for chosen, names, known in (
            (rule.channels, item.channels, CHANNELS),  # type: ignore[attr-defined]
            (rule.purposes, item.purposes, PURPOSES),  # type: ignore[attr-defined]
        ):
            assert {name for name in known if chosen is None or chosen.has(name)} == set(names)
            assert chosen is None or chosen.has("a word of one's own")
        assert rule.in_force == item.in_force
        assert item.citation in (rule.because or "")
        assert (item.segment is None) or any(fact.tags and fact.tags.has("business") for fact in rule.unless)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_is_a_policy_like_any_other(name: str) -> None:
    """Round trip, and laid over itself it is itself."""
    policy = Pack.load(name).policy
    assert Policy.from_dict(policy.to_dict()) == policy
    assert policy & policy == policy


def test_what_no_rule_can_express(capsys: pytest.CaptureFixture[str]) -> None:
    """The short list of verified provisions that are not rules, with the reasons."""
    found = [item for name in NAMES for item in Pack.load(name).rules if item.status == "not expressible"]
    for item in found:
        print(f"{item.id}: {item.reason}")
    assert {item.id for item in found} == NOT_EXPRESSIBLE
    printed = capsys.readouterr().out
    assert all(f"{item.id}: {item.reason}" in printed for item in found)


def test_counts() -> None:
    """No provision is lost or gained unnoticed."""
    every = [item for name in NAMES for item in Pack.load(name).rules]
    assert len({item.id for item in every}) == len(every) == 204
    assert sum(item.verified for item in every) == 156
    assert sum(item.status == "active" for item in every) == 145
    assert sum(item.single_source for item in every) == 72


# -- against the research, where it lies beside the repository ----------------------------------------------------------


@pytest.fixture(scope="module")
def law() -> dict[str, dict[str, Any]]:
    if not LAW.is_file():
        pytest.skip("no ../shared/research/law.yaml beside the repository")
    return {item["id"]: item for item in yaml.safe_load(LAW.read_text(encoding="utf-8"))["rules"]}


STRENGTHS = {
    "primary_text": "primary text",
    "quoted_text": "quoted text",
    "official_summary": "official page",
    "secondary": "press",
    "none": "none",
}


def test_nothing_of_the_research_is_missing(law: dict[str, dict[str, Any]]) -> None:
    """Every rule of it is a provision, verified where it was verified, with its source, strength and dates."""
    ours = {item.id: (name, item) for name in NAMES for item in Pack.load(name).rules}
    assert set(ours) == set(law)
    for rule, told in law.items():
        name, item = ours[rule]
        assert name == {"US-STATES": "US"}.get(told["jurisdiction"], told["jurisdiction"])
        assert item.verified is told["verified"]
        assert item.strength == STRENGTHS[told["source_type"]]
        assert item.single_source is told.get("single_source", False)
        assert item.citation == told["citation"] or told["citation"] == "see source"
        dates = told.get("effective_from"), told.get("effective_to")
        mine = item.in_force
        assert dates == (
            None if mine is None or mine.from_ is None else mine.from_.isoformat(),
            None if mine is None or mine.to is None else mine.to.isoformat(),
        )
        assert list(item.purposes) == told["purposes"]


def test_every_window_is_the_one_of_the_research(law: dict[str, dict[str, Any]]) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    seen = 0
    for name in NAMES:
        pack = Pack.load(name)
        for rule in pack.policy.rules:
            told = law[pack.provision(rule.id).id]
            if not isinstance(rule, QuietHours):
                continue
            seen += 1
            week, allowed = rule.table()
            assert allowed
            minute = 60_000_000
            for day, windows in zip(days, week.week, strict=True):
                mine = [
                    (f"{s // minute // 60:02}:{s // minute % 60:02}", f"{e // minute // 60:02}:{e // minute % 60:02}")
                    for s, e in windows
                ]
                assert mine == [tuple(window) for window in told["params"]["permitted"][day]], rule.id
                assert all(s % minute == (not told["params"]["start_inclusive"]) for s, _ in windows)
            assert (rule.holidays is not None) is (told["params"]["public_holidays"] == "banned"), rule.id
    expected = [rule for rule, told in law.items() if told["verified"] and told["kind"] == "time_window"]
    assert seen == len(expected) == 65


def test_every_cap_is_the_one_of_the_research(law: dict[str, dict[str, Any]]) -> None:
    def days(rule: FrequencyCap) -> float:
        if rule.within is not None:
            return rule.within.micros / 86_400_000_000
        return rule.dates or {"day": 1}[str(rule.each)]

    lengths = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31}
    seen: set[str] = set()
    for name in NAMES:
        pack = Pack.load(name)
        for item in pack.rules:
            caps = [
                rule for rule in pack.policy.rules if isinstance(rule, FrequencyCap) and pack.provision(rule.id) is item
            ]
            if not caps:
                continue
            seen.add(item.id)
            told = law[item.id]["params"]["caps"]
            assert sorted((rule.at_most, days(rule)) for rule in caps) == sorted(
                (cap["max"], cap["period"]["length"] * lengths[cap["period"]["unit"]]) for cap in told
            )
    caps = {rule for rule, told in law.items() if told["verified"] and told["params"].get("caps")}
    assert seen == caps - NOT_EXPRESSIBLE


def test_every_other_length_is_the_one_of_the_research(law: dict[str, dict[str, Any]]) -> None:
    """Ages of lists, deadlines of opt-outs, lives of consents and silences: the same numbers and units."""
    units = {"year": 12, "month": 1}

    def spelled(length: int, unit: str) -> set[str]:
        if unit in units:
            return {f"{length * units[unit]} months", f"{length * units[unit]} full months"}
        if unit == "business_day":
            return {f"{length} business days", f"{length} full business days"}
        return {f"{length} days", f"{length} dates", f"{length} full dates"} if unit == "day" else {f"{length}h"}

    def values(data: Any, *names: str) -> set[str]:
        if isinstance(data, list | tuple):
            return {found for item in data for found in values(item, *names)}
        if not isinstance(data, dict):
            return set()
        own = {str(value) for key, value in data.items() if key in names}
        return own | {found for value in data.values() for found in values(value, *names)}

    ours = {item.id: item for name in NAMES for item in Pack.load(name).active}
    compared = 0
    for rule, item in ours.items():
        told = law[rule]["params"]
        limits = [limit for name in (rule, *item.through) if name in ours for limit in ours[name].limits]
        for key, fields in (
            ("max_list_age", ("max_age",)),
            ("grace", ("grace",)),
            ("max", ("after",)),
            ("valid", ("valid_for",)),
        ):
            if key in told and isinstance(told[key], dict) and rule not in ("FR-CALLBACK",):
                wanted = spelled(told[key]["length"], told[key]["unit"])
                assert values(limits, *fields) & wanted, (rule, key, wanted)
                compared += 1
        for window in told.get("basis_windows", ()):
            assert values(limits, "valid_for") & spelled(window["length"], window["unit"]), rule
            compared += 1
        if law[rule]["kind"] == "cooloff" and isinstance(told.get("length"), int):
            assert values(limits, "silence") & spelled(told["length"], told["unit"]), rule
            compared += 1
    assert compared == COMPARED


# -- as layers ---------------------------------------------------------------------------------------------------------

HOUSE = Policy(name="house", channels=["phone", "call", "email"])


def test_a_pack_tightens_from_either_side() -> None:
    """`pack & policy` and `policy & pack` are one policy."""
    pack = Pack.load("NL")
    assert pack & HOUSE == HOUSE & pack == HOUSE & pack.policy
    assert (pack & Pack.load("DE")).name == "pack:DE & pack:NL"
    with pytest.raises(TypeError):
        pack & "house"  # type: ignore[operator]


def test_nobody_leaves_the_law_by_a_name_of_his_own() -> None:
    """A channel called `call`, a purpose called `sales`: taken for each that they may be."""
    pack = Pack.load("NL") & HOUSE
    for channel in ("phone", "call"):
        for purpose in ("marketing", "sales", None):
            told = pack.why_not(person("NL", "Europe/Amsterdam"), "2026-09-14T11:00+02:00", channel, purpose=purpose)
            assert [block.rule for block in told] == ["pack:NL/NL-OPTIN"]
    for channel, purpose in (("email", "marketing"), ("phone", "service")):
        assert not pack.why_not(person("NL", "Europe/Amsterdam"), "2026-09-14T11:00+02:00", channel, purpose=purpose)


def test_a_pack_binds_where_the_person_may_be() -> None:
    """Known to be elsewhere, the pack is silent; unknown, it binds; for the caller's own law there is `everywhere`."""
    pack = Pack.load("NL")
    at = "2026-09-14T11:00+02:00"
    for regions, bound in (([], True), (["NL"], True), (["NL", "FR"], True), (["FR"], False)):
        told = (pack & HOUSE).why_not({"id": "p", "zones": "UTC", "regions": regions}, at, "phone", purpose="marketing")
        assert bool(told) is bound
        assert (pack.everywhere & HOUSE).why_not(
            {"id": "p", "zones": "UTC", "regions": regions}, at, "phone", purpose="marketing"
        )


def test_a_business_is_not_a_consumer() -> None:
    """What protects consumers is lifted by the tag `business`, and left out of the layer for businesses."""
    pack = Pack.load("DE")
    at = "2026-09-14T11:00+02:00"
    tagged = person("DE", "Europe/Berlin", tags=["business"])
    assert not (pack & HOUSE).why_not(tagged, at, "phone", purpose="marketing")
    assert (pack & HOUSE).why_not(person("DE", "Europe/Berlin"), at, "phone", purpose="marketing")
    assert not (pack.for_business & HOUSE).why_not(person("DE", "Europe/Berlin"), at, "phone", purpose="marketing")
    assert pack.for_business.name == "pack:DE:business"


def test_a_layer_of_a_policy_file(tmp_path: Path) -> None:
    """`layers: [pack:NL]` in a file is the pack; one that does not exist is an error that names the nearest."""
    (tmp_path / "house.json").write_text(
        '{"cadencia": 1, "name": "house", "channels": ["phone"], "layers": ["pack:NL"]}', encoding="utf-8"
    )
    policy = Policy.load(tmp_path / "house.json")
    assert policy.name == "house & pack:NL"
    (tmp_path / "wrong.json").write_text(
        '{"cadencia": 1, "name": "house", "channels": ["phone"], "layers": ["pack:US-PX"]}', encoding="utf-8"
    )
    data = {"cadencia": 1, "name": "house", "channels": ["phone"], "layers": ["pack:NL"]}
    assert Policy.from_dict(data).engine.rules == policy.engine.rules
    with pytest.raises(PolicyError, match=r"layers.*no pack `NOWHERE` is shipped"):
        Policy.from_dict({**data, "layers": ["pack:NOWHERE"]})
    with pytest.raises(PolicyError, match=r"wrong.json, layers: no pack `US-PX` is shipped.*did you mean `US-"):
        Policy.load(tmp_path / "wrong.json")


def test_errors() -> None:
    with pytest.raises(PolicyError, match="no pack `Poland` is shipped with this version; there are AE, AR"):
        Pack.load("Poland")
    with pytest.raises(
        PolicyError, match=r"no pack `Spain` is shipped with this version; write its ISO 3166 code, `ES`$"
    ):
        Pack.load("Spain")
    with pytest.raises(PolicyError, match=r"write an ISO 3166 code such as `ES` or `US-CA`$"):
        Pack.load("Narnia")
    with pytest.raises(PolicyError, match=r"pack `FR` has no rule `FR-HOUR`.*did you mean"):
        Pack.load("FR").provision("FR-HOUR")
    assert Pack.load("FR").provision("pack:FR/FR-OPTIN.barred").id == "FR-OPTIN"


GOOD: dict[str, Any] = {
    "id": "XX-1", "says": "No.", "status": "active", "citation": "art. 1", "strength": "primary text", "checked": "2026-11-22",
    "channels": ["phone"], "purposes": ["marketing"], "limits": [{"rule": "barred"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": ["telephone"]}, "`telephone` is not a well-known word"),
        ({"purposes": ["sales"]}, "`sales` is not a well-known word"),
        ({"limits": []}, "an active provision has `limits` or `through`"),
        ({"status": "unverified"}, "an active provision has `limits` or `through`"),
        ({"status": "not expressible", "limits": []}, "needs a `reason`"),
        ({"through": ["XX-2"], "limits": []}, "needs a `reason`"),
        ({"strength": "none"}, "`strength: none` is for what is unverified"),
    ],
)
def test_a_provision_that_contradicts_itself(change: dict[str, Any], message: str) -> None:
    from cadencia.pack import Provision

    assert Provision(**GOOD).verified
    with pytest.raises(PolicyError, match=message):
        Provision(**{**GOOD, **change})


def test_two_provisions_of_one_name() -> None:
    with pytest.raises(PolicyError, match="two provisions have the id `XX-1`"):
        Pack(jurisdiction="XX", name="Nowhere", checked="2026-11-22", rules=[GOOD, GOOD])


# -- dates -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pack", "rules", "zone", "before", "after"),
    [
        ("FR", ["FR-OLD-BLOCTEL"], "Europe/Paris", "2026-08-10T11:00+02:00", "2026-08-11T11:00+02:00"),
        ("NL", ["NL-CUST-3Y"], "Europe/Amsterdam", "2026-06-30T11:00+02:00", "2026-07-01T11:00+02:00"),
    ],
)
def test_a_law_that_ends(pack: str, rules: list[str], zone: str, before: str, after: str) -> None:
    policy = alone(Pack.load(pack), rules, ["phone"])
    who = person(pack, zone)
    assert policy.why_not(who, before, "phone", purpose="marketing")
    assert not policy.why_not(who, after, "phone", purpose="marketing")


@pytest.mark.parametrize(
    ("pack", "rules", "zone", "before", "after"),
    [
        ("FR", ["FR-OPTIN", "FR-CONSENT-1Y"], "Europe/Paris", "2026-08-10T23:59:59+02:00", "2026-08-11T00:00+02:00"),
        ("ES", ["ES-62-TWO-YEARS"], "Europe/Madrid", "2025-12-27T23:59:59+01:00", "2025-12-28T00:00+01:00"),
        ("US-PA", ["US-PA-HOURS-2026"], "America/New_York", "2026-10-17T19:30-04:00", "2026-10-18T12:00-04:00"),
        ("NL", ["NL-OPTIN"], "Europe/Amsterdam", "2026-06-30T23:59:59+02:00", "2026-07-01T00:00+02:00"),
    ],
)
def test_a_law_that_begins(pack: str, rules: list[str], zone: str, before: str, after: str) -> None:
    """A change of law changes decisions on its date and not before."""
    policy = alone(Pack.load(pack), rules, ["phone"])
    who = person(pack, zone)
    assert not policy.why_not(who, before, "phone", purpose="marketing")
    assert policy.why_not(who, after, "phone", purpose="marketing")


def test_spain_wants_consent_renewed() -> None:
    """A consent of December 2023 counts until 27 December 2025; from the next day it is too old, until it is renewed."""
    policy = alone(Pack.load("ES"), ["ES-62-TWO-YEARS", "ES-66-CALLS"], ["phone"])
    old = {"since": "2023-12-01T10:00+01:00"}
    at = "2026-01-12T11:00+01:00"
    who = person("ES", "Europe/Madrid", consents=[old])
    assert not policy.why_not(who, "2025-12-22T11:00+01:00", "phone", purpose="marketing")
    assert [block.rule for block in policy.why_not(who, at, "phone", purpose="marketing")] == ["ES-62-TWO-YEARS"]
    renewed = person("ES", "Europe/Madrid", consents=[old, {"since": "2026-01-05T10:00+01:00"}])
    assert not policy.why_not(renewed, at, "phone", purpose="marketing")


def test_pennsylvania_closes_its_sundays() -> None:
    """A Sunday at noon is open on 11 October 2026 and closed on the 18th."""
    policy = alone(Pack.load("US-PA"), ["US-PA-HOURS", "US-PA-HOURS-2026"], ["phone"])
    who = person("US-PA", "America/New_York")
    assert not policy.why_not(who, "2026-10-11T12:00-04:00", "phone", purpose="marketing")
    assert policy.why_not(who, "2026-10-18T12:00-04:00", "phone", purpose="marketing")


# -- holidays ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pack", "rule", "zone", "region", "other", "day"),
    [
        ("ES", "ES-96-HOURS", "Europe/Madrid", "ES-CT", "ES-MD", "2026-09-11"),  # the day of Catalonia
        ("FR", "FR-OLD-HOURS", "Europe/Paris", "FR-67", "FR-75", "2026-04-03"),  # Good Friday in Alsace
        ("FR", "FR-HOURS", "Europe/Paris", "FR-57", "FR-75", "2028-12-26"),  # Saint Stephen in Moselle
        ("FR", "FR-HOURS", "Europe/Paris", "FR-972", "FR-75", "2028-05-22"),  # the end of slavery, in Martinique
        ("FR", "FR-HOURS", "Europe/Paris", "FR-GES", "FR-75", "2028-12-26"),  # a region of which Alsace is a part
        ("BR", "BR-PROBARE", "America/Sao_Paulo", "BR-SP", "BR-RJ", "2026-07-09"),  # a day of São Paulo
    ],
)
def test_holidays_of_a_region(pack: str, rule: str, zone: str, region: str, other: str, day: str) -> None:
    """The same hour of the same day is closed in one region and open in another."""
    policy = alone(Pack.load(pack), [rule], ["phone"])
    at = f"{day}T14:00+00:00" if zone.startswith("America") else f"{day}T10:30+00:00"
    assert policy.why_not(person(region, zone), at, "phone", purpose="marketing")
    assert not policy.why_not(person(other, zone), at, "phone", purpose="marketing")


def test_holidays_of_bavaria_over_the_german_pack() -> None:
    """A house that keeps the prospect's holidays is closed on Epiphany in Bavaria, and open in Berlin."""
    hours = QuietHours(id="hours", allow={"mon-fri": ["09:00-18:00"]}, holidays="prospect")
    policy = Pack.load("DE") & Policy(name="house", channels=["phone"], rules=[hours])
    at = "2026-01-06T11:00+01:00"
    consents = [{"since": "2025-01-01T00:00Z"}]
    told = {
        region: [
            block.rule
            for block in policy.why_not(
                person(region, "Europe/Berlin", consents=consents), at, "phone", purpose="marketing"
            )
        ]
        for region in ("DE-BY", "DE-BE")
    }
    assert told == {"DE-BY": ["house/hours"], "DE-BE": []}


def test_a_file_that_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack that cannot be read says where."""
    from cadencia import pack

    (tmp_path / "XX.json").write_text(
        '{"pack": 1, "jurisdiction": "XX", "name": "Nowhere", "checked": "2026-11-22", "rules": [{}]}', encoding="utf-8"
    )
    monkeypatch.setattr(pack, "_FOLDER", tmp_path)
    with pytest.raises(PolicyError, match=r"pack `XX`, rules\[0\]"):
        pack._load.__wrapped__("XX")
