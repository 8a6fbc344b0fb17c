"""A sentence reads well whatever it has to say: nothing stands around an empty place, and one is not several."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from cadencia import Case, Decision, OptOut, Policy, Prospect, Suppression
from cadencia.audit import Auditor
from cadencia.language import block_text, due_text, fill, headline, languages, messages, report_text, say, waiting_lines
from cadencia.language.playbook import why_text
from cadencia.rules import RequireConsent
from test_vectors import ALL, ask

#: What is left where a place was empty and its words stayed.
STRAY = re.compile(r" [;,.:](?!\d)|  |\(\)|\( | \)|[(«,;:]$|\s$|^\s|: ?[,;]|, ?,")


def sentences(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every message of a file that has places to fill in, with its keys."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from sentences(item, f"{path}.{key}")
    elif isinstance(value, str) and re.search(r"{\w", value):
        yield path, value


def said(decision: Decision, language: str) -> Iterator[str]:
    """The sentences of a decision, each alone."""
    record = decision.record
    yield headline(record, language)
    for verdict in record.verdicts:
        yield from (block_text(block, record.zone, language, verdict.kind) for block in verdict.blocks)
    yield from waiting_lines(record, language)
    yield from (due_text(due, record.zone, language) for due in record.deadlines)
    yield from (report_text(report, language) for report in record.reports)
    if record.proposal is not None:
        yield why_text(record.proposal, language, record.zone)


@pytest.mark.parametrize("language", languages())
def test_nothing_stands_around_an_empty_place(language: str) -> None:
    """Each message, with every choice of the details that it can do without left out."""
    for path, text in sentences(messages(language)):
        if path.startswith(".texts"):
            continue
        names = set(re.findall(r"{(\w+)", text))
        # what brings its own words along, and what counts is never empty
        free = set(re.findall(r"{(\w+):[^}|]*~[^}|]*}", text))
        for count in range(len(free) + 1):
            for without in combinations(sorted(free), count):
                told = fill(text, {name: "" if name in without else "x" for name in names})
                begins_so = text.startswith((",", " ")) or path.startswith(".packs")
                assert begins_so or not STRAY.search(told), (path, without, told)
                assert "~" not in told
                assert "{" not in told


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("theme", "vector"), [pytest.param(*one, id=f"{one[0]}:{one[1].id}") for one in ALL])
def test_what_a_vector_says(theme: str, vector: Any, language: str) -> None:
    """No sentence of any worked example has a blank or a mark too many."""
    for place in range(len(vector.steps)):
        for text in said(ask(vector, place), language):
            assert not STRAY.search(text), text


#: Rules about things that may not be known: whom, what for, why.
PERSON = Prospect(
    id="ana",
    zones=["Europe/Madrid"],
    opt_outs=[OptOut(since="2026-01-01T00:00Z")],
    suppressions=[Suppression(since="2026-01-01T00:00Z", channel="email")],
)
UNSAID = Policy(name="unsaid", channels=["email", "phone"], rules=[RequireConsent(id="asked")])


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", {"no recorded consent for e-mail; needs a recorded consent", "opted out"}),
        ("es", {"no consta consentimiento para correo electrónico; hace falta un consentimiento registrado", "se ha dado de baja"}),
    ],
)  # fmt: skip
def test_what_is_not_known_leaves_nothing_behind(language: str, wanted: set[str]) -> None:
    """A contact for no purpose, an opt-out from everything."""
    told: list[str] = []
    for person in (PERSON, PERSON.model_copy(update={"opt_outs": (), "suppressions": ()})):
        told += said(UNSAID.decide(person, as_of="2026-03-06T15:00+01:00"), language)
    assert [text for text in told if STRAY.search(text)] == []
    assert wanted <= set(told)


@pytest.mark.parametrize(
    ("code", "details", "english", "spanish"),
    [
        ("opted_out", {"channel": "", "purpose": ""}, "opted out", "se ha dado de baja"),
        ("opted_out", {"channel": "phone", "purpose": ""}, "opted out of phone", "se ha dado de baja de teléfono"),
        ("opted_out", {"channel": "", "purpose": "marketing"}, "opted out for marketing", "se ha dado de baja (publicidad)"),
        ("suppressed", {"reason": ""}, "suppressed", "suprimido"),
        ("account_day", {"by": ""}, "somebody else of ours touches the account that day",
         "otra persona nuestra contacta con la cuenta ese día"),
        ("when_unknown", {"step": "call", "anchor": ""}, "it is not known when step call is due",
         "no se sabe cuándo toca el paso «llamada»"),
        ("exhausted", {"made": 1, "at_most": 1}, "1 of at most 1 attempt has been made",
         "ya se ha hecho 1 de 1 intento como máximo"),
        ("exhausted", {"made": 2, "at_most": 4}, "2 of at most 4 attempts have been made",
         "ya se han hecho 2 de 4 intentos como máximo"),
        ("not_earned", {"least": 1}, "give before asking: at least 1 touch of value first",
         "dar antes de pedir: primero al menos 1 toque de valor"),
        ("account_load", {"at_most": 1}, "1 person of the account in conversation is the most",
         "como máximo 1 persona de la cuenta en conversación"),
        ("acme_odd", {"where": "", "nth": 2}, "acme odd (nth 2)", "acme odd (nth 2)"),
    ],
)  # fmt: skip
def test_a_block_is_said_well(code: str, details: dict[str, Any], english: str, spanish: str) -> None:
    assert say("en", "blocks", code, details) == english
    assert say("es", "blocks", code, details) == spanish


def test_values_are_never_taken_for_places() -> None:
    """What a user wrote may hold braces, bars and tildes."""
    assert fill("suppressed{reason:: ~}", {"reason": "{x:~|a}"}) == "suppressed: {x:~|a}"


def test_other_specifications_are_those_of_python() -> None:
    """A message of a third party may set out numbers, beside places of this kind."""
    assert fill("{share:.1f} %{name: of ~}", {"share": 12.34, "name": "x"}) == "12.3 % of x"


#: Where a contact is the act of contacting; a touch is a `toque`, and a person a `prospecto`.
ACTS = frozenset(
    {".blocks.quiet_hours", ".needs.subject", ".words.preference_waits", ".purposes.ask_permission", ".carries.that_we_stay_in_touch",
     ".steps.agreed-contact"}
)  # fmt: skip


def test_a_touch_and_a_prospect_have_each_their_own_word_in_spanish() -> None:
    """Wherever English says touch or prospect, Spanish says `toque` or `prospecto`; no `contacto` stands for both."""
    spanish = dict(sentences_and_words(messages("es")))
    for path, english in sentences_and_words(messages("en")):
        for ours, theirs in (("touch|touches", "toques?"), ("prospects?", "prospectos?")):
            if path not in ACTS and re.search(rf"\b({ours})\b(?! the account)", english):
                assert re.search(rf"\b{theirs}\b", spanish[path], re.IGNORECASE), path
        assert path in ACTS or not re.search(r"\bcontactos?\b", spanish[path], re.IGNORECASE), path


def sentences_and_words(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every message without the names of its places."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "texts":
                yield from sentences_and_words(item, f"{path}.{key}")
    elif isinstance(value, str):
        yield path, re.sub(r"{\w+", "{", value)


def test_a_row_of_the_prospect_file_is_no_touch() -> None:
    """What could not be read is a row, whichever file it stood in."""
    case = Case(prospect=Prospect(id="ana"), unreadable=["prospects.csv:2: stage: no"])
    decision = Policy(name="p", channels=["email"], rules=[]).decide(case, as_of="2026-03-06T15:00Z")
    english, spanish = decision.text("en"), decision.text("es")
    assert "a row could not be read: prospects.csv:2: stage: no; needs the row to be corrected" in english
    assert "una fila no se pudo leer: prospects.csv:2: stage: no; hace falta corregir la fila" in spanish
    assert "touch could" not in english


def test_one_is_not_several_in_a_summary() -> None:
    """An audit of one touch of one prospect."""
    summary = Auditor(UNSAID)
    case = Case(prospect=Prospect(id="ana"), touches=[{"id": "t", "at": "2026-03-01T10:00Z", "channel": "email"}])
    list(summary.case(case))
    english, spanish = summary.summary().text("en"), summary.summary().text("es")
    assert "1 touch audited" in english
    assert "of 1 prospect," in english
    assert "1 toque auditado" in spanish
    assert "de 1 prospecto," in spanish
    assert "1 leído = 1 auditado" in spanish
