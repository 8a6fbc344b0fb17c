"""Make the comparison of contact windows and caps across countries, and the picture of permitted hours, from the packs.

    python docs/make_comparison.py            # write the tables
    python docs/make_comparison.py --check    # only say whether they are up to date
    python docs/make_comparison.py --picture  # draw the picture too; needs matplotlib

The page keeps what is written by hand; what lies between `<!-- made: NAME -->` and `<!-- end: NAME -->` is made from the packs as
they are in force on `DAY`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from cadencia import Pack, Policy, Prospect
from cadencia.pack import Provision
from cadencia.places import address_place
from cadencia.rules import QuietHours

HERE = Path(__file__).resolve().parent
PAGE = HERE / "reference" / "windows-and-caps.md"
PICTURE = HERE / "images" / "permitted-hours.png"

#: The tables show what is in force on this day.
DAY = date(2026, 11, 22)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A Wednesday, a Saturday and a Sunday without a public holiday in any jurisdiction that has a window.
SAMPLE = (date(2026, 11, 25), date(2026, 11, 28), date(2026, 11, 29))
STRENGTH = {"primary text": "text", "quoted text": "quoted", "official page": "official", "press": "press"}
CHANNELS = {
    "phone": "calls", "automated_call": "automated calls", "sms": "texts", "email": "e-mail", "social": "social", "chat": "chat",
    "visit": "visits", "letter": "letters", "fax": "fax",
}  # fmt: skip


class Row(NamedTuple):
    """A provision of a pack with one of its limits."""

    pack: Pack
    provision: Provision
    limit: dict[str, Any]


def rows(kinds: set[str], purpose: str | None = None) -> Iterator[Row]:
    """The limits of some kinds that are in force on the day, by jurisdiction."""
    for name in Pack.names():
        pack = Pack.load(name)
        for provision in pack.in_force_on(DAY):
            if purpose is None or purpose in provision.purposes:
                yield from (Row(pack, provision, limit) for limit in provision.limits if limit["rule"] in kinds)


# -- the tables --------------------------------------------------------------------------------------------------------


def hours_by_day(allow: Mapping[str, list[str]]) -> list[str]:
    """The windows of each day as text."""
    found = ["closed"] * 7
    for days, windows in allow.items():
        first, _, last = ("mon-sun" if days == "daily" else days).partition("-")
        for index in range(DAYS.index(first), DAYS.index(last or first) + 1):
            found[index] = ", ".join(window.replace("-", "–") for window in windows)
    return found


def hours_table(purpose: str, states: bool | None = None) -> list[str]:
    """One row for each window of a purpose."""
    lines = [
        "| where | Mon–Fri | Sat | Sun | holidays | by | whom | seen | provision |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for pack, provision, limit in rows({"quiet_hours"}, purpose):
        if states is not None and states is not pack.jurisdiction.startswith("US-"):
            continue
        week = hours_by_day(limit["allow"])
        assert len(set(week[:5])) == 1
        closed = "closed" if limit.get("holidays") else "as any day"
        if any(other["rule"] == "holiday_eves" for other in provision.limits):
            closed += "; the eve as Sat"
        cells = [pack.name, week[0], week[5], week[6], closed, channels(provision), whom(provision, limit)]
        cells += [seen(provision), named(provision)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def channels(provision: Provision) -> str:
    """The channels of a provision in words; live calls stand for both kinds of call."""
    names = [name for name in provision.channels if name != "automated_call" or "phone" not in provision.channels]
    return ", ".join(CHANNELS[name] for name in names)


def whom(provision: Provision, limit: Mapping[str, Any]) -> str:
    """Whom and what it is limited to: the segment, the subjects, a clock that is not that of the person called; then its own words."""
    told = [
        {"consumer": "consumers", "residential": "a residence"}.get(provision.segment or "", ""),
        *(f"only {name.replace('_', ' ')}" for name in listed(limit.get("subjects"))),
        *(CLOCKS[name] for name in limit.get("clock", ()) if name != "prospect"),
    ]
    told = [text for text in told if text]
    return "; ".join([*told, *([f"*{provision.scope}*"] if provision.scope not in (None, *told) else [])]) or "–"


def listed(value: object) -> list[str]:
    """The names of a filter; none where it leaves names out."""
    return [value] if isinstance(value, str) else list(value) if isinstance(value, (list, tuple)) else []


#: Clocks that a text names, and what they mean beside the person's own.
CLOCKS = {"Etc/GMT+6": "on the clock of UTC−6 all year as well: in summer an hour later by the person's"}


def seen(provision: Provision) -> str:
    """How strongly it was verified."""
    text = STRENGTH[provision.strength] + (" (one source)" if provision.single_source else "")
    return text if provision.binding == "law" else f"{text}; {provision.binding}"


def named(provision: Provision) -> str:
    """Id and citation."""
    until = provision.in_force.to if provision.in_force else None
    return f"`{provision.id}`: {provision.citation}" + (f" (until {until})" if until else "")


COUNTED = {"attempted": "attempts", "delivered": "what was delivered", "reached": "conversations"}


def caps_table() -> list[str]:
    """One row for each cap, silence and gap."""
    lines = [
        "| where | at most | counted apart by | for | by | whom | seen | provision |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for pack, provision, limit in rows(
        {"frequency_cap", "max_attempts", "cool_off", "spacing", "one_channel", "recall"}
    ):
        purposes = ", ".join(name.replace("_", " ") for name in provision.purposes)
        per = limit.get("per") or "–"
        cells = [pack.name, said(limit), per if isinstance(per, str) else ", ".join(per), purposes, channels(provision)]
        lines.append(f"| {' | '.join([*cells, whom(provision, limit), seen(provision), named(provision)])} |")
    return lines


def said(limit: Mapping[str, Any]) -> str:
    """A cap in words."""
    kind = limit["rule"]
    if kind == "frequency_cap":
        period = (
            f"{limit['dates']} dates"
            if "dates" in limit
            else f"{limit['within']}"
            if "within" in limit
            else f"one {limit['each']}"
        )
        return f"{limit['at_most']} in {period}" + counted(limit)
    if kind == "cool_off":
        return f"silence of {limit['silence']}" + counted(limit, "after ")
    if kind == "spacing":
        return f"a gap of {limit['at_least']}"
    if kind == "one_channel":
        return "one channel in " + (
            f"{limit['dates']} dates" if "dates" in limit else str(limit.get("within") or f"one {limit['each']}")
        )
    return kind.replace("_", " ")


def counted(limit: Mapping[str, Any], before: str = "") -> str:
    """Which touches a cap counts."""
    counts = limit.get("counts", {})
    names = counts.get("dispositions")
    if isinstance(names, list):
        return f" {before or 'after '}`{'`, `'.join(names)}`"
    if counts.get("reached"):
        return f" {before}a conversation" if before else " of conversations"
    way = COUNTED.get(limit.get("count", "attempted"), "")
    return f" {before}{way}" if before else f" ({way})"


def needs_table() -> list[str]:
    """What a marketing call needs besides the hour: consent, or a register looked up."""
    found: dict[str, tuple[Pack, list[str], list[str]]] = {}
    for kind, place in (("require_consent", 1), ("clear_register", 2)):
        for pack, provision, limit in rows({kind}, "marketing"):
            if "phone" in provision.channels:
                ids = found.setdefault(pack.jurisdiction, (pack, [], []))[place]
                only = ", ".join(name.replace("_", " ") for name in listed(limit.get("subjects")))
                text = f"`{provision.id}`" + (f" (only {only})" if only else "")
                if text not in ids:  # type: ignore[operator]
                    ids.append(text)  # type: ignore[union-attr]
    lines = ["| where | consent before | a register to look up |", "| --- | --- | --- |"]
    lines += [
        f"| {pack.name} | {', '.join(consents) or '–'} | {', '.join(registers) or '–'} |"
        for _, (pack, consents, registers) in sorted(found.items())
    ]
    return lines


PARTS: Mapping[str, Callable[[], list[str]]] = {
    "marketing": lambda: hours_table("marketing", states=False),
    "states": lambda: hours_table("marketing", states=True),
    "debt": lambda: hours_table("debt_collection"),
    "caps": caps_table,
    "needs": needs_table,
}


def made() -> tuple[str, str]:
    """The page as it is, and as it should be."""
    text = wanted = PAGE.read_text(encoding="utf-8")
    for name, make in PARTS.items():
        pattern = re.compile(rf"(<!-- made: {name} -->\n)(.*?)(<!-- end: {name} -->)", re.DOTALL)
        assert pattern.search(wanted), name
        body = "\n".join(["", *make(), "", ""])
        wanted = pattern.sub(lambda found, body=body: found[1] + body + found[3], wanted)  # type: ignore[misc]
    return text, wanted


# -- the picture -------------------------------------------------------------------------------------------------------


class Bar(NamedTuple):
    """The permitted hours of one jurisdiction on three days, as the packs decide."""

    name: str
    days: tuple[tuple[tuple[float, float], ...], ...]
    force: str
    holidays: bool
    fixed: bool

    @property
    def weekly(self) -> float:
        """The permitted hours of a week."""
        return sum(weight * sum(b - a for a, b in day) for weight, day in zip((5, 1, 1), self.days, strict=True))


def bars(purpose: str, *, states: bool) -> list[Bar]:
    """The jurisdictions that have a window for calls, fewest hours first. To a state's hours come those of its country's law."""
    found = []
    for name in Pack.names():
        parts = [Pack.load(name)]
        if "-" in name:
            parts.append(Pack.load(name.partition("-")[0]))
        if states is not name.startswith("US-"):
            continue
        own = windows_of(parts[:1], purpose)
        if own:
            provisions = [parts[0].provision(rule.id) for rule in own]
            force = "law" if any(item.binding == "law" for item in provisions) else "other"
            if force == "law" and all(item.strength == "press" for item in provisions):
                force = "press"
            closed = any(rule.holidays for rule in own)
            national = [
                rule
                for part in parts[1:]
                for rule in windows_of([part], purpose)
                if part.provision(rule.id).binding == "law"
            ]
            fixed = any(rule.clock != ("prospect",) for rule in own)
            found.append(Bar(label(parts[0]), permitted(name, [*own, *national], purpose), force, closed, fixed))
    return sorted(found, key=lambda bar: (bar.weekly, bar.name))


def label(pack: Pack) -> str:
    """The name of a jurisdiction; a part of a country says of which."""
    country, _, part = pack.jurisdiction.partition("-")
    return f"{pack.name.removesuffix(' (state)')}, {Pack.load(country).name}" if part and country != "US" else pack.name


def windows_of(packs: list[Pack], purpose: str) -> list[QuietHours]:
    """The windows for live calls that speak of no particular subject."""
    return [
        rule
        for pack in packs
        for rule in pack.policy.rules
        if isinstance(rule, QuietHours)
        and pack.provision(rule.id).in_force_on(DAY)
        and {"phone"} <= set(pack.provision(rule.id).channels)
        and purpose in pack.provision(rule.id).purposes
        and not getattr(rule, "subjects", None)
    ]


def permitted(name: str, rules: list[QuietHours], purpose: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """What the rules leave of three days, by the engine."""
    country, _, part = name.partition("-")
    place = address_place(country, part if country == "US" and part else None)
    zone = MAIN.get(name) or place.zones[0].zone
    person = Prospect(id="p", zones=zone, regions=name)
    policy = Policy(name="hours", channels=["phone"], rules=rules)
    days = []
    for day in SAMPLE:
        start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
        spans = next(iter(policy.windows(person, start, start + timedelta(days=1), purpose=purpose).values()))
        days.append(tuple(((a - start).total_seconds() / 3600, (b - start).total_seconds() / 3600) for a, b in spans))
    return tuple(days)


#: The zone shown where a country has several.
MAIN = {
    "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "BR-ES": "America/Sao_Paulo", "BR-RJ": "America/Sao_Paulo",
    "CA": "America/Toronto", "CL": "America/Santiago", "EC": "America/Guayaquil", "ES": "Europe/Madrid", "MX": "America/Mexico_City",
    "US": "America/New_York", "US-KY": "America/New_York",
}  # fmt: skip


def draw() -> None:
    """Draw the picture."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch

    ink, faint, grid, paper = "#1f2933", "#7b8794", "#e4e7eb", "#ffffff"
    colours = {"law": "#00796b", "press": "#80cbc4", "other": "#f2b134"}
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10, "text.color": ink})
    groups = [
        ("Marketing calls, by country", bars("marketing", states=False)),
        (
            "Marketing calls, US states narrower than the federal hours",
            [bar for bar in bars("marketing", states=True) if bar.weekly < 91],
        ),
        ("Debt collection calls", bars("debt_collection", states=False)),
    ]
    heights = [len(found) for _, found in groups]
    total = sum(heights) * 0.27 + len(groups) * 0.98 + 1.62
    figure = plt.figure(figsize=(12, total), facecolor=paper)
    top = 1 - 0.98 / total
    for (title, found), height in zip(groups, heights, strict=True):
        tall = height * 0.27 / total
        top -= 0.62 / total
        figure.text(0.015, top + 0.34 / total, title, fontsize=12.5, fontweight="bold", va="bottom")
        for column, (day, left, width) in enumerate(
            (("Monday to Friday", 0.19, 0.33), ("Saturday", 0.55, 0.2), ("Sunday", 0.78, 0.2))
        ):
            axes = figure.add_axes((left, top - tall, width, tall))
            axes.set_xlim(6, 23)
            axes.set_ylim(height - 0.5, -0.5)
            axes.set_facecolor(paper)
            for side in axes.spines.values():
                side.set_visible(False)
            ticks = range(6, 24, 2) if column == 0 else range(6, 24, 4)
            axes.set_xticks(list(ticks), [f"{hour}:00" for hour in ticks], fontsize=8.5, color=faint)
            axes.tick_params(axis="both", length=0, pad=3)
            axes.xaxis.grid(True, color=grid, linewidth=0.8)
            axes.set_axisbelow(True)
            axes.set_yticks([])
            figure.text(left, top + 0.07 / total, day, fontsize=9.5, color=faint, va="bottom")
            for place, bar in enumerate(found):
                for start, end in bar.days[column]:
                    axes.barh(place, end - start, left=start, height=0.66, color=colours[bar.force], linewidth=0)
                if not bar.days[column]:
                    axes.text(
                        14.5, place, "closed", ha="center", va="center", fontsize=8, color="#9aa5b1", style="italic"
                    )
                if column == 0:
                    name = bar.name + (" *" if bar.holidays else "") + (" †" if bar.fixed else "")
                    axes.text(5.8, place, name, ha="right", va="center", fontsize=9.5)
        top -= tall + 0.36 / total
    figure.text(0.015, 1 - 0.42 / total, "When a consumer may be called", fontsize=19, fontweight="bold", va="center")
    figure.text(
        0.015, 1 - 0.78 / total,
        f"Contact windows on the clock of the person called, in force on {DAY.day} {DAY:%B %Y}; fewest hours of the week first. "
        "Consent, registers and caps come on top.", fontsize=9.5, color=faint, va="center",
    )  # fmt: skip
    handles = [
        Patch(color=colours["law"], label="law, seen in its text, a quotation or an official page"),
        Patch(color=colours["press"], label="law, as the press reports it"),
        Patch(color=colours["other"], label="a regulator's guideline, a code of conduct or a trade's own rules"),
    ]
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.008, 0.28 / total), ncols=3, frameon=False, fontsize=9, handlelength=1.2,
        columnspacing=1.8,
    )  # fmt: skip
    figure.text(
        0.015, 0.2 / total,
        "* closed on public holidays.  † fixed clock: an hour later in summer.  No bar: no window in the pack, "
        "which is not to say no law.  "
        "Facts with sources, not legal advice.", fontsize=8.5, color=faint, va="center",
    )  # fmt: skip
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=144, facecolor=paper, metadata={"Software": None})


def main() -> int:
    """Write what is not up to date; with `--check`, only say so."""
    text, wanted = made()
    if "--picture" in sys.argv:
        draw()
    if text == wanted:
        return 0
    if "--check" in sys.argv:
        print(f"{PAGE.name} is not up to date; run `python docs/make_comparison.py`")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
