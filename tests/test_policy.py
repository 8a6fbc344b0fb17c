"""Policies by example: layers, what may be left out, which words hold where, and the data form."""

from __future__ import annotations

import copy
import pickle
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from cadencia import Case, Policy, Prospect, Touch
from cadencia.errors import PolicyError
from cadencia.rules import (
    ChannelRotation,
    FrequencyCap,
    MaxAttempts,
    PreferredChannel,
    QuietHours,
    RespondWithin,
    Spacing,
    StopOn,
)

NOON = "2026-03-03T12:00+01:00"  # a Tuesday
MADRID = Prospect(id="p1", zones="Europe/Madrid")


def policy(name: str = "house", channels: Any = ("phone", "email"), rules: Any = (), **more: Any) -> Policy:
    return Policy(name=name, channels=channels, rules=rules, **more)


def touch(id: str, at: str, channel: str = "phone", **more: Any) -> Touch:
    return Touch(id=id, at=at, channel=channel, **{"disposition": "no_answer", **more})


LAW = policy("law", None, [QuietHours(id="hours", channels=["phone"], allow="09:00-21:00")])
HOUSE = policy(
    "house",
    ["phone", "email"],
    [QuietHours(id="hours", channels=["phone"], allow="10:00-22:00"), MaxAttempts(id="four", at_most=4)],
)
SPRING = policy("spring", ["phone", "sms"], [Spacing(id="breathe", at_least="2 days")])


