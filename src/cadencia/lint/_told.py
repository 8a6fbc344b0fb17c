"""What every question of the linter is asked about: the rules of a policy under the ids that decisions show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from ..errors import given
from ..rules.base import Limit, Rule
from ..touch import DISPOSITIONS, Disposition

if TYPE_CHECKING:
    from ..policy import Policy

Kinds = tuple[type[Rule], ...]
Level = Literal["error", "warning", "note"]

#: From worst to least: `error` can hardly be meant, `warning` is probably not, `note` is worth knowing.
LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "note")


class Finding(NamedTuple):
    """One thing that is probably not meant.

    Attributes:
        code: what kind of thing, one word.
        rule: the id of the rule as decisions show it; the policy's name in backticks where no rule is at fault.
        message: one line: where, what was given, what to write instead.
        level: `error`, `warning` or `note`.
    """

    code: str
    rule: str
    message: str
    level: Level = "warning"


class Entry(NamedTuple):
    """A rule with the layer that wrote it and that layer's words."""

    id: str
    layer: str
    rule: Any
    table: Mapping[str, Disposition]

    def finding(self, code: str, message: str, level: Level = "warning") -> Finding:
        """A finding about this rule."""
        return Finding(code, self.id, f"rule {given(self.id)}: {message}", level)


class Told:
    """A policy as the linter reads it.

    Attributes:
        channels: what the whole policy allows; None when no layer says.
        entries: every rule, in the order of the ids that decisions show.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.layers = policy._as_layers()
        lists = [set(layer.channels) for layer in self.layers if layer.channels is not None]
        self.channels: tuple[str, ...] | None = tuple(sorted(set.intersection(*lists))) if lists else None
        entries = []
        for layer in self.layers:
            table = {**DISPOSITIONS, **layer.dispositions}
            for rule in layer.bound_rules:
                name = f"{layer.name}/{rule.id}" if policy.layers else rule.id
                entries.append(Entry(name, layer.name, rule, table))
        self.entries = sorted(entries, key=lambda entry: entry.id)

    def of(self, *kinds: type[Rule]) -> list[Entry]:
        """The entries of some classes."""
        return [entry for entry in self.entries if isinstance(entry.rule, kinds)]

    def idle(
        self,
        kinds: Kinds,
        others: Kinds,
        hidden: Callable[[Any, Any], object],
        *,
        across: Literal["never", "same words", "always"] = "same words",
    ) -> Iterator[tuple[Entry, Entry]]:
        """Each entry that another makes idle (`hidden(entry, other)`), with the first that does; of two, the later.

        `across` says whether layers are compared: only if they read dispositions alike, unless it does not matter.
        """
        strict = self.of(*others)
        for entry in self.of(*kinds):
            for other in strict:
                if other.id == entry.id:
                    continue
                if (
                    other.layer != entry.layer
                    and across != "always"
                    and (across == "never" or other.table != entry.table)
                ):
                    continue
                if hidden(entry.rule, other.rule):
                    if kinds == others and entry.id < other.id and hidden(other.rule, entry.rule):
                        continue
                    yield entry, other
                    break

    def whole(self, code: str, message: str, level: Level = "warning") -> Finding:
        """A finding about the policy, not about one of its rules."""
        name = given(self.policy.name)
        return Finding(code, name, f"policy {name}: {message}", level)


def between(left: Entry, right: Entry) -> Level:
    """How bad it is that one rule makes another idle: layers are written apart, so there it is only worth knowing."""
    return "warning" if left.layer == right.layer else "note"


def narrows(rule: Limit) -> tuple[str, ...]:
    """By which of its fields a limit speaks of some candidates or times only."""
    fields = ("channels", "purposes", "steps", "regions", "tags", "stages", "subjects", "in_force", "unless")
    return tuple(name for name in fields if getattr(rule, name))
