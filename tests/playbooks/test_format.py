"""Playbook files: what is refused, how they round-trip, and that the packaged ones are what a person would write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cadencia import Playbook, Playbooks, Policy, Prospect, Stop
from cadencia._yaml import read_yaml
from cadencia.cadence import Cadence, Step
from cadencia.errors import InputError, PolicyError
from cadencia.language import languages, messages
from cadencia.language.playbook import playbook_text, step_text, summary_text
from cadencia.playbook import Parameter, packaged_names
from cadencia.touch import DISPOSITIONS

FOLDER = Path(__file__).resolve().parents[2] / "src" / "cadencia" / "playbooks"
SMALL: dict[str, Any] = {
    "cadencia": 1,
    "name": "small",
    "cadence": {"steps": [{"id": "first", "purpose": "introduce", "channels": ["phone"]}]},
    "policy": {"channels": ["phone", "email"], "rules": [{"rule": "never_undated", "id": "dates"}]},
}


def small(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(SMALL))
    for path, value in changes.items():
        here = data
        *parts, last = path.split("__")
        for part in parts:
            here = here[part]
        here[last] = value
    return data


@pytest.mark.parametrize("name", packaged_names())
def test_the_compiled_file_is_the_written_one(name: str, request: pytest.FixtureRequest) -> None:
    """`--update-golden` compiles the YAML anew."""
    written = read_yaml((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), name, nulls=True)
    compiled = FOLDER / f"{name}.json"
    text = json.dumps(written, indent=1, ensure_ascii=False) + "\n"
    if request.config.getoption("--update-golden"):
        compiled.write_text(text, encoding="utf-8")
    assert compiled.read_text(encoding="utf-8") == text


def test_there_is_a_file_for_each() -> None:
    assert tuple(sorted(path.stem for path in FOLDER.glob("*.yaml"))) == packaged_names()
    assert len(packaged_names()) == 5


@pytest.mark.parametrize("name", packaged_names())
def test_round_trip(name: str) -> None:
    """Playbook to data to playbook is the identity; data to playbook to data is a normal form: law 12."""
    playbook = Playbook.load(name)
    data = playbook.to_dict()
    again = Playbook.from_dict(data)
    assert again == playbook
    assert again.to_dict() == data
    assert again.fingerprint == playbook.fingerprint
    assert Playbook.from_dict(json.loads(playbook.to_json())) == playbook


@pytest.mark.parametrize("name", packaged_names())
def test_nothing_is_odd(name: str) -> None:
    playbook = Playbook.load(name)
    assert playbook.lint() == []
    assert playbook.policy.check_examples() == []


@pytest.mark.parametrize("name", packaged_names())
def test_schema_accepts_it(name: str) -> None:
    jsonschema.Draft202012Validator(Playbook.json_schema()).validate(_typed(Playbook.load(name).to_dict()))


def _typed(data: Any) -> Any:
    """Data as JSON would have it typed; a playbook's texts are texts."""
    return json.loads(json.dumps(data))


def test_schema_refuses_what_is_wrong() -> None:
    validator = jsonschema.Draft202012Validator(Playbook.json_schema())
    assert list(validator.iter_errors({"name": "x", "cadence": {"steps": []}, "policy": {}}))


@pytest.mark.parametrize("name", packaged_names())
@pytest.mark.parametrize("language", languages())
def test_every_word_is_there(name: str, language: str) -> None:
    """Every purpose, thing to carry, outcome and ending of a packaged playbook is said in every language."""
    playbook, table = Playbook.load(name), messages(language)
    cadence = playbook.cadence
    assert {step.purpose for step in cadence.steps} <= set(table["purposes"])
    assert {item.what for step in cadence.steps for item in step.carries} <= set(table["carries"])
    assert set(cadence.reading.table) <= set(table["outcomes"])
    assert set(cadence.ends) <= set(table["endings"])
    assert table["playbooks"][name]["summary"] == summary_text(playbook, language)
    for step in cadence.steps:
        assert step_text(playbook, step.id, language) in playbook_text(playbook, language)


