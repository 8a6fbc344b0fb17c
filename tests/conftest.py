"""What every test shares: profiles of hypothesis, golden files, and the data that may lie beside the repository."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"

# No deadline: speed is tested elsewhere by counting work, and an example that is slow on a busy machine is not a bug.
# For the same reason slow generation is no failure. `ci` draws the same examples every time, so that a failure belongs
# to the change under test; looking for new ones is what `deep` is for.
settings.register_profile("default", max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "ci", settings.get_profile("default"), max_examples=1000, derandomize=True, database=None, print_blob=True
)
settings.register_profile("deep", settings.get_profile("default"), max_examples=20_000, print_blob=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI", "").lower() == "true" else "default")
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that traces leaves the trace of whoever measures coverage as it was, or all after it go unmeasured."""
    before = sys.gettrace()
    yield
    assert sys.gettrace() is before, f"{item.nodeid} leaves another trace function behind"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with `tests/golden/NAME`, or writes it there under `--update-golden`."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return
        hint = f"read the difference, then run `pytest --update-golden {request.node.nodeid.partition('::')[0]}`"
        assert file.exists(), f"tests/golden/{name} is missing; {hint}"
        assert text == file.read_text(encoding="utf-8"), f"tests/golden/{name} differs; {hint}"

    return compare


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data beside the repository, or a skip where there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside the repository")
    return folder
