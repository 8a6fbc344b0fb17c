"""The rules: one question per module, each loaded when its name is first used.

Limits: `MaxAttempts`, `FrequencyCap`, `Spacing`, `Recall`, `CoolOff`, `QuietHours`, `BusinessDays`, `ActivePeriod`,
`RequireConsent`, `AwaitPromise`, `AwaitPending`, `EarnFirst`, `NoRepeatedChannel`, `AccountReply`, `AccountLoad`, `AccountDay`, `AnyOf`.
Stop rules: `StopOn`, `StopOnStage`, `StopOnOptOut`, `StopWhenExhausted`, `StopUnlessQualified`.
Preferences: `ChannelRotation`, `PreferredChannel`, `PreferredHours`, `Soonest`.
Deadlines: `RespondWithin`, `PromiseDue`, `TouchAtLeastEvery`, `NeverUndated`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .account import AccountDay, AccountLoad, AccountReply
    from .attempts import FrequencyCap, MaxAttempts
    from .bars import Barred, KnownRegion
    from .base import Deadline, Due, Limit, Offer, Preference, Rule, StopRule
    from .block import Block
    from .channels import NoRepeatedChannel, OneChannel
    from .combine import AnyOf
    from .consent import AwaitPromise, RequireConsent
    from .cool_off import CoolOff
    from .deadlines import NeverUndated, PromiseDue, RespondWithin, TouchAtLeastEvery
    from .filters import Candidate, TouchFilter, Unless
    from .hours import ActivePeriod, BusinessDays, HolidayEves, QuietHours
    from .pending import AwaitPending, EarnFirst
    from .recall import Recall
    from .refusals import StopOnRefusal
    from .registers import ClearRegister
    from .registry import register
    from .rotation import ChannelRotation, PreferredChannel, PreferredHours, Soonest
    from .spacing import Spacing
    from .stops import StopOn, StopOnOptOut, StopOnStage, StopUnlessQualified, StopWhenExhausted

_HOME = {
    "account": ("AccountDay", "AccountLoad", "AccountReply"),
    "attempts": ("FrequencyCap", "MaxAttempts"),
    "base": ("Deadline", "Due", "Limit", "Offer", "Preference", "Rule", "StopRule"),
    "block": ("Block",),
    "bars": ("Barred", "KnownRegion"),
    "channels": ("NoRepeatedChannel", "OneChannel"),
    "combine": ("AnyOf",),
    "consent": ("AwaitPromise", "RequireConsent"),
    "cool_off": ("CoolOff",),
    "deadlines": ("NeverUndated", "PromiseDue", "RespondWithin", "TouchAtLeastEvery"),
    "filters": ("Candidate", "TouchFilter", "Unless"),
    "hours": ("ActivePeriod", "BusinessDays", "HolidayEves", "QuietHours"),
    "recall": ("Recall",),
    "refusals": ("StopOnRefusal",),
    "registers": ("ClearRegister",),
    "pending": ("AwaitPending", "EarnFirst"),
    "registry": ("register",),
    "rotation": ("ChannelRotation", "PreferredChannel", "PreferredHours", "Soonest"),
    "spacing": ("Spacing",),
    "stops": ("StopOn", "StopOnOptOut", "StopOnStage", "StopUnlessQualified", "StopWhenExhausted"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "AccountDay",
    "AccountLoad",
    "AccountReply",
    "ActivePeriod",
    "AnyOf",
    "AwaitPending",
    "AwaitPromise",
    "Barred",
    "Block",
    "BusinessDays",
    "Candidate",
    "ChannelRotation",
    "ClearRegister",
    "CoolOff",
    "Deadline",
    "Due",
    "EarnFirst",
    "FrequencyCap",
    "HolidayEves",
    "KnownRegion",
    "Limit",
    "MaxAttempts",
    "NeverUndated",
    "NoRepeatedChannel",
    "Offer",
    "OneChannel",
    "Preference",
    "PreferredChannel",
    "PreferredHours",
    "PromiseDue",
    "QuietHours",
    "Recall",
    "RequireConsent",
    "RespondWithin",
    "Rule",
    "Soonest",
    "Spacing",
    "StopOn",
    "StopOnOptOut",
    "StopOnRefusal",
    "StopOnStage",
    "StopRule",
    "StopUnlessQualified",
    "StopWhenExhausted",
    "TouchAtLeastEvery",
    "TouchFilter",
    "Unless",
    "register",
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
