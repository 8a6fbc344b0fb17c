"""What a decision says, as plain data: blocks, verdicts, options, what is owed, what is proposed, and the whole record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, PlainSerializer, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from ._time.clock import EVER, FOREVER, check_zone, micros, moment, read_instant
from .rules.block import Block

__all__ = ["BlockRecord", "Carried", "Due", "OptionRecord", "Proposal", "Record", "Verdict"]

Time = Annotated[
    datetime,
    BeforeValidator(lambda value: read_instant(value)),
    PlainSerializer(lambda value: value.isoformat().replace("+00:00", "Z"), return_type=str),
]
Answer = Literal["contact", "wait", "blocked", "stop"]


@dataclass(frozen=True, slots=True)
class BlockData:
    """The data form of a block."""

    rule: str
    code: str
    start: Time | None
    end: Time | None
    needs: tuple[str, ...]
    touches: tuple[str, ...]
    details: dict[str, Any]
    stops: bool
    scope: Literal["case", "channel", "contact_point"]
    final: bool


class BlockRecord:
    """No, from here to there (None: no end that time brings), because. Equal by content.

    A thin cover over the block itself: instants become datetimes only when they are read.
    """

    __slots__ = ("block",)

    def __init__(self, block: Block) -> None:
        self.block = block

    @property
    def rule(self) -> str:
        """The id of the rule that says so."""
        return self.block.rule

    @property
    def code(self) -> str:
        """What kind of no, one word."""
        return self.block.code

    @property
    def start(self) -> datetime | None:
        """From when; None for always."""
        return None if self.block.start <= EVER else moment(self.block.start)

    @property
    def end(self) -> datetime | None:
        """Until when, exclusive; None where time alone does not end it."""
        return None if self.block.end >= FOREVER else moment(self.block.end)

    @property
    def needs(self) -> tuple[str, ...]:
        """What would lift it, where time alone does not."""
        return self.block.needs

    @property
    def touches(self) -> tuple[str, ...]:
        """The ids of the touches that counted."""
        return tuple(self.block.touches)

    @property
    def details(self) -> dict[str, Any]:
        """What the message of its code is filled with."""
        return dict(self.block.details)

    @property
    def stops(self) -> bool:
        """Whether it ends the case, the channel or the contact point (`scope`)."""
        return self.block.stops

    @property
    def scope(self) -> Literal["case", "channel", "contact_point"]:
        """How far a stop reaches."""
        return self.block.scope

    @property
    def final(self) -> bool:
        """Whether nothing can lift it."""
        return self.block.final

    def __eq__(self, other: object) -> bool:
        return self.data() == other.data() if isinstance(other, BlockRecord) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.block.rule, self.block.code, self.block.start, self.block.end))

    def __repr__(self) -> str:
        return repr(self.data()).replace("BlockData", "BlockRecord", 1)

    def data(self) -> BlockData:
        """The block as plain data."""
        return BlockData(**{name: getattr(self, name) for name in BlockData.__dataclass_fields__})

    @classmethod
    def _of(cls, data: BlockData) -> BlockRecord:
        start = EVER if data.start is None else micros(data.start)
        end = FOREVER if data.end is None else micros(data.end)
        told = {name: tuple(value) if isinstance(value, list) else value for name, value in data.details.items()}
        details = tuple(sorted(told.items()))
        return cls(
            Block(
                start, end, data.rule, data.code, data.needs, data.touches, details, data.stops, data.scope, data.final
            )
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _as_data(handler(BlockData), cls._of, cls)


@dataclass(frozen=True, slots=True)
class VerdictData:
    """The data form of a verdict."""

    rule: str
    kind: str
    says: Literal["permits", "forbids", "does_not_apply"]
    touches: tuple[str, ...]
    blocks: tuple[BlockRecord, ...]
    because: str | dict[str, str] | None


class Verdict(NamedTuple):
    """What one rule says of the answer's option at `as_of`, with the touches that it counted and the blocks that cover it."""

    rule: str
    kind: str
    says: Literal["permits", "forbids", "does_not_apply"]
    touches: tuple[str, ...]
    held: tuple[Block, ...]
    because: str | dict[str, str] | None

    @property
    def blocks(self) -> tuple[BlockRecord, ...]:
        """The blocks, with instants as datetimes."""
        return tuple(map(BlockRecord, self.held))

    def data(self) -> VerdictData:
        """The verdict as plain data."""
        return VerdictData(self.rule, self.kind, self.says, self.touches, self.blocks, self.because)

    @classmethod
    def _of(cls, data: VerdictData) -> Verdict:
        held = tuple(item.block for item in data.blocks)
        return cls(data.rule, data.kind, data.says, data.touches, held, data.because)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _as_data(handler(VerdictData), cls._of, cls)


