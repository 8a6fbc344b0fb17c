"""cadencia: may we contact this prospect, when, how and what for; and if not, why not?

A cadence proposes, a policy disposes, and a rule can only say no.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .agendas import Agenda, agenda
    from .batch import decide_many
    from .bookshelf import Chosen, Playbooks
    from .calendars import NamedCalendar
    from .case import Account, Case
    from .decision import Blocked, Contact, Decision, Stop, Wait
    from .errors import CadenciaError, InputError, MissingExtra, PolicyError, RuleFailure
    from .pack import Pack, Provision
    from .pack_choice import packs_for
    from .playbook import Playbook
    from .policy import Policy
    from .prospect import (
        Consent,
        ContactPoint,
        Fact,
        Occasion,
        OptOut,
        PendingItem,
        Prospect,
        Region,
        RegisterCheck,
        Stage,
        Suppression,
        ZoneEvidence,
    )
    from .touch import CHANNELS, DISPOSITIONS, Disposition, Promise, Touch

_HOME = {
    "agendas": ("Agenda", "agenda"),
    "bookshelf": ("Chosen", "Playbooks"),
    "batch": ("decide_many",),
    "calendars": ("NamedCalendar",),
    "case": ("Account", "Case"),
    "decision": ("Blocked", "Contact", "Decision", "Stop", "Wait"),
    "errors": ("CadenciaError", "InputError", "MissingExtra", "PolicyError", "RuleFailure"),
    "pack": ("Pack", "Provision"),
    "pack_choice": ("packs_for",),
    "playbook": ("Playbook",),
    "policy": ("Policy",),
    "prospect": (
        "Consent", "ContactPoint", "Fact", "Occasion", "OptOut", "PendingItem", "Prospect", "Region",
        "RegisterCheck", "Stage",
        "Suppression", "ZoneEvidence",
    ),
    "touch": ("CHANNELS", "DISPOSITIONS", "Disposition", "Promise", "Touch"),
}  # fmt: skip
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "CHANNELS",
    "DISPOSITIONS",
    "Account",
    "Agenda",
    "Blocked",
    "CadenciaError",
    "Case",
    "Chosen",
    "Consent",
    "Contact",
    "ContactPoint",
    "Decision",
    "Disposition",
    "Fact",
    "InputError",
    "MissingExtra",
    "NamedCalendar",
    "Occasion",
    "OptOut",
    "Pack",
    "PendingItem",
    "Playbook",
    "Playbooks",
    "Policy",
    "PolicyError",
    "Promise",
    "Prospect",
    "Provision",
    "Region",
    "RegisterCheck",
    "RuleFailure",
    "Stage",
    "Stop",
    "Suppression",
    "Touch",
    "Wait",
    "ZoneEvidence",
    "agenda",
    "packs_for",
    "decide_many",
]


def __getattr__(name: str) -> Any:
    module = _MODULE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
