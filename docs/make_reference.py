"""Make the parts of the reference that the code already says: the rules, the dispositions and the commands.

    python docs/make_reference.py           # write them
    python docs/make_reference.py --check   # only say whether they are up to date

A page keeps what is written by hand; what lies between `<!-- made: NAME -->` and `<!-- end: NAME -->` is made from the
classes, the messages and `docs/reference/examples.yaml`.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

import yaml
from pydantic import BaseModel

from cadencia.language import messages
from cadencia.rules.base import Deadline, Limit, Preference, Rule, StopRule
from cadencia.rules.choice import Choice
from cadencia.rules.filters import TouchFilter, Unless
from cadencia.rules.history import ReadsHistory
from cadencia.rules.registry import ALWAYS, BUILT_IN, rule_class
from cadencia.rules.spacing import Backoff
from cadencia.touch import DISPOSITIONS

HERE = Path(__file__).resolve().parent
WRITTEN: Mapping[str, Any] = yaml.load(  # every scalar is text, as in a policy
    (HERE / "reference" / "examples.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
)

#: The families of kinds, and the heading of each.
FAMILIES: Mapping[type[Rule], str] = {
    Limit: "Limits",
    StopRule: "Stop rules",
    Preference: "Preferences",
    Deadline: "Deadlines",
}
#: Classes whose fields are described once, and the heading under which they are.
SHARED: Mapping[str, str] = {
    "Rule": "Every rule",
    "Limit": "Every limit",
    "ReadsHistory": "Every limit that counts",
}


def kinds() -> Iterator[tuple[str, type[Rule]]]:
    """Every built-in kind that a policy may name, in the order of the registry."""
    for kind in BUILT_IN:
        if kind not in ALWAYS:
            yield kind, rule_class(kind)


def family(found: type[Rule]) -> type[Rule]:
    """Which of the four kinds of rule a class is."""
    return next(base for base in (StopRule, Limit, Preference, Deadline) if issubclass(found, base))


def owner(found: type[BaseModel], name: str) -> str:
    """The class, nearest to the base, that declares a field."""
    declaring = [base for base in found.__mro__ if name in inspect.get_annotations(base)]
    return declaring[0].__name__


def written(kind: str, found: type[Rule], name: str) -> list[str]:
    """What a field takes and means: as the kind says, else as the class that declares it says."""
    field = found.model_fields[name].alias or name
    own = WRITTEN["kinds"][kind]["fields"]
    return list(own[field] if field in own else WRITTEN["fields"][owner(found, name)][field])


def own_fields(kind: str, found: type[Rule]) -> list[str]:
    """The fields that a kind's own table shows: all but those that every rule, limit or counting limit has."""
    said = WRITTEN["kinds"][kind]["fields"]
    return [
        name
        for name, field in found.model_fields.items()
        if name != "rule" and (owner(found, name) not in SHARED or (field.alias or name) in said)
    ]


def default_text(found: type[BaseModel], name: str) -> str:
    """The default of a field as a policy would write it."""
    field = found.model_fields[name]
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, BaseModel):
        data: Any = value.model_dump(mode="json", exclude_defaults=True)
    else:
        data = _plain(found, name, value)
    if data == {}:
        return ""
    return f"`{data if isinstance(data, str) else json.dumps(data).replace(chr(34), '')}`"


