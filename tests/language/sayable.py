"""Whatever can be said, found in the sources and in the data: there is no second list of it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import cadencia
from cadencia import Pack, Playbooks, Suppression, agenda
from cadencia._provisions import PURPOSES
from cadencia.agendas import Inputs
from cadencia.cadence import OUTCOMES
from cadencia.decision import Due, Record
from cadencia.pack import Provision
from cadencia.playbook import packaged_names
from cadencia.playbook_files import read_packaged
from cadencia.prospect import ITEM_KINDS, ContactPoint, PendingItem
from cadencia.touch import CHANNELS, DISPOSITIONS, Promise

SOURCE = Path(cadencia.__file__).parent
ROOT = Path(__file__).resolve().parents[2]


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    """Every module of the library; what third parties test with says nothing."""
    found = (file for file in sorted(SOURCE.rglob("*.py")) if file.relative_to(SOURCE).parts[0] != "testing")
    return tuple((file, ast.parse(file.read_text(encoding="utf-8"))) for file in found)


def nodes(*folders: str) -> Iterator[ast.AST]:
    """Every node of some folders, of all where none is named."""
    for file, tree in trees():
        if not folders or file.relative_to(SOURCE).parts[0] in folders:
            yield from ast.walk(tree)


def texts(node: ast.AST | None) -> set[str]:
    """The texts that an expression may give."""
    found = () if node is None else ast.walk(node)
    return {item.value for item in found if isinstance(item, ast.Constant) and isinstance(item.value, str)}


def calls(*names: str) -> Iterator[ast.Call]:
    """Calls of a function or method by its name."""
    for node in nodes():
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name in names:
                yield node


def argument(call: ast.Call, place: int, name: str = "") -> ast.AST | None:
    """An argument by its place or by its name."""
    named = next((item.value for item in call.keywords if item.arg == name), None)
    return named if named is not None else call.args[place] if len(call.args) > place else None


def literal(value: ast.AST | None) -> set[str]:
    """An argument that is written out."""
    return {value.value} if isinstance(value, ast.Constant) and isinstance(value.value, str) else set()


def choices(hint: Any) -> set[str]:
    """The values of a `Literal`, wherever it stands in a type."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {value for item in get_args(hint) for value in choices(item)}


def under(data: Any, *keys: str) -> set[str]:
    """Every text below some keys, anywhere in data."""
    found: set[str] = set()
    if isinstance(data, Mapping):
        for key, value in data.items():
            found |= leaves(value) if key in keys else under(value, *keys)
    elif isinstance(data, list):
        for value in data:
            found |= under(value, *keys)
    return {text for text in found if not text.startswith("$")}


def leaves(data: Any) -> set[str]:
    """The texts of a list, of `{except: [...]}`, or the text alone."""
    if isinstance(data, str):
        return {data}
    values = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    return {text for value in values for text in leaves(value)}


@cache
def files() -> tuple[dict[str, Any], ...]:
    """The packaged playbooks as they are written."""
    return tuple(read_packaged(name) for name in packaged_names())


@cache
def packs() -> tuple[Pack, ...]:
    """Every pack."""
    return tuple(Pack.load(name) for name in Pack.names())


def codes() -> dict[str, set[str]]:
    """The codes that have words, by the table of messages that holds them."""
    shelf = list(Playbooks.packaged())
    cadences = [item.cadence for item in shelf]
    steps = [step for cadence in cadences for step in cadence.steps]
    limits = [limit for pack in packs() for item in pack.rules for limit in item.limits]
    policies = [data["policy"] for data in files()]
    anchored = {step.after.anchor: set[str]() for step in steps}
    for step in steps:
        anchored[step.after.anchor] |= set(step.after.kinds)
    figures = set(agenda([], Playbooks.packaged(), as_of="2026-03-27T10:00Z").figures)
    figures |= {code for call in calls("Figure") for code in literal(argument(call, 0))}
    return {
        "answers": {"blocked_until", "blocked_needs", "stop_until", *choices(get_type_hints(Record)["answer"])} - {"blocked"},
        "states": choices(get_type_hints(Due)["state"]),
        "reports": reports(),
        "report_names": reports(),
        "figures": figures,
        "figure_names": figures,
        "missing": missing(),
        "whys": whys(),
        "anchors": {code for call in calls("Turn", "owed") for code in literal(argument(call, 2))},
        "kinds": {*ITEM_KINDS, Promise(by="us").kind, *anchored["pending"], *anchored["promise"]},
        "occasions": anchored["occasion"],
        "channels": {*CHANNELS, *under(policies, "channels"), *under(limits, "channels")},
        "dispositions": {*DISPOSITIONS, *(name for data in policies for name in data.get("dispositions", {})),
                         *(name for pack in packs() for name in pack.dispositions)},
        "outcomes": {*OUTCOMES, *(code for cadence in cadences for code in cadence.reading.table)},
        "endings": {code for cadence in cadences for code in cadence.ends},
        "stages": {*under(list(files()), "stages", "at_stages", "on"), *Inputs().qualified_stages,
                   *Inputs().unqualified_stages, *(name for item in Playbooks.packaged() for name in item.cadence.closing)},
        "facts": {*(name for step in steps for name in (*step.learns, *(item.fact for item in step.requires))),
                  *under(limits, "while_fact")},
        "steps": {step.id for step in steps},
        "purposes": {*(step.purpose for step in steps), *under(policies, "purposes"),
                     *PURPOSES},
        "carries": {item.what for step in steps for item in step.carries},
        "statuses": choices(get_type_hints(ContactPoint)["status"]) - {"valid", "unknown"},
        "kept_not": {name.removesuffix("_kept") for name in PendingItem.model_fields if name.endswith("_kept")},
        "owner_kinds": owner_kinds(),
        "reasons": {Suppression.model_fields["reason"].default},
        "effort": {code for call in calls("Row") for code in tuple_of(argument(call, 0))},
        "units": units(),
        "playbooks": set(packaged_names()),
    }  # fmt: skip


