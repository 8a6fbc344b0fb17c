"""The four kinds of rule: limits, stop rules, preferences and deadlines.

A third party's rule is a frozen model that subclasses `Limit`, `StopRule`, `Preference` or `Deadline`, gives its `rule` tag
a dotted name, and answers one method.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from .._model import Model, OneOrMore, Said, Whole
from .._time.clock import DAY, EVER, FOREVER, HOUR, When, Zone, day_number, micros
from .._time.spans import Span, cut, meet, union
from ..errors import InputError, given
from .block import Block, Scope, checked
from .choice import ChoiceField, may_be_in_region
from .evidence import Evidence
from .filters import Candidate, Unless, stage_spans

if TYPE_CHECKING:
    from .._view import View

#: Numbers as large as this are still written and read everywhere.
_LARGEST = 10**18 - 1


def check_order(first: str, start: datetime | date, last: str, end: datetime | date) -> None:
    """Refuses a period that holds no instant anywhere on Earth; a date as the end includes that date.

    Raises:
        InputError: it ends before it begins.
    """
    dated = not isinstance(start, datetime), not isinstance(end, datetime)
    early = day_number(start) * DAY - 14 * HOUR if dated[0] else micros(start)  # type: ignore[arg-type]
    late = (day_number(end) + 1) * DAY + 12 * HOUR if dated[1] else micros(end)  # type: ignore[arg-type]
    if late <= early or (all(dated) and end < start):
        before, later = ("is before", "date") if all(dated) else ("is not after", "end")
        raise InputError(f"`{last}` {given(end)} {before} `{first}`; write a later {later}")


class InForce(Model):
    """When a rule is in force: `from` inclusive; a date as `to` includes that date, an instant does not."""

    from_: When | None = Field(default=None, alias="from")
    to: When | None = None

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _in_order(self) -> InForce:
        if self.from_ is not None and self.to is not None:
            check_order("from", self.from_, "to", self.to)
        return self

    def spans(self, zones: tuple[Zone, ...]) -> list[Span]:
        """The instants in force: on the wall clock of each zone, together."""
        if not zones:
            return union([(self._edge(self.from_, None, False), self._edge(self.to, None, True))])
        return union((self._edge(self.from_, zone, False), self._edge(self.to, zone, True)) for zone in zones)

    @staticmethod
    def _edge(value: datetime | date | None, zone: Zone | None, end: bool) -> int:
        if value is None:
            return FOREVER if end else EVER
        if isinstance(value, datetime):
            return micros(value)
        day = day_number(value) + end
        if zone is None:
            return day * DAY + (12 * HOUR if end else -14 * HOUR)
        return zone.at(day)


class Rule(Model):
    """One entry of a policy. `id` names it in every explanation; `because` says why it is there."""

    rule: Any
    """The tag under which the kind is written in data; each kind narrows it to its own."""
    id: Annotated[str, Field(pattern=r"^[^\s`]{1,120}$")]
    because: Said | None = None
    in_force: InForce | None = None

    #: Fields that never change a decision.
    _silent: ClassVar[frozenset[str]] = frozenset({"because"})
    #: Message templates by language, for rules that bring their own: `{"en": {"code": "text with {detail}"}}`. A detail may bring
    #: words along that are left out where it is empty, `{by: by ~}`, and be told in the singular for 1, `{n:~ day|~ days}`.
    messages: ClassVar[Mapping[str, Mapping[str, str]]] = {}

    @model_validator(mode="after")
    def _countable(self) -> Self:
        for name, value in self.__dict__.items():
            if type(value) is int and abs(value) > _LARGEST:
                raise InputError(f"{name}: {given(value)} is beyond counting; write a number of at most 18 digits")
        return self

    @model_serializer(mode="wrap")
    def _tagged(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The data form names the kind first, whatever is left out as a default."""
        data: dict[str, Any] = handler(self)
        return {
            "rule": self.rule,
            "id": self.id,
            **{key: value for key, value in data.items() if key not in ("rule", "id")},
        }

    @property
    def kind(self) -> str:
        """The tag under which the rule is written in data."""
        return str(self.rule)

    @property
    def memory(self) -> int | None:
        """How far back the rule looks, in microseconds; None is for ever."""
        return None


#: The one method of each kind of rule: how it is written, and what it answers.
_WRITTEN = {
    "blocks": ("blocks(self, case, candidate, span)", "yields what `self.block` makes, or nothing"),
    "key": ("key(self, case, offer)", "returns a sort key, the smallest first"),
    "dues": ("dues(self, case, as_of)", "yields `Due(...)`, or nothing"),
}


def unwritten(rule: type[Rule], method: str) -> str:
    """What is said of a rule without the one method that its kind needs."""
    write, answers = _WRITTEN[method]
    return f"`{rule.__name__}` has no `{method}`: write `def {write}`, which {answers}"


