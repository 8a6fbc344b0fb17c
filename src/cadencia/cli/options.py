"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..language import languages

#: The languages there are, as a person lists them.
LANGUAGES = " or ".join(languages())

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="A file of prospects, then files of touches; CSV or JSON Lines, for `decide` also Parquet."),
]
Prospects = Annotated[list[Path] | None, typer.Option("--prospects", help="A file of prospects; may be repeated.")]
Touches = Annotated[list[Path] | None, typer.Option("--touches", help="A file of touches; may be repeated.")]
PolicyFiles = Annotated[
    list[Path] | None,
    typer.Option("--policy", "-p", help="A policy, YAML or JSON, or a pack (`pack:ES`); repeated, they are layers."),
]
AsOf = Annotated[
    str, typer.Option("--as-of", help="The instant of the question, with offset (2026-03-27T13:37Z), or `now`.")
]
MappingFile = Annotated[Path | None, typer.Option("--mapping", "-m", help="How the columns of an export become ours.")]
Data = Annotated[
    Path | None, typer.Option("--data", help="The folder of the files that the mapping names; else the mapping's own.")
]
Replay = Annotated[
    bool, typer.Option("--replay", help="Decide from what was known at that instant: later touches and facts are gone.")
]
Purpose = Annotated[str | None, typer.Option("--purpose", help="What the contact would be for.")]
PlaybookNames = Annotated[
    list[str] | None,
    typer.Option(
        "--playbook",
        "-b",
        help="A playbook: a packaged one by name, `all` of them, or a file; of several, one proposes for each case.",
    ),
]
PlaybookHorizon = Annotated[
    str | None,
    typer.Option("--horizon", help="How far ahead an opening is looked for; 90 days, or the playbook's own."),
]
Horizon = Annotated[str, typer.Option("--horizon", help="How far ahead an opening is looked for.")]
Language = Annotated[str, typer.Option("--language", help=f"{LANGUAGES}.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No summary and no progress bar.")]
