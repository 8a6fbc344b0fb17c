"""`cadencia packs`: the list, and one pack on a date."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cadencia import Pack

Run = Callable[..., Any]


def test_every_pack_is_listed(run: Run) -> None:
    ran = run("packs")
    assert ran.status == 0
    rows = {line.split()[0] for line in ran.out.splitlines() if "2026-11-22" in line}
    assert rows == set(Pack.names())
    assert ran.out.rstrip().endswith("Facts with sources, not legal advice.")


def test_what_is_in_force_on_a_date(run: Run) -> None:
    """Before the change of law and after it; what was not verified is listed apart."""
    before, after = (run("packs", "US-PA", "--on", day).out for day in ("2026-10-17", "2026-10-18"))
    assert "US-PA-HOURS, until 2026-10-17" in before
    assert "US-PA-HOURS-2026" not in before
    assert "US-PA-HOURS-2026, from 2026-10-18" in after
    assert "US-PA-HOURS, until" not in after
    assert after.index("not verified, and without effect") < after.index("US-PA-HOLIDAY")
    assert "source: 73 P.S. 2245(a)(1) as amended by Act 47 of 2026 (SB 992) (quoted text)" in after


def test_spain(run: Run) -> None:
    ran = run("packs", "ES", "--on", "2026-11-22")
    assert ran.status == 0
    assert ran.out.startswith(
        "ES Spain, in force on 2026-11-22, checked 2026-11-22. Facts with sources, not legal advice."
    )
    for said in ("ES-62-TWO-YEARS, from 2025-12-28", "breach: the contract made by telephone is void", "consumer only"):
        assert said in ran.out
    assert "verified, and not expressible as a rule:" in ran.out


def test_in_spanish_nothing_is_left_in_english(run: Run) -> None:
    """Scopes, reasons, consequences, notes and what is not active too; citations and names of sources are shown as they stand."""
    said = run("packs", *Pack.names(), "--language", "es").out
    assert "alcance: canales: teléfono, llamada automática; fines: publicidad; solo consumidores; consumidores" in said
    assert "si se incumple: el contrato hecho por teléfono es nulo" in said
    assert "motivo: trata del número que se muestra, que no es parte de un caso" in said
    assert "fuente: ninguna conocida" in said
    for line in said.splitlines():
        head = line.strip().partition(":")[0]
        if head in ("alcance", "si se incumple", "motivo", "nota"):
            assert not {"the", "of", "and", "is", "not"} & set(line.split()), line


def test_a_pack_with_nothing_active(run: Run) -> None:
    ran = run("packs", "EU")
    assert "nothing is active" in ran.out
    assert "EU-13" in ran.out


def test_several_packs_without_a_date(run: Run) -> None:
    ran = run("packs", "IT", "FR")
    assert "binding: code of conduct" in ran.out
    assert "FR-OLD-BLOCTEL" in ran.out
    assert "FR-OPTIN" in ran.out


def test_as_json(run: Run) -> None:
    ran = run("packs", "NL", "--json", "--on", "2026-06-30")
    [pack] = json.loads(ran.out)
    assert [rule["id"] for rule in pack["rules"]] == ["NL-CUST-3Y"]
    assert len(json.loads(run("packs", "--json").out)) == len(Pack.names())


def test_counts_on_a_date(run: Run) -> None:
    ran = run("packs", "--on", "2020-01-01")
    [row] = [line for line in ran.out.splitlines() if line.split()[:1] == ["NL"]]
    assert row.split() == ["NL", "Netherlands", "2", "2026-11-22"]


def test_what_cannot_be_asked(run: Run) -> None:
    for arguments, said in (
        (("packs", "POL"), "no pack `POL` is shipped"),
        (("packs", "ES", "--on", "22.11.2026"), "--on: `22.11.2026` is not a date"),
    ):
        ran = run(*arguments)
        assert ran.status == 2
        assert said in ran.err
