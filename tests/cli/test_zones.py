"""`cadencia zones`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("phonenumbers")
Run = Callable[..., Any]


def test_a_number(run: Run) -> None:
    ran = run("zones", "+34928123456")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "a landline: it stands where its area code says",
        "zone Atlantic/Canary (telephone number)",
        "region ES (telephone number)",
    ]
    assert "línea fija" in run("zones", "+34928123456", "--language", "es").out
    assert "no zone is known" in run("zones", "+870773111632").out
    assert run("zones", "928123456", "--country", "ES").out == ran.out


def test_a_number_an_address_and_a_profile_together(run: Run) -> None:
    ran = run("zones", "+34928123456", "--country", "US", "--state", "TX", "--zone", "Asia/Tokyo", "--json")
    found = json.loads(ran.out)
    assert [item["zone"] for item in found["zones"]] == [
        "Atlantic/Canary", "America/Chicago", "America/Denver", "Asia/Tokyo",
    ]  # fmt: skip
    assert [item["source"] for item in found["regions"]] == ["phone", "address"]


def test_how_far_a_mobile_travels(run: Run) -> None:
    assert "Honolulu" in run("zones", "+12125551234").out
    trusted = run("zones", "+12125551234", "--mobile", "prefix").out
    assert "Honolulu" not in trusted
    assert trusted.startswith("a landline or a mobile, nobody can tell, taken to be where its prefix says")
    assert "anywhere" not in run("zones", "+34612345678", "--mobile", "prefix").out
    assert "donde dice su prefijo" in run("zones", "+34612345678", "--mobile", "prefix", "--language", "es").out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "nothing to look at; write for example `cadencia zones +34612345678`"),
        (("abc",), "phone `abc` is no telephone number"),
        (("--state", "TX"), "--state: only with `--country`"),
        (("--country", "XX"), "country `XX` is not known"),
        (("--zone", "Mars/Phobos"), "zone `Mars/Phobos` is not known"),
    ],
)
def test_one_line_for_what_is_wrong(run: Run, options: tuple[str, ...], says: str) -> None:
    ran = run("zones", *options)
    assert (ran.status, ran.out) == (2, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1
