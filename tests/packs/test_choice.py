"""Choosing packs: every plausible region, the caller's own, and a named missing fact where nobody can say."""

from __future__ import annotations

from datetime import date

import pytest

from cadencia import Blocked, Case, InputError, Pack, Policy, Prospect, packs_for
from cadencia._provisions import limits_of
from cadencia.pack_choice import PackChoice, Segment
from cadencia.rules import Barred

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
    assert packs_for(tagged, segment="consumer").chosen[0].policy.name == "pack:DE:consumer"
    assert [rule.id for rule in packs_for(tagged, segment="consumer").chosen[0].rules] == ["DE-CONSENT"]
    assert packs_for(tagged).chosen[0].rules == ()
    assert packs_for(Prospect(id="p", regions="DE"), segment="business").chosen[0].rules == ()


@pytest.mark.parametrize("segment", ["consumer", "residential"])
def test_a_consumer_keeps_what_is_listed_whatever_the_tag(segment: Segment) -> None:
    """What a choice lists for a segment is what its policy decides, in the caller's layer too."""
    tagged = Prospect(id="p", zones="Europe/Berlin", regions="DE", tags=["business"])
    choice = packs_for(tagged, segment=segment, purpose="marketing", caller="ES")
    told = (choice.policy & HOUSE).why_not(tagged, "2026-09-14T23:00+02:00", "phone", purpose="marketing")
    rules = {block.rule.rpartition("/")[2] for block in told}
    assert {"DE-CONSENT", "ES-96-HOURS", "ES-62-TWO-YEARS"} <= rules <= listed_by(choice)
    assert choice.says[-2].startswith("nothing is left out: the contact is")
    by_tag = packs_for(tagged, purpose="marketing")
    assert (by_tag.policy & HOUSE).decide(tagged, as_of=AT, purpose="marketing").answer == "contact"


def test_a_business_is_asked_for_no_more_than_is_listed() -> None:
    """Neither what protects consumers nor what excepts the tag `business`, though nobody wrote the tag."""
    trader = Prospect(id="p", zones="Europe/Istanbul", regions="TR")
    choice = packs_for(trader, segment="business", purpose="marketing")
    assert (choice.policy & HOUSE).decide(trader, as_of=AT, purpose="marketing").answer == "contact"
    assert (packs_for(trader).policy & HOUSE).decide(trader, as_of=AT, purpose="marketing").answer == "blocked"
    firm = Prospect(id="p", zones="Europe/Berlin", regions="DE")
    choice = packs_for(firm, segment="business", purpose="marketing", caller="ES")
    told = (choice.policy & HOUSE).why_not(firm, "2026-09-12T23:00+02:00", "phone", purpose="marketing")
    assert {block.rule.rpartition("/")[2] for block in told} <= listed_by(choice)
    assert not {"ES-96-HOURS", "ES-62-TWO-YEARS"} & listed_by(choice)


@pytest.mark.parametrize("name", [name for name in Pack.names() if "-" not in name])
@pytest.mark.parametrize("tags", [[], ["business"]])
def test_the_layers_of_a_segment_are_those_of_the_tag(name: str, tags: list[str]) -> None:
    """Where nobody says the segment, the tag decides; the layer of a segment decides the same of whoever has that tag, or none."""
    pack, zone = Pack.load(name), "UTC"
    who = Prospect(id="p", zones=zone, regions=name, tags=tags)
    asked = {"purpose": "marketing", "subjects": ["it"]}
    for channel in ("phone", "sms", "email"):
        for at in ("2026-09-12T03:00Z", "2026-09-14T11:00Z"):
            by_tag = pack.policy.why_not(who, at, channel, **asked)  # type: ignore[arg-type]
            told = pack.layer("business" if tags else "consumer").why_not(who, at, channel, **asked)  # type: ignore[arg-type]
            assert {block.rule for block in by_tag} == {block.rule for block in told}


@pytest.mark.parametrize("region", ["US-ZZ", "US-TEX", "BR-XX"])
def test_a_part_that_nobody_knows_is_a_missing_fact(region: str) -> None:
    """Which state's law binds cannot be said, so it is not left out in silence: it stays closed until a state is named."""
    country = region[:2]
    who = Prospect(id="p", zones="UTC", regions=region)
    choice = packs_for(who, purpose="service")
    assert (choice.packs, choice.missing) == ((country,), ("rules_of_region",))
    assert f"{region}: no part of {country} that is known, so it stays closed until the part is named" in choice.says
    decision = (choice.policy & HOUSE).decide(who, as_of=AT, purpose="service")
    assert isinstance(decision, Blocked)
    assert decision.needs == ("rules_of_region",)
    both = Prospect(id="p", zones="UTC", regions=[country, region, "MX"])
    assert packs_for(both).missing == ()  # the bare country brings the laws of all its parts
    also = Prospect(id="p", zones="UTC", regions=[region, "MX", "US-AK", "BR-SP"])
    told = (packs_for(also).policy & HOUSE).why_not(also, AT, "phone", purpose="service")
    assert {dict(block.details)["region"] for block in told if "known" in block.rule} == {region}
    with pytest.raises(InputError, match=f"caller: `{region}` is no part of {country} that is known"):
        packs_for(who, caller=region)


