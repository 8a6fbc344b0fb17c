"""Playbooks on the command line: the list of them, and asking one, or several of which one proposes for each case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from ..bookshelf import Playbooks, settled
from ..case import Case
from ..decision import Decided
from ..language import languages, said_in
from ..language.playbook import playbook_text, summary_text
from ..playbook import Playbook, packaged_names
from ..policy import Policy
from ..policy_files import read_any
from .shared import UsageError, load_policy

__all__ = ["Ask", "asked_of", "check_no_purpose", "declared_in", "is_playbook", "listed", "source_of"]

#: A question as the commands put it: case, instant, purpose, horizon.
Ask = Callable[[Case, datetime, "str | None", "str | None"], Decided]


def source_of(policies: Sequence[Path], names: Sequence[str]) -> Policy | Playbooks:
    """Whom to ask: the policies laid over each other, or the playbooks named, under the policies if there are any.

    `all` stands for the playbooks that come with the library.
    """
    if not names:
        return load_policy(policies)
    named = [name for item in names for name in (packaged_names() if item == "all" else (item,))]
    shelf = Playbooks(*(Playbook.load(name) for name in dict.fromkeys(named)))
    return shelf & load_policy(policies) if policies else shelf


def declared_in(source: Policy | Playbooks) -> frozenset[str]:
    """The dispositions that are well known, or declared by whoever is asked."""
    policies = (source,) if isinstance(source, Policy) else [playbook.policy for playbook in source]
    return frozenset().union(*(policy.engine.declared for policy in policies))


def asked_of(found: Policy | Playbooks) -> Ask:
    """The question to whom `source_of` says; of several playbooks one answers for each case."""
    if isinstance(found, Policy):
        policy = found
        return lambda case, as_of, purpose, horizon: policy.decide(
            case, as_of=as_of, purpose=purpose, horizon="90 days" if horizon is None else horizon
        )
    shelf = found

    def ask(case: Case, as_of: datetime, purpose: str | None, horizon: str | None) -> Decided:
        check_no_purpose(purpose)
        return settled(shelf, case, as_of=as_of, horizon=horizon)

    return ask


def check_no_purpose(purpose: str | None) -> None:
    """Refuse a purpose where playbooks are asked.

    Raises:
        UsageError: there is one.
    """
    if purpose is not None:
        raise UsageError("--purpose: a playbook's step says what the contact is for; leave it out")


def is_playbook(path: Path) -> bool:
    """Whether a file holds a playbook and not a policy."""
    return "cadence" in read_any(path)


def listed(name: str | None, language: str | None) -> Iterator[str]:
    """The packaged playbooks with a summary in each language; or one playbook, step by step."""
    shown = languages() if language is None else (language,)
    if name is not None:
        playbook = Playbook.load(name)
        for item in shown:
            yield playbook_text(playbook, item)
        return
    for playbook in Playbooks.packaged():
        yield f"{playbook.name} ({said_in(language or 'en', playbook.credit or '')})"
        for item in shown:
            yield f"  {item}: {summary_text(playbook, item)}"