def _plain(found: type[BaseModel], name: str, value: Any) -> Any:
    """A default value as data: written by the field's own serializer where it has one."""
    if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
        from cadencia._time.hours import days_text

        return days_text(value)
    if isinstance(value, Choice):
        return {"except": sorted(value.names)} if value.excluded else sorted(value.names)
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else list(value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def cell(text: str) -> str:
    """A text that may stand in a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """A table in Markdown."""
    return [
        "| " + " | ".join(heads) + " |",
        "|" + " --- |" * len(heads),
        *("| " + " | ".join(map(cell, row)) + " |" for row in rows),
        "",
    ]


def fields_table(found: type[BaseModel], names: list[str], said: Callable[[str], list[str]]) -> list[str]:
    """Fields with what they take, their default and their meaning."""
    rows = []
    for name in names:
        takes, means = said(name)
        rows.append((f"`{found.model_fields[name].alias or name}`", linked(takes), default_text(found, name), means))
    return table(("field", "takes", "default", "meaning"), rows)


_TYPES = {
    "choice": "[choice](#choices)",
    "filter": "[filter](#filters)",
    "exceptions": "[exceptions](#exceptions)",
    "delay": "[delay](policy-format.md#delays)",
    "list of delays": "list of [delays](policy-format.md#delays)",
    "length": "[length](policy-format.md#lengths)",
    "clock": "[clock](policy-format.md#clocks)",
    "holidays": "[holidays](policy-format.md#holidays)",
    "hours": "[hours](policy-format.md#hours)",
    "weekdays": "[weekdays](policy-format.md#hours)",
}


def linked(takes: str) -> str:
    """A type of value, with a link to where it is explained."""
    return _TYPES.get(takes, takes)


def prose(found: type[Rule]) -> str:
    """What the docstring says, without its list of attributes."""
    text = inspect.cleandoc(found.__doc__ or "")
    text = text.split("\nAttributes:")[0].split("\nSemantics:")[0].split("\nExample:")[0]
    return text.strip()


def said_of(codes: list[str], table_name: str) -> list[str]:
    """Codes with their messages in English and Spanish."""
    english, spanish = messages("en")[table_name], messages("es")[table_name]
    rows = [(f"`{code}`", plain(english[code]), plain(spanish[code])) for code in codes]
    return table(("code", "English", "Spanish"), rows)


def plain(message: str) -> str:
    """A message as it reads where every detail is there and counts are of several: `{purpose: for ~}` is ` for {purpose}`."""
    return re.sub(r"{(\w+):(?:[^}|]*\|)?([^}]*)}", lambda slot: slot[2].replace("~", f"{{{slot[1]}}}"), message)


def entry(kind: str, found: type[Rule]) -> list[str]:
    """The entry of one kind."""
    said = WRITTEN["kinds"][kind]
    lines = [f"### {kind}", "", prose(found), "", "```yaml", said["example"].rstrip(), "```", ""]
    names = own_fields(kind, found)
    if names:
        lines += fields_table(found, names, lambda name: written(kind, found, name))
    also = [title for name, title in SHARED.items() if any(base.__name__ == name for base in found.__mro__)]
    links = [f"[{title.lower()}](#{title.lower().replace(' ', '-')})" for title in also]
    more = " and ".join(filter(None, [", ".join(links[:-1]), links[-1]]))
    lines += [f"It {'also ' if names else ''}takes the fields of {more}.", ""]
    if said["codes"]:
        lines += ["It says:", "", *said_of(said["codes"], "deadlines" if issubclass(found, Deadline) else "blocks")]
    needs = [f"* `{need}`: {what}." if need else f"* {what}." for need, what in said["needs"].items()]
    if needs:
        lines += ["It may need:", "", *needs, ""]
    if said["lifts"]:
        lines += [f"**What lifts it.** {said['lifts']}", ""]
    if said["decides"]:
        lines += ["**What it decides.**", "", *(f"* {point}" for point in said["decides"]), ""]
    return [*lines, f"In Python: [`cadencia.rules.{found.__name__}`](api.md#cadencia.rules.{found.__name__}).", ""]


def rules_page() -> list[str]:
    """The part of the page that speaks of rules."""
    lines: list[str] = []
    for base, title in ((Rule, "Every rule"), (Limit, "Every limit"), (ReadsHistory, "Every limit that counts")):
        names = [name for name in base.model_fields if owner(base, name) == base.__name__ and name != "rule"]
        lines += [f"## {title}", "", *fields_table(base, names, WRITTEN["fields"][base.__name__].__getitem__)]
    for part, title, text in (
        (TouchFilter, "Filters", "A filter says which touches are meant. Every key given must match."),
        (
            Unless,
            "Exceptions",
            "An exception lifts a limit while all its facts hold; a list of exceptions is a choice between them. "
            "Unknown never lifts.",
        ),
        (Backoff, "Backoff", "Gaps that grow, all in elapsed time."),
    ):
        said = WRITTEN["parts"][part.__name__]
        lines += [f"### {title}", "", text, "", *fields_table(part, list(part.model_fields), said.__getitem__)]
    for base, title in FAMILIES.items():
        lines += [f"## {title}", ""]
        for kind, found in kinds():
            if family(found) is base:
                lines += entry(kind, found)
    lines += [
        "## Always binding",
        "",
        "These bind in every policy. They are not written in it, and `without` cannot leave them out.",
        "",
    ]
    for kind, said in WRITTEN["always"].items():
        found = rule_class(kind)
        lines += [f"### {kind}", "", prose(found), "", f"Its id is `{found.model_fields['id'].default}`. It says:", ""]
        lines += [*said_of(said["codes"], "blocks"), f"**What lifts it.** {said['lifts']}", ""]
    lines += [
        "## Codes of the engine",
        "",
        *said_of([code for code in WRITTEN["engine"] if code in messages("en")["blocks"]], "blocks"),
    ]
    lines += [*(f"* `{code}`: {what}." for code, what in WRITTEN["engine"].items()), ""]
    lines += ["## Needs", "", "What a `Blocked` decision may name.", ""]
    lines += said_of(list(messages("en")["needs"]), "needs")
    return lines


def dispositions() -> list[str]:
    """The well-known dispositions."""
    yes = {True: "yes", False: "no"}
    rows = [(f"`{name}`", yes[item.went_out], yes[item.delivered], item.reached) for name, item in DISPOSITIONS.items()]
    return table(("disposition", "went out", "delivered", "reached"), rows)


def commands() -> list[str]:
    """The commands, with their arguments and options."""
    import typer

    from cadencia.cli.app import app

    group: Any = typer.main.get_command(app)
    lines: list[str] = []
    for info in app.registered_commands:
        assert info.callback is not None
        name, hints = info.callback.__name__, get_type_hints(info.callback)
        command = group.commands[name]
        lines += [f"## cadencia {name}", "", inspect.cleandoc(command.help or ""), ""]
        rows = []
        for item in command.params:
            if item.name == "help":
                continue
            named = item.opts if item.opts[0].startswith("-") else [item.name.upper()]
            spelled = ", ".join(f"`{option}`" for option in named)
            kind = hints.get(item.name)
            choices = list(kind) if isinstance(kind, type) and issubclass(kind, Enum) else []
            means = item.help or ""
            if choices:
                means += " One of " + ", ".join(f"`{choice.value}`" for choice in choices) + "."
            given = getattr(item.default, "value", item.default)
            default = "required" if item.required else "" if given in (None, False, (), []) else f"`{given}`"
            rows.append((spelled, default, means))
        lines += table(("argument or option", "default", "meaning"), rows)
    return lines


def packs_page() -> list[str]:
    """Every pack: its provisions, what each rests on, and what is active."""
    from collections import Counter

    from cadencia.pack import Pack

    every = [Pack.load(name) for name in Pack.names()]
    counts = Counter(item.status for pack in every for item in pack.rules)
    lines = [
        f"{len(every)} packs with {counts.total()} provisions: {counts['active']} active, "
        f"{counts['unverified']} not verified and without effect, {counts['not expressible']} verified that no rule expresses.",
        "",
        "## What no rule expresses",
        "",
        *(
            f"* `{item.id}`: {item.reason}."
            for pack in every
            for item in pack.rules
            if item.status == "not expressible"
        ),
        "",
    ]
    for pack in every:
        lines += [f"## {pack.jurisdiction}: {pack.name}", "", f"Checked {pack.checked.isoformat()}. {pack.notice}", ""]
        for status, head in (
            ("active", "Active"),
            ("not expressible", "Verified, not expressible"),
            ("unverified", "Not verified, without effect"),
        ):
            found = [item for item in pack.rules if item.status == status]
            if found:
                lines += [f"**{head}**", "", *(line for item in found for line in _provision(item)), ""]
    return lines


def _provision(item: Any) -> list[str]:
    """A provision as an entry of a list."""
    strength = item.strength + (", single source" if item.single_source else "")
    force = item.in_force
    parts = [
        f"from {force.from_}" if force and force.from_ else "",
        f"until {force.to}" if force and force.to else "",
        f"{item.segment} only" if item.segment else "",
        item.binding if item.binding != "law" else "",
    ]
    scope = ", ".join([*item.channels, *item.purposes, *(part for part in parts if part)])
    lines = [
        f"* `{item.id}` ({scope}): {item.says}",
        f"    * {item.citation}" + (f" ({strength})" if item.verified else ""),
    ]
    lines += [
        f"    * {head}: {text}"
        for head, text in (("scope", item.scope), ("breach", item.consequence), ("note", item.note))
        if text
    ]
    if item.through:
        lines.append(f"    * by {', '.join(f'`{name}`' for name in item.through)}: {item.reason}")
    return lines


PARTS: Mapping[str, tuple[str, Callable[[], list[str]]]] = {
    "rules": ("reference/rules.md", rules_page),
    "dispositions": ("reference/models.md", dispositions),
    "packs": ("reference/packs.md", packs_page),
    "commands": ("reference/cli.md", commands),
}


def made(name: str) -> tuple[Path, str, str]:
    """A page, its text as it is, and as it should be."""
    page, make = PARTS[name]
    file = HERE / page
    text = file.read_text(encoding="utf-8")
    begin, end = f"<!-- made: {name} -->", f"<!-- end: {name} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return file, text, f"{before}{begin}\n\n" + "\n".join(make()).strip() + f"\n\n{end}{after}"


def main() -> int:
    """Write the pages, or say which are not up to date."""
    stale = 0
    for name in PARTS:
        file, text, wanted = made(name)
        if text == wanted:
            continue
        stale += 1
        if "--check" in sys.argv:
            print(f"{file.name}: not up to date; run `python docs/make_reference.py`")
        else:
            file.write_text(wanted, encoding="utf-8")
            print(f"{file.name}: written")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
