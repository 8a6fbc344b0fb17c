"""A command that cannot be read is told in one line: where, what was given in backticks, what to write instead.

Of what the parser raises only attributes are read, as its classes live now in one package and now in another.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import did_you_mean, given, one_line

__all__ = ["usage_line"]

#: What to write where nothing was.
_EXAMPLES = {
    "--as-of": "`--as-of 2026-03-27T13:37Z`",
    "--policy": "`--policy house.yaml`",
    "--format": "`--format summary`",
    "--output": "`--output answers.jsonl`",
    "--mapping": "`--mapping crm.yaml`",
    "--horizon": "`--horizon '90 days'`",
    "prospect": "`cadencia explain p1 prospects.csv touches.csv ...`",
    "files": "`cadencia check house.yaml`",
}
_CHOICE = re.compile(r"'([^']*)' is not one of (.*?)\.?$")
_COMMAND = re.compile(r"No such command '(.*?)'")
_EXTRA = re.compile(r"unexpected extra arguments?(?:\(s\))? *\((.*)\)")


def usage_line(error: Any) -> str:
    """What is wrong with a command, from what the parser raised."""
    context: Any = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "cadencia")
    message = one_line(error.format_message(), 400)
    param = getattr(error, "param", None)
    name = max(param.opts, key=len) if param is not None else getattr(error, "option_name", None)
    example = f"; write for example {_EXAMPLES[name]}" if name in _EXAMPLES else f"; see `{command} --help`"
    if message.startswith("Missing"):
        return f"{name}: none given{example}"
    if message.startswith("No such option"):
        known = [option for item in context.command.params for option in item.opts] if context else []
        hint = did_you_mean(name, [*known, "--help"]) or f"; see `{command} --help`"
        return f"{given(name)} is no option of `{command}`{hint}"
    if found := _COMMAND.match(message):
        known = list(context.command.commands)
        return f"{given(found[1])} is no command; write one of {', '.join(known)}{did_you_mean(found[1], known)}"
    if found := _CHOICE.search(message):
        choices = [choice.strip("' ") for choice in found[2].split(",")]
        return f"{name}: {given(found[1])} is not there; write one of {', '.join(choices)}{did_you_mean(found[1], choices)}"
    if found := _EXTRA.search(message):
        return (
            f"{given(found[1])} is too much for `{command}`; leave it out, or put it in quotes with what is before it"
        )
    if message.endswith("requires an argument."):
        return f"{name}: nothing follows it{example}"
    if message.endswith("does not take a value."):
        return f"{name}: it takes no value; write `{name}` alone"
    return f"{message.rstrip('.')}; see `{command} --help`"
