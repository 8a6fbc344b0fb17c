"""How: channels that can never be used, and preferences that have nothing to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import did_you_mean, given
from ..rules.attempts import FrequencyCap, MaxAttempts
from ..rules.base import Limit, Preference
from ..rules.channels import NoRepeatedChannel
from ..rules.rotation import ChannelRotation, PreferredChannel, PreferredHours, Soonest
from ..touch import CHANNELS
from ._told import Entry, Finding, Told, narrows
from .hours import on_the_clock, opens


def findings(told: Told) -> Iterator[Finding]:
    """What is odd about channels."""
    yield from _allowed(told)
    yield from _misspelt(told)
    for entry in told.entries:
        yield from _speaks_of_nothing(told, entry)
    yield from _never_used(told)
    for entry in told.of(NoRepeatedChannel):
        yield from _deadlock(told, entry)
    for entry in told.of(Preference):
        yield from _preference(told, entry)


def _allowed(told: Told) -> Iterator[Finding]:
    if told.channels is None:
        yield told.whole(
            "no_channels",
            "names no `channels`, so it is only a layer and cannot decide alone; lay it over one that does",
            "note",
        )
    elif not told.channels:
        if any(layer.channels == () for layer in told.layers):
            yield told.whole(
                "nothing_permitted", "`channels: []` allows no contact at all; name at least one channel", "error"
            )
        else:
            lists = "; ".join(
                f"{given(layer.name)}: {given(', '.join(layer.channels))}" for layer in told.layers if layer.channels
            )
            yield told.whole(
                "nothing_permitted", f"its layers have no channel in common ({lists}); name one in all of them", "error"
            )


def _misspelt(told: Told) -> Iterator[Finding]:
    """Names that no one knows beside one that is known: a slip of the pen closes nothing and opens nothing."""
    known = {*CHANNELS, *(told.channels or ())}
    for layer in told.layers:
        for name in layer.channels or ():
            if name not in CHANNELS and (hint := did_you_mean(name, CHANNELS)):
                yield told.whole("channel_misspelt", f"channel {given(name)} is not a well-known one{hint}", "note")
    for entry in told.entries:
        for name in sorted(_named(entry.rule)):
            if name not in known and (hint := did_you_mean(name, known)):
                yield entry.finding(
                    "channel_misspelt", f"channel {given(name)} is neither allowed nor well known{hint}"
                )


def _named(rule: Any) -> set[str]:
    """The channels that a rule names, for what it speaks of or for what it counts."""
    found: set[str] = set(rule.order) if isinstance(rule, (ChannelRotation, PreferredChannel)) else set()
    for choice in (getattr(rule, "channels", None), getattr(getattr(rule, "counts", None), "channels", None)):
        found |= set(choice.names) if choice else set()
    return found


def _own(told: Told, entry: Entry) -> tuple[str, ...] | None:
    """The channels that the layer of a rule allows: a layer that leaves them to others may speak of any."""
    return next(layer.channels for layer in told.layers if layer.name == entry.layer)


def _speaks_of_nothing(told: Told, entry: Entry) -> Iterator[Finding]:
    own, choice = _own(told, entry), getattr(entry.rule, "channels", None)
    if not own or choice is None:
        return
    allowed = given(", ".join(own))
    if not any(choice.has(name) for name in own):
        yield entry.finding(
            "never_applies",
            f"speaks of none of the channels that the policy allows ({allowed}); allow one of its own, or leave it out",
        )
        return
    strangers = sorted(choice.names - set(own))
    if strangers and not choice.excluded:
        yield entry.finding(
            "channel_not_allowed",
            f"names {_listed(strangers)}, which `channels` does not allow ({allowed}); add it there, or drop it here",
            "note",
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(given(name) for name in names)


def _never_used(told: Told) -> Iterator[Finding]:
    """Allowed channels that a limit closes for good."""
    closing = [entry for entry in told.of(Limit) if not set(narrows(entry.rule)) - {"channels"} and _never(entry.rule)]
    closed: dict[str, list[str]] = {}
    for channel in told.channels or ():
        names = [entry.id for entry in closing if entry.rule.channels is None or entry.rule.channels.has(channel)]
        if names:
            closed[channel] = names
    if not closed:
        return
    if len(closed) == len(told.channels or ()):
        rules = _listed(sorted({name for names in closed.values() for name in names}))
        yield told.whole(
            "nothing_permitted",
            f"no channel is ever permitted, because of rule {rules}; loosen it, or allow another channel",
            "error",
        )
        return
    for channel, names in closed.items():
        yield told.whole(
            "channel_never_used",
            f"channel {given(channel)} is allowed but never permitted, because of rule"
            f" {_listed(names)}; leave it out of `channels`",
        )


def _never(rule: Any) -> bool:
    if isinstance(rule, (MaxAttempts, FrequencyCap)):
        return rule.at_most == 0
    return on_the_clock(rule) and not opens([rule])


def _deadlock(told: Told, entry: Entry) -> Iterator[Finding]:
    rule: NoRepeatedChannel = entry.rule
    if "channel" in rule.per:
        yield entry.finding(
            "deadlock",
            f"`per: channel` counts each channel alone, so after {given(rule.at_most)} on one"
            " nothing opens it again; leave `per` out",
            "error",
        )
        return
    channels = told.channels or ()
    if len(channels) != 1 or not all(
        choice is None or choice.has(channels[0]) for choice in (rule.channels, rule.counts.channels)
    ):
        return
    yield entry.finding(
        "deadlock",
        f"only {given(channels[0])} is allowed, so after {given(rule.at_most)} running nothing"
        " opens it again; allow another channel, or"
        " write `max_attempts` where an end is meant",
        "error",
    )


def _preference(told: Told, entry: Entry) -> Iterator[Finding]:
    rule = entry.rule
    if isinstance(rule, (ChannelRotation, PreferredChannel)):
        yield from _order(told, entry, rule)
    patient = any(getattr(other.rule, "patience", None) is not None for other in told.of(Preference))
    if isinstance(rule, (PreferredHours, Soonest)) and not patient:
        yield entry.finding(
            "preference_never_matters",
            "no preference has `patience`, so only options that open at the same instant compete"
            " and this one cannot tell them apart;"
            " write for example `patience: 1d`, or leave it out",
            "warning" if isinstance(rule, PreferredHours) else "note",
        )


def _order(told: Told, entry: Entry, rule: ChannelRotation | PreferredChannel) -> Iterator[Finding]:
    own = _own(told, entry)
    strangers = [name for name in rule.order if own is not None and name not in own]
    if strangers and own:
        yield entry.finding(
            "channel_not_allowed",
            f"`order` names {_listed(strangers)}, which `channels` does not allow"
            f" ({given(', '.join(own))}); add it there, or drop it here",
        )
    if told.channels is not None and len(told.channels) == 1:
        patience = f" and {given(f'patience: {rule.patience}')} waits for nothing" if rule.patience else ""
        yield entry.finding(
            "preference_never_matters",
            f"only {given(told.channels[0])} is allowed, so there is no channel to"
            f" choose{patience}; allow another, or leave it out",
        )
    elif isinstance(rule, ChannelRotation) and len(rule.order) == 1:
        yield entry.finding(
            "rotation_of_one",
            f"`order` names only {given(rule.order[0])}; name the channels to vary, or write `preferred_channel`",
        )


__all__ = ["findings"]
