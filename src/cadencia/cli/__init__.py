"""The command line: `cadencia decide`, `explain`, `check` and `schema`. Needs the extra `cli`."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; without its packages, say in one line how to install them."""
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError:
        from ..errors import MissingExtra

        print(f"cadencia: {MissingExtra('the command line', 'cli')}", file=sys.stderr)
        raise SystemExit(2) from None
    from .app import run

    run()