def _as_data(inner: CoreSchema, of: Callable[[Any], Any], cls: type) -> CoreSchema:
    """The schema of a class whose data form is a dataclass: read from it, written as it."""
    written = core_schema.plain_serializer_function_ser_schema(lambda value: value.data(), return_schema=inner)
    return core_schema.union_schema(
        [core_schema.is_instance_schema(cls), core_schema.no_info_after_validator_function(of, inner)],
        mode="left_to_right",
        serialization=written,
    )


@dataclass(frozen=True, slots=True)
class OptionRecord:
    """One option: when it opens and until when, or what it needs."""

    channel: str
    contact_point: str | None
    opening: Time | None
    until: Time | None
    blocked_by: tuple[str, ...]
    needs: tuple[str, ...]
    not_before: Time | None


@dataclass(frozen=True, slots=True)
class Due:
    """Something owed: `met`, still `due`, `missed`, or sure to be missed because of the rules named in `blocked_by`."""

    rule: str
    code: str
    anchor: str
    due: Time | None
    state: Literal["met", "met_late", "due", "missed", "will_be_missed", "undated"]
    met: Time | None
    owner: str | None
    owner_kind: str | None
    blocked_by: tuple[str, ...]
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Carried:
    """Something that a touch must bring along, with what it is where that is known."""

    what: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a cadence proposes: which step, why now, and what it must carry; or how it ended, and where the case goes.

    Attributes:
        playbook: the name of the playbook.
        step, purpose: None where the cadence has ended.
        why: the anchor in one word: `start`, `previous`, `answer`, `promise`, `occasion`, `pending`, `asked`, `no_occasion`,
            `not_entered`, `finished`.
        anchor: the id of the touch, item or occasion that the step follows.
        kind: of the promise, item or occasion.
        delay, due: how long after the anchor, and from when the cadence would have it.
        outcome: of the touch that led here.
        attempts: steps taken since the last answer.
        person: `other` where another person of the account is proposed.
        carries: what the touch must bring along.
        ending, goes_to: how the cadence ended, and the playbook that takes the case up.
    """

    playbook: str
    step: str | None = None
    purpose: str | None = None
    why: str = ""
    anchor: str | None = None
    kind: str | None = None
    delay: str | None = None
    due: Time | None = None
    outcome: str | None = None
    attempts: int = 0
    tone: str | None = None
    person: str = "same"
    carries: tuple[Carried, ...] = ()
    ending: str | None = None
    goes_to: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A whole decision as plain data. Instants are UTC; `zone` is the prospect's first plausible zone, for display."""

    answer: Answer
    prospect: str
    zone: Annotated[str, AfterValidator(check_zone)] | None
    as_of: Time
    horizon: Time
    policy: str
    version: str | None
    fingerprint: str
    layers: dict[str, str]
    made_with: dict[str, str]
    channel: str | None
    contact_point: str | None
    purpose: str | None
    step: str | None
    at: Time | None
    until: Time | None
    earliest: Time | None
    waits_for: str | None
    reason: str | None
    code: str | None
    scope: str | None
    needs: tuple[str, ...]
    not_before: Time | None
    binding: str | None
    blocking: tuple[str, ...]
    chain: tuple[BlockRecord, ...]
    options: tuple[OptionRecord, ...]
    verdicts: tuple[Verdict, ...]
    deadlines: tuple[Due, ...]
    reports: tuple[tuple[str, ...], ...]
    proposal: Proposal | None = None


class Reasons(NamedTuple):
    """What every rule said, and the chain to the answer."""

    verdicts: tuple[Verdict, ...]
    chain: tuple[BlockRecord, ...]


_adapters: list[TypeAdapter[Record]] = []


def adapter() -> TypeAdapter[Record]:
    """What reads and writes records; made when first asked for."""
    if not _adapters:
        _adapters.append(TypeAdapter(Record))
    return _adapters[0]
