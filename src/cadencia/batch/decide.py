"""`decide_many`: frames in, a frame of answers out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ..reading.plain import prospect_columns, touch_columns
from .answers import Answers
from .frames import kind_of, read_frame
from .lanes import answer_book
from .question import NO_TOUCHES, Decides, Reasons, check_frame, instants_of, question_of

__all__ = ["decide_many"]


def decide_many(
    policy: Decides,
    prospects: Any,
    touches: Any = None,
    *,
    as_of: datetime | str,
    purpose: str | None = None,
    step: str | None = None,
    subjects: Iterable[str] = (),
    duration: timedelta | str | None = None,
    horizon: timedelta | str | None = None,
    reasons: Reasons = "binding",
    evidence: bool = False,
    reserve: bool = False,
) -> Answers:
    """The answers for a whole book: the very same as one by one, on columns.

    Args:
        policy: a policy, or anything else with a `decide` of its own, such as a playbook, or several of which one proposes.
        prospects, touches: frames of polars, pandas, pyarrow or duckdb, or anything with an Arrow stream. Columns have the
            names of our fields, as in the files of the command line: of a prospect at least `id`, and usually `zone` and
            `region`; of a touch `prospect`, `at` and `channel`, and usually `direction`, `disposition` and `id`. The
            rows may be in any order. A column that is not ours is refused.
        as_of: the instant of the question with its offset, or the name of a column of `prospects` that holds instants.
        purpose, step, subjects, duration, horizon: as in `Policy.decide`; without a horizon 90 days, or the playbook's own.
        reasons: `none`; `binding`: the rule that binds, and for a case that is over its stops; `all`: also every rule that
            forbids the answer's option now.
        evidence: also the ids of the touches that counted. Every row is then decided one by one.
        reserve: each proposal is booked before the next of the same account or contact point is decided, in the order of the
            rows of prospects.

    Returns:
        `Answers`, whose `frame` has a row for each prospect, of the kind that was given:

        | column | what it holds | null |
        | --- | --- | --- |
        | `id` | the prospect's, as it was given | never |
        | `answer` | `contact`, `wait`, `blocked` or `stop` | never |
        | `channel` | the channel to use | unless contact or wait |
        | `contact_point` | the address to use | also where no addresses were given |
        | `at` | from when, an instant in UTC to the microsecond | unless contact or wait |
        | `until` | before when it must begin, or when a stop ends | open to the horizon, or for ever |
        | `not_before` | when time alone opens a blocked case | unless blocked |
        | `step` | the step that it is for | where none was asked for |
        | `needs` | what would open a blocked case | unless blocked |
        | `rule` | the rule that binds a wait, or that ended a stop | for a contact |
        | `stops` | every rule that ended it | unless stop |
        | `blocking` | with `reasons="all"`, every rule that forbids now | never |
        | `touches` | with `evidence`, the ids that counted | never |

    Raises:
        InputError: an argument or a column that cannot be used. A bad row is no error: it closes its prospect.
        PolicyError: the policy names no channels.
        MissingExtra: the extra `frames` is not installed.

    Example:
        >>> import polars as pl
        >>> from cadencia import Policy, decide_many
        >>> from cadencia.rules import Spacing
        >>> policy = Policy(name="gentle", channels=["phone"], rules=[Spacing(id="breathe", at_least="48h")])
        >>> prospects = pl.DataFrame({"id": [1, 2], "zone": "Europe/Madrid"})
        >>> touches = pl.DataFrame({"prospect": [2], "at": ["2026-03-26T10:00+01:00"], "channel": ["phone"]})
        >>> found = decide_many(policy, prospects, touches, as_of="2026-03-27T14:00+01:00")
        >>> found.frame["answer"].to_list(), found.frame["at"][1].isoformat(), found.frame["rule"][1]
        (['contact', 'wait'], '2026-03-28T09:00:00+00:00', 'breathe')
    """
    people_frame = read_frame(prospects, "prospects")
    touch_frame = NO_TOUCHES if touches is None else read_frame(touches, "touches")
    now, people_frame = instants_of(as_of, people_frame)
    check_frame(people_frame, ("id",), prospect_columns, "prospects")
    check_frame(touch_frame, ("prospect", "at", "channel"), touch_columns, "touches")
    question = question_of(
        policy, now, purpose=purpose, step=step, subjects=subjects, duration=duration, horizon=horizon, reasons=reasons,
        evidence=evidence,
    )  # fmt: skip
    return answer_book(policy, people_frame, touch_frame, question, kind_of(prospects), reserve=reserve)