def test_own_words_come_first() -> None:
    data = small(summary={"en": "Our own.", "es": "El nuestro."})
    data["cadence"]["steps"][0]["says"] = {"es": "lo primero"}
    playbook = Playbook.from_dict(data)
    assert summary_text(playbook, "es") == "El nuestro."
    assert step_text(playbook, "first", "es") == "lo primero"
    assert step_text(playbook, "first", "en") == messages("en")["purposes"]["introduce"]
    assert summary_text(Playbook.from_dict(small())) == "small"


def test_parameters_are_marked_and_changed() -> None:
    playbook = Playbook.load("gentle-persistence")
    assert playbook.parameters["second_after"].ours
    assert not playbook.parameters["promise_after"].ours, "seven days are in the article"
    other = playbook.tuned(second_after="5 business days")
    assert str(other.cadence.step("second").after.delay) == "5 business days"
    assert other.fingerprint != playbook.fingerprint
    assert other.to_dict()["cadence"]["steps"][1]["after"]["delay"] == "$second_after"
    assert Playbook.load("gentle-persistence", second_after="5 business days") == other


def test_fingerprint_is_blind_to_texts() -> None:
    one, other = Playbook.from_dict(small()), Playbook.from_dict(small(summary={"en": "Other words."}, version="2"))
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != Playbook.from_dict(small(horizon="30d")).fingerprint


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(SMALL), encoding="utf-8")
    assert Playbook.load(path) == Playbook.load(str(path)) == Playbook.from_dict(SMALL)
    path.with_suffix(".yaml").write_text(json.dumps(SMALL), encoding="utf-8")
    assert Playbook.load(path.with_suffix(".yaml")).name == "small"


