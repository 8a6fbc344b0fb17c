"""Real logs, where they lie beside the repository: figures that a plain count over the file gives too."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadencia import Policy
from cadencia.audit import Auditor, Summary
from cadencia.reading import Mapping, read_book
from cadencia.rules import QuietHours

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def summary(name: str, data: Path, policy: Policy) -> Summary:
    book = read_book(mapping=Mapping.load(ROOT / "examples" / name / "mapping.yaml"), data=data / name)
    auditor = Auditor(policy, channels=["phone"])
    for case in book.cases():
        for finding in auditor.case(case):
            assert finding.says == "forbidden"
    auditor.rows(book)
    return auditor.summary()


def test_calls_out_of_hours_are_those_that_the_file_counts(shared_data: Path) -> None:
    """Its README counts 76 of 50,450 attempts outside 08:00-21:00."""
    hours = QuietHours(id="hours", allow={"daily": ["08:00-21:00"]})
    found = summary("bpi2012", shared_data, Policy(name="hours", rules=[hours]))
    assert (found.audited, found.forbidden, found.unproven) == (50_450, 76, 0)
    assert found.read == found.audited + found.inbound + found.outside == 58_757


def test_the_summer_of_2016_adds_up(shared_data: Path) -> None:
    policy = Policy.load(ROOT / "examples" / "bpi2017w" / "audit.yaml")
    found = summary("bpi2017w", shared_data, policy)
    assert (found.prospects, found.read, found.audited, found.inbound) == (7_155, 50_985, 38_824, 12_161)
    assert not [name for name in found.by_rule if name.startswith("pack:NL/")]
    assert (found.forbidden, found.people) == (5_767, 3_002)
