"""Decisions in words: the same structured data through the messages of a language. A language is one JSON file here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ..errors import InputError, check_text, did_you_mean, given

if TYPE_CHECKING:
    from ..record import BlockRecord, Due, Record

__all__ = ["languages", "messages", "render", "render_html"]


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages there are."""
    return tuple(
        sorted(item.name.removesuffix(".json") for item in files(__name__).iterdir() if item.name.endswith(".json"))
    )


def messages(language: str) -> Mapping[str, Any]:
    """The messages of a language: tables `answers`, `blocks`, `needs`, `deadlines`, `reports`, `words`."""
    return _messages(check_text(language, "language"))


@cache
def _messages(language: str) -> Mapping[str, Any]:
    if language not in languages():
        raise InputError(
            f"language {given(language)} is not there; write one of {', '.join(languages())}"
            + did_you_mean(language, languages())
        )
    data: Mapping[str, Any] = json.loads((files(__name__) / f"{language}.json").read_text(encoding="utf-8"))
    return data


def say(language: str, table: str, code: str, details: Mapping[str, Any], kind: str | None = None) -> str:
    """One message with its details filled in; a rule's own messages come before the language's; else the code itself."""
    own = _own_message(language, code, kind)
    template = own if kind and own else messages(language)[table].get(code) or own
    if template is None:
        rest = ", ".join(f"{key} {value}" for key, value in details.items())
        return code.replace("_", " ") + (f" ({rest})" if rest else "")
    shown = {
        key: ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value for key, value in details.items()
    }
    if shown.get("channel"):
        shown["channel"] = messages(language)["channels"].get(shown["channel"], shown["channel"])
    for key, words in (("ending", "endings"), ("kind", "kinds")):
        if table == "blocks" and shown.get(key):
            shown[key] = messages(language)[words].get(shown[key], shown[key])
    if code == "await_pending":
        shown["owner"] = shown["owner"] or messages(language)["words"]["nobody"]
    for key in _LENGTHS & shown.keys():
        shown[key] = length_text(str(shown[key]), language) if shown[key] else messages(language)["words"]["none"]
    return str(template).format_map(_Lenient(shown))


#: Details that hold a delay, a length or a calendar period.
_LENGTHS = frozenset({"gap", "silence", "period"})


def length_text(value: str, language: str) -> str:
    """A delay, length or period in the words of a language: `2 business days`, `7d`, `week`."""
    units: Mapping[str, str] = messages(language)["units"]
    number, _, unit = value.partition(" ")
    return f"{number} {units.get(unit, unit)}" if unit else units.get(value, value)


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
    return f"{words['weekdays'][local.weekday()]} {local.day} {words['months'][local.month - 1]} {local.year} {clock} {offset}"


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
    return str(messages(language)["needs"].get(need, need.replace("_", " ")))


def due_text(due: Due, zone: str | None, language: str) -> str:
    """Something owed, in words."""
    table = messages(language)
    details = {**due.details, "anchor": due.anchor, "owner": due.owner or "", "due": time_text(due.due, zone, language)}
    if "purpose" in details:
        details["purpose"] = _purpose(str(details["purpose"]), language)
    text = say(language, "deadlines", due.code, details) + f": {table['states'][due.state]}"
    if due.due is not None:
        text += f" ({time_text(due.due, zone, language)})"
    if due.owner:
        text += f", {due.owner}" + (f" ({due.owner_kind})" if due.owner_kind else "")
    return text


def headline(record: Record, language: str) -> str:
    """The answer on one line."""
    table = messages(language)
    details = {
        "channel": table["channels"].get(record.channel or "", record.channel or ""),
        "contact_point": f" ({record.contact_point})" if record.contact_point else "",
        "purpose": f" · {_purpose(record.purpose, language)}" if record.purpose else "",
        "step": f" · {record.step}" if record.step else "",
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
    return str(table["answers"][code]).format_map(details)


def _purpose(code: str, language: str) -> str:
    """A purpose in words where the language has them, else as it is written."""
    return str(messages(language)["purposes"].get(code, code))


def lines(record: Record, language: str) -> list[str]:
    """The explanation below the headline, a line each."""
    table = messages(language)
    from .playbook import proposal_lines

    told: list[str] = list(proposal_lines(record, language))
    for verdict in record.verdicts:
        for text in dict.fromkeys(block_text(block, record.zone, language, verdict.kind) for block in verdict.blocks):
            touches = (
                f"  [{', '.join(verdict.touches[:8])}{' …' if len(verdict.touches) > 8 else ''}]"
                if verdict.touches
                else ""
            )
            because = f"  — {verdict.because}" if verdict.because else ""
            told.append(f"{verdict.rule}: {text}{touches}{because}")
    if record.waits_for:
        told.append(
            f"{record.waits_for}: "
            + str(table["words"]["preference_waits"]).format(at=time_text(record.earliest, record.zone, language))
        )
    told += [f"{due.rule}: {due_text(due, record.zone, language)}" for due in record.deadlines if due.state != "met"]
    told += [_report(report, language) for report in record.reports]
    return told


def _report(report: tuple[str, ...], language: str) -> str:
    code, first, second = (*report, "", "", "")[:3]
    return say(language, "reports", code, {"first": first, "second": second})


def render(record: Record, language: str = "en") -> str:
    """A decision in words."""
    return "\n".join([headline(record, language), *(f"  {line}" for line in lines(record, language))])


def render_html(record: Record, language: str = "en") -> str:
    """A decision for a notebook."""
    rows = "".join(f"<li>{escape(line)}</li>" for line in lines(record, language))
    made_by = f"<small>{escape(record.policy)} {record.fingerprint[:8]}</small>"
    return f"<div><strong>{escape(headline(record, language))}</strong><ul>{rows}</ul>{made_by}</div>"