STEPS = [{"id": "a", "purpose": "x", "channels": "phone"}, {"id": "b", "purpose": "y", "channels": "phone"}]
BAD: list[tuple[str, dict[str, Any], str]] = [
    (
        "no purpose",
        small(cadence__steps=[{"id": "a", "channels": ["phone"]}]),
        "step `a`: a touch without a clear objective is refused; write `purpose:`",
    ),
    ("unknown key", small(cadence__stepps=[]), "unknown key `stepps`; did you mean `steps`?"),
    (
        "no channels",
        small(cadence__steps=[{"id": "a", "purpose": "x"}]),
        "step `a` names no channels; write for example `channels: [phone, email]`",
    ),
    (
        "task with channels",
        small(cadence__steps=[*STEPS, {"id": "c", "purpose": "z", "task": True, "channels": "phone"}]),
        "step `c` is a task and touches nobody; leave out `channels`, or `task`",
    ),
    (
        "channel",
        small(cadence__steps=[{"id": "a", "purpose": "x", "channels": ["emial"]}]),
        "step `a`: channel `emial` is not in the policy; did you mean `email`?",
    ),
    (
        "track target",
        small(cadence__steps=[{**STEPS[0], "tracks": {"no": "c"}}]),
        "step `a`, track `no` leads to `c`, which is neither a step nor an ending",
    ),
    ("track outcome", small(cadence__tracks={"noo": "first"}), "track `noo` is no outcome; did you mean `no`?"),
    ("same id", small(cadence__steps=[STEPS[0], STEPS[0]]), "two steps have the id `a`; give each its own"),
    (
        "step and ending",
        small(cadence__steps=STEPS, cadence__endings={"a": {}}),
        "`a` is both a step and an ending; give one another name",
    ),
    (
        "circle",
        small(cadence__steps=[{**STEPS[0], "tracks": {"no_answer": "b"}}, {**STEPS[1], "tracks": {"no_answer": "a"}}]),
        "steps `a, b` follow each other in a circle that never waits; give one a `delay`",
    ),
    (
        "tasks",
        small(cadence__steps=[STEPS[0], {"id": "c", "purpose": "z", "task": True, "tracks": {"no_answer": "c"}}]),
        "tasks `c` follow each other in a circle; let one lead to a step or an ending",
    ),
    (
        "returned to",
        small(
            cadence__steps=[
                {**STEPS[0], "after": {"anchor": "start", "delay": "24h"}},
                {**STEPS[1], "after": "1 day", "tracks": {"no_answer": "a"}},
            ]
        ),
        "step `a` is anchored at the start, and a track leads back to it when its delay is long over;"
        " let it lead to a step anchored at `previous`",
    ),
    (
        "answered back",
        small(
            cadence__steps=[{**STEPS[0], "after": {"anchor": "start", "delay": "24h"}}, STEPS[1]],
            cadence__tracks={"reached": "a"},
        ),
        "step `a` is anchored at the start, and a track leads back to it when its delay is long over;",
    ),
    (
        "next for all",
        small(cadence__tracks={"no": "next"}),
        "track `no` leads to `next`, which is neither a step nor an ending",
    ),
    (
        "only tasks",
        small(cadence__steps=[{"id": "c", "purpose": "z", "task": True}]),
        "no step stands in order and touches somebody; write at least one that is neither a task nor beside the sequence",
    ),
    (
        "instead",
        small(cadence__steps=[{**STEPS[0], "instead": "c"}, STEPS[1]]),
        "step `a`: `instead` `c` is no step in order with another purpose",
    ),
    (
        "lasts",
        small(
            cadence__steps=[*STEPS, {"id": "c", "purpose": "z", "channels": "phone", "after": {"anchor": "occasion"}}]
        ),
        "the anchor `occasion`, and no other, needs `lasts`; write for example `lasts: 3d`",
    ),
    (
        "kinds",
        small(cadence__steps=[{**STEPS[0], "after": {"kinds": ["birthday"]}}]),
        "`kinds` goes with the anchors `occasion` and `pending`, not with `previous`",
    ),
    (
        "lapses for ever",
        small(
            cadence__steps=[{**STEPS[0], "lapses": "24h", "after": "24h", "tracks": {"no_answer": "again"}}, *STEPS[1:]]
        ),
        "step `a` lapses, and silence leads back to it, so that it would lapse for ever; let silence lead to an ending, or leave `lapses`"
        " out",
    ),
    (
        "lapses",
        small(cadence__steps=[{**STEPS[0], "lapses": "0m"}]),
        "step `a`: `lapses` goes with a step in order that touches somebody, and with more than nothing; write for example `lapses: 24h`",
    ),
    (
        "yearly",
        small(cadence__steps=[{**STEPS[0], "after": {"yearly": True}}]),
        "`yearly` goes with the anchor `occasion`, not with `previous`",
    ),
    (
        "undated",
        small(cadence__steps=[{**STEPS[0], "after": {"undated": "7 days"}}]),
        "`undated` goes with the anchor `promise`, not with `previous`",
    ),
    (
        "hours",
        small(cadence__steps=[{**STEPS[0], "after": "4 business hours"}]),
        "`4 business hours` needs hours that a step does not have; write for example `1 business day`",
    ),
    (
        "within",
        small(cadence__steps=[{**STEPS[0], "within": "4 business hours"}]),
        "step `a`: `within` `4 business hours` needs hours; write for example `8h`",
    ),
    (
        "entries",
        small(cadence__enters=[{"tags": ["x"]}, {"by": {"dispositions": ["refused"]}}]),
        "`enters` mixes conditions with touches that open a door; give every entry a `by`, or none",
    ),
    (
        "worked",
        small(cadence__enters=[{"worked": 1}]),
        "`worked` counts conversations before a touch; name the touch in `by`",
    ),
    (
        "disposition",
        small(cadence__outcomes={"odd": {"dispositions": ["repplied"]}}),
        "outcome `odd`: disposition `repplied` is neither well known nor declared under `policy.dispositions`; did you mean `replied`?",
    ),
    (
        "twice",
        small(cadence__outcomes={"one": {"dispositions": ["sent"]}, "two": {"dispositions": ["sent"]}}),
        "disposition `sent` stands in the outcomes `one` and `two`; keep one",
    ),
    (
        "no channels in policy",
        small(policy__channels=None),
        "the policy names no channels; write `channels: [phone, email]`",
    ),
    ("format", small(cadencia=2), "format `2` is not known to this version; write `cadencia: 1`"),
    (
        "unused",
        small(parameters={"gap": "2 days"}),
        "parameter `gap` is used nowhere; write `$gap` in its place, or leave it out",
    ),
    ("undeclared", small(horizon="$far"), "horizon: parameter `far` is not declared"),
    (
        "not a mapping",
        small(parameters=["gap"]),
        "parameters: `['gap']` is not a mapping; write `gap: {value: 2 days}`",
    ),
    (
        "choice",
        small(parameters={"far": {"value": "30d", "choices": ["60d"]}}, horizon="$far"),
        "`30d` is not one of 60d",
    ),
]


