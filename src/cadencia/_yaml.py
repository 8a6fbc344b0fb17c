"""YAML as a way of typing JSON: every scalar is text, keys come once, nothing refers to anything else.

A file is untrusted: no tag is obeyed, no alias followed, and size and depth are bounded.
"""

from __future__ import annotations

from typing import Any, Final

from .errors import InputError, MissingExtra, given, one_line

#: A file may be this large (bytes), and nest this deep.
LARGEST: Final = 1_000_000
DEEPEST: Final = 40

_TAGS: Final = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})


def read_yaml(text: str, where: str, error: type[InputError] = InputError, *, nulls: bool = False) -> Any:
    """The mappings, lists and texts of a YAML document; `NO`, `21:00` and `on` stay as they are written.

    With `nulls`, an unquoted `null` or nothing is None.

    Raises:
        InputError: (or the class given as `error`) not YAML, a key twice in one mapping, an alias, a tag, or larger or
            deeper than a person writes.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtra("reading YAML", "yaml") from None
    check_size(text, where, error)
    met: set[int] = set()

    def plain(node: Any, depth: int) -> Any:
        place = f"{where}: line {node.start_mark.line + 1}"
        if id(node) in met:
            raise error(f"{place}: aliases (`*name`) are not allowed; write the values out")
        if depth > DEEPEST:
            raise error(f"{place}: nests too deep; at most {DEEPEST} levels")
        if node.tag not in _TAGS:
            raise error(f"{place}: tag {given(node.tag)} is not allowed; write plain values")
        met.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return None if nulls and node.style is None and node.value in ("", "null", "~") else node.value
        if isinstance(node, yaml.SequenceNode):
            return [plain(item, depth + 1) for item in node.value]
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = f"{where}: line {key_node.start_mark.line + 1}"
            key = plain(key_node, depth + 1) if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                raise error(f"{place}: a key must be text")
            if key in found:
                raise error(f"{place}: key {given(key)} is given twice; keep one")
            found[key] = plain(value_node, depth + 1)
        return found

    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise error(f"{where}: not YAML: {line}{one_line(getattr(wrong, 'problem', None) or wrong)}") from None
    except RecursionError:
        raise error(f"{where}: nests too deep; at most {DEEPEST} levels") from None
    return None if root is None else plain(root, 0)


def check_size(text: str, where: str, error: type[InputError] = InputError) -> None:
    """Refuse a text that nobody would type."""
    if not isinstance(text, str):
        raise error(f"{where}: {given(text)} is not text; give the content of a file")
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise error(f"{where}: larger than {LARGEST:,} bytes; split it")


__all__ = ["DEEPEST", "LARGEST", "check_size", "read_yaml"]
