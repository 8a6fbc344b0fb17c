"""The README, every page of the documentation and every docstring, executed.

Pages are read from top to bottom; what an earlier block defined or wrote is there for a later one:

- a `python` block runs; with prompts (`>>>`) it is a doctest with exact output;
- a line of an `sh` block that begins with `cadencia` runs through the installed command, in a copy of `examples/`;
- a `yaml` block that begins with `cadencia: 1` must load as a policy, or as a playbook where it has a `cadence`;
- a block with a `title="house.yaml"` is also written to that file, so that later blocks can read it;
- an HTML comment right before a block changes this: `<!-- exit: 1 -->` expects another exit status, `<!-- output -->`
  marks what the block before must have printed, `<!-- no-run: reason -->` skips.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest
import yaml

import cadencia

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PACKAGE = Path(cadencia.__file__).parent
MODULES = sorted(
    ".".join(("cadencia", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for file in PACKAGE.rglob("*.py")
    if file.name != "__main__.py"
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
COMMENT = re.compile(r"\s*<!--\s*(?P<text>.*?)\s*-->\s*$")
TITLE = re.compile(r'title="([^"]+)"')
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line on which the text begins, and the comment before it."""

    page: str
    line: int
    language: str
    text: str
    comment: str
    title: str | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def marked(self, word: str) -> str | None:
        """What the comment before the block says after `word:`; empty for the bare word; None without it."""
        name, _, rest = self.comment.partition(":")
        return rest.strip() if name.strip() == word else None