class Limit(Rule):
    """Says when contact is not permitted.

    A limit may be narrowed to candidates by `channels`, `purposes`, `steps`, `regions`, `tags`, `stages`, `subjects` (a list, or
    `{except: [...]}`; what is unknown always matches), and lifted by `unless`.
    """

    channels: ChoiceField | None = None
    purposes: ChoiceField | None = None
    steps: ChoiceField | None = None
    regions: ChoiceField | None = None
    tags: ChoiceField | None = None
    stages: ChoiceField | None = None
    subjects: ChoiceField | None = None
    unless: Annotated[tuple[Unless, ...], OneOrMore] = ()

    _foreign: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls._foreign = not cls.__module__.startswith("cadencia.")

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterable[Block]:
        """The blocks of a candidate on a span; blocks may reach beyond it, and are then cut to it.

        Law: at every instant of a sub-span the answer has the same codes, needs and evidence.
        """
        raise NotImplementedError(unwritten(type(self), "blocks"))

    def block(
        self,
        start: int,
        end: int,
        code: str,
        /,
        *,
        needs: tuple[str, ...] = (),
        touches: Iterable[str] = (),
        final: bool = False,
        **details: Any,
    ) -> Block:
        """A block of this rule."""
        return Block(
            start,
            end,
            self.id,
            code,
            needs,
            touches if isinstance(touches, Evidence) else tuple(touches),
            tuple(sorted(details.items())),
            False,
            "case",
            final,
        )

    @property
    def looks_back(self) -> int | None:
        """How far back the limit looks with its exceptions: an agreed time and an unanswered touch lift it however old they are."""
        ever = (
            item.replying or item.requested is not None or (item.consent is not None and item.consent.ended_by is not None)
            for item in self.unless
        )  # fmt: skip
        return None if any(ever) else self.memory

    def counted(self, case: View, candidate: Candidate, instant: int) -> tuple[str, ...]:
        """The ids of the touches that count at an instant, whether they forbid it or not."""
        ids = (item for block in self.answer(case, candidate, (instant, instant + 1)) for item in block.touches)
        return tuple(dict.fromkeys(ids))

    def covers(self, view: View, candidate: Candidate) -> bool:
        """Whether the limit may speak of a candidate at all, whatever the instant."""
        return (
            (self.channels is None or self.channels.has(candidate.channel))
            and (self.purposes is None or self.purposes.may_have(candidate.purpose))
            and (self.steps is None or self.steps.may_have(candidate.step))
            and (self.subjects is None or self.subjects.may_have_any(candidate.subjects))
            and (self.tags is None or self.tags.may_have_any(view.prospect.tags))
            and (self.regions is None or may_be_in_region(self.regions, view.regions))
        )

    def holds(self, view: View, candidate: Candidate) -> list[Span] | None:
        """When the limit speaks: in force, the stage chosen, no exception; None stands for always."""
        if self.in_force is None and self.stages is None and not self.unless:
            return None
        spans: list[Span] = [(EVER, FOREVER)]
        if self.in_force is not None:
            spans = meet(spans, self.in_force.spans(view.zones))
        if self.stages is not None:
            spans = meet(spans, stage_spans(view, self.stages))
        if self.unless:
            spans = cut(spans, union(span for item in self.unless for span in item.instants(view, candidate)))
        return spans

    def _own_blocks(self, view: View, candidate: Candidate, span: Span) -> Iterable[Block]:
        """The blocks of the rule; those of a third party's are looked at, for what is no block would forbid nothing."""
        found = self.blocks(view, candidate, span)
        return checked(found, self.id) if self._foreign else found

    def answer(self, view: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        """The blocks on a span with filters, exceptions and dates applied, cut to the span: what the engine unites."""
        if not self.covers(view, candidate):
            return
        holds = self.holds(view, candidate)
        low, high = span
        near = [item for item in holds or () if item[0] < high and item[1] > low]
        ends = [end for _, end in near]
        for block in self._own_blocks(view, candidate, span):
            if block.start >= block.end:  # left out in silence, it would permit
                raise ValueError(f"block from {block.start} to {block.end} is empty or turned round")
            if block.start >= high or block.end <= low:
                continue
            if holds is None:
                yield block
                continue
            for index in range(bisect_right(ends, block.start), len(near)):
                start, end = max(near[index][0], block.start), min(ends[index], block.end)
                if start >= block.end:
                    break
                yield block._replace(start=start, end=end)


class StopRule(Limit):
    """Ends the case, a channel or a contact point (`scope`): its blocks are marked `stops`."""

    scope: Scope = "case"

    def stop(
        self,
        start: int,
        end: int,
        code: str,
        /,
        *,
        needs: tuple[str, ...] = (),
        touches: Iterable[str] = (),
        final: bool = False,
        **details: Any,
    ) -> Block:
        """A stop of this rule."""
        block = self.block(start, end, code, needs=needs, touches=touches, final=final, **details)
        return block._replace(stops=True, scope=self.scope)


class Offer(NamedTuple):
    """What a preference is shown of an option: its candidate, its opening, and the stretches in which it is permitted."""

    candidate: Candidate
    opening: int
    spans: tuple[Span, ...]


class Preference(Rule):
    """Orders options by a key, smallest first. It cannot add or remove one.

    `rank` says which preference is asked first; ties by id. `patience` says how long a better option may be waited for.
    """

    rank: Whole = 0
    patience: Any = None

    def key(self, case: View, offer: Offer) -> Any:
        """A sortable key of an option; it must not depend on when the question is asked."""
        raise NotImplementedError(unwritten(type(self), "key"))

    def moment(self, case: View, offer: Offer, until: int) -> int:
        """The instant, not after `until`, at which this preference would take the option: its opening, unless it knows better."""
        return offer.opening


class Due(NamedTuple):
    """Something owed: from an anchor touch or fact, due at an instant, met by a touch or not yet."""

    rule: str
    code: str
    anchor: str
    since: int
    due: int | None
    met: int | None = None
    owner: str | None = None
    owner_kind: str | None = None
    details: tuple[tuple[str, Any], ...] = ()


class Deadline(Rule):
    """Says what is owed and by when. It flags; it never permits or forbids."""

    def dues(self, case: View, as_of: int) -> Iterable[Due]:
        """What is owed, met or not."""
        raise NotImplementedError(unwritten(type(self), "dues"))