@pytest.mark.parametrize(("data", "message"), [pytest.param(data, text, id=name) for name, data, text in BAD])
def test_mistakes_are_one_line(data: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Playbook.from_dict(data)
    assert any(message in line for line in caught.value.mistakes), caught.value.mistakes
    assert all("\n" not in line for line in caught.value.mistakes)


def test_names_that_are_not_there() -> None:
    with pytest.raises(PolicyError, match=r"`after-the-now` is not packaged; did you mean `after-the-no`\?"):
        Playbook.load("after-the-now")
    with pytest.raises(PolicyError, match=r"there are after-the-no, .*, or give a file"):
        Playbook.load("zzz")
    with pytest.raises(PolicyError, match="parameter `gapp` is not declared"):
        Playbook.load("impeccable-follow-up", gapp="2 days")
    with pytest.raises(InputError, match=r"step `secnd` is not in the cadence; did you mean `second`\?"):
        Playbook.load("gentle-persistence").decide(Prospect(id="p"), as_of="2026-03-06T10:00Z", step="secnd")
    with pytest.raises(PolicyError, match="playbook `gentle` is not on the shelf"):
        Playbooks.packaged()["gentle"]
    one, other = Playbook.from_dict(small()), Playbook.from_dict(small(horizon="30d"))
    with pytest.raises(PolicyError, match="two playbooks are named `small`"):
        Playbooks(one, other)
    with pytest.raises(InputError, match=r"n: `-1` is out of range; write 0 to 1000"):
        one.plan(Prospect(id="p"), -1, as_of="2026-03-06T10:00Z")


def lint_codes(data: dict[str, Any]) -> set[str]:
    return {finding.code for finding in Playbook.from_dict(data).lint()}


def test_lint_same_purpose_twice() -> None:
    """No two consecutive outbound touches have the same purpose."""
    steps = [{**STEPS[0]}, {**STEPS[1], "purpose": "x", "after": "1 day"}]
    assert "same_purpose_twice" in lint_codes(small(cadence__steps=steps))
    steps[1]["purpose"] = "y"
    assert "same_purpose_twice" not in lint_codes(small(cadence__steps=steps, cadence__tracks={"reached": "exhausted"}))


def test_lint_tone() -> None:
    """The fifth attempt is as courteous as the first."""
    steps = [{**STEPS[0]}, {**STEPS[1], "tone": "firm", "after": "1 day"}]
    assert "tone_escalates" in lint_codes(small(cadence__steps=steps))
    steps[1]["tone"] = "warm"
    assert "tone_escalates" not in lint_codes(small(cadence__steps=steps, cadence__tracks={"reached": "exhausted"}))


def test_lint_a_year_of_birthday_greetings_alone() -> None:
    birthday = {
        "id": "birthday", "purpose": "greet", "channels": "phone",
        "after": {"anchor": "occasion", "kinds": ["birthday"], "lasts": "1d"},
    }  # fmt: skip
    assert "greetings_alone" in lint_codes(small(cadence__steps=[STEPS[0], birthday]))
    again = {**STEPS[1], "after": "6 months", "tracks": {"no_answer": "c"}}
    back = {"id": "c", "purpose": "z", "channels": "phone", "after": "4 months", "tracks": {"no_answer": "b"}}
    assert "greetings_alone" not in lint_codes(small(cadence__steps=[STEPS[0], again, back, birthday]))
    seldom = {**again, "after": "10 months"}
    assert "greetings_alone" in lint_codes(small(cadence__steps=[STEPS[0], seldom, back, birthday]))
    at_once = {**back, "after": {}}
    assert "greetings_alone" not in lint_codes(small(cadence__steps=[STEPS[0], again, at_once, birthday]))


def test_lint_out_of_reach_and_undated() -> None:
    steps = [{**STEPS[0], "tracks": {"no_answer": "exhausted", "reached": "exhausted"}}, STEPS[1]]
    data = small(cadence__steps=steps, cadence__tracks={"reached": "exhausted"})
    data["policy"]["rules"] = []
    assert lint_codes(data) >= {"step_out_of_reach", "undated_unseen"}


def test_a_step_and_a_cadence_are_models() -> None:
    step = Step(id="a", purpose="x", channels=["phone"], carries="words", requires="budget", after="2 days")  # type: ignore[arg-type]
    assert step.carries[0].what == "words"
    assert step.requires[0].fact == "budget"
    assert Cadence(steps=[step]).step("a") == step
    with pytest.raises(InputError, match="refused"):
        Step(id="a", purpose="", channels=["phone"])
    assert Parameter(value="2 days").value == "2 days"


def test_a_further_policy_binds_too() -> None:
    """The cadence proposes the same, and both policies must permit it."""
    playbook = Playbook.from_dict(small())
    closed = Policy.from_dict(
        {"cadencia": 1, "name": "law", "rules": [{"rule": "max_attempts", "id": "never", "at_most": 0}]}
    )
    decision = (playbook & closed).decide(Prospect(id="p"), as_of="2026-03-06T10:00Z")
    assert isinstance(decision, Stop)
    assert decision.reason == "law/never"
    assert (Playbooks(playbook) & closed).decide(Prospect(id="p"), as_of="2026-03-06T10:00Z") == decision
    assert decision.fingerprint != playbook.fingerprint
    none = Policy(name="mail", channels=["email"])
    assert (playbook & none).decide(Prospect(id="p"), as_of="2026-03-06T10:00Z").answer == "blocked"
    with pytest.raises(TypeError):
        playbook & 3  # type: ignore[operator]


def test_what_may_be_said_under_one_playbook_is_known_to_all() -> None:
    """A case is handed over with its touches: no disposition that one of the five declares is unheard of in another."""
    declared = {playbook.name: set(playbook.dispositions) - set(DISPOSITIONS) for playbook in Playbooks.packaged()}
    every = set().union(*declared.values())
    assert {name: every - known for name, known in declared.items() if every - known} == {}


def test_a_parameter_that_stands_for_nothing_keeps_its_place() -> None:
    """Where the value is what a field has anyway, the field is left out of the data; the parameter is not."""
    steps = [STEPS[0], {**STEPS[1], "after": {"delay": "$wait"}}]
    data = small(cadence__steps=steps, parameters={"wait": {"value": None, "says": "none"}})
    playbook = Playbook.from_dict(data)
    assert playbook.to_dict()["cadence"]["steps"][1]["after"] == {"delay": "$wait"}
    assert Playbook.from_dict(playbook.to_dict()) == playbook
    assert str(playbook.tuned(wait="2 days").cadence.steps[1].after.delay) == "2 days"


def test_a_playbook_under_layers_leaves_the_channels_to_them() -> None:
    """A step may name a channel that no layer allows: the law of one place says so, and not the playbook."""
    both = Policy(name="house", channels=["phone", "email"]) & Policy(name="law", channels=["phone"])
    steps = [{**STEPS[0], "channels": ["email", "phone"]}]
    playbook = Playbook.from_dict(small(cadence__steps=steps)).model_copy(update={"policy": both})
    found = Playbook.model_validate({name: getattr(playbook, name) for name in Playbook.model_fields})
    decision = found.decide(Prospect(id="p", zones="UTC"), as_of="2026-03-06T10:00Z")
    assert (decision.answer, decision.channel) == ("contact", "phone")  # type: ignore[union-attr]
