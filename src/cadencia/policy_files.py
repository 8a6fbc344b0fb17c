"""Policies as files: JSON, YAML as a way of typing it, layers by name, and the JSON Schema of the format.

A policy file is untrusted: no code runs, nothing above its folder is read, and size, depth and number of rules are bounded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ._yaml import DEEPEST, LARGEST, check_size
from ._yaml import read_yaml as yaml_data
from .errors import InputError, PolicyError, given, one_line

if TYPE_CHECKING:
    from .policy import Policy

#: A policy may name layers to this depth.
MOST_LAYERS: Final = 50


def read_json(text: str, where: str = "policy") -> Any:
    """JSON text as data; a key given twice is an error."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise PolicyError(f"{where}: key {given(key)} is given twice; keep one")
            found[key] = value
        return found

    def refuse(word: str) -> NoReturn:
        raise PolicyError(f"{where}: {given(word)} is not a number that JSON knows; write digits")

    check_size(text, where, PolicyError)
    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise PolicyError(f"{where}: not JSON: line {error.lineno} column {error.colno}: {error.msg.lower()}") from None
    except PolicyError:
        raise
    except ValueError:  # all else that is wrong with JSON was told above
        raise PolicyError(f"{where}: a number has thousands of digits; write one that people can read") from None
    except RecursionError:
        raise PolicyError(f"{where}: nests too deep; at most {DEEPEST} levels") from None
    return _checked(data, where)


def read_yaml(text: str, where: str = "policy") -> Any:
    """YAML text as data. Every scalar is text (`21:00`, `NO`, `on` survive); an unquoted `null` or nothing is None."""
    return _checked(yaml_data(text, where, PolicyError, nulls=True), where)


def _checked(data: Any, where: str) -> Any:
    def depth(value: Any, level: int) -> None:
        if level > DEEPEST:
            raise PolicyError(f"{where}: nests too deep; at most {DEEPEST} levels")
        if isinstance(value, (dict, list)):
            for item in value.values() if isinstance(value, dict) else value:
                depth(item, level + 1)

    depth(data, 0)
    if data is None:
        raise PolicyError(f"{where}: empty; write at least `cadencia: 1` and `name:`")
    if not isinstance(data, dict):
        raise PolicyError(f"{where}: {given(data)} is not a policy; write `cadencia: 1`, `name:` and `rules:`")
    if "cadencia" not in data:
        raise PolicyError(f"{where}: the policy format is missing; write `cadencia: 1`")
    return data


def read_text(path: Path) -> str:
    """The text of a file; bytes that are not UTF-8 are an error that says where."""
    try:
        if path.stat().st_size > LARGEST:
            raise PolicyError(f"{path.name}: larger than {LARGEST:,} bytes; split it into layers")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path.name}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except (OSError, ValueError) as error:  # a name that no file can have is a ValueError
        told = getattr(error, "strerror", None) or one_line(error)
        raise PolicyError(f"`{one_line(path)}` cannot be read: {told.lower()}") from None


def load(path: Path, _seen: tuple[Path, ...] = ()) -> Policy:
    """The policy in a file, with the layers that it names (`layers: [house.yaml]`, relative to it) resolved."""
    from .policy import Policy

    data = read_any(path)
    names = data.pop("layers", None) or []
    if not isinstance(names, list):
        raise PolicyError(f"{path.name}, layers: {given(names)} is not a list; write `layers: [house.yaml]`")
    policy = Policy.from_dict(data, where=path.name)
    if len(_seen) + len(names) > MOST_LAYERS:
        raise PolicyError(f"{path.name}, layers: more than {MOST_LAYERS} layers")
    for name in names:
        policy = policy & _layer(name, path, (*_seen, path.resolve()))
    return policy


def read_any(path: Path) -> dict[str, Any]:
    """The data of a JSON or YAML file, told apart by its suffix."""
    text = read_text(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return dict(read_yaml(text, path.name))
    if path.suffix.lower() == ".json":
        return dict(read_json(text, path.name))
    raise PolicyError(f"{given(path.name)} is neither `.json` nor `.yaml`; rename it")


def _layer(name: Any, path: Path, seen: tuple[Path, ...]) -> Policy:
    from .policy import Policy

    if isinstance(name, dict):
        return Policy.from_dict(name, where=f"{path.name}, layers")
    if not isinstance(name, str):
        raise PolicyError(f"{path.name}, layers: {given(name)} is not a layer; write a file name")
    if name.startswith("pack:"):
        from .policy import _pack

        try:
            return _pack(name)
        except PolicyError as error:
            raise PolicyError(f"{path.name}, layers: {error}") from None
    folder = path.resolve().parent
    if "\0" in name:
        raise PolicyError(f"{path.name}, layers: {given(name)} is not there; name a file beside or below the policy")
    target = (folder / name).resolve()
    if not target.is_relative_to(folder):
        raise PolicyError(
            f"{path.name}, layers: {given(name)} lies above the policy's folder; keep layers beside or below it"
        )
    if target in seen:
        raise PolicyError(f"{path.name}, layers: {given(name)} names itself; break the circle")
    if not target.is_file():
        raise PolicyError(f"{path.name}, layers: {given(name)} is not there; name a file beside or below the policy")
    return load(target, seen)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a policy, one branch for each kind of rule that is installed, told apart by `rule`."""
    from .policy import Policy
    from .rules.registry import kinds, rule_class

    schema = Policy.model_json_schema(ref_template="#/$defs/{model}", mode="validation")
    defs = schema.setdefault("$defs", {})
    branches: list[dict[str, str]] = []
    mapping: dict[str, str] = {}
    for kind in kinds():
        found = rule_class(kind)
        part = found.model_json_schema(ref_template="#/$defs/{model}", mode="validation")
        for name, definition in part.pop("$defs", {}).items():
            defs.setdefault(name, definition)
        part["required"] = sorted({*part.get("required", ()), "rule"})
        defs[found.__name__] = part
        branches.append({"$ref": f"#/$defs/{found.__name__}"})
        mapping[kind] = f"#/$defs/{found.__name__}"
    defs["Rule"] = {"oneOf": branches, "discriminator": {"propertyName": "rule", "mapping": mapping}}
    defs["Layer"] = {
        "anyOf": [
            {"type": "string", "description": "a file beside or below this one, or a pack: `pack:FR`"},
            {"$ref": "#/$defs/Policy"},
        ]
    }
    main = (
        defs.pop("Policy")
        if "Policy" in defs
        else {
            key: schema.pop(key) for key in ("properties", "required", "type", "additionalProperties") if key in schema
        }
    )
    properties = main["properties"]
    properties["layers"] = {"type": "array", "items": {"$ref": "#/$defs/Layer"}, "default": []}
    main["required"] = sorted({*main.get("required", ()), "cadencia"})
    defs["Policy"] = main
    for name in defs:
        defs[name] = _with_rules(defs[name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cadencia policy",
        "$ref": "#/$defs/Policy",
        "$defs": dict(sorted(defs.items())),
    }


def _with_rules(schema: Any) -> Any:
    """A schema with a reference to `Rule` wherever any rule may stand."""
    from .rules.registry import ANY_RULE

    if schema == ANY_RULE:
        return {"$ref": "#/$defs/Rule"}
    if isinstance(schema, dict):
        return {key: _with_rules(value) for key, value in schema.items()}
    return [_with_rules(item) for item in schema] if isinstance(schema, list) else schema


__all__ = ["InputError", "json_schema", "load", "read_json", "read_yaml"]
