"""Writes the made-up sample book: `prospects.csv` and `touches.csv` beside this file.

Every person, company, number and address is invented. Phone numbers lie in ranges kept for fiction (+1 ... 555-01xx,
+44 7700 900xxx, +61 2 555x xxxx) or in +999, which belongs to no country; addresses end in `example.com`, which belongs
to nobody.

    python examples/book/make.py

Seeded: the same files every time.
"""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 27, 13, 37, tzinfo=UTC)

#: Zones (several where a profile is not sure), regions, number prefix, and how many of the book live there.
PLACES: list[tuple[str, str, str, int]] = [
    ("Europe/Madrid", "ES", "+999341", 26),
    ("Atlantic/Canary", "ES", "+999342", 5),
    ("Europe/Madrid;Atlantic/Canary", "ES", "+999343", 4),
    ("America/Mexico_City", "MX", "+999521", 16),
    ("America/Tijuana", "MX", "+999522", 4),
    ("America/Argentina/Buenos_Aires", "AR", "+999541", 14),
    ("America/New_York", "US-NY", "+1212555", 12),
    ("America/Chicago", "US-IL", "+1312555", 8),
    ("America/Denver", "US-CO", "+1303555", 6),
    ("America/Phoenix", "US-AZ", "+1602555", 4),
    ("America/Los_Angeles", "US-CA", "+1415555", 10),
    ("America/Anchorage", "US-AK", "+1907555", 2),
    ("Pacific/Honolulu", "US-HI", "+1808555", 2),
    ("America/New_York;America/Chicago", "US-TN", "+1423555", 4),
    ("Asia/Kolkata", "IN", "+999911", 14),
    ("Asia/Kathmandu", "NP", "+999977", 3),
    ("Australia/Sydney", "AU-NSW", "+6125550", 8),
    ("Australia/Lord_Howe", "AU-NSW", "+6125551", 2),
    ("Australia/Eucla;Australia/Perth", "AU-WA", "+6125552", 2),
    ("Pacific/Chatham", "NZ", "+999640", 2),
    ("Europe/London", "GB-ENG", "+447700", 14),
    ("Europe/Lisbon", "PT", "+999351", 8),
    ("Atlantic/Azores", "PT", "+999352", 2),
    ("Europe/Lisbon;Atlantic/Azores", "PT", "+999353", 2),
    ("America/Sao_Paulo", "BR-SP", "+999551", 14),
    ("America/Manaus", "BR-AM", "+999552", 3),
    ("Europe/Oslo", "NO", "+999470", 4),
    ("", "", "+999800", 5),
]


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


FIRST = words(
    "Abril Adela Aitana Amara Ananda Bruna Caio Camila Celia Darya Dinesh Edurne Elio Emre Enara Esteban Fatou Fermín "
    "Gala Greta Hamza Inés Iris Ivo Jimena Joaquim Kavya Keiko Lara Leandro Lior Luz Mael Manuela Marisol Matilde "
    "Nadir Nerea Nils Noor Olalla Omar Oriol Paloma Pilar Quim Rafa Rasha Renata Rocío Rohan Rui Sancho Saskia Selma "
    "Tadeo Teo Uma Vera Wanda Xoel Yago Zoe"
)
LAST = words(
    "Abella Adeyemi Albizu Arregui Baptista Barros Bellver Bhandari Bravo Cabrera Casals Cordeiro Dalmau Delgadillo "
    "Echeverri Fagundes Farrow Gallardo Gurung Haddad Holm Ibarra Iyer Jarque Kapoor Lanuza Lindqvist Macedo Marsh "
    "Mehra Montes Novak Ocampo Okafor Paredes Pereira Quiroga Rawal Sabater Salgado Shaw Tavares Thapa Ulloa Urrutia "
    "Valdivia Vance Villar Whitlock Xavier Yáñez Zabala"
)
ACCOUNTS = [
    *("Aljibe Textil", "Bruma Software", "Cantera Verde", "Delta Quesos", "Encina Logistics", "Faro Dental"),
    *("Guijarro Foods", "Hulla Energy", "Islote Hotels", "Junco Paper", "Kilim Rugs", "Lirio Clinics"),
]
OWNERS = ["olga", "marcos", "priya", "sam"]

