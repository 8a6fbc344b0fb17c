"""`python -m cadencia.cli` is `cadencia`."""

from . import main  # pragma: no cover - the same

main()  # pragma: no cover - run by a test in a process of its own