def blocks(file: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    page = file.relative_to(ROOT).as_posix()
    comment = ""
    lines = iter(enumerate(file.read_text(encoding="utf-8").splitlines(), start=1))
    for number, line in lines:
        if said := COMMENT.match(line):
            comment = said["text"]
        elif opened := FENCE.match(line):
            body: list[str] = []
            for _, inner in lines:
                closed = FENCE.match(inner)
                if closed and not closed["info"].strip() and closed["fence"].startswith(opened["fence"]):
                    break
                body.append(inner.removeprefix(opened["indent"]))
            else:
                pytest.fail(f"{page}:{number}: this block is never closed", pytrace=False)
            language, _, rest = opened["info"].strip().partition(" ")
            title = TITLE.search(rest)
            yield Block(page, number + 1, language, "\n".join(body) + "\n", comment, title[1] if title else None)
            comment = ""
        elif line.strip():
            comment = ""


class Page:
    """One page being executed: the names its blocks share, the folder they run in, and what was printed last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.module = ModuleType("page")
        self.printed = ""

    def run(self, block: Block) -> None:
        skipped = block.marked("no-run")
        if skipped is not None:
            if not skipped:
                fail(block, "write why it is not run: `<!-- no-run: reason -->`")
            return
        if block.title is not None:
            file = self.folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        if block.marked("output") is not None:
            self.compare(block)
        elif block.language in ("python", "py", "pycon"):
            self.doctest(block) if ">>> " in block.text else self.execute(block)
        elif block.language in ("sh", "bash", "console", "shell"):
            self.commands(block)
        elif block.language in ("yaml", "yml") and policy_text(block):
            self.policy(block)

    def execute(self, block: Block) -> None:
        # Leading line breaks make the line numbers of a traceback those of the page.
        source = "\n" * (block.line - 1) + block.text
        failure: BaseException | None = None
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                exec(compile(source, block.page, "exec", dont_inherit=True), self.module.__dict__)
            except Exception as error:
                failure = error
        if failure is not None:
            fail_at(block, line_of(failure, block), failure)
        self.printed = printed.getvalue()

    def doctest(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(block.text, {}, block.page, block.page, block.line - 1)
        test.globs = self.module.__dict__
        report = io.StringIO()
        doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.write, clear_globs=False)
        if report.getvalue():
            fail(block, "\n" + report.getvalue().lstrip("*\n"))

    def commands(self, block: Block) -> None:
        expected = int(block.marked("exit") or 0)
        for offset, command in commands(block.text):
            self.printed = self.shell(command, expected, f"{block.page}:{block.line + offset}")

    def shell(self, command: str, expected: int, place: str) -> str:
        """What the command printed; fails on another exit status than the expected one."""
        # The command of this very environment, whatever else is installed.
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        environment = {**os.environ, "PATH": path, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        if done.returncode != expected:
            said = textwrap.indent(done.stdout + done.stderr, "    ")
            pytest.fail(
                f"{place}: exit status {done.returncode}, expected {expected}: {command}\n{said}",
                pytrace=False,
            )
        return done.stdout

    def policy(self, block: Block) -> None:
        failure: BaseException | None = None
        try:
            data = yaml.load(block.text, Loader=yaml.BaseLoader)
            if "cadence" in data:
                cadencia.Playbook.from_dict(data)
            else:
                cadencia.Policy.from_yaml(block.text)
        except Exception as error:
            failure = error
        if failure is not None:
            fail(block, f"the policy does not load: {failure}")

    def compare(self, block: Block) -> None:
        given, expected = (tidy(text) for text in (self.printed, block.text))
        parts = f"{expected}\n".split("...\n")  # a line `...` stands for any lines
        if not re.fullmatch(r"(?:.*\n)*?".join(map(re.escape, parts)), f"{given}\n"):
            fail(block, f"the block before printed something else:\n{textwrap.indent(given, '    ')}")


def fail(block: Block, message: str) -> NoReturn:
    pytest.fail(f"{block.place}: {message}", pytrace=False)


def tidy(text: str) -> str:
    """Without spaces at line ends and empty lines around."""
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def policy_text(block: Block) -> bool:
    """Whether the block is a policy file: its first line that says something is `cadencia: 1`."""
    said = [line for line in block.text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(said) and said[0].split("#")[0].strip() == "cadencia: 1"


def fail_at(block: Block, line: int, error: BaseException) -> NoReturn:
    lines = block.text.splitlines()
    source = lines[line - block.line].strip() if 0 <= line - block.line < len(lines) else ""
    said = traceback.format_exception_only(error)[-1].strip()
    pytest.fail(f"{block.page}:{line}: {said}\n    {source}", pytrace=False)


def line_of(error: BaseException, block: Block) -> int:
    """The line of the page on which the error arose."""
    if isinstance(error, SyntaxError) and error.filename == block.page:
        return error.lineno or block.line
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == block.page]
    return (lines[-1] if lines else None) or block.line


def commands(text: str) -> Iterator[tuple[int, str]]:
    """Our commands in a shell block, each with its line; a backslash at the end continues one, `$ ` may begin it."""
    lines = iter(enumerate(text.splitlines()))
    for offset, line in lines:
        command = line.strip().removeprefix("$ ")
        while command.endswith("\\"):
            command = f"{command[:-1].rstrip()} {next(lines, (0, ''))[1].strip()}"
        if command.split(" ")[0] == "cadencia":
            yield offset, command


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that stands for the repository root: `examples/` is there, and nothing written there lasts."""
    if (ROOT / "examples").is_dir():
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("file", PAGES, ids=name_of)
def test_page_runs(file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(folder)
    # Classes defined on the page find their annotations, and pickle, as in a real module.
    monkeypatch.setitem(sys.modules, page.module.__name__, page.module)
    for block in blocks(file):
        page.run(block)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_run(name: str, folder: Path) -> None:
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    report = io.StringIO()
    for test in finder.find(module, name):
        doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.write)
    if report.getvalue():
        pytest.fail(report.getvalue(), pytrace=False)


def marked_command(name: str) -> Block:
    """The block of the README that carries `<!-- command: NAME -->`."""
    found = [block for block in blocks(ROOT / "README.md") if block.marked("command") == name]
    assert len(found) == 1, f"README.md needs exactly one block after `<!-- command: {name} -->`"
    return found[0]


@pytest.mark.parametrize("name", ["run", "test"])
def test_readme_commands_are_single_lines(name: str) -> None:
    block = marked_command(name)
    assert block.language == "sh"
    assert len(block.text.splitlines()) == 1, f"{block.place}: one line, to be copied as it is"


def test_readme_run_command_answers(folder: Path) -> None:
    """Its last part, through the command of this environment; `.ci/run` runs the whole of it."""
    block = marked_command("run")
    command = block.text.strip().rpartition("&& .venv/bin/")[2]
    assert command.startswith("cadencia "), block.place
    assert Page(folder).shell(command, 0, block.place)


def test_navigation_lists_every_page() -> None:
    def files(entry: Any) -> Iterator[str]:
        if isinstance(entry, str):
            yield entry
        else:
            for item in entry.values() if isinstance(entry, dict) else entry:
                yield from files(item)

    listed = list(files(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    there = [file.relative_to(ROOT / "docs").as_posix() for file in PAGES[1:]]
    assert sorted(listed) == sorted(there)


@pytest.mark.parametrize("file", PAGES, ids=name_of)
def test_links_lead_somewhere(file: Path) -> None:
    prose = re.sub(r"^([`~]{3,}).*?^\1", "", file.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = [target for target in LINK.findall(prose) if "://" not in target and not target.startswith("mailto:")]
    broken = [target for target in targets if not (file.parent / target).exists()]
    assert not broken, f"{name_of(file)} links to {broken}"
