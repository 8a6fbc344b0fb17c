"""Playbooks as files: packaged ones, `$parameters` in their places, and the JSON Schema of the format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

__all__ = ["Ref", "json_schema", "packaged_names", "put_back", "read_packaged", "references", "resolved"]


class Ref(NamedTuple):
    """Where a parameter stands: a path of keys, list entries by their `id`, and the parameter's name."""

    path: tuple[str | int, ...]
    name: str

    @property
    def text(self) -> str:
        """The path as a person writes it."""
        return ".".join(str(part) for part in self.path)


@lru_cache(maxsize=1)
def packaged_names() -> tuple[str, ...]:
    """The playbooks that come with the library."""
    folder = files("cadencia") / "playbooks"
    return tuple(sorted(item.name.removesuffix(".json") for item in folder.iterdir() if item.name.endswith(".json")))


def read_packaged(name: str) -> dict[str, Any]:
    """The data of a packaged playbook. It is written as YAML and kept as JSON beside it, so that no extra is needed."""
    data: dict[str, Any] = json.loads((files("cadencia") / "playbooks" / f"{name}.json").read_text(encoding="utf-8"))
    return data


def references(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[Ref]:
    """Every place at which a parameter stands."""
    if isinstance(data, str) and data.startswith("$") and len(data) > 1:
        yield Ref(path, data[1:])
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from references(value, (*path, str(key)))
    elif isinstance(data, (list, tuple)):
        for index, value in enumerate(data):
            named = value.get("id") if isinstance(value, Mapping) else None
            yield from references(value, (*path, named if isinstance(named, str) else index))


def resolved(data: Any, table: Mapping[str, Mapping[str, Any]]) -> Any:
    """The data with every parameter replaced by its value."""
    if isinstance(data, str) and data.startswith("$") and data[1:] in table:
        return table[data[1:]].get("value")
    if isinstance(data, Mapping):
        return {key: resolved(value, table) for key, value in data.items()}
    return [resolved(item, table) for item in data] if isinstance(data, (list, tuple)) else data


def put_back(data: dict[str, Any], refs: tuple[Ref, ...]) -> dict[str, Any]:
    """The data with parameters in their places again."""
    for ref in refs:
        here: Any = data
        for part, following in zip(ref.path, (*ref.path[1:], None), strict=True):
            if isinstance(here, list):
                found: Any = part if isinstance(part, int) else _placed(here, part)
            else:
                found = part
                if following is not None and part not in here:
                    here[part] = {}
            if following is None:
                here[found] = f"${ref.name}"
            else:
                here = here[found]
    return data


def _placed(items: list[Any], name: str) -> int:
    return next(index for index, item in enumerate(items) if isinstance(item, dict) and item.get("id") == name)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook; any value may be the name of a parameter, written `$name`."""
    from .playbook import Playbook
    from .policy_files import json_schema as policy_schema

    schema = Playbook.model_json_schema(ref_template="#/$defs/{model}", mode="validation")
    rules = policy_schema()
    defs = {**schema.pop("$defs", {}), **rules["$defs"]}
    policy = dict(defs["Policy"])
    policy["required"] = [name for name in policy.get("required", []) if name not in ("cadencia", "name")]
    defs["PlaybookPolicy"] = policy
    schema["properties"]["policy"] = {"$ref": "#/$defs/PlaybookPolicy"}
    schema["required"] = sorted({*schema.get("required", ()), "cadencia"})
    reference = {"type": "string", "pattern": r"^\$[a-z][a-z0-9_]*$"}
    defs["Parameters"] = reference
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "cadencia playbook"
    schema["$defs"] = {name: _or_reference(defs[name]) if name != "Parameters" else defs[name] for name in sorted(defs)}
    return schema


def _or_reference(schema: Any) -> Any:
    """A definition in which the value of any property may be a parameter too."""
    found = dict(schema)
    if isinstance(found.get("properties"), dict):
        found["properties"] = {
            name: part if name in ("id", "rule", "name") else {"anyOf": [part, {"$ref": "#/$defs/Parameters"}]}
            for name, part in found["properties"].items()
        }
    return found
