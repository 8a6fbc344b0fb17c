"""A policy's own examples: each a case, an instant, and the answer that the author expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import ValidationError

from .._time.clock import iso, micros, read_instant
from ..case import Case
from ..errors import CadenciaError, InputError, did_you_mean, given, mistakes_of, one_line
from ..record import Answer, Record
from ..touch import CHANNELS

if TYPE_CHECKING:
    from ..policy import Example, Policy

_INSTANTS: Final = ("at", "until", "not_before")
_SETS: Final = ("blocking", "needs")
#: What an example may expect, in the order in which mismatches are told.
KEYS: Final = ("answer", "channel", "contact_point", *_INSTANTS, "reason", "binding", *_SETS)


def run_examples(policy: Policy) -> list[str]:
    """One line for each thing that does not come out as an example says; a layer's examples ask that layer alone.

    A layer that names no channels is asked about the channel that the example expects, else about the well-known ones.
    """
    layers = policy._as_layers()
    if policy.layers and policy.examples and not any(layer.name == policy.name for layer in layers):
        layers = (*layers, policy.model_copy(update={"layers": ()}))
    names = [layer.name for layer in layers]
    return [
        line
        for layer in layers
        for example in layer.examples
        for line in _run(layer, example, [name for name in names if name != layer.name])
    ]


def _run(policy: Policy, example: Example, others: list[str]) -> Iterator[str]:
    where = f"policy {given(policy.name)}, example {given(example.says)}"
    wrong = list(_mistakes(example.expect))
    if wrong:
        yield from (f"{where}: {line}" for line in wrong)
        return
    try:
        case = Case.model_validate(example.case)
    except ValidationError as error:
        yield from mistakes_of(error, f"{where}, case", Case)
        return
    notes = [f"asked of this layer alone, without {', '.join(map(given, others))}"] if others else []
    if policy.channels is None:
        channels = _channels(example.expect)
        policy = policy.model_copy(update={"channels": channels})
        notes.append(f"the policy names no channels; asked about {given(', '.join(channels))}")
    asked = f" ({'; '.join(notes)})" if notes else ""
    try:
        record = policy.decide(case, as_of=example.as_of, purpose=example.purpose).record
    except CadenciaError as error:
        yield from (f"{where}: {line}" for line in str(error).splitlines())
        return
    for key in KEYS:
        if key in example.expect:
            expected, got = _compared(key, example.expect[key], record)
            if expected != got:
                yield f"{where}: {key}: expected `{one_line(expected)}`, got `{one_line(got)}`{asked}"


def _channels(expect: Mapping[str, Any]) -> tuple[str, ...]:
    channel = expect.get("channel")
    return (channel,) if channel else CHANNELS


def _mistakes(expect: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with an expectation before anything is decided."""
    if not expect:
        yield "`expect: {}` expects nothing; write for example `expect: {answer: contact}`"
    for key, value in expect.items():
        if key not in KEYS:
            yield f"expect: unknown key {given(key)}" + (
                did_you_mean(key, KEYS) or f"; write some of {', '.join(KEYS)}"
            )
            continue
        if value is None and key != "answer":
            continue
        if key in _SETS:
            if not isinstance(value, (str, list, tuple)) or not all(isinstance(item, str) for item in value):
                yield f"expect.{key}: {given(value)} is not a list of names; write for example `[a, b]`"
        elif key in _INSTANTS:
            try:
                read_instant(value, f"expect.{key}")
            except InputError as error:
                yield str(error)
        elif not isinstance(value, str):
            yield f"expect.{key}: {given(value)} is not a name; write text"
        elif key == "answer" and value not in get_args(Answer):
            yield (
                f"expect.answer: {given(value)} is not an answer; write one of {', '.join(get_args(Answer))}"
                + did_you_mean(value, get_args(Answer))
            )


def _compared(key: str, expected: Any, record: Record) -> tuple[str, str]:
    """What is expected and what came, as texts that are equal when they mean the same."""
    got = getattr(record, key)
    write: Callable[[Any], str] = str
    if key in _SETS:
        write = _names
    elif key in _INSTANTS:

        def write(value: Any) -> str:
            return iso(micros(read_instant(value)), record.zone)

    return tuple("none" if value is None else write(value) for value in (expected, got))  # type: ignore[return-value]


def _names(value: str | Iterable[str]) -> str:
    names = {value} if isinstance(value, str) else set(value)
    return ", ".join(sorted(names)) or "none"


__all__ = ["KEYS", "run_examples"]