def test_every_part_with_a_pack_is_known() -> None:
    """And so are the states that have no rules of their own, and the territories."""
    for name in (*(name for name in Pack.names() if "-" in name), "US-AK", "US-VT", "US-PR", "GU", "BR-MG"):
        assert packs_for(Prospect(id="p", regions=name)).missing == (), name


@pytest.mark.parametrize("regions", [["EU"], ["DE", "EU"]])
def test_a_frame_is_no_law(regions: list[str]) -> None:
    """Nothing in the pack of the European Union binds by itself: who may be anywhere in it stays closed until the country is named."""
    who = Prospect(id="p", zones="Europe/Berlin", regions=regions)
    choice = packs_for(who, purpose="service")
    assert choice.missing == ("rules_of_region",)
    assert "EU: its pack has no rule that binds by itself, so it stays closed until the country is named" in choice.says
    decision = (choice.policy & HOUSE).decide(who, as_of=AT, purpose="service")
    assert isinstance(decision, Blocked)
    assert decision.needs == ("rules_of_region",)
    with pytest.raises(InputError, match="no pack with rules is shipped for `EU`") as raised:
        packs_for(who, caller="EU")
    assert "did you mean `EU`" not in str(raised.value)


@pytest.mark.parametrize(
    ("region", "part", "pack"),
    [
        ("RE", "FR-974", "FR"),
        ("GP", "FR-971", "FR"),
        ("YT", "FR-976", "FR"),
        ("FR-RE", "FR-974", "FR"),
        ("PR", "US-PR", "US"),
    ],
)
def test_a_territory_by_either_name(region: str, part: str, pack: str) -> None:
    """The law of the country holds there, whichever of its two names evidence gives."""
    names = (region, part)
    assert {packs_for(Prospect(id="p", regions=name)).packs for name in names} == {(pack,)}
    assert {packs_for(Prospect(id="p", regions=name)).missing for name in names} == {()}
    for at in ("2026-09-14T03:00Z", "2026-12-20T11:00Z"):
        told = [
            {
                block.rule
                for block in Pack.load(pack).policy.why_not(
                    Prospect(id="p", zones="UTC", regions=name), at, "phone", purpose="marketing", subjects=["it"]
                )
            }
            for name in names
        ]
        assert told[0] == told[1] != set()
    rule = Barred(id="there", regions=[part])
    house = Policy(name="h", channels=["phone"], rules=[rule])
    assert house.decide(Prospect(id="p", regions=region), as_of=AT).answer == "stop"
    elsewhere = Policy(name="h", channels=["phone"], rules=[Barred(id="not-there", regions={"except": [region]})])
    assert elsewhere.decide(Prospect(id="p", regions=part), as_of=AT).answer == "contact"


def test_the_holidays_of_a_territory() -> None:
    """On the day of the abolition in Réunion its telephone numbers are not called: `RE` is what they say."""
    who = Prospect(id="p", zones="Indian/Reunion", regions="RE")
    told = Pack.load("FR").policy.why_not(who, "2027-12-20T11:00+04:00", "phone", purpose="marketing", subjects=["it"])
    assert "holiday" in {block.code for block in told}


def listed_by(choice: PackChoice) -> set[str]:
    """The ids of the limits of the provisions that a choice lists."""
    return {limit.id for item in choice.chosen for rule in item.rules for limit in limits_of(rule, None)} | {
        "known-region"
    }


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
        ({"caller": "PL"}, "caller: no pack with rules is shipped for `PL`"),
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


def test_a_purpose_of_which_a_pack_says_nothing() -> None:
    """An empty list is not read as a mistake: the choice says that the law seen has no rule for the purpose."""
    choice = packs_for(Prospect(id="p", regions="DE"), purpose="debt_collection")
    assert choice.chosen[0].rules == ()
    assert "DE: none of its rules is for the purpose `debt_collection`" in choice.says
    assert not any(
        "none of its rules" in line for line in packs_for(Prospect(id="p", regions="DE"), purpose="marketing").says
    )
    silent = [
        line for line in packs_for(Prospect(id="p", regions="US"), purpose="debt_collection").says if "none" in line
    ]
    assert len(silent) == 1
    assert silent[0].startswith("US-AL, US-AZ, ")
    assert "US-MA" not in silent[0]


def test_a_code_in_small_letters() -> None:
    with pytest.raises(InputError, match="no pack `fr` is shipped with this version; did you mean `FR`"):
        Pack.load("fr")
