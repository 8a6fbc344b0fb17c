"""`python -m cadencia.cli` is `cadencia`."""

from . import main

main()