def nested() -> dict[tuple[str, str], set[str]]:
    """The same for the tables inside tables."""
    fields = get_type_hints(Provision)
    return {
        ("packs", "strengths"): choices(fields["strength"]),
        ("packs", "bindings"): choices(fields["binding"]),
        ("packs", "segments"): choices(fields["segment"]),
    }


def tuple_of(node: ast.AST | None) -> set[str]:
    """The texts written out in a tuple."""
    return {text for item in node.elts for text in literal(item)} if isinstance(node, ast.Tuple) else set()


def reports() -> set[str]:
    """What is reported: tuples that begin with a code, in functions that gather what was odd."""
    found: set[str] = set()
    for node in nodes():
        if isinstance(node, ast.FunctionDef) and node.name in ("odd", "_reports"):
            inside: Iterator[ast.AST] = ast.walk(node)
        elif isinstance(node, ast.Subscript) and getattr(node.value, "attr", None) == "reports":
            inside = ast.walk(node.slice)
        else:
            continue
        for item in inside:
            if isinstance(item, ast.Tuple) and len(item.elts) > 1:
                found |= literal(item.elts[0])
    return found


def missing() -> set[str]:
    """What a figure may lack; the name after the colon is that of the data."""
    found = {"fact"}
    for file, tree in trees():
        if "figures" not in file.parts and file.name != "build.py":
            continue
        for node in ast.walk(tree):
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if (isinstance(node, ast.keyword) and node.arg == "missing") or getattr(target, "id", None) == "missing":
                found |= texts(node.value)  # type: ignore[attr-defined]
    special = {text for text in found if text == "playbook:at_least"}
    return {text.partition(":")[0] for text in found - special if text.strip(", ")} | special


def whys() -> set[str]:
    """Why a step is in turn."""
    found = {code for call in calls("Proposal", "replace") for code in literal(argument(call, 99, "why"))}
    found |= {code for call in calls("Turn", "_delayed") for code in literal(argument(call, 1))}
    found |= {code for call in calls("_delayed") for code in literal(argument(call, 5))}
    found |= {code for call in calls("Window") for code in literal(argument(call, 2))}
    for node in nodes("cadence"):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "why":
            assert isinstance(node.value, ast.IfExp)
            found |= literal(node.value.body) | literal(node.value.orelse)
    return found


def owner_kinds() -> set[str]:
    """The kinds of owner in the sample book and the vectors: the issue's three."""
    found: set[str] = set()
    for file in (ROOT / "examples" / "playbooks" / "prospects.jsonl",):
        for line in file.read_text(encoding="utf-8").splitlines():
            found |= under(json.loads(line), "owner_kind")
    for file in sorted((ROOT / "tests" / "vectors").rglob("*.json")):
        found |= under(json.loads(file.read_text(encoding="utf-8")), "owner_kind")
    return found


def units() -> set[str]:
    """Every unit in which a delay, a length or a period may be written."""
    file, pattern = next(
        (file, texts(node.value))
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "_DELAY"
    )
    periods = import_module(".".join(("cadencia", *file.relative_to(SOURCE).with_suffix("").parts)))
    spelled = re.findall(r"[a-z][a-z ]*s\?", *pattern)
    read = [
        str(periods.read_delay(f"{count} {unit.removesuffix('s?')}{'s' * (count > 1)}"))
        for unit in spelled
        for count in (1, 2)
    ]
    return (
        {text.partition(" ")[2] for text in read}
        | set(periods.PERIODS)
        | {unit + plural for unit in ("second", "minute", "hour", "day") for plural in ("", "s")}
    )


def sentences() -> set[str]:
    """The sentences that stand in data: why a rule is there, who is credited, what a law says, and what it is called."""
    found = {
        text
        for node in nodes()
        if isinstance(node, ast.keyword) and node.arg == "because"
        for text in literal(node.value)
    }
    for data in files():
        found |= under(data, "because") | ({data["credit"]} - NAMES)
    for pack in packs():
        found |= {pack.name, pack.notice}
        for item in pack.rules:
            found |= {item.says, *filter(None, (item.scope, item.consequence, item.reason, item.note))}
            if item.citation[0].islower():  # words of ours where there is no text to name
                found.add(item.citation)
        for limit in (limit for item in pack.rules for limit in item.limits):
            found |= under(limit, "because")
    return found


#: Credits that are a name and nothing else.
NAMES = frozenset({"Joel", "Minda Zetlin", "Graham", "Harony Sierra"})
