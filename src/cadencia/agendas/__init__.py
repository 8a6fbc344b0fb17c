"""The day's work for a whole book: whom to contact today, what falls due, what keeps us waiting, and the figures.

`cadencia.agenda` makes it. The package has another name than the function, which stands at the front door.
"""

from .build import Inputs, agenda
from .models import Agenda, Entry, Figure, Item, Row

__all__ = ["Agenda", "Entry", "Figure", "Inputs", "Item", "Row", "agenda"]
