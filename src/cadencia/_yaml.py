"""YAML as a way of typing JSON: every scalar is text, keys come once, nothing refers to anything else.

A file is untrusted: no tag is obeyed, no alias followed, and size and depth are bounded.
"""

from __future__ import annotations

import re
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
        raise error(f"{where}: not YAML: {_told(wrong)}") from None
    except RecursionError:
        raise error(f"{where}: nests too deep; at most {DEEPEST} levels") from None
    return None if root is None else plain(root, 0)


#: What is wrong, by the words of the parser; with a mark whether the line is that where the thing begins.
_WORDS: Final = (
    (r"could not find expected ':'", True, "a key without a value; write `key: value`"),
    (r"unexpected end of stream", True, "a quote that is never closed"),
    (r"expected ',' or '(.)'", True,
     "brackets without a `,` between two things, or never closed; write the `,` or the `{0}`, or put the text in quotes"),
    (r"mapping values are not allowed", False,
     "a second `:` in one value, or a key that does not stand under the one above; put text with `: ` in quotes, or align the keys"),
    (r"expected <block end>, but found '<scalar>'", False,
     "text behind a value, or a key that does not stand under the one above; check the quotes, or align the keys"),
    (r"(?:<block end>|'<document start>'), but found '[\]}]'", False,
     "a bracket that closes nothing; take it away, or put the text in quotes"),
    (r"chomping or indentation|expected a comment or a line break", False,
     "`|` and `>` begin text on the lines below; put text that begins with them in quotes"),
    (r"escape sequence", False, r"an escape that is none in double quotes; write single quotes"),
    (r"tag handle|expected URI|expected the node tag", False, "tags (`!name`) are not allowed; put text that begins with `!` in quotes"),
    (r"expected <block end>", False,
     "the indentation fits no line above; align the keys of one table, and the dashes of one list"),
    (r"found character '\\t'", False, "a tab; indent with blanks"),
    (r"found character '(.)' that cannot start", False, "`{0}` cannot begin a value; put the value in quotes"),
    (r"found unknown escape character '(.)'", False, r"`\{0}` means nothing in double quotes; write single quotes"),
    (r"undefined alias|expected alphabetic", False,
     "aliases (`*name`) are not allowed; put text that begins with `*` or `&` in quotes"),
    (r"found another document", False, "a second document begins; keep one"),
    (r"node content, but found '<stream end>'", False, "the end comes within a list or a table; close its bracket"),
    (r"node content, but found '(.)'", False, "a value is missing before `{0}`; put text that begins with it in quotes"),
)  # fmt: skip


def _told(wrong: Any) -> str:
    """What the parser found, on one line: where, and what to write instead."""
    problem, mark = getattr(wrong, "problem", None), getattr(wrong, "problem_mark", None)
    if problem is None:
        return "a character that no text file holds; take it away, or save the file as UTF-8"
    told, here = one_line(problem), mark
    for pattern, begins, words in _WORDS:
        if found := re.search(pattern, problem):
            told = words.format(*found.groups())
            here = (begins and getattr(wrong, "context_mark", None)) or mark
            break
    return told if here is None else f"line {here.line + 1}: {told}"


def check_size(text: str, where: str, error: type[InputError] = InputError) -> None:
    """Refuse a text that nobody would type."""
    if not isinstance(text, str):
        raise error(f"{where}: {given(text)} is not text; give the content of a file")
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise error(f"{where}: larger than {LARGEST:,} bytes; split it")


__all__ = ["DEEPEST", "LARGEST", "check_size", "read_yaml"]