PROSPECT_COLUMNS = words(
    "id name zones regions phone email sms account owner owner_kind stage stage_since tags consents opt_outs "
    "suppressions wishes pending opened_at"
)
TOUCH_COLUMNS = words(
    "id prospect at channel direction disposition purpose step booked by automated duration "
    "promise_by promise_at promise_kind"
)


class Maker:
    """Draws the book from one seeded source of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.touches: list[dict[str, Any]] = []
        self.count = 0

    def often(self, share: float) -> bool:
        """Yes, in that share of the cases."""
        return self.chance.random() < share

    def prospects(self) -> list[dict[str, Any]]:
        """The people, some of them colleagues of one account, in no particular order."""
        homes = [place for place in PLACES for _ in range(place[3])]
        self.chance.shuffle(homes)
        people = []
        for number, (zones, regions, prefix, _) in enumerate(homes, 1):
            people.append(self.person(number, zones, regions, prefix))
        for account in ACCOUNTS:
            for person in self.chance.sample(
                [person for person in people if not person["account"]], self.chance.choice([2, 3, 3, 4])
            ):
                person["account"] = account
        return people

    def person(self, number: int, zones: str, regions: str, prefix: str) -> dict[str, Any]:
        """One person with what they allow and what they wish."""
        chance = self.chance
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        opened = self.moment(82)
        phone = "" if self.often(0.08) else self.number(prefix, number)
        email = (
            ""
            if self.often(0.07)
            else f"{name.split()[0].lower()}.{number}@example.com".translate(str.maketrans("áéíóúñ", "aeioun"))
        )
        stage = chance.choices(["new", "working", "meeting", "customer", "lost"], [3, 9, 2, 1, 1])[0]
        person: dict[str, Any] = {
            "id": f"M{number:04}",
            "name": name,
            "zones": zones,
            "regions": regions,
            "phone": phone,
            "email": email,
            "sms": phone if self.often(0.5) else "",
            "account": "",
            "owner": chance.choice(OWNERS),
            "owner_kind": "agent",
            "stage": stage,
            "stage_since": iso(self.moment(30) if stage != "new" else opened),
            "tags": ";".join(
                sorted(
                    chance.sample(
                        ["spring-fair", "newsletter", "webinar", "referral", "partner"], chance.choice([0, 1, 1, 2])
                    )
                )
            ),
            "opened_at": iso(opened),
        }
        if self.often(0.45):
            until = {"until": iso(NOW + timedelta(days=chance.randint(-9, 200)))} if self.often(0.3) else {}
            person["consents"] = [
                {"since": iso(opened), "channel": "sms", "purpose": "sales", "basis": "express", **until}
            ]
        if self.often(0.05):
            person["opt_outs"] = [{"since": iso(self.moment(40)), "channel": chance.choice(["email", "sms", "phone"])}]
        if self.often(0.04):
            person["suppressions"] = [
                {"reason": chance.choice(["asked never to be contacted", "complaint"]), "since": iso(self.moment(60))}
            ]
        elif self.often(0.04):
            person["suppressions"] = [{"reason": "wrong number", "channel": "phone", "since": iso(self.moment(50))}]
        elif self.often(0.03):
            person["suppressions"] = [
                {
                    "reason": "on leave",
                    "since": iso(self.moment(6)),
                    "until": iso(NOW + timedelta(days=chance.randint(2, 20))),
                }
            ]
        wish = chance.choices([None, "late", "no phone", "monthly", "weekends"], [80, 7, 5, 5, 3])[0]
        if wish == "late":
            person["wishes"] = [
                {
                    "rule": "quiet_hours",
                    "id": "not-before-ten",
                    "between": {"mon-sun": ["00:00-10:00"]},
                    "because": "not before ten",
                }
            ]
        elif wish == "no phone":
            person["wishes"] = [
                {
                    "rule": "max_attempts",
                    "id": "never-by-phone",
                    "at_most": 0,
                    "channels": ["phone"],
                    "because": "never by phone",
                }
            ]
        elif wish == "monthly":
            person["wishes"] = [
                {
                    "rule": "frequency_cap",
                    "id": "once-a-month",
                    "at_most": 1,
                    "each": "month",
                    "because": "at most once a month",
                }
            ]
        elif wish == "weekends":
            person["wishes"] = [
                {
                    "rule": "quiet_hours",
                    "id": "weekends-only",
                    "allow": {"sat-sun": ["10:00-13:00"]},
                    "because": "only at weekends",
                }
            ]
        if self.often(0.05):
            due = {"due": (NOW + timedelta(days=chance.randint(-4, 12))).date().isoformat()} if self.often(0.7) else {}
            person["pending"] = [
                {
                    "id": f"item-{number}",
                    "kind": chance.choice(["proposal", "doubt", "task"]),
                    "owner": person["owner"],
                    **due,
                }
            ]
        return person

    def number(self, prefix: str, number: int) -> str:
        """A telephone number that nobody has."""
        if prefix.startswith("+1"):
            return f"{prefix}01{number % 100:02}"
        return (
            f"{prefix}900{number:03}" if prefix.startswith("+44") else f"{prefix}{number:0{max(3, 11 - len(prefix))}}"
        )

    def moment(self, days: int) -> datetime:
        """Some second of the last `days` days."""
        return (NOW - timedelta(seconds=self.chance.randint(3_600, days * 86_400))).replace(microsecond=0)

    def history(self, person: dict[str, Any]) -> None:
        """What has happened with a person since the case was opened."""
        chance = self.chance
        stop = chance.choices([0, 1, 2, 3, 4, 5, 6, 8], [10, 18, 20, 18, 14, 9, 7, 4])[0]
        channels = [channel for channel in ("email", "phone", "sms") if person[channel]] or ["email"]
        gaps = [
            timedelta(days=chance.choice([0, 1, 2, 3, 4, 6, 9]), seconds=chance.randint(0, 40_000)) for _ in range(stop)
        ]
        if self.often(0.6):  # a story that is still going on: its last touch lies in these days
            opened = NOW - sum(gaps, timedelta(seconds=chance.randint(0, 3 * 86_400)))
            person["opened_at"] = iso(opened.replace(microsecond=0))
        at = datetime.fromisoformat(person["opened_at"])
        for step, gap in enumerate(gaps, 1):
            at = self.working_hour(at + gap, person)
            if at >= NOW:
                break
            if self.outbound(person, at, chance.choice(channels), step):
                break
        later = chance.random()
        if later < 0.06:
            when = self.working_hour(NOW + timedelta(days=chance.randint(1, 9)), person)
            self.touch(
                person,
                when,
                "meeting" if self.often(0.5) else "phone",
                purpose="sales",
                booked="true",
                by=person["owner"],
            )
        elif later < 0.08:
            when = self.working_hour(NOW - timedelta(days=chance.randint(2, 5)), person)
            self.touch(person, when, "phone", purpose="sales", booked="true", by=person["owner"])

    def outbound(self, person: dict[str, Any], at: datetime, channel: str, step: int) -> bool:
        """One attempt and what came of it; true when that ends the story."""
        chance = self.chance
        common = {"purpose": "sales", "by": person["owner"], "step": f"step-{step}"}
        if channel == "phone":
            said = chance.choices(
                [
                    "no_answer",
                    "busy",
                    "voicemail_left",
                    "connected",
                    "callback_requested",
                    "refused",
                    "meeting_set",
                    "wrong_number",
                ],
                [34, 9, 22, 16, 8, 6, 4, 1],
            )[0]
            if said == "callback_requested":
                when = self.working_hour(at + timedelta(days=chance.choice([1, 3, 7, 14, 20])), person)
                day = when.astimezone(zone_of(person)).date().isoformat()
                promised = chance.choice([iso(when), day, ""])
                self.touch(
                    person,
                    at,
                    channel,
                    said,
                    promise_by="us",
                    promise_at=promised,
                    promise_kind="callback",
                    duration=95,
                    **common,
                )
                return self.often(0.7)
            if said == "connected" and self.often(0.3):
                lapse = (at + timedelta(days=chance.choice([3, 10, 25]))).date().isoformat()
                self.touch(
                    person,
                    at,
                    channel,
                    said,
                    promise_by="them",
                    promise_at=chance.choice([lapse, ""]),
                    promise_kind="decision",
                    duration=340,
                    **common,
                )
                return self.often(0.8)
            whole_day = said == "no_answer" and self.often(0.08)  # noted in a diary without the hour
            self.touch(
                person,
                at.astimezone(zone_of(person)).date() if whole_day else at,
                channel,
                said,
                duration="" if whole_day else 60,
                **common,
            )
            return said in ("refused", "meeting_set") and self.often(0.9)
        said = (
            chance.choices(["sent", "delivered", "opened", "clicked", "bounced_hard"], [20, 40, 25, 10, 2])[0]
            if channel == "email"
            else "delivered"
        )
        self.touch(person, at, channel, said, automated="true" if self.often(0.6) else "", **common)
        if channel == "email" and self.often(0.04):
            self.touch(person, at, "sms", "delivered", automated="true", purpose="service")  # the very same second
        if self.often(0.09):
            reply = at + timedelta(seconds=chance.randint(600, 200_000))
            if reply < NOW:
                answer = chance.choices(["replied", "not_interested", "opted_out", "out_of_office"], [6, 2, 1, 2])[0]
                self.touch(person, reply, channel, answer, direction="inbound")
                return answer != "out_of_office"
        return False

    def working_hour(self, at: datetime, person: dict[str, Any]) -> datetime:
        """The same date, moved into the working day where the person is; a Sunday becomes the Monday."""
        local = at.astimezone(zone_of(person))
        if local.weekday() == 6:
            local += timedelta(days=1)
        return local.replace(
            hour=self.chance.choice([9, 10, 11, 12, 15, 16, 17, 18]),
            minute=self.chance.randrange(0, 60, 5),
            second=0,
            microsecond=0,
        )

    def touch(
        self, person: dict[str, Any], at: datetime | date, channel: str, disposition: str = "", **more: Any
    ) -> None:
        """Write a touch down, on the wall clock of the person."""
        self.count += 1
        moment = at.isoformat() if not isinstance(at, datetime) else iso(at.astimezone(zone_of(person)))
        self.touches.append(
            {
                "id": f"T{self.count:05}",
                "prospect": person["id"],
                "at": moment,
                "channel": channel,
                "disposition": disposition,
                **more,
            }
        )


def zone_of(person: dict[str, Any]) -> ZoneInfo:
    """The first plausible zone; a person without one is called from Madrid."""
    return ZoneInfo(person["zones"].split(";")[0] or "Europe/Madrid")


def iso(moment: datetime) -> str:
    """ISO 8601 with offset; UTC as `Z`."""
    return moment.isoformat().replace("+00:00", "Z")


def write(path: Path, columns: list[str], rows: list[dict[str, Any]]) -> None:
    """A CSV file; lists and records as JSON in their cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        for row in rows:
            cells = (row.get(column, "") for column in columns)
            out.writerow(
                json.dumps(cell, ensure_ascii=False) if isinstance(cell, (list, dict)) else cell for cell in cells
            )


def main() -> None:
    """Draw the book and write it."""
    maker = Maker(seed=20260327)
    people = maker.prospects()
    for person in people:
        maker.history(person)
    write(HERE / "prospects.csv", PROSPECT_COLUMNS, people)
    write(HERE / "touches.csv", TOUCH_COLUMNS, maker.touches)
    print(f"{len(people)} made-up prospects, {len(maker.touches)} made-up touches")


if __name__ == "__main__":
    main()
