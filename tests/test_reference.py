"""The reference says what the code says: every kind, every field, every word, and examples that load."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from cadencia import Policy
from cadencia.language import languages, messages
from cadencia.rules.base import Deadline
from cadencia.rules.registry import ALWAYS, BUILT_IN, kinds, rule_class

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "src" / "cadencia" / "rules"
OUR_KINDS = [kind for kind in kinds() if kind in BUILT_IN]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference: Any = _load()
WRITTEN = reference.WRITTEN


@pytest.mark.parametrize("name", reference.PARTS)
def test_page_is_up_to_date(name: str) -> None:
    file, text, wanted = reference.made(name)
    assert text == wanted, f"{file.name} is not up to date; run `python docs/make_reference.py`"


def test_every_kind_has_an_entry() -> None:
    assert sorted(WRITTEN["kinds"]) == sorted(OUR_KINDS)
    assert sorted(WRITTEN["always"]) == sorted(ALWAYS)
    page = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    missing = [kind for kind in BUILT_IN if f"\n### {kind}\n" not in page]
    assert not missing


@pytest.mark.parametrize("kind", OUR_KINDS)
def test_every_field_is_described(kind: str) -> None:
    found = rule_class(kind)
    names = {field.alias or name for name, field in found.model_fields.items()}
    assert set(WRITTEN["kinds"][kind]["fields"]) <= names
    for name in found.model_fields:
        if name != "rule":
            takes, means = reference.written(kind, found, name)
            assert takes, name
            assert means, name


@pytest.mark.parametrize("part", [reference.TouchFilter, reference.Unless, reference.Backoff])
def test_every_part_is_described(part: Any) -> None:
    assert list(WRITTEN["parts"][part.__name__]) == list(part.model_fields)


@pytest.mark.parametrize("kind", OUR_KINDS)
def test_examples_load_and_are_of_their_kind(kind: str) -> None:
    text = WRITTEN["kinds"][kind]["example"]
    policy = Policy.from_yaml(f"cadencia: 1\nname: example\nchannels: [phone, email, sms]\nrules:\n{text}")
    assert policy.rules
    assert {rule.rule for rule in policy.rules} == {kind}
    assert Policy.from_dict(policy.to_dict()) == policy
    assert yaml.safe_load(text)  # and it is YAML to every reader


def codes_in(source: str) -> Iterator[str]:
    """The codes that a piece of source writes into blocks, stops and dues."""
    for call in re.findall(r"\b(?:block|stop|owed|_wait)\(\s*(.*?)\n", source):
        yield from re.findall(r'"([a-z_]+)"(?=[,)])', call)[:1]
    yield from re.findall(r'yield \w+, \w+, "([a-z_]+)"', source)


def test_every_code_is_documented_and_every_documented_code_is_said() -> None:
    listed = {code for table in ("kinds", "always") for said in WRITTEN[table].values() for code in said["codes"]}
    listed |= set(WRITTEN["engine"])
    told = set(messages("en")["blocks"]) | set(messages("en")["deadlines"])
    assert listed == told, "every message belongs to a kind of rule, and the other way round"
    source = "".join(file.read_text(encoding="utf-8") for file in RULES.glob("*.py"))
    assert set(codes_in(source)) - {"undated", "pending"} <= listed


def named(text: str) -> set[str]:
    """The details that a message names."""
    return set(re.findall(r"{(\w+)(?::[^}]*)?}", text))


@pytest.mark.parametrize("language", languages())
def test_languages_have_the_same_codes(language: str) -> None:
    english, other = messages("en"), messages(language)
    for name in ("answers", "blocks", "needs", "deadlines", "states", "reports"):
        assert set(other[name]) == set(english[name]), name
        for code, text in english[name].items():
            assert named(text) == named(other[name][code]), f"{name}.{code}"


def test_needs_that_rules_name_are_needs_there_are() -> None:
    known = set(messages("en")["needs"])
    for kind, said in WRITTEN["kinds"].items():
        assert set(said["needs"]) - {""} <= known, kind
        assert not (said["needs"] and issubclass(rule_class(kind), Deadline)), kind
