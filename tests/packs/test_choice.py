"""Choosing packs: every plausible region, the caller's own, and a named missing fact where nobody can say."""

from __future__ import annotations

from datetime import date

import pytest

from cadencia import Blocked, Case, InputError, Pack, Policy, Prospect, packs_for

HOUSE = Policy(name="house", channels=["phone"])
AT = "2026-09-14T11:00+02:00"


def test_a_person_in_france_and_a_caller_in_spain() -> None:
    """Both laws bind, as blocks united: the Spanish one wherever the person is."""
    who = Prospect(id="p", zones="Europe/Paris", regions="FR-75")
    choice = packs_for(who, purpose="marketing", caller="ES")
    assert choice.packs == ("FR", "ES")
    assert [item.because for item in choice.chosen] == ["the prospect may be in FR-75", "the caller is there"]
    told = (choice.policy & HOUSE).why_not(who, "2026-09-14T21:30+02:00", "phone", purpose="marketing", subjects=["it"])
    layers = {block.rule.partition("/")[0] for block in told}
    assert layers == {"pack:FR", "caller:ES"}


def test_an_unknown_region_is_a_missing_fact() -> None:
    """Never silence: it stays closed, and says that a region lifts it."""
    who = Prospect(id="p", zones="Europe/Madrid")
    choice = packs_for(who)
    assert (choice.packs, choice.missing) == ((), ("region",))
    assert "region: not known" in str(choice)
    match (choice.policy & HOUSE).decide(who, as_of=AT):
        case Blocked(needs=needs):
            assert needs == ("region",)
        case other:
            raise AssertionError(other)


def test_a_region_without_a_pack_is_a_missing_fact() -> None:
    who = Prospect(id="p", zones="Europe/Warsaw", regions=["PL", "DE"])
    choice = packs_for(who, purpose="service")
    assert (choice.packs, choice.missing) == (("DE",), ("rules_of_region",))
    assert "PL: no pack is shipped for it, so it stays closed until its rules are known" in choice.says
    decision = (choice.policy & HOUSE).decide(who, as_of=AT, purpose="service")
    assert isinstance(decision, Blocked)
    assert decision.needs == ("rules_of_region",)


def test_every_plausible_region() -> None:
    """Two regions, two packs; a state brings its country; a bare country brings all its parts, and says what lifts them."""
    assert packs_for(Prospect(id="p", regions=["US-TX", "MX"])).packs == ("MX", "US", "US-TX")
    assert packs_for(Prospect(id="p", regions=["US-AK"])).packs == ("US",)
    bare = packs_for(Prospect(id="p", regions=["BR"]))
    assert bare.packs == ("BR", "BR-ES", "BR-RJ", "BR-SP")
    assert "the prospect may be in any part of BR; naming the part lifts this" in bare.chosen[1].because
    assert packs_for(Prospect(id="p", regions=["BR", "BR-RJ"])).packs == bare.packs


def test_a_business() -> None:
    """By its tag or by the segment; a consumer that is said to be one keeps everything."""
    tagged = Prospect(id="p", regions="DE", tags=["business"])
    assert packs_for(tagged).chosen[0].policy.name == "pack:DE:business"
    assert packs_for(tagged, segment="consumer").chosen[0].policy.name == "pack:DE"
    assert [rule.id for rule in packs_for(tagged, segment="consumer").chosen[0].rules] == ["DE-CONSENT"]
    assert packs_for(tagged).chosen[0].rules == ()
    assert packs_for(Prospect(id="p", regions="DE"), segment="business").chosen[0].rules == ()


def test_what_is_listed_and_what_is_decided() -> None:
    """Purpose and date narrow what is listed; the policy reads each purpose and date itself."""
    who = Prospect(id="p", regions="US-PA")

    def listed(**options: str) -> set[str]:
        choice = packs_for(who, **options)  # type: ignore[arg-type]
        return {rule.id for item in choice.chosen for rule in item.rules}

    debt = listed(purpose="debt_collection")
    assert "US-REGF-7IN7" in debt
    assert "US-PA-HOURS" not in debt
    assert listed(purpose="marketing", on="2026-10-17") >= {"US-PA-HOURS", "US-TSR-HOURS"}
    assert "US-PA-HOURS" not in listed(on="2026-10-18")
    assert "US-PA-HOURS-2026" in listed(on="2026-10-18")
    assert listed(purpose="sales") == listed()
    assert any("purpose `sales`: not one of" in line for line in packs_for(who, purpose="sales").says)
    assert packs_for(who, on=date(2026, 10, 18)).policy == packs_for(who).policy


def test_plain_data_and_cases() -> None:
    case = Case(prospect=Prospect(id="p", regions="NL"))
    choice = packs_for(case, purpose="marketing", on="2026-11-22", caller=["NL-NH", "NL"])
    assert choice.to_dict() == {
        "packs": [
            {"pack": "NL", "because": "the prospect may be in NL", "layer": "pack:NL", "rules": ["NL-OPTIN"]},
            {"pack": "NL", "because": "the caller is there", "layer": "caller:NL", "rules": ["NL-OPTIN"]},
        ],
        "missing": [],
        "says": list(choice.says),
        "policy": "caller:NL & pack:NL",
    }
    assert choice.says[-1] == "Facts with sources, not legal advice."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"segment": "busines"},
            "segment: `busines` is not one of consumer, residential, business.*did you mean `business`",
        ),
        ({"caller": "PL"}, "caller: no pack is shipped for `PL`"),
        ({"on": "22/11/2026"}, "on: `22/11/2026` is not a date; write for example `2026-11-22`"),
        ({"on": 7}, "on: `7` is not a date"),
    ],
)
def test_arguments_that_cannot_be_read(options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        packs_for(Prospect(id="p", regions="NL"), **options)  # type: ignore[arg-type]


def test_a_provision_in_force() -> None:
    pack = Pack.load("FR")
    ids = {item.id for item in pack.in_force_on(date(2026, 8, 10))}
    later = {item.id for item in pack.in_force_on(date(2026, 8, 11))}
    assert ids == {"FR-OLD-HOURS", "FR-OLD-CAP", "FR-OLD-60D", "FR-OLD-BLOCTEL", "FR-L34-5"}
    assert later == {"FR-OPTIN", "FR-CONSENT-1Y", "FR-HOURS", "FR-CAP", "FR-NO-60D", "FR-CALLBACK", "FR-L34-5"}
