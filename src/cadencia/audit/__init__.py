"""What a past log would have been told: every touch that a policy would have forbidden, by rule, with the evidence.

>>> from cadencia import Policy, Prospect, Touch
>>> from cadencia.audit import audit
>>> from cadencia.rules import QuietHours
>>> hours = QuietHours(id="hours", allow={"mon-fri": ["09:00-14:00"]})
>>> policy = Policy(name="mornings", channels=["phone"], rules=[hours])
>>> late = Touch(id="t1", prospect="p1", at="2026-03-06T15:00+01:00", channel="phone")
>>> found = audit(policy, [Prospect(id="p1", zones="Europe/Madrid")], [late])
>>> found.findings[0].rules, found.findings[0].instead.isoformat()
(('hours',), '2026-03-09T08:00:00+00:00')
"""

from __future__ import annotations

from .auditor import Auditor, audit
from .findings import Audit, Finding, MonthCount, RuleCount, Summary
from .frames import audit_frame, findings_table

__all__ = [
    "Audit",
    "Auditor",
    "Finding",
    "MonthCount",
    "RuleCount",
    "Summary",
    "audit",
    "audit_frame",
    "findings_table",
]
