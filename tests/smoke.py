"""The built wheel without extras, as its first user meets it: `.ci/run` runs this outside the source tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import cadencia

loaded = {"holidays", "numpy", "polars", "yaml", "hypothesis", "typer"} & set(sys.modules)
assert not loaded, f"`import cadencia` also imported {sorted(loaded)}"

package = Path(cadencia.__file__)
assert "site-packages" in package.parts, f"not the installed wheel: {package}"
assert files("cadencia").joinpath("py.typed").is_file(), "the wheel lacks py.typed"

from cadencia import Contact, Pack, Policy, Prospect, Touch, Wait  # noqa: E402  (what the import loads was looked at first)
from cadencia.rules import MaxAttempts, QuietHours  # noqa: E402

policy = Policy(
    name="smoke",
    channels=["phone"],
    rules=[
        MaxAttempts(id="few", at_most=3),
        QuietHours(id="office", allow={"mon-fri": ["09:00-18:00"]}, holidays="ES"),
    ],
)
ana = Prospect(id="ana", zones="Europe/Madrid", regions="ES")
touches = [Touch(id="t1", at="2026-03-24T10:05+01:00", channel="phone", disposition="no_answer")]

decision = policy.decide(ana, touches, as_of="2026-03-27T13:37Z")
assert isinstance(decision, Contact), decision
assert decision.channel == "phone", decision

# The packs are data in the wheel, and load without an extra.
assert len(Pack.names()) == 70, Pack.names()
binding = (Pack.load("ES") & policy).why_not(ana, "2026-03-28T12:00+01:00", "phone", purpose="marketing")
assert "pack:ES/ES-96-HOURS" in {block.rule for block in binding}, binding

# Christmas is a holiday and a Friday in 2026: the first Monday after it is the first day to call.
decision = policy.decide(ana, touches, as_of="2026-12-25T12:00+01:00")
assert isinstance(decision, Wait), decision
assert decision.at.isoformat().startswith("2026-12-28"), decision.at

command = shutil.which("cadencia", path=str(Path(sys.executable).parent))
assert command, "the wheel installs no `cadencia` command"
done = subprocess.run([command, "--help"], capture_output=True, encoding="utf-8", check=False)
assert done.returncode == 2, f"exit status {done.returncode} without the extra, expected 2: {done.stdout}{done.stderr}"
said = done.stderr.strip().splitlines()
assert len(said) == 1, f"expected one line, not:\n{done.stderr}"
assert "cadencia[cli]" in said[0], f"the error does not name the extra: {said[0]}"

print(f"cadencia {cadencia.__version__}: wheel works without extras; the command says: {said[0]}")
