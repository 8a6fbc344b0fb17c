"""The adapter to cadencia: the ONLY module here that the lead has to fill in.

Every function raises NotImplementedError until then, and its rows are left out of the tables. What each must
do, so that the comparison stays fair:

* import cadencia at the top of this module once it exists (the cold run does not count imports);
* keep no answer between calls; calendars and compiled policies may be kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workload import Row


def policy(name: str) -> Any:
    """The policy `base`, `open_ended` or `business`, with the rules of `rivals.py`, ready to decide.

    Rule ids, so that answers can be compared: stops `answered`, `all-bounced`, `exhausted`; limits `bounced`,
    `no-repeat`, `weekly-cap`, `spacing`, `channel-spacing`, `phone-hours`, `email-hours`, `sms-hours`,
    `social-hours` (windows and public holidays of the channel together).
    """
    raise NotImplementedError


def ready_case(row: Row) -> Any:
    """The row as what `decide` takes, made before the clock starts (its integer view too, if built once)."""
    raise NotImplementedError


def decide(policy: Any, case: Any, now: datetime) -> Any:
    """The decision: answer, option, window and the ids of the blocking rules, all of them available."""
    raise NotImplementedError


def force(decision: Any) -> Any:
    """Compute every verdict, the evidence and the chain of the decision."""
    raise NotImplementedError


def decide_from_dicts(policy: Any, dicts: dict[str, Any], now: datetime) -> Any:
    """The decision from the unvalidated dicts of `workload.as_dicts`, validation included."""
    raise NotImplementedError


def plain(decision: Any) -> tuple[str, str | None, datetime | None, datetime | None, tuple[str, ...]]:
    """The decision as (kind, channel, at, until, rules), as in `rivals.Answer`; not timed, only compared.

    `kind` is stop, contact, wait or blocked; `at` is the instant asked about for a contact; `until` is where
    the permitted stretch ends; `rules` are the ids that block the answered channel at the instant asked
    about, in the order listed at `policy` (for a stop, the stopping ones; for a contact, none).
    """
    raise NotImplementedError
