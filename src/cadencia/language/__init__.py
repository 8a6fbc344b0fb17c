"""Decisions in words: the same structured data through the messages of a language. A language is one JSON file here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ._words import because_text, date_text, detail_texts, fill, languages, length_text, messages, said_in, word

if TYPE_CHECKING:
    from ..record import BlockRecord, Due, Record

__all__ = [
    "because_text", "block_text", "date_text", "due_text", "fill", "headline", "languages", "length_text", "lines", "messages",
    "need_text", "render", "render_html", "report_text", "said_in", "say", "time_text", "waiting_lines", "word",
]  # fmt: skip


def say(language: str, table: str, code: str, details: Mapping[str, Any], kind: str | None = None) -> str:
    """One message with its details filled in; a rule's own messages come before the language's; else the code itself."""
    own = _own_message(language, code, kind)
    template = own if kind and own else messages(language)[table].get(code) or own
    if template is None:
        rest = ", ".join(f"{key} {value}" for key, value in details.items() if value not in (None, "", (), []))
        return code.replace("_", " ") + (f" ({rest})" if rest else "")
    shown = detail_texts(details, language)
    if code == "await_pending":
        shown["owner"] = shown["owner"] or messages(language)["words"]["nobody"]
    return fill(str(template), _Lenient(shown))


class _Lenient(dict[str, Any]):
    """A detail that a block does not have shows as an ellipsis."""

    def __missing__(self, key: str) -> str:
        return "…"


def _own_message(language: str, code: str, kind: str | None) -> str | None:
    """The message that a third party's rule class brings for a code of its own; of any such class where the kind is not said."""
    from ..rules.registry import loaded_plug_ins

    for rule in loaded_plug_ins():
        if kind in (None, rule.model_fields["rule"].default):
            table = rule.messages.get(language) or rule.messages.get("en") or {}
            if code in table:
                return table[code]
    return None


def time_text(value: datetime | None, zone: str | None, language: str) -> str:
    """An instant as people write it: `Fri 6 Mar 2026 15:00 +01:00`, in the prospect's zone."""
    words = messages(language)["words"]
    if value is None:
        return str(words["never"])
    local = value.astimezone(ZoneInfo(zone)) if zone else value
    offset = local.strftime("%z")
    offset = f"{offset[:3]}:{offset[3:5]}"
    clock = local.strftime("%H:%M:%S.%f" if local.microsecond else "%H:%M:%S" if local.second else "%H:%M")
    return f"{date_text(local, language)} {clock} {offset}"


def block_text(block: BlockRecord, zone: str | None, language: str, kind: str | None = None) -> str:
    """A block in words: the reason, and until when or what would lift it."""
    table = messages(language)
    reason = say(language, "blocks", block.code, block.details, kind)
    if block.end is not None:
        return f"{reason} {table['words']['until']} {time_text(block.end, zone, language)}"
    if block.needs:
        return f"{reason}; {table['words']['needs']} " + ", ".join(need_text(need, language) for need in block.needs)
    return reason


def need_text(need: str, language: str) -> str:
    """What would lift a block, in words."""
    return word(language, "needs", need)


#: Something owed that is a pending item.
_ITEMS = frozenset({"pending", "undated", "broken"})


def due_text(due: Due, zone: str | None, language: str) -> str:
    """Something owed, in words."""
    table = messages(language)
    details = {**due.details, "anchor": due.anchor, "owner": due.owner or "", "due": time_text(due.due, zone, language)}
    text = say(language, "deadlines", due.code, details) + f": {table['states'][due.state]}"
    if due.due is not None:
        text += f" ({time_text(due.due, zone, language)})"
    if due.owner is None and due.code in _ITEMS:
        text += f", {table['words']['no_owner']}"
    elif due.owner:
        text += f", {due.owner}" + (f" ({word(language, 'owner_kinds', due.owner_kind)})" if due.owner_kind else "")
    return text


def headline(record: Record, language: str) -> str:
    """The answer on one line."""
    table = messages(language)
    details = {
        "channel": word(language, "channels", record.channel or ""),
        "contact_point": f" ({record.contact_point})" if record.contact_point else "",
        "purpose": f" · {word(language, 'purposes', record.purpose)}" if record.purpose else "",
        "step": f" · {word(language, 'steps', record.step)}" if record.step else "",
        "at": time_text(record.at, record.zone, language),
        "until": f"{table['words']['until']} {time_text(record.until, record.zone, language)}"
        if record.until
        else table["words"]["to_horizon"],
        "reason": record.reason or "",
        "not_before": time_text(record.not_before, record.zone, language),
        "needs": ", ".join(need_text(need, language) for need in record.needs),
    }
    code: str = record.answer
    if code == "blocked":
        code = "blocked_until" if record.not_before else "blocked_needs"
    elif code == "stop" and record.until is not None:
        code = "stop_until"
    return fill(str(table["answers"][code]), details)


def lines(record: Record, language: str) -> list[str]:
    """The explanation below the headline, a line each."""
    from .playbook import proposal_lines

    told: list[str] = list(proposal_lines(record, language))
    for verdict in record.verdicts:
        for text in dict.fromkeys(block_text(block, record.zone, language, verdict.kind) for block in verdict.blocks):
            touches = (
                f"  [{', '.join(verdict.touches[:8])}{' …' if len(verdict.touches) > 8 else ''}]"
                if verdict.touches
                else ""
            )
            because = f"  — {because_text(verdict.because, language)}" if verdict.because else ""
            told.append(f"{verdict.rule}: {text}{touches}{because}")
    told += waiting_lines(record, language)
    told += [f"{due.rule}: {due_text(due, record.zone, language)}" for due in record.deadlines if due.state != "met"]
    told += [report_text(report, language) for report in record.reports]
    return told


def waiting_lines(record: Record, language: str) -> list[str]:
    """That a preference waits where every rule permits, if one does."""
    if not record.waits_for:
        return []
    earliest = time_text(record.earliest, record.zone, language)
    return [f"{record.waits_for}: {str(messages(language)['words']['preference_waits']).format(at=earliest)}"]


def report_text(report: tuple[str, ...], language: str) -> str:
    """Something that is reported, in words."""
    code, first, second = (*report, "", "", "")[:3]
    if code == "undeclared_disposition":
        second = messages(language)["dispositions"].get(second, second)  # one to be declared, just as it is written
    elif code == "no_owner":
        second = word(language, "kinds", second)
    return say(language, "reports", code, {"first": first, "second": second})


def render(record: Record, language: str = "en") -> str:
    """A decision in words."""
    return "\n".join([headline(record, language), *(f"  {line}" for line in lines(record, language))])


def render_html(record: Record, language: str = "en") -> str:
    """A decision for a notebook."""
    rows = "".join(f"<li>{escape(line)}</li>" for line in lines(record, language))
    made_by = f"<small>{escape(record.policy)} {record.fingerprint[:8]}</small>"
    return f"<div><strong>{escape(headline(record, language))}</strong><ul>{rows}</ul>{made_by}</div>"