class TestLayers:
    def test_ids_name_their_layer(self) -> None:
        assert {rule.id for rule in (LAW & HOUSE).engine.rules if not rule.id.startswith("always/")} == {
            "law/hours",
            "house/hours",
            "house/four",
        }

    def test_a_layer_alone_has_plain_ids(self) -> None:
        assert {rule.id for rule in HOUSE.engine.rules if not rule.id.startswith("always/")} == {"hours", "four"}

    def test_the_order_of_layers_does_not_matter(self) -> None:
        joined = [first & second & third for first, second, third in permutations((LAW, HOUSE, SPRING))]
        assert len({item.fingerprint for item in joined}) == 1
        assert {item.name for item in joined} == {"house & law & spring"}
        assert all(item == joined[0] for item in joined)
        assert LAW & (HOUSE & SPRING) == (LAW & HOUSE) & SPRING

    def test_a_policy_over_itself_is_itself(self) -> None:
        assert HOUSE & HOUSE == HOUSE
        assert (LAW & HOUSE) & HOUSE == LAW & HOUSE

    def test_equal_layers_collapse_whatever_their_reasons_say(self) -> None:
        told = HOUSE.model_copy(update={"because": "the handbook says so"})
        assert [layer.name for layer in (HOUSE & told & LAW).layers] == ["house", "law"]

    def test_one_name_with_other_content_is_an_error(self) -> None:
        other = policy("house", ["phone"], [MaxAttempts(id="four", at_most=5)])
        with pytest.raises(PolicyError, match="two layers are named `house` and differ"):
            HOUSE & other
        with pytest.raises(PolicyError, match="two layers are named `house` and differ"):
            (LAW & HOUSE) & other

    def test_only_policies_can_be_laid_over_policies(self) -> None:
        with pytest.raises(TypeError):
            HOUSE & "law"  # type: ignore[operator]

    def test_channels_intersect_and_none_is_the_identity(self) -> None:
        assert (LAW & HOUSE).engine.channels == ("email", "phone")
        assert (HOUSE & SPRING).engine.channels == ("phone",)
        assert (LAW & LAW).engine.channels is None

    def test_layers_without_a_common_channel_block_needing_another_policy(self) -> None:
        decision = (policy("a", ["email"]) & policy("b", ["phone"])).decide(MADRID, as_of=NOON)
        assert (decision.answer, decision.record.needs) == ("blocked", ("policy",))

    def test_layering_can_only_tighten(self) -> None:
        joined = LAW & HOUSE
        for instant, rules in (
            ("2026-03-03T09:30+01:00", {"house/hours"}),
            ("2026-03-03T21:30+01:00", {"law/hours"}),
            ("2026-03-03T08:00+01:00", {"house/hours", "law/hours"}),
            ("2026-03-03T12:00+01:00", set()),
        ):
            assert {block.rule for block in joined.why_not(MADRID, instant, "phone")} == rules

    def test_stops_deadlines_and_preferences_unite(self) -> None:
        first = policy(
            "a",
            rules=[
                StopOn(id="stop", dispositions=["refused"]),
                RespondWithin(id="quick", within="1h"),
                PreferredChannel(id="way", order=["phone"]),
            ],
        )
        second = policy(
            "b",
            rules=[
                StopOn(id="stop", dispositions=["wrong_person"]),
                RespondWithin(id="quick", within="2h"),
                PreferredChannel(id="way", order=["email"]),
            ],
        )
        joined = first & second
        engine = joined.engine
        assert [item.rule.id for item in engine.preferences] == ["a/way", "b/way"]
        assert [item.rule.id for item in engine.deadlines] == ["a/quick", "b/quick"]
        for disposition, reason in (("refused", "a/stop"), ("wrong_person", "b/stop")):
            decision = joined.decide(
                MADRID, [touch("t", "2026-03-02T12:00+01:00", disposition=disposition)], as_of=NOON
            )
            assert (decision.answer, decision.record.reason) == ("stop", reason)
        inbound = touch("i", "2026-03-03T11:30+01:00", direction="inbound", disposition="connected")
        assert [(due.rule, due.state) for due in joined.decide(MADRID, [inbound], as_of=NOON).deadlines] == [
            ("a/quick", "due"),
            ("b/quick", "due"),
        ]

    def test_preferences_compete_by_rank_and_then_by_id(self) -> None:
        phone_first = policy("a", rules=[PreferredChannel(id="way", order=["phone", "email"])])
        email_first = policy("b", rules=[PreferredChannel(id="way", order=["email", "phone"])])
        sooner = policy("b", rules=[PreferredChannel(id="way", order=["email", "phone"], rank=-1)])
        assert (phone_first & email_first).decide(MADRID, as_of=NOON).record.channel == "phone"
        assert (email_first & phone_first).decide(MADRID, as_of=NOON).record.channel == "phone"
        assert (phone_first & sooner).decide(MADRID, as_of=NOON).record.channel == "email"

    def test_words_resolve_inside_the_layer_that_wrote_the_rule(self) -> None:
        """No company can loosen the law by redefining a word."""
        law = policy("law", rules=[FrequencyCap(id="one", at_most=1, within="7d")])
        company = policy(
            "company", dispositions={"no_answer": {"went_out": False}}, rules=[MaxAttempts(id="one-in-all", at_most=1)]
        )
        history = [touch("t", "2026-03-02T12:00+01:00")]
        decision = (law & company).decide(MADRID, history, as_of=NOON)
        assert (decision.answer, decision.blocking) == ("wait", ("law/one",))
        counted = {verdict.rule: verdict.touches for verdict in decision.verdicts}
        assert counted["law/one"] == ("t",)
        assert counted["company/one-in-all"] == ()
        assert company.decide(MADRID, history, as_of=NOON).answer == "contact"

    def test_a_layer_may_not_use_a_word_of_another(self) -> None:
        policy("a", dispositions={"ghosted": {}})
        with pytest.raises(ValueError, match="`ghosted` is neither well known nor declared"):
            policy("b", rules=[StopOn(id="stop", dispositions=["ghosted"])])

    def test_layers_as_data(self) -> None:
        joined = LAW & HOUSE
        again = Policy.from_dict(joined.to_dict())
        assert (again.fingerprint, again.layers) == (joined.fingerprint, joined.layers)
        assert Policy.from_json(joined.to_json()).fingerprint == joined.fingerprint

    def test_a_policy_with_rules_and_layers_is_a_layer_too(self) -> None:
        own = policy("own", ["phone"], [MaxAttempts(id="two", at_most=2)], layers=[LAW])
        assert {rule.id for rule in own.engine.rules if not rule.id.startswith("always/")} == {"law/hours", "own/two"}
        assert (own & HOUSE).engine.channels == ("phone",)
        assert [layer.name for layer in (own & HOUSE).layers] == ["house", "law", "own"]

    def test_layers_do_not_nest(self) -> None:
        with pytest.raises(ValueError, match="has layers of its own"):
            policy("outer", layers=[LAW & HOUSE])

    def test_a_decision_says_its_layers(self) -> None:
        joined = LAW & HOUSE
        decision = joined.decide(MADRID, as_of=NOON)
        assert decision.layers == {"house": HOUSE.fingerprint, "law": LAW.fingerprint}
        assert decision.fingerprint == joined.fingerprint
        assert HOUSE.decide(MADRID, as_of=NOON).layers == {}


