"""The audit of a past log: each touch judged by what was known when it began, and counts that add up."""

from __future__ import annotations

import functools
import json
import operator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cadencia import Account, Case, InputError, Pack, Policy, Prospect, Touch
from cadencia._time.clock import moment
from cadencia.audit import Audit, Auditor, Finding, audit
from cadencia.rules import (
    AnyOf,
    ClearRegister,
    FrequencyCap,
    MaxAttempts,
    QuietHours,
    RequireConsent,
    Spacing,
    StopOn,
    StopOnStage,
)
from cadencia.testing import cases, instants, policies

HOURS = QuietHours(id="hours", allow={"mon-fri": ["09:00-17:00"]})
GAP = Spacing(id="gap", at_least="48h")
TWO = MaxAttempts(id="two", at_most=2)


def policy(*rules: Any, channels: Any = ("phone", "email"), **more: Any) -> Policy:
    return Policy(name="house", channels=channels, rules=rules, **more)


def touch(id: str, at: str, **more: Any) -> Touch:
    return Touch(id=id, at=at, channel=more.pop("channel", "phone"), **more)


def case(*touches: Touch, **more: Any) -> Case:
    return Case(prospect=Prospect(id="p", **{"zones": "UTC", **more}), touches=touches)


def found(audit: Audit) -> dict[str, tuple[str, ...]]:
    return {finding.touch: finding.rules for finding in audit.findings}


def one(*rules: Any, of: Case, **more: Any) -> Finding:
    result = audit(policy(*rules), [of], **more)
    assert len(result.findings) == 1
    return result.findings[0]


