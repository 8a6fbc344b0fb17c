"""YAML as a way of typing JSON: every scalar is text, keys come once, nothing refers to anything else."""

from __future__ import annotations

from typing import Any

from ..errors import InputError, MissingExtra, given, one_line

__all__ = ["read_yaml"]

_LARGEST = 1_000_000
_DEEPEST = 60


def read_yaml(text: str, where: str) -> Any:
    """The mappings, lists and texts of a YAML document; `NO`, `21:00` and `on` stay as they are written.

    Raises:
        InputError: not YAML, a key twice in one mapping, an alias, a tag, or larger or deeper than a person writes.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtra("reading YAML", "yaml") from None
    if len(text) > _LARGEST:
        raise InputError(f"{where}: {len(text)} characters are too many; a file may have {_LARGEST}")
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}:{mark.line + 1}" if mark else where
        raise InputError(f"{place}: this is not YAML ({one_line(getattr(error, 'problem', None) or error)})") from None
    return None if node is None else _plain(node, where, set(), 0)


def _plain(node: Any, where: str, met: set[int], depth: int) -> Any:
    import yaml

    place = f"{where}:{node.start_mark.line + 1}"
    if id(node) in met:
        raise InputError(f"{place}: an alias `*...` refers to another part; write the part out")
    if depth > _DEEPEST:
        raise InputError(f"{place}: more than {_DEEPEST} levels deep")
    met.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, where, met, depth + 1) for item in node.value]
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise InputError(f"{place}: a key must be a text")
        if key.value in found:
            raise InputError(f"{where}:{key.start_mark.line + 1}: key {given(key.value)} comes twice in one mapping")
        found[key.value] = _plain(value, where, met, depth + 1)
    return found
