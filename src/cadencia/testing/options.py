"""The options of every built-in kind of rule, as data: what `rulebook` puts together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ..errors import InputError
from ..rules.hours import ActivePeriod
from .fragments import (
    DAYS,
    LENGTHS,
    Place,
    calendar,
    choice,
    clock,
    dates,
    delay,
    history_options,
    keeps_time,
    many,
    regions,
    touch_filter,
    week,
)
from .words import (
    BASES,
    CHANNELS,
    DISPOSITIONS,
    FACTS,
    PURPOSES,
    REGIONS,
    REGISTRIES,
    STAGES,
    TAGS,
    Data,
    record,
    record_of,
    some,
    when_near,
)

__all__ = ["OPTIONS"]


@st.composite
def _with_hours(draw: DrawFn, /, place: Place, plain: Data, timed: Data, **optional: Data) -> dict[str, Any]:
    """A rule with `hours`, where its delays may be business hours, or one without."""
    data: dict[str, Any] = draw(record({}, **optional))
    if draw(st.sampled_from((False, False, True))):
        return {**draw(timed), "hours": draw(week(place)), **data}
    return {**draw(plain), **data}


@st.composite
def _frequency_cap(draw: DrawFn, place: Place) -> dict[str, Any]:
    periods = ("day", "week") if place.shiftable else ("day", "week", "half_month", "month", "quarter", "year")
    kind = draw(st.sampled_from(("within", "dates", "each")))
    period = {"within": st.sampled_from(LENGTHS), "dates": st.integers(1, 8), "each": st.sampled_from(periods)}[kind]
    rest = record({}, clock=clock(place), week_start=st.sampled_from(("sun", "wed", "sat")), **history_options(place))
    return {"at_most": draw(st.sampled_from((1, 2, 3, 0))), kind: draw(period), **draw(rest)}


def _spacing(place: Place) -> Data:
    def kinds(hours: bool) -> Data:
        backoff = st.fixed_dictionaries(
            {"first": st.sampled_from(LENGTHS), "at_most": st.sampled_from(LENGTHS)},
            optional={"factor": st.sampled_from((1, 1.5, 3))},
        )
        return st.one_of(
            record({"at_least": delay(place, hours)}),
            record({"gaps": st.lists(delay(place, hours), min_size=1, max_size=3)}),
            record({"backoff": backoff}),
        )

    return _with_hours(place, kinds(False), kinds(True), **keeps_time(place))


def _recall(place: Place) -> Data:
    def table(hours: bool) -> Data:
        row = st.lists(delay(place, hours), min_size=1, max_size=2)
        return record(
            {"after": st.dictionaries(st.sampled_from(("otherwise", *DISPOSITIONS[:5])), row, min_size=1, max_size=3)}
        )

    return _with_hours(place, table(False), table(True), **keeps_time(place))


@st.composite
def _cool_off(draw: DrawFn, place: Place) -> dict[str, Any]:
    times = draw(st.integers(1, 3))
    within = {"within": draw(st.sampled_from(LENGTHS))} if times > 1 or draw(st.booleans()) else {}
    silence = [record({"silence": delay(place, hours)}) for hours in (False, True)]
    return {"times": times, **within, **draw(_with_hours(place, *silence, **keeps_time(place)))}


@st.composite
def _quiet_hours(draw: DrawFn, place: Place) -> dict[str, Any]:
    optional = {"clock": clock(place)}
    if not place.shiftable:
        optional["holidays"] = regions(place)
        optional["dates"] = dates(place)
    return {draw(st.sampled_from(("allow", "between"))): draw(week(place)), **draw(record({}, **optional))}


def _business_days(place: Place) -> Data:
    holidays = {} if place.shiftable else {"holidays": regions(place)}
    return record({}, days=st.sampled_from(DAYS), clock=clock(place), **holidays)


@st.composite
def _active_period(draw: DrawFn, place: Place) -> dict[str, Any]:
    edges = draw(st.sampled_from((("from",), ("until",), ("from", "until"))))
    data = {edge: draw(when_near(place.around, place.zone)) for edge in edges}
    try:
        ActivePeriod(id="r", **data)
    except InputError:  # what ends before it begins is refused
        del data["until"]
    return {**data, **draw(record({}, clock=clock(place)))}


@st.composite
def _any_of(draw: DrawFn, place: Place) -> dict[str, Any]:
    names = ("quiet_hours", "max_attempts", "spacing", "frequency_cap", "require_consent", "business_days")
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
    return {
        "rules": [{"rule": name, "id": f"any-{i}", **draw(OPTIONS[name](place))} for i, name in enumerate(chosen, 1)]
    }


@st.composite
def _lasting(draw: DrawFn, place: Place, required: Data) -> dict[str, Any]:
    until = {} if place.shiftable else {"until": when_near(place.around, place.zone)}
    lasting = record(
        {}, lasts=delay(place), lifted_by=touch_filter(place), clock=clock(place), **until, **calendar(place)
    )
    late = {"after": draw(delay(place))} if draw(st.sampled_from((False, False, False, True))) else {}
    return {**draw(required), **draw(lasting), **late}


@st.composite
def _stop_on(draw: DrawFn, place: Place) -> dict[str, Any]:
    what = draw(
        st.one_of(
            record({"dispositions": choice(DISPOSITIONS, 4)}),
            record({"counts": touch_filter(place).filter(bool)}, dispositions=choice(DISPOSITIONS, 4)),
        )
    )
    over = record({}, over=st.sampled_from(("prospect", "account", "others")))
    data: dict[str, Any] = draw(_lasting(place, over))
    return {**what, **data}


@st.composite
def _one_channel(draw: DrawFn, place: Place) -> dict[str, Any]:
    period = draw(st.one_of(record({"within": st.sampled_from(LENGTHS)}), record({"dates": st.integers(1, 8)})))
    return {**period, **draw(record({}, clock=clock(place), **history_options(place)))}


@st.composite
def _stop_on_refusal(draw: DrawFn, place: Place) -> dict[str, Any]:
    consent = record({}, purpose=st.sampled_from(PURPOSES), basis=some(BASES, least=1))
    what = record(
        {},
        dispositions=choice(DISPOSITIONS, 4),
        counts=touch_filter(place),
        per=history_options(place)["per"],
        lifted_by_consent=consent,
    )
    return {**draw(what), **draw(_lasting(place, record({})))}


@st.composite
def _qualified(draw: DrawFn, place: Place) -> dict[str, Any]:
    by = {
        "fact": st.sampled_from(FACTS),
        "tag": st.sampled_from(TAGS),
        "at_stages": choice(STAGES),
        "by": touch_filter(place),
    }
    return {name: draw(by[name]) for name in draw(some(tuple(by), least=1))}


def _timed(place: Place) -> dict[str, Data]:
    return {
        "met_by": touch_filter(place),
        "clock": clock(place),
        "business_days": st.sampled_from(DAYS),
        **calendar(place),
    }


def _deadline(place: Place, field: str, required: bool = True) -> Data:
    plain, timed = (
        record({field: delay(place, hours)}) if required else record({}, **{field: delay(place, hours)})
        for hours in (False, True)
    )
    return _with_hours(place, plain, timed, **_timed(place))


@st.composite
def _respond_within(draw: DrawFn, place: Place) -> dict[str, Any]:
    more = draw(record({}, of=st.sampled_from(("inbound", "opening", "qualification")), counts=touch_filter(place)))
    if more.get("of") == "qualification":
        by = {"fact": st.sampled_from(FACTS), "at_stages": choice(STAGES)}
        more |= {name: draw(by[name]) for name in draw(some(tuple(by), least=1))}
    return {**draw(_deadline(place, "within")), **more}


def _patient(**required: Data) -> Data:
    return record(required, patience=st.sampled_from(LENGTHS), rank=st.integers(0, 2))


def _rotation(place: Place) -> Data:
    more: dict[str, Data] = {
        "mode": st.sampled_from(("in_order", "escalate", "alternate")),
        "each": st.integers(1, 3),
        "counts": touch_filter(place),
        "count": st.sampled_from(("planned", "delivered", "reached", "attempted")),
        "patience": st.sampled_from(LENGTHS),
        "rank": st.integers(0, 2),
    }
    return record_of({"order": some(CHANNELS, least=1, most=3)}, more, 4)


#: For every built-in kind, what is its own: all of it varied. Filters, `unless` and `in_force` come on top.
OPTIONS: Final[Mapping[str, Callable[[Place], Data]]] = {
    "max_attempts": lambda place: record({"at_most": many()}, **history_options(place)),
    "frequency_cap": _frequency_cap,
    "spacing": _spacing,
    "recall": _recall,
    "cool_off": _cool_off,
    "quiet_hours": _quiet_hours,
    "business_days": _business_days,
    "holiday_eves": lambda place: record(
        {"allow": st.just("00:00-24:00") if place.shiftable else week(place), "holidays": regions(place)},
        clock=clock(place),
    ),
    "active_period": _active_period,
    "require_consent": lambda place: record(
        {}, basis=some(BASES, least=1), purpose=st.sampled_from(PURPOSES), valid_for=delay(place), clock=clock(place)
    ),
    "clear_register": lambda place: record(
        {"registry": st.sampled_from(REGISTRIES)},
        max_age=delay(place),
        grace=delay(place),
        required=st.booleans(),
        clock=clock(place),
    ),
    "barred": lambda place: record({}, while_fact=st.sampled_from(FACTS)),
    "known_region": lambda place: record({}, among=some(REGIONS, least=1)),
    "await_promise": lambda place: record(
        {}, grace=delay(place), undated=delay(place), clock=clock(place), **calendar(place)
    ),
    "await_pending": lambda place: record({}, kinds=some(("impediment", "hold", "doubt", "payment"), least=1)),
    "earn_first": lambda place: record({"least": many(1, 3)}, **history_options(place)),
    "no_repeated_channel": lambda place: record({}, at_most=many(1, 3), **history_options(place)),
    "one_channel": _one_channel,
    "account_reply": lambda place: record(
        {}, lasts=delay(place), counts=touch_filter(place), clock=clock(place), **calendar(place)
    ),
    "account_load": lambda place: record({"at_most": many(0, 2), "within": st.sampled_from(LENGTHS)}),
    "account_day": lambda place: record({}, clock=clock(place)),
    "any_of": _any_of,
    "suppressions": lambda place: record({}),
    "opt_outs": lambda place: record({}),
    "contact_points": lambda place: record({}),
    "unreadable_touches": lambda place: record({}),
    "stop_on": _stop_on,
    "stop_on_refusal": _stop_on_refusal,
    "stop_on_stage": lambda place: _lasting(place, record({"on": choice(STAGES)})),
    "stop_on_opt_out": lambda place: _lasting(place, record({})),
    "stop_when_exhausted": lambda place: record(
        {"at_most": many(1, 4)},
        **{key: value for key, value in history_options(place).items() if key in ("counts", "count", "since")},
    ),
    "stop_unless_qualified": _qualified,
    "channel_rotation": _rotation,
    "preferred_channel": lambda place: _patient(order=some(CHANNELS, least=1, most=3)),
    "preferred_hours": lambda place: record(
        {"hours": week(place)}, clock=clock(place), patience=st.sampled_from(LENGTHS), rank=st.integers(0, 2)
    ),
    "soonest": lambda place: _patient(),
    "respond_within": _respond_within,
    "promise_due": lambda place: _deadline(place, "grace", required=False),
    "touch_at_least_every": lambda place: _deadline(place, "every"),
    "never_undated": lambda place: record({}),
}