class TestJudging:
    def test_each_touch_by_what_came_before(self) -> None:
        log = case(
            touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-03T10:00Z"), touch("c", "2026-03-06T18:00Z"),
        )  # fmt: skip
        result = audit(policy(HOURS, GAP, TWO), [log])
        assert found(result) == {"b": ("gap",), "c": ("hours", "two")}
        early, late = result.findings
        assert early.evidence == ("a",)
        assert early.instead == log.touches[0].at + timedelta(hours=48)  # type: ignore[operator]
        assert late.evidence == ("a", "b")
        assert late.instead is None
        assert late.needs == ()

    def test_what_comes_after_never_counts(self) -> None:
        log = case(touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-03T10:00Z"))
        assert found(audit(policy(StopOn(id="end", dispositions=["replied"])), [log])) == {}
        answered = touch("r", "2026-03-02T12:00Z", direction="inbound", disposition="replied")
        ends = policy(StopOn(id="end", dispositions=["replied"]))
        assert found(audit(ends, [case(*log.touches, answered)])) == {"b": ("end",)}
        told_late = Touch.model_validate({**dict(answered), "recorded_at": "2026-03-04T00:00Z"})
        assert found(audit(ends, [case(*log.touches, told_late)])) == {}

    def test_facts_are_cut_to_what_was_known(self) -> None:
        log = case(
            touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-05T10:00Z"),
            opt_outs={"since": "2026-03-03T00:00Z"},
        )  # fmt: skip
        assert found(audit(policy(), [log])) == {"b": ("always/opt-outs",)}
        granted = case(
            touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-05T10:00Z"),
            consents={"since": "2026-03-03T00:00Z"},
        )  # fmt: skip
        assert found(audit(policy(RequireConsent(id="yes")), [granted])) == {"a": ("yes",)}

    def test_every_kind_of_record_is_cut(self) -> None:
        """A register that was asked in between, a stage reached, an address that bounced: each holds from when it was learned."""
        calls = (touch("a", "2026-03-02T10:00Z", contact_point="1"), touch("b", "2026-03-05T10:00Z", contact_point="1"))
        since = {"since": "2026-03-03T00:00Z"}
        asked = case(*calls, registers={"registry": "r", **since})
        assert found(audit(policy(ClearRegister(id="clear", registry="r")), [asked])) == {"a": ("clear",)}
        lost = case(*calls, stages=[{"name": "lost", **since}])
        assert found(audit(policy(StopOnStage(id="gone", on=["lost"])), [lost])) == {"b": ("gone",)}
        bounced = case(*calls, contact_points={"channel": "phone", "address": "1", "status": "invalid", **since})
        assert found(audit(policy(), [bounced])) == {"b": ("always/contact-points",)}
        zoned = case(*calls, zones=[{"zone": "UTC", **since}])
        result = audit(policy(HOURS), [zoned])
        assert [(finding.touch, finding.says) for finding in result.findings] == [("a", "unproven")]

    def test_of_two_at_one_instant_the_second_in_order_saw_the_first(self) -> None:
        log = case(touch("b", "2026-03-02T10:00Z"), touch("a", "2026-03-02T10:00Z"))
        assert found(audit(policy(GAP), [log])) == {"b": ("gap",)}

    def test_a_channel_that_the_policy_leaves_out(self) -> None:
        finding = one(of=case(touch("a", "2026-03-02T10:00Z", channel="visit")))
        assert (finding.rules, finding.instead, finding.needs) == (("always/channels",), None, ("policy",))

    def test_a_layer_that_names_no_channels_will_do(self) -> None:
        law = policy(HOURS, channels=None)
        assert found(audit(law, [case(touch("a", "2026-03-02T20:00Z", channel="visit"))])) == {"a": ("hours",)}

    def test_an_address_is_judged_as_given_and_any_will_do_where_none_is(self) -> None:
        points = [
            {"channel": "phone", "address": "1", "status": "invalid"},
            {"channel": "phone", "address": "2"},
        ]
        log = case(
            touch("a", "2026-03-02T10:00Z", contact_point="1"), touch("b", "2026-03-02T11:00Z"),
            touch("c", "2026-03-02T12:00Z", contact_point="2"), contact_points=points,
        )  # fmt: skip
        result = audit(policy(), [log])
        assert found(result) == {"a": ("always/contact-points",)}
        assert result.findings[0].contact_point == "1"
        dead = case(touch("a", "2026-03-02T10:00Z"), contact_points=points[:1])
        assert found(audit(policy(), [dead])) == {"a": ("always/contact-points",)}

    def test_no_proof_where_a_fact_is_missing(self) -> None:
        finding = one(HOURS, of=case(touch("a", "2026-03-02T10:00Z"), zones=()))
        assert (finding.says, finding.instead, finding.needs) == ("unproven", None, ("zone",))
        both = one(HOURS, GAP, of=case(touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-02T11:00Z"), zones=()),
                   since="2026-03-02T11:00Z")  # fmt: skip
        assert (both.says, both.rules) == ("forbidden", ("gap",))

    def test_a_rule_of_some_regions_proves_nothing_where_no_region_is_known(self) -> None:
        """Who may live anywhere may live where the rule does not bind; several regions are what was known, and all had to permit."""
        here = RequireConsent(id="yes", regions=["ES"])
        anywhere = case(touch("a", "2026-03-02T10:00Z"), regions=())
        finding = one(here, of=anywhere)
        assert (finding.says, finding.rules) == ("unproven", ("yes",))
        assert one(here, of=case(touch("a", "2026-03-02T10:00Z"), regions=["ES", "MX"])).says == "forbidden"
        either = AnyOf(id="either", rules=[here, QuietHours(id="q", allow="09:00-09:30")])
        assert one(either, of=anywhere).says == "unproven"
        assert one(RequireConsent(id="no", regions=["ES"]), RequireConsent(id="yes"), of=anywhere).rules == ("yes",)
        five = [Pack.load(name).policy for name in ("DE", "FR", "NL", "US")]
        law = functools.reduce(operator.and_, five)
        lima = case(
            touch("a", "2026-09-09T16:00Z", purpose="marketing", subjects=["it"]), zones="America/Lima", regions=()
        )
        told = audit(law, [lima])
        assert (told.summary.forbidden, told.summary.unproven) == (0, 1)

    def test_two_zones_are_what_was_known(self) -> None:
        """At a quarter past nine in Madrid it is a quarter past eight in the Canary Islands, where he may have been."""
        log = case(touch("a", "2026-03-09T09:15+01:00"), zones=["Europe/Madrid", "Atlantic/Canary"], regions="ES")
        assert one(HOURS, of=log).says == "forbidden"

    def test_a_consent_on_record_whose_age_no_zone_tells(self) -> None:
        """It is missing in none of the ways that a consent can be: the zone is what nobody knows."""
        rule = RequireConsent(id="two-years", valid_for="24 months")
        log = case(touch("a", "2026-03-09T10:00Z"), zones=(), consents={"since": "2026-01-01T00:00Z"})
        finding = one(rule, of=log)
        assert (finding.says, finding.needs) == ("unproven", ("zone",))
        never = one(rule, of=case(touch("a", "2026-03-09T10:00Z"), zones=()))
        assert (never.says, never.needs) == ("forbidden", ("consent",))
        later = case(touch("a", "2025-12-09T10:00Z"), zones=(), consents={"since": "2026-01-01T00:00Z"})
        assert one(rule, of=later).says == "forbidden"

    def test_a_rule_that_fails_proves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(FrequencyCap, "blocks", lambda *_: 1 / 0)
        finding = one(FrequencyCap(id="cap", at_most=1, within="1d"), of=case(touch("a", "2026-03-02T10:00Z")))
        assert (finding.says, finding.blocks[0].code) == ("unproven", "rule_error")

    def test_a_date_is_forbidden_only_if_every_instant_of_it_is(self) -> None:
        monday, saturday = case(touch("a", "2026-03-02")), case(touch("a", "2026-03-07"))
        assert one(HOURS, of=monday).says == "unproven"
        finding = one(HOURS, of=saturday)
        assert (finding.says, str(finding.at)) == ("forbidden", "2026-03-07")
        assert "Sat 7 Mar 2026" in finding.text()
        assert found(audit(policy(TWO), [monday])) == {}
        night = QuietHours(id="night", between={"mon-sun": ["17:00-09:00"]})
        assert one(HOURS, Spacing(id="gap", at_least="30 days"), of=case(touch("a", "2026-03-01T01:00Z"), touch("b", "2026-03-02")),
                   since="2026-03-02T00:00Z").rules == ("gap",)  # fmt: skip
        together = one(night, QuietHours(id="day", between={"mon-sun": ["09:00-17:00"]}), of=monday)
        assert (together.says, together.rules) == ("forbidden", ("day", "night"))

    def test_the_whole_length_only_where_asked(self) -> None:
        log = case(touch("a", "2026-03-02T16:50Z", end="2026-03-02T17:10Z"))
        assert found(audit(policy(HOURS), [log])) == {}
        assert found(audit(policy(HOURS), [log], whole=True)) == {"a": ("hours",)}

    def test_a_purpose_for_touches_that_name_none(self) -> None:
        rule = RequireConsent(id="yes", purposes=["marketing"])
        log = case(touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-02T11:00Z", purpose="marketing"))
        assert found(audit(policy(rule), [log], purpose="service")) == {"b": ("yes",)}
        assert set(found(audit(policy(rule), [log]))) == {"a", "b"}

    def test_bookings_count_as_they_did_then(self) -> None:
        cap = FrequencyCap(id="cap", at_most=1, within="7d")
        log = case(touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-04T10:00Z", booked=True))
        assert found(audit(policy(cap), [log])) == {"a": ("cap",)}
        overdue = case(touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-01T10:00Z", booked=True))
        assert found(audit(policy(cap), [overdue])) == {}

    def test_other_people_of_the_account_count_as_they_were_known(self) -> None:
        cap = FrequencyCap(id="cap", at_most=1, within="7d", over="account")
        people = [Prospect(id="p", account="a"), Prospect(id="q", account="a", opt_outs={"since": "2026-01-01T00:00Z"})]
        log = [touch("a", "2026-03-02T10:00Z", prospect="p"), touch("b", "2026-03-03T10:00Z", prospect="q")]
        result = audit(policy(cap), people, log)
        assert found(result) == {"b": ("always/opt-outs", "cap")}
        assert result.findings[0].evidence == ("a",)


class TestCounts:
    def test_every_touch_is_accounted_for(self) -> None:
        log = [
            touch("a", "2026-03-02T10:00Z"), touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-03T10:00Z", booked=True),
            touch("c", "2026-03-04T10:00Z", cancelled=True), touch("d", "2026-03-05T10:00Z", disposition="cancelled"),
            touch("e", "2026-03-06T10:00Z", direction="inbound"), touch("f", "2026-04-01T03:00Z"),
            touch("g", "2026-04-02T03:00Z", channel="email"),
        ]  # fmt: skip
        closed = Case(
            prospect=Prospect(id="q"), touches=[touch("x", "2026-03-02T10:00Z")], unreadable=("touches.csv:3",)
        )
        doubtful = Case(
            prospect=Prospect(id="r"), touches=[touch("x", "2026-03-02T10:00Z"), touch("x", "2026-03-02T11:00Z")]
        )
        summary = audit(
            policy(HOURS), [case(*log), closed, doubtful], until="2026-04-02T00:00Z", channels="phone"
        ).summary
        assert (summary.read, summary.audited, summary.forbidden, summary.permitted) == (11, 2, 1, 1)
        assert (summary.repeated, summary.booked, summary.cancelled, summary.inbound) == (1, 1, 2, 1)
        assert (summary.outside, summary.closed, summary.prospects, summary.people) == (1, 3, 3, 1)
        assert summary.share == 0.5
        assert {name: count.permitted for name, count in summary.by_month.items()} == {"2026-03": 1, "2026-04": 0}
        only = audit(policy(HOURS), [case(*log)], channels=["email"]).summary
        assert (only.audited, only.outside, list(only.by_channel)) == (1, 2, ["email"])

    def test_a_month_is_the_prospects_own(self) -> None:
        night = touch("a", "2026-03-31T23:30Z")
        assert list(audit(policy(), [case(night)]).summary.by_month) == ["2026-03"]
        assert list(audit(policy(), [case(night, zones="Asia/Tokyo")]).summary.by_month) == ["2026-04"]
        assert list(audit(policy(), [case(night, zones=())]).summary.by_month) == ["2026-03"]

    def test_nothing_to_audit(self) -> None:
        summary = audit(policy(), []).summary
        assert (summary.read, summary.first, summary.share) == (0, None, 0.0)
        assert "no touch to audit" in str(summary)

    def test_rules_alone_and_together(self) -> None:
        log = case(touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-02T11:00Z"), touch("c", "2026-03-02T20:00Z"))
        counts = audit(policy(HOURS, GAP), [log]).summary.by_rule
        assert (counts["gap"].touches, counts["gap"].alone, counts["gap"].people) == (2, 1, 1)
        assert (counts["hours"].touches, counts["hours"].alone) == (1, 0)


class TestForms:
    LOG = case(
        touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-02"), touch("c", "2026-03-02T21:00Z", purpose="offer")
    )

    def test_round_trip_and_schema(self) -> None:
        result = audit(policy(HOURS, GAP, version="3"), [self.LOG])
        assert {finding.says for finding in result.findings} == {"forbidden", "unproven"}
        data = json.loads(result.to_json())
        assert Audit.from_dict(data) == result
        Draft202012Validator(Audit.json_schema()).validate(data)
        assert data["summary"]["fingerprint"] == policy(HOURS, GAP).fingerprint
        assert data["findings"][0] == result.findings[0].to_dict()
        assert data["summary"] == result.summary.to_dict()
        with pytest.raises(InputError, match="audit"):
            Audit.from_dict({})

    def test_words(self) -> None:
        result = audit(policy(HOURS, GAP), [self.LOG])
        assert "3 touches audited, Mon 2 Mar 2026" in str(result)
        late = next(item for item in result.findings if item.touch == "c")
        assert str(late).startswith("Mon 2 Mar 2026 21:00 +00:00 p c by phone · offer: forbidden; gap: too close")
        assert str(late).endswith("; permitted from Thu 5 Mar 2026 09:00 +00:00")
        assert "prohibido" in late.text("es")
        assert "toques auditados" in result.summary.text("es")
        assert "event that lifts" in str(one(StopOn(id="s", dispositions=["replied"], lifted_by={"dispositions": ["interested"]}), of=case(
            touch("r", "2026-03-02T10:00Z", direction="inbound", disposition="replied"), touch("a", "2026-03-03T10:00Z"))))  # fmt: skip
        assert "not permitted inside the horizon" in str(one(GAP, of=case(
            touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-02T11:00Z")), horizon="1 day"))  # fmt: skip

    def test_channels_are_told_where_there_are_several(self) -> None:
        log = case(touch("a", "2026-03-02T10:00Z"), touch("b", "2026-03-02T20:00Z", channel="email"))
        text = audit(policy(HOURS), [log]).summary.text()
        assert "e-mail: 1 of 1 forbidden (100.0 %)" in text
        assert "phone: 0 of 1 forbidden" in text
        unknown = audit(policy(HOURS), [case(touch("a", "2026-03-02T10:00Z"), zones=())]).summary.text()
        assert "1 not to be told" in unknown


class TestInput:
    def test_prospects_and_touches_may_be_data(self) -> None:
        people = [{"id": "p", "zones": "UTC"}]
        log = [{"id": "a", "prospect": "p", "at": "2026-03-07T10:00Z", "channel": "phone"}]
        assert found(audit(policy(HOURS), people, log)) == {"a": ("hours",)}

    @pytest.mark.parametrize(
        ("people", "log", "says"),
        [
            ([Prospect(id="anna")], [touch("a", "2026-03-02T10:00Z", prospect="ana")], "did you mean `anna`"),
            ([Prospect(id="p1")], [touch("a", "2026-03-02T10:00Z")], "touch `a`: prospect `` is not there"),
            ([case(touch("a", "2026-03-02T10:00Z"))], [], "a case carries its own touches"),
            ([Prospect(id="p"), Prospect(id="p", name="x")], [], "given twice with different contents"),
            ([Prospect(id="p")], [{"id": "a"}], "touch, at: this key is required"),
        ],
    )
    def test_one_line_for_what_is_wrong(self, people: Any, log: Any, says: str) -> None:
        with pytest.raises(InputError, match=says):
            audit(policy(HOURS), people, log)

    def test_a_span_that_ends_before_it_begins(self) -> None:
        with pytest.raises(InputError, match="until: `2026-03-01T00:00Z` is not after since"):
            Auditor(policy(), since="2026-03-02T00:00Z", until="2026-03-01T00:00Z")


def as_known(log: Case, item: Touch) -> Case:
    """The case when a touch began, from the definition: known by then, and of what may have begun by then, before it in order."""
    ordered = [seen.id for seen in log.view().everybody]
    looked = {seen.id: seen for seen in log.view().everybody}
    last = looked[item.id].hi
    then = log.known_at(moment(last))

    def before(other: Touch) -> bool:
        if other.id == item.id:
            return False
        if other.booked or other.id not in looked or looked[other.id].lo > last:
            return True
        return ordered.index(other.id) < ordered.index(item.id)

    account = then.account and Account(
        id=then.account.id,
        people=then.account.people,
        touches=[other for other in then.account.touches if before(other)],
    )
    touches = [other for other in then.touches if before(other)]
    return Case(prospect=then.prospect, touches=touches, account=account, opened_at=then.opened_at)


@given(data=st.data(), around=instants())
@settings(max_examples=150)
def test_the_audit_agrees_with_why_not_as_of_each_touch(data: st.DataObject, around: Any) -> None:
    """A touch is found if and only if `why_not` forbids it as it was known then; `instead` is what `decide` waits for."""
    rules = data.draw(policies(around))
    log = data.draw(cases(around, max_size=8))
    result = audit(rules, [log])
    told = {finding.touch: finding for finding in result.findings}
    summary = result.summary
    rest = ("inbound", "booked", "cancelled", "repeated", "outside", "closed", "strangers", "unreadable")
    assert summary.read == len(log.touches) == summary.audited + sum(getattr(summary, name) for name in rest)
    assert summary.audited == summary.permitted + summary.forbidden + summary.unproven
    assert summary.forbidden + summary.unproven == len(told) == len(result.findings)
    for counts in (summary.by_month, summary.by_channel):
        assert sum(count.audited for count in counts.values()) == summary.audited
        assert sum(count.forbidden for count in counts.values()) == summary.forbidden
    for name, count in summary.by_rule.items():
        forbidden = [finding for finding in told.values() if finding.says == "forbidden" and name in finding.rules]
        assert count.touches == len(forbidden)
        assert count.alone == sum(len(finding.rules) == 1 for finding in forbidden)
    assert Audit.from_dict(result.to_dict()) == result
    if summary.closed:
        return
    for item in {item.id: item for item in log.touches}.values():
        if item.direction == "inbound" or item.booked or item.cancelled or item.disposition == "cancelled":
            assert item.id not in told
            continue
        if item.precision == "date":
            continue
        then = as_known(log, item)
        about = {"purpose": item.purpose, "step": item.step, "subjects": item.subjects}
        why = rules.why_not(then, item.at, item.channel, as_of=item.at, contact_point=item.contact_point, **about)  # type: ignore[arg-type]
        assert bool(why) == (item.id in told)
        if not why:
            event("permitted")
            continue
        finding = told[item.id]
        event(finding.says)
        assert set(finding.rules) <= {block.rule for block in why}
        assert finding.instead is None or finding.instead > item.at  # type: ignore[operator]
        if rules.engine.channels is None or item.channel not in rules.engine.channels:
            continue
        end = item.at + timedelta(days=90)  # type: ignore[operator]
        opened = [
            spans[0][0]
            for candidate, spans in rules.windows(then, item.at, end, as_of=item.at, **about).items()  # type: ignore[arg-type]
            if spans and candidate.channel == item.channel and candidate.point == finding.contact_point
        ]
        if item.contact_point is None or item.contact_point in [
            point.address for point in then.prospect.contact_points or ()
        ]:
            assert opened == ([] if finding.instead is None else [finding.instead])


@given(data=st.data(), around=instants())
@settings(max_examples=50)
def test_the_order_of_a_log_does_not_matter(data: st.DataObject, around: Any) -> None:
    """Permuting the touches gives an equal audit."""
    rules, log = data.draw(policies(around)), data.draw(cases(around))
    other = log.model_copy(update={"touches": tuple(data.draw(st.permutations(log.touches)))})
    assert audit(rules, [log]) == audit(rules, [other])


def test_of_two_addresses_neither_of_which_was_allowed_the_first_speaks() -> None:
    """A touch that names no address is judged by each that there was."""
    points = [{"channel": "phone", "address": "+1"}, {"channel": "phone", "address": "+2"}]
    finding = one(HOURS, of=case(touch("t", "2026-03-02T20:00Z"), contact_points=points))
    assert finding.rules == ("hours",)