class TestWithout:
    def test_a_rule_is_left_out(self) -> None:
        assert [rule.id for rule in HOUSE.without("hours").rules] == ["four"]
        assert HOUSE.without() == HOUSE

    def test_a_rule_of_a_layer_is_left_out_by_its_whole_id(self) -> None:
        joined = (LAW & HOUSE).without("house/hours")
        assert {rule.id for rule in joined.engine.rules if not rule.id.startswith("always/")} == {
            "law/hours",
            "house/four",
        }
        with pytest.raises(PolicyError, match="has no rule `hours`"):
            (LAW & HOUSE).without("hours")

    def test_the_near_miss_is_offered(self) -> None:
        with pytest.raises(PolicyError, match="no rule `hour`; did you mean `hours`"):
            HOUSE.without("hour")

    def test_what_always_binds_stays(self) -> None:
        for name in ("always/suppressions", "always/opt-outs", "always/contact-points", "always/unreadable-touches"):
            with pytest.raises(PolicyError, match="binds in every policy"):
                HOUSE.without(name)

    def test_the_policy_itself_is_not_changed(self) -> None:
        before = HOUSE.fingerprint
        assert HOUSE.without("four").fingerprint != before
        assert HOUSE.fingerprint == before


class TestFingerprint:
    def test_blind_to_names_reasons_and_order(self) -> None:
        rules = list(HOUSE.rules)
        same = [
            policy("another name", ["email", "phone"], rules),
            policy("house", ["phone", "email"], rules[::-1]),
            policy("house", ["phone", "email"], rules, version="9", because="why not"),
            policy("house", ["phone", "email"], [rule.model_copy(update={"because": "a reason"}) for rule in rules]),
            policy(
                "house",
                ["phone", "email"],
                rules,
                examples=[
                    {"says": "x", "as_of": NOON, "case": {"prospect": {"id": "p"}}, "expect": {"answer": "contact"}}
                ],
            ),
        ]
        assert {item.fingerprint for item in same} == {HOUSE.fingerprint}

    def test_defaults_are_filled_in(self) -> None:
        said = policy(rules=[MaxAttempts(id="a", at_most=1, count="attempted", since="ever")])
        assert said.fingerprint == policy(rules=[MaxAttempts(id="a", at_most=1)]).fingerprint

    @pytest.mark.parametrize(
        "other",
        [
            policy("house", ["phone"], HOUSE.rules),
            policy("house", None, HOUSE.rules),
            policy("house", ["phone", "email"], HOUSE.rules[:1]),
            policy("house", ["phone", "email"], [MaxAttempts(id="four", at_most=5), HOUSE.rules[1]]),
            policy("house", ["phone", "email"], [MaxAttempts(id="for", at_most=4), HOUSE.rules[1]]),
            policy("house", ["phone", "email"], HOUSE.rules, dispositions={"ghosted": {}}),
        ],
    )
    def test_sees_all_that_can_change_a_decision(self, other: Policy) -> None:
        assert other.fingerprint != HOUSE.fingerprint

    def test_a_word_declared_as_it_is_known_still_counts_as_a_declaration(self) -> None:
        assert (
            policy(dispositions={"ghosted": {"reached": "no"}}).fingerprint
            == policy(dispositions={"ghosted": {}}).fingerprint
        )


