"""The mapping file: how the columns of an export become prospects and touches.

Each field of ours takes one of three spellings: the name of a column; a `Source` that also says how to read the cell;
or a `Part`, a record of several such fields, left out when its row says nothing. A list of these makes a list.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from .._model import Model, Names, Texts
from .._yaml import read_yaml
from ..errors import InputError, did_you_mean, given, mistakes_of, one_line
from ..prospect import (
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
from ..rules.choice import Labels
from ..touch import Promise, Touch
from .source import SOURCE_KEYS, Part, Source, Spec, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping as Map

__all__ = [
    "PROSPECT_FIELDS",
    "RECORDS",
    "TOUCH_FIELDS",
    "Mapping",
    "Part",
    "ProspectSection",
    "Section",
    "Source",
    "TouchSection",
]

#: The record that a field of ours holds, where it holds records.
RECORDS: Final[Map[str, type[Model]]] = MappingProxyType(
    {
        "zones": ZoneEvidence,
        "regions": Region,
        "contact_points": ContactPoint,
        "consents": Consent,
        "opt_outs": OptOut,
        "suppressions": Suppression,
        "registers": RegisterCheck,
        "stages": Stage,
        "stage": Stage,
        "facts": Fact,
        "occasions": Occasion,
        "pending": PendingItem,
        "promise": Promise,
    }
)
PROSPECT_FIELDS: Final = (*Prospect.model_fields, "stage", "opened_at")
TOUCH_FIELDS: Final = (*Touch.model_fields, "duration")


class Section(Model):
    """How the rows of some files are read.

    Attributes:
        files: patterns of file names (`calls*.csv.gz`), looked for in the data folder; none: any file that is given.
        format: `csv` or `jsonl`, where the name does not say.
        separator: one character between CSV cells.
        zone: the zone of times without an offset.
        blank: texts that mean nothing is known, beside the empty cell: `NULL`, `-`.
        only: by column, the labels whose rows are read.
        skip: by column, the labels whose rows are passed over.
        fields: where each field of ours comes from.
    """

    files: Names = ()
    format: Literal["csv", "jsonl"] | None = None
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    zone: Zone | None = None
    blank: Texts = ()
    only: dict[str, Labels] = Field(default_factory=dict)
    skip: dict[str, Labels] = Field(default_factory=dict)
    fields: dict[str, Spec] = Field(default_factory=dict)

    @field_validator("files")
    @classmethod
    def _inside(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            if Path(pattern).is_absolute() or ".." in Path(pattern).parts or pattern.startswith("~"):
                raise InputError(
                    f"{given(pattern)} leads out of the data folder; write a name and give the folder with `--data`"
                )
        return value


class ProspectSection(Section):
    """How rows become prospects. `facts` takes a name for each fact; `opened_at` is when the case was opened."""

    facts: dict[str, Spec] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_fields(self) -> ProspectSection:
        _check_fields(self.fields, PROSPECT_FIELDS, "a prospect")
        for name, spec in self.facts.items():
            _check_record(spec, Fact, f"facts.{name}")
        if self.fields and "id" not in self.fields:
            raise InputError("fields: `id` is missing; name the column that tells prospects apart")
        return self


class TouchSection(Section):
    """How rows become touches.

    Attributes:
        makes: the touches that each row makes, where it may make none or several; each adds its own fields to `fields`.
    """

    makes: tuple[Part, ...] = ()

    @model_validator(mode="after")
    def _known_fields(self) -> TouchSection:
        _check_fields(self.fields, TOUCH_FIELDS, "a touch")
        for part in self.makes:
            _check_fields(part.fields, TOUCH_FIELDS, "a touch")
        for part in self.makes or (Part(),):
            if not self.fields and not part.fields:
                continue
            missing = [
                name for name in ("prospect", "at", "channel") if name not in self.fields and name not in part.fields
            ]
            if missing:
                raise InputError(
                    f"fields: {given(missing[0])} is missing; name its column or write `{missing[0]}: {{value: ...}}`"
                )
        if len(self.makes) > 1 and not all("id" in part.fields for part in self.makes):
            raise InputError("makes: each touch of a row needs an `id` of its own, such as `{template: '{id}-reply'}`")
        return self


def _check_fields(fields: Map[str, Any], known: tuple[str, ...], what: str) -> None:
    for name, spec in fields.items():
        if name not in known:
            raise InputError(f"fields: {given(name)} is not a field of {what}" + did_you_mean(name, known))
        _check_record(spec, RECORDS.get(name), f"fields.{name}")


def _check_record(spec: Any, record: type[Model] | None, where: str) -> None:
    for item in spec if isinstance(spec, tuple) else (spec,):
        if not isinstance(item, Part):
            continue
        if record is None:
            key = next(iter(item.fields), "only")
            raise InputError(f"{where}: unknown key {given(key)}" + did_you_mean(key, SOURCE_KEYS))
        for key, inner in item.fields.items():
            if key not in record.model_fields:
                raise InputError(f"{where}: unknown key {given(key)}" + did_you_mean(key, record.model_fields))
            _check_record(inner, None, f"{where}.{key}")


def _sections(value: Any) -> Any:
    return [value] if isinstance(value, (dict, Section)) else value


class Mapping(Model):
    """A mapping file: sections for prospects and for touches.

    `zone`, `blank` and `separator` hold for every section without its own.

    Example:
        >>> from cadencia.reading import Mapping
        >>> text = "touches: {fields: {prospect: WhoId, at: CreatedDate, channel: {value: phone}}}"
        >>> Mapping.from_yaml(text).touches[0].fields["at"].column
        'CreatedDate'
    """

    format: Literal["1"] = "1"
    zone: Zone | None = None
    blank: Texts = ()
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    prospects: Annotated[tuple[ProspectSection, ...], BeforeValidator(_sections)] = ()
    touches: Annotated[tuple[TouchSection, ...], BeforeValidator(_sections)] = ()

    @classmethod
    def load(cls, path: Path | str) -> Mapping:
        """The mapping in a YAML or JSON file.

        Raises:
            InputError: one line for each mistake.
        """
        path = Path(path)
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            raise InputError(f"{path}: cannot be opened ({one_line(error.strerror or error)})") from None
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path.name}: the bytes are not UTF-8 (byte {error.start + 1}); save the file as UTF-8"
            ) from None
        if path.suffix == ".json":
            try:
                return cls._read(json.loads(text), path.name)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path.name}: this is not JSON ({one_line(error)})") from None
        return cls.from_yaml(text, path.name)

    @classmethod
    def from_yaml(cls, text: str, where: str = "mapping") -> Mapping:
        """The mapping that a YAML text writes; every scalar is read as text.

        Raises:
            InputError: one line for each mistake.
        """
        return cls._read(read_yaml(text, where), where)

    @classmethod
    def _read(cls, data: Any, where: str) -> Mapping:
        if not isinstance(data, dict):
            raise InputError(f"{where}: a mapping has the keys `prospects` and `touches`")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InputError(*mistakes_of(error, where)) from None

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema of a mapping file."""
        schema = cls.model_json_schema(by_alias=True, mode="validation")
        spec = {
            "anyOf": [
                {"type": "string", "description": "the name of a column"},
                {"$ref": "#/$defs/Source"},
                {"$ref": "#/$defs/Part"},
                {"type": "array", "items": {"$ref": "#/$defs/Spec"}},
            ]
        }
        definitions = schema["$defs"]
        definitions["Spec"] = spec
        fields = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Spec"}}
        known: dict[str, tuple[str, ...]] = {"ProspectSection": PROSPECT_FIELDS, "TouchSection": TOUCH_FIELDS}
        for name, names in known.items():
            definitions[name]["properties"]["fields"] = {
                "type": "object",
                "properties": {field: {"$ref": "#/$defs/Spec"} for field in names},
                "additionalProperties": False,
            }
        definitions["ProspectSection"]["properties"]["facts"] = fields
        definitions["Part"]["properties"]["fields"] = fields
        definitions["Part"]["additionalProperties"] = {"$ref": "#/$defs/Spec"}
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "cadencia mapping"}
