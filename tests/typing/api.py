"""What type checkers must see of the front door: read by mypy and pyright, never executed.

Placeholder: the assertions on the public names come with them.
"""

from __future__ import annotations

import cadencia
from cadencia import Policy


def a_policy_is_a_type(policy: Policy) -> cadencia.Policy:
    return policy