class TestData:
    def test_normal_form(self) -> None:
        data = {
            "name": "p",
            "cadencia": 1,
            "channels": ["sms", "email"],
            "rules": [
                {"at_most": 2, "id": "b", "rule": "max_attempts", "since": "ever"},
                {"rule": "soonest", "id": "a", "rank": 0},
            ],
        }
        assert Policy.from_dict(data).to_dict() == {
            "cadencia": 1,
            "name": "p",
            "channels": ["email", "sms"],
            "rules": [{"rule": "soonest", "id": "a"}, {"rule": "max_attempts", "id": "b", "at_most": 2}],
        }

    def test_python_and_data_are_one(self) -> None:
        data = HOUSE.to_dict()
        assert Policy.from_dict(data) == HOUSE
        assert Policy.from_dict(data).to_dict() == data

    def test_a_rule_given_twice_is_one(self) -> None:
        assert policy(rules=[*HOUSE.rules, *HOUSE.rules]).rules == HOUSE.rules

    def test_pickle_and_copy(self) -> None:
        joined = LAW & HOUSE
        joined.decide(MADRID, as_of=NOON)  # what it remembers is not carried along
        for again in (pickle.loads(pickle.dumps(joined)), copy.deepcopy(joined), copy.copy(joined)):
            assert again == joined
            assert again.fingerprint == joined.fingerprint
            assert again.decide(MADRID, as_of=NOON) == joined.decide(MADRID, as_of=NOON)

    def test_a_changed_copy_remembers_nothing(self) -> None:
        """What an engine, a view or a rule has worked out belongs to the content it was worked out from."""
        rule = QuietHours(id="hours", allow="09:00-12:00")
        late = "2026-03-03T15:00+01:00"
        alone = policy("alone", ["phone"], [rule])
        assert alone.decide(MADRID, as_of=late).blocking == ("hours",)
        assert (alone & LAW).decide(MADRID, as_of=late).blocking == ("alone/hours",)
        empty = alone.model_copy(update={"rules": ()})
        assert empty.decide(MADRID, as_of=late).answer == "contact"
        assert empty.fingerprint != alone.fingerprint
        case = Case(prospect=MADRID)
        assert SPRING.decide(case, as_of=NOON).answer == "contact"
        assert (
            SPRING.decide(
                case.model_copy(update={"touches": (touch("t", "2026-03-03T11:00+01:00"),)}), as_of=NOON
            ).answer
            == "wait"
        )
        assert len(pickle.dumps(rule)) == len(pickle.dumps(QuietHours(id="hours", allow="09:00-12:00")))

    def test_frozen(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            HOUSE.name = "other"  # type: ignore[misc]

    def test_yaml_reads_as_json(self) -> None:
        text = """
        cadencia: 1
        name: house
        channels: [phone, email]
        rules:
          - {rule: max_attempts, id: four, at_most: 4}
          - rule: quiet_hours
            id: hours
            channels: phone
            allow: 10:00-22:00
        """
        assert Policy.from_yaml(text) == HOUSE

    def test_files_and_their_layers(self, tmp_path: Path) -> None:
        (tmp_path / "law.json").write_text(LAW.to_json(), encoding="utf-8")
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "spring.yaml").write_text(
            "cadencia: 1\nname: spring\nchannels: [phone, sms]\n"
            "rules: [{rule: spacing, id: breathe, at_least: 2 days}]\n",
            encoding="utf-8",
        )
        (tmp_path / "house.yaml").write_text(
            "cadencia: 1\nname: house\nchannels: [phone, email]\nlayers: [law.json, sub/spring.yaml]\n"
            "rules: [{rule: max_attempts, id: four, at_most: 4}]\n",
            encoding="utf-8",
        )
        loaded = Policy.load(tmp_path / "house.yaml")
        assert {rule.id for rule in loaded.engine.rules if not rule.id.startswith("always/")} == {
            "house/four",
            "law/hours",
            "spring/breathe",
        }
        assert loaded.engine.channels == ("phone",)
        assert Policy.load(tmp_path / "law.json", tmp_path / "sub" / "spring.yaml") == LAW & SPRING

    def test_a_policy_keeps_its_own_examples(self) -> None:
        example = {"says": "nobody calls at nine", "as_of": "2026-03-03T09:00+01:00",
                   "case": {"prospect": {"id": "p", "zones": "Europe/Madrid"}},
                   "expect": {"answer": "contact", "channel": "email"}}  # fmt: skip
        kept = policy("house", ["phone", "email"], HOUSE.rules, examples=[example])
        assert kept.to_dict()["examples"] == [example]


class TestAsking:
    def test_a_layer_without_channels_cannot_decide_alone(self) -> None:
        with pytest.raises(PolicyError, match="names no channels"):
            LAW.decide(MADRID, as_of=NOON)

    def test_why_not_of_a_channel_that_is_not_allowed(self) -> None:
        [block] = SPRING.why_not(MADRID, NOON, "email")
        assert (block.code, block.needs) == ("channel_not_allowed", ("policy",))

    def test_windows(self) -> None:
        [(candidate, spans)] = (
            policy(channels=["phone"], rules=[HOUSE.rules[1]])
            .windows(MADRID, "2026-03-03T00:00+01:00", "2026-03-05T00:00+01:00")
            .items()
        )
        assert candidate.channel == "phone"
        assert [(start.isoformat(), end.isoformat()) for start, end in spans] == [
            ("2026-03-03T09:00:00+00:00", "2026-03-03T21:00:00+00:00"),
            ("2026-03-04T09:00:00+00:00", "2026-03-04T21:00:00+00:00"),
        ]

    def test_a_case_carries_its_own_touches(self) -> None:
        case = Case(prospect=MADRID, touches=[touch("t", "2026-03-03T11:00+01:00")])
        assert SPRING.decide(case, as_of=NOON) == SPRING.decide(MADRID, case.touches, as_of=NOON)
        with pytest.raises(ValueError, match="a case carries its own touches"):
            SPRING.decide(case, case.touches, as_of=NOON)

    def test_rotation_across_touches(self) -> None:
        both = policy(rules=[ChannelRotation(id="vary", order=["email", "phone"])])
        assert both.decide(MADRID, as_of=NOON).record.channel == "email"
        assert (
            both.decide(MADRID, [touch("t", "2026-03-02T12:00+01:00", "email")], as_of=NOON).record.channel == "phone"
        )
