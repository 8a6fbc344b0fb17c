"""A rules engine asked the smaller question: may this prospect be contacted now, yes or no.

zen-engine (Rust) in its fastest way: one compiled expression, evaluated on a context made before the clock
starts. Touch counting, spacing, the weekly cap, local time and windows are decided inside. By hand, and not
counted: whether today is a holiday there, since the engine has no calendar; the channel of the last attempt;
and instants as integer microseconds, since its own dates are cut to milliseconds. It finds no instant, no
channel and no reason; a prospect who must wait has to be asked about again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rivals import Policy, public_holidays
from workload import Row

HOUR = 3_600_000_000
LOCAL = "d(now_ms, zone)"
WINDOWS = {
    "phone": f"{LOCAL}.weekday() <= 5 and (9 <= HH and HH < 14 or 17 <= HH and HH < 20)",
    "email": "7 <= HH and HH < 22",
    "sms": f"{LOCAL}.weekday() <= 6 and 10 <= HH and HH < 19",
    "social": "8 <= HH and HH < 21",
}


def available() -> bool:
    """Whether zen-engine is installed, with compiled expressions."""
    try:
        import zen
    except ImportError:
        return False
    return hasattr(zen, "compile_expression")


def expression(policy: Policy) -> str:
    """The policy (with elapsed spacing) as one expression that stops reading at the first no."""
    if policy.business_days:
        raise ValueError("the engine has no business days")
    parts = ["not holiday", 'not some(touches, #.disposition in ["replied", "opted_out"])']
    if policy.at_most is not None:
        parts.append(f"count(touches, #.outbound) < {policy.at_most}")
    parts.append(f"not some(touches, #.outbound and now - #.at < {48 * HOUR})")
    parts.append(f"count(touches, #.outbound and now - #.at < {168 * HOUR}) < 3")
    parts.append("(" + " or ".join(f"({_channel(channel)})" for channel in WINDOWS) + ")")
    return " and ".join(parts)


def _channel(channel: str) -> str:
    window = WINDOWS[channel].replace("HH", f"{LOCAL}.hour()")
    spent = f'#.disposition == "bounced_hard" or #.outbound and now - #.at < {96 * HOUR}'
    return f'last != "{channel}" and {window} and not some(touches, #.channel == "{channel}" and ({spent}))'


def compiled(policy: Policy) -> Callable[[Any], Any]:
    """The yes/no question, to be called with a context: a dict, or the same as JSON text (faster)."""
    import zen

    evaluate: Callable[[Any], Any] = zen.compile_expression(expression(policy)).evaluate
    return evaluate


def context(row: Row, now: datetime) -> dict[str, Any]:
    """What the engine is told about a prospect."""
    today = now.astimezone(ZoneInfo(row.zone)).date()
    return {
        "now": _microseconds(now),
        "now_ms": _microseconds(now) // 1000,
        "zone": row.zone,
        "holiday": today in public_holidays(row.country, now.year),
        "last": next((channel for _, channel, _, inbound in reversed(row.touches) if not inbound), ""),
        "touches": [
            {"at": _microseconds(at), "channel": channel, "disposition": disposition, "outbound": not inbound}
            for at, channel, disposition, inbound in row.touches
        ],
    }


def context_text(row: Row, now: datetime) -> str:
    """The same as JSON text."""
    return json.dumps(context(row, now))


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond
