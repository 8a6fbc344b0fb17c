"""The words of a question read: what is asked about, and how far ahead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from .._time.clock import DAY, EVER, FOREVER, SECOND
from .._time.periods import read_length
from ..errors import InputError, check_text, given
from ..rules.block import Block
from ..rules.filters import Candidate

__all__ = ["LONGEST_HORIZON", "candidate_of", "length_of", "name_of", "not_allowed"]

LONGEST_HORIZON = 3660 * DAY


def not_allowed(channel: str) -> Block:
    """The block of a channel that the policy leaves out."""
    return Block(
        EVER,
        FOREVER,
        "always/channels",
        "channel_not_allowed",
        ("policy",),
        (),
        (("channel", channel),),
        False,
        "channel",
    )


def name_of(value: Any, what: str) -> str:
    """A name that says something: a blank one would match no filter, and what it should bind would go free."""
    if not check_text(value, what).strip():
        raise InputError(f"{what}: {given(value)} is blank; write a name, or leave it out")
    return str(value)


def candidate_of(channel: str, point: Any, purpose: Any, step: Any, subjects: Any) -> Candidate:
    """What is asked about, once its words are known to be words."""
    for what, value in (("contact_point", point), ("purpose", purpose), ("step", step)):
        if value is not None:
            name_of(value, what)
    if isinstance(subjects, str):
        subjects = (subjects,)
    elif not isinstance(subjects, Iterable):
        raise InputError(f"subjects: {given(subjects)} is not a list of names; write for example `[renewal]`")
    return Candidate(channel, point, purpose, step, tuple(name_of(item, "subjects") for item in subjects))


def length_of(value: Any, what: str) -> int:
    """A length of time in microseconds, from a timedelta or text such as `90 days`, `90d`, `20m`."""
    if isinstance(value, timedelta):
        length = (value.days * 86_400 + value.seconds) * SECOND + value.microseconds
    else:
        text = value.replace(" ", "") if isinstance(value, str) else ""
        for word, unit in (
            ("days", "d"),
            ("day", "d"),
            ("hours", "h"),
            ("hour", "h"),
            ("minutes", "m"),
            ("minute", "m"),
            ("min", "m"),
        ):
            text = text.removesuffix(word) + unit if text.endswith(word) else text
        try:
            length = 0 if text in ("0s", "0m", "0h", "0d") else read_length(text).micros
        except InputError:
            raise InputError(
                f"{what}: {given(value)} is not a length of time; write for example `90 days` or `20m`"
            ) from None
    if not 0 <= length <= LONGEST_HORIZON or (what == "horizon" and length == 0):
        raise InputError(
            f"{what}: {given(value)} is out of range; write between one minute and {LONGEST_HORIZON // DAY} days"
        )
    return length
