"""Half-open spans of integers: the little set algebra that everything stands on.

A *span* is `(start, end)` with `start < end`; a *span set* is a sorted list of disjoint, non-touching spans.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def union(spans: Iterable[Span]) -> list[Span]:
    """The span set covered by any of the spans."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def meet(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """The span set covered by both span sets."""
    found: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            found.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def gaps(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """What a span set leaves uncovered of `[start, end)`."""
    found: list[Span] = []
    for begin, finish in spans:
        if begin >= end:
            break
        if begin > start:
            found.append((start, begin))
        if finish > start:
            start = finish
    if start < end:
        found.append((start, end))
    return found


def cut(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """The first span set without the second."""
    if not spans or not holes:
        return list(spans)
    return meet(spans, gaps(holes, spans[0][0], spans[-1][1]))
