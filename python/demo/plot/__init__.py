"""The first look at an unknown table: one picture with a panel per column, what is in it and what is missing.

`overview` lays out the page, `panels` chooses a panel for a column's type, `numbers`, `moments` and
`categories` draw them, `style` has the colours and the words.
"""

from .overview import draw

__all__ = ["draw"]
