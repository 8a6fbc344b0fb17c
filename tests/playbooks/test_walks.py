"""Each playbook, day by day: the expected decisions were worked out by hand from the articles and the figures in the files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from cadencia import Case, Playbook, Playbooks, agenda
from cadencia.decision import Decision
from playbooks.vectors import FILES, Check, Day, ExpectedDue, Walk

WALKS = [pytest.param(name, walk, id=f"{name}:{walk.id}") for name, file in FILES.items() for walk in file.walks]


def test_every_packaged_playbook_has_its_walks() -> None:
    from cadencia.playbook import packaged_names

    assert tuple(FILES) == packaged_names()
    for name, file in FILES.items():
        assert file.playbook == name
        assert len({walk.id for walk in file.walks}) == len(file.walks)


@pytest.mark.parametrize("name", FILES)
def test_every_sentence_is_shown(name: str) -> None:
    shown = [code for walk in FILES[name].walks for day in walk.days for code in day.shows]
    shown += [code for check in FILES[name].checks for code in check.shows]
    assert not set(shown) - set(FILES[name].sentences), "a day shows a sentence that is not listed"
    assert not set(FILES[name].sentences) - set(shown), "a sentence that no day shows"


@pytest.mark.parametrize(
    "check", [pytest.param(check, id=f"{name}:{check.id}") for name, file in FILES.items() for check in file.checks]
)
def test_what_check_finds(check: Check) -> None:
    assert [finding.code for finding in Playbook.from_dict(check.playbook).lint()] == check.finds, check.says


@pytest.mark.parametrize(("name", "walk"), WALKS)
def test_walk(name: str, walk: Walk) -> None:
    walked(Playbook.load(name, **walk.parameters), walk)


def walked(playbook: Playbook, walk: Walk) -> None:
    """Each day of a walk is answered as it says."""
    prospect: dict[str, Any] = {"id": "p1", **walk.prospect}
    touches: list[dict[str, Any]] = []
    account = walk.account
    before = None
    for place, day in enumerate(walk.days, 1):
        assert before is None or _time(day.as_of) >= before, "days come in order"
        before = _time(day.as_of)
        prospect |= day.prospect
        known = {item["id"] for item in day.touches}
        touches = [item for item in touches if item["id"] not in known] + day.touches
        account = day.account or account
        case = Case.model_validate(
            {"prospect": prospect, "touches": touches, "account": account, "opened_at": walk.opened_at}
        )
        where = f"{playbook.name}:{walk.id} day {place} ({day.as_of}, {day.says})"
        _check(playbook, case, day, where)


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    assert found.utcoffset() is not None, text
    return found


def _check(playbook: Playbook, case: Case, day: Day, where: str) -> None:
    if day.which is not None:
        chosen = Playbooks.packaged().which(case, as_of=day.as_of)
        assert (chosen.playbook.name if chosen else None) == day.which, where
    for asked in day.why_not:
        blocks = playbook.why_not(case, asked.at, asked.channel, step=asked.step, as_of=day.as_of)
        assert sorted({block.code for block in blocks}) == sorted(asked.codes), f"{where}: {asked}: {blocks}"
    if day.plan is not None:
        plan = playbook.plan(case, len(day.plan) + day.plan_ends, as_of=day.as_of)
        assert len(plan) == len(day.plan), f"{where}: {[(item.step, item.channel, str(item.at)) for item in plan]}"
        for item, (step, channel, at) in zip(plan, day.plan, strict=True):
            assert (item.step, item.channel, item.at) == (step, channel, _time(at)), f"{where}: {item.at.isoformat()}"
    figures = agenda([case], playbook, as_of=day.as_of).figures if day.figures else {}
    for code, wanted in day.figures.items():
        found = figures[code]
        told = sorted((list(row.key), row.part) for row in found.by)
        assert (found.part, found.of, told) == (wanted.part, wanted.of, sorted(wanted.by)), f"{where}: {found}"
    if day.expect is None:
        return
    decision = playbook.decide(case, as_of=day.as_of, step=day.ask, entered=_entered(case, day))
    expected, record = day.expect, decision.record
    told = f"{where}\n{decision}\n{decision.proposal}"
    proposal = decision.proposal
    assert proposal is not None
    for key in expected.model_fields_set - {"dues", "carries", "values", "not_owed", "reports"}:
        wanted = getattr(expected, key)
        if key in ("why", "anchor", "delay", "attempts", "ending", "goes_to", "tone"):
            got: Any = getattr(proposal, key)
        else:
            got = getattr(record, key)
        if key in ("at", "until", "not_before") and wanted is not None:
            wanted = _time(wanted)
        if key in ("blocking", "needs"):
            wanted, got = sorted(wanted), sorted(got)
        assert got == wanted, f"{key}: {wanted} expected, {got} given\n{told}"
    if expected.carries is not None:
        assert [item.what for item in proposal.carries] == expected.carries, told
    if expected.values is not None:
        assert {item.what: item.value for item in proposal.carries if item.value} == expected.values, told
    assert set(expected.reports or ()) <= {report[0] for report in record.reports}, told
    for due in expected.dues or ():
        assert any(_same(due, item) for item in record.deadlines), f"{due}\nin {record.deadlines}\n{told}"
    for name in expected.not_owed or ():
        assert not any(name in (item.rule, item.details.get("step")) for item in record.deadlines), told
    for language in ("en", "es"):
        assert "…" not in decision.text(language), decision.text(language)
    assert Decision.from_dict(decision.to_dict()) == decision, where


def _entered(case: Case, day: Day) -> datetime | None:
    """When another playbook handed the case over, where the day is about that."""
    if not day.handed_over:
        return None
    chosen = Playbooks.packaged().which(case, as_of=day.as_of)
    assert chosen is not None
    return chosen.entered


def _same(due: ExpectedDue, item: Any) -> bool:
    for key in due.model_fields_set:
        wanted = getattr(due, key)
        got = item.details.get(key) if key in ("step", "fact", "carries") else getattr(item, key)
        if key == "due" and wanted is not None:
            wanted = _time(wanted)
        if key == "blocked_by":
            wanted, got = sorted(wanted), sorted(got)
        if got != wanted:
            return False
    return True
