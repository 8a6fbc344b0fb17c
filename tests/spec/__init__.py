"""The specification: for each rule one naive predicate, "is this instant forbidden?".

Written apart from the engine and compared with it at random. It reads the fields of the models and nothing else of the
library: no spans, no integer clock, no view, no `blocks`. `clock` says what time it is and when a delay is over,
`counting` what counts and when a count is broken, `rules` and `law_rules` have the predicates, `decide` the answer.
"""

from . import law_rules as law_rules  # adds its predicates to those of `rules`
