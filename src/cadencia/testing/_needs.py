"""The kit needs hypothesis; without it, say so in one line."""

from __future__ import annotations

from ..errors import MissingExtra

try:
    import hypothesis  # noqa: F401  # imported to know that it is there
except ImportError:
    raise MissingExtra("cadencia.testing", "testing") from None
