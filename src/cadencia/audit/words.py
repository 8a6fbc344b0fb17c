"""An audit in words: the same counts and findings through the messages of a language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ..language import block_text, date_text, fill, messages, time_text, word

if TYPE_CHECKING:
    from .findings import Finding, MonthCount, Summary

__all__ = ["finding_text", "said", "summary_lines"]

_REST = ("inbound", "booked", "cancelled", "repeated", "outside", "closed", "strangers", "unreadable")


def said(finding: Finding, language: str = "en") -> list[str]:
    """What each rule said of the touch, as `rule: reason`."""
    return list(dict.fromkeys(f"{block.rule}: {block_text(block, finding.zone, language)}" for block in finding.blocks))


def finding_text(finding: Finding, language: str = "en") -> str:
    """A finding on one line: the touch, what forbade it, and when it would have been permitted."""
    words = messages(language)["audit"]
    head = words["finding"].format(
        at=_day_text(finding.at, finding.zone, language),
        prospect=finding.prospect,
        touch=finding.touch,
        channel=word(language, "channels", finding.channel),
        purpose=f" · {word(language, 'purposes', finding.purpose)}" if finding.purpose else "",
        says=words["says"][finding.says],
    )
    if finding.instead is not None:
        instead = words["instead"].format(at=time_text(finding.instead, finding.zone, language))
    else:
        instead = words["never"]
    evidence = f" [{', '.join(finding.evidence)}]" if finding.evidence else ""
    return f"{head}; {'; '.join(said(finding, language))}{evidence}; {instead}"


def summary_lines(summary: Summary, language: str = "en") -> list[str]:
    """The counts, a line each: first how many, then by rule, by month and by channel, and every touch accounted for."""
    words = messages(language)["audit"]
    name = summary.policy + (f" {summary.version}" if summary.version else "") + f" ({summary.fingerprint[:12]})"
    lines = []
    if summary.first is None or summary.last is None:
        lines.append(words["nothing"].format(policy=name))
    else:
        lines.append(
            fill(
                words["head"],
                {
                    "policy": name,
                    "audited": f"{summary.audited:,}",
                    "first": _day_text(summary.first.date(), None, language),
                    "last": _day_text(summary.last.date(), None, language),
                },
            )
        )
        counts = ("forbidden", "people", "permitted", "unproven")
        shown = {item: f"{getattr(summary, item):,}" for item in counts}
        share = _share(summary.forbidden, summary.audited)
        lines.append(fill(words["forbidden"], {**shown, "share": share}))
    if summary.by_rule:
        lines.append(words["rules"])
    for rule, count in sorted(summary.by_rule.items(), key=lambda item: (-item[1].touches, item[0])):
        lines.append(
            "  "
            + fill(
                words["rule"],
                {
                    "rule": rule,
                    "touches": f"{count.touches:,}",
                    "share": _share(count.touches, summary.audited),
                    "alone": f"{count.alone:,}",
                    "people": f"{count.people:,}",
                    "unproven": _unproven(count.unproven, words),
                },
            )
        )
    lines += _counted(words["months"], summary.by_month, words)
    if len(summary.by_channel) > 1:
        channels = {word(language, "channels", key): count for key, count in summary.by_channel.items()}
        lines += _counted(words["channels"], channels, words)
    others = {item: f"{getattr(summary, item):,}" for item in _REST if getattr(summary, item)}
    rest = "".join(f" + {fill(words[item], {'count': count})}" for item, count in others.items())
    lines.append(fill(words["read"], {"read": f"{summary.read:,}", "audited": f"{summary.audited:,}", "rest": rest}))
    return lines


def _counted(title: str, counts: Mapping[str, MonthCount], words: Mapping[str, Any]) -> list[str]:
    lines = [
        "  "
        + fill(
            words["count"],
            {
                "name": name,
                "forbidden": f"{count.forbidden:,}",
                "audited": f"{count.audited:,}",
                "share": _share(count.forbidden, count.audited),
                "unproven": _unproven(count.unproven, words),
            },
        )
        for name, count in counts.items()
    ]
    return [title, *lines] if lines else []


def _unproven(count: int, words: Mapping[str, Any]) -> str:
    return str(words["unproven"]).format(count=f"{count:,}") if count else ""


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _day_text(value: datetime | date, zone: str | None, language: str) -> str:
    """An instant or a date as people write it."""
    if isinstance(value, datetime):
        return time_text(value, zone, language)
    return date_text(value, language)
