"""The fast lane: the answer of plain cases without the general path, and its reasons. Private.

`rows` and `digest` make a case small, `timeline` holds open hours, `lane` answers, and `reasons` says why.
"""
