"""Where somebody may be: sets with their source, from a number, an address or a profile."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from cadencia import InputError, MissingExtra, Policy, Prospect
from cadencia._country_names import _names_elsewhere
from cadencia._time.holidays import check_region
from cadencia.language import messages
from cadencia.places import Place, address_place, phone_place, zone_place
from cadencia.places.address import _countries, _subdivisions, country_zones
from cadencia.rules import QuietHours

phonenumbers = pytest.importorskip("phonenumbers")


def zones(place: Place) -> list[str]:
    return [item.zone for item in place.zones]


def regions(place: Place) -> list[str]:
    return [item.region for item in place.regions]


class TestPhone:
    @pytest.mark.parametrize(
        ("number", "kind", "where", "country"),
        [
            ("+34 928 123 456", "fixed_line", ["Atlantic/Canary"], ["ES"]),
            ("+34 911 23 45 67", "fixed_line", ["Europe/Madrid"], ["ES"]),
            ("+34 612 345 678", "mobile", ["Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid"], ["ES"]),
            ("+34 900 123 456", "toll_free", ["Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid"], ["ES"]),
            ("+34 902 123 456", "not_geographic", ["Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid"], ["ES"]),
            ("+351 292 123 456", "fixed_line", ["Atlantic/Azores"], ["PT"]),
            ("+870 773 111 632", "worldwide", [], []),
            ("+881 6 1234 5678", "worldwide", [], []),
            ("+44 7700 900123", "not_assigned", ["Europe/Guernsey", "Europe/Isle_of_Man", "Europe/Jersey", "Europe/London"],
             ["GB", "GG", "IM", "JE"]),
        ],
    )  # fmt: skip
    def test_a_prefix_is_a_set(self, number: str, kind: str, where: list[str], country: list[str]) -> None:
        place = phone_place(number)
        assert (place.kind, zones(place), regions(place)) == ((kind,), where, country)

    def test_in_north_america_nobody_can_tell_a_mobile(self) -> None:
        place = phone_place("+1 212 555 1234")
        assert place.kind == ("fixed_line_or_mobile",)
        assert {"America/New_York", "Pacific/Honolulu"} <= set(zones(place))
        assert regions(place) == ["US"]
        assert zones(phone_place("+1 212 555 1234", mobile="prefix")) == ["America/New_York"]
        assert zones(phone_place("+1 915 555 1234", mobile="prefix")) == ["America/Denver"]

    @pytest.mark.parametrize(
        ("number", "region", "count"),
        [("+1 876 523 0123", "JM", 1), ("+7 701 234 5678", "KZ", 7), ("+7 912 345 67 89", "RU", 26)],
    )
    def test_a_code_that_countries_share_adds_none_of_the_others_zones(
        self, number: str, region: str, count: int
    ) -> None:
        """Jamaica shares +1 and Kazakhstan +7; a mobile of theirs is in their zones, not in those of New York or Moscow."""
        place = phone_place(number)
        assert regions(place) == [region]
        assert zones(place) == list(country_zones(region))
        assert len(zones(place)) == count

    @pytest.mark.parametrize(
        ("number", "named"),
        [
            ("+44 7924 123456", ["GB", "IM"]),  # a range of the Isle of Man inside one of Great Britain
            ("+44 7400 123456", ["GB"]),
            ("+590 690 12 34 56", ["BL", "GP", "MF"]),  # one law, and holidays of their own
            ("+590 590 27 12 34", ["BL", "MF"]),
            ("+61 412 345 678", ["AU"]),  # shared whole with Christmas Island: it stands for the country
            ("+39 331 234 5678", ["IT"]),
        ],
    )
    def test_a_range_that_territories_share_is_of_each(self, number: str, named: list[str]) -> None:
        """A prefix is a set: a territory that has a range of its own inside its country's is named beside it, with its zones."""
        place = phone_place(number)
        assert regions(place) == named
        assert {zone for name in named for zone in country_zones(name)} <= set(zones(place))

    def test_a_toll_free_number_may_be_of_any_country_of_its_code(self) -> None:
        place = phone_place("+1 800 555 1234")
        assert {"US", "CA", "JM", "BS"} <= set(regions(place))
        assert {"America/New_York", "America/St_Johns", "America/Jamaica"} <= set(zones(place))

    def test_the_prefix_trusted_or_not_the_country_stays(self) -> None:
        near, far = phone_place("+34 612 345 678", mobile="prefix"), phone_place("+34 612 345 678")
        assert set(zones(near)) <= set(zones(far))
        assert regions(near) == regions(far)

    def test_a_number_as_dialled_in_its_country(self) -> None:
        assert phone_place("612 345 678", country="ES") == phone_place("+34612345678")

    def test_source_and_time_are_kept(self) -> None:
        place = phone_place("+34911234567", source="crm", since="2026-03-06T10:00Z")
        assert {(item.source, item.since) for item in (*place.zones, *place.regions)} == {
            ("crm", datetime(2026, 3, 6, 10, tzinfo=UTC))
        }

    @pytest.mark.parametrize(
        ("number", "country", "says"),
        [
            ("abc", None, "phone `abc` is no telephone number"),
            ("612345678", None, "or name its country"),
            ("+999 123", None, "write all of it"),
            ("+34 61", None, "too long or too short"),
            ("+34 612 345 678 901 2", None, "too long or too short"),
        ],
    )
    def test_one_line_for_what_is_wrong(self, number: str, country: str | None, says: str) -> None:
        with pytest.raises(InputError, match=says) as raised:
            phone_place(number, country=country)
        assert "\n" not in str(raised.value)

    def test_the_extra_names_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from cadencia.places import phone

        phone._phonenumbers.cache_clear()
        monkeypatch.setitem(sys.modules, "phonenumbers", None)
        with pytest.raises(MissingExtra, match=r"pip install 'cadencia\[phone\]'"):
            phone_place("+34911234567")
        phone._phonenumbers.cache_clear()

    @pytest.mark.parametrize("country", sorted(phonenumbers.SUPPORTED_REGIONS))
    def test_every_country_has_a_place_and_a_prefix_lies_in_it(self, country: str) -> None:
        """A number that is in use has a zone, those of its prefix are among those of its country, and every kind has words."""
        examples = {kind: phonenumbers.example_number_for_type(country, kind) for kind in range(11)}
        assert any(examples.values())
        for number in filter(None, examples.values()):
            text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            wide, near = phone_place(text), phone_place(text, mobile="prefix")
            assert zones(wide), text
            assert zones(near), text
            assert regions(wide), text
            assert {
                word for name in ("en", "es") for word in wide.kind if word not in messages(name)["places"]
            } == set()
            if wide.kind != ("fixed_line",):
                assert set(zones(near)) <= set(zones(wide)), text

    def test_every_zone_of_a_prefix_is_one_we_know(self) -> None:
        from phonenumbers.tzdata import TIMEZONE_DATA

        named = {zone for found in TIMEZONE_DATA.values() for zone in found} - {"Etc/Unknown"}
        assert named <= available_timezones()


class TestAddress:
    def test_a_country_has_all_of_its_zones(self) -> None:
        assert zones(address_place("ES")) == ["Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid"]
        assert address_place("ES").kind == ("country",)
        assert regions(address_place("ES")) == ["ES"]

    def test_a_subdivision_may_have_fewer(self) -> None:
        assert zones(address_place("ES", "CN")) == zones(address_place("ES", "ES-CN")) == ["Atlantic/Canary"]
        assert zones(address_place("US", "TX")) == ["America/Chicago", "America/Denver"]
        assert regions(address_place("US", "TX")) == ["US-TX"]

    def test_a_subdivision_that_nobody_listed_has_all_zones_of_its_country(self) -> None:
        place = address_place("MX", "BCN")
        assert (zones(place), regions(place)) == (list(country_zones("MX")), ["MX-BCN"])

    @pytest.mark.parametrize(
        ("country", "state", "where"),
        [
            ("FR", "974", "Indian/Reunion"), ("FR", "RE", "Indian/Reunion"), ("FR", "971", "America/Guadeloupe"),
            ("FR", "972", "America/Martinique"), ("FR", "973", "America/Cayenne"), ("FR", "976", "Indian/Mayotte"),
            ("FR", "PM", "America/Miquelon"), ("FR", "NC", "Pacific/Noumea"), ("US", "PR", "America/Puerto_Rico"),
            ("US", "US-GU", "Pacific/Guam"), ("US", "VI", "America/St_Thomas"), ("NL", "AW", "America/Aruba"),
            ("NL", "BQ2", "America/Kralendijk"), ("NO", "21", "Arctic/Longyearbyen"), ("CN", "HK", "Asia/Hong_Kong"),
            ("CN", "TW", "Asia/Taipei"), ("FI", "01", "Europe/Mariehamn"),
        ],
    )  # fmt: skip
    def test_a_territory_keeps_its_own_time(self, country: str, state: str, where: str) -> None:
        place = address_place(country, state)
        assert zones(place) == [where]
        assert regions(place) == [f"{country}-{state.removeprefix('US-')}"]

    def test_kosovo_is_a_country_with_a_zone(self) -> None:
        """The tz database has no code of its own for it; its telephone numbers have the zone of Belgrade."""
        assert (zones(address_place("XK")), regions(address_place("XK"))) == (["Europe/Belgrade"], ["XK"])
        assert zones(phone_place("+383 44 123 456")) == ["Europe/Belgrade"]

    @pytest.mark.parametrize(
        ("country", "state", "says"),
        [
            ("es", None, "country `es` is not known.*did you mean `ES`"),
            ("UK", None, "country `UK` is not known"),
            ("US", "Texas", "subdivision `Texas` is not one of US; write a code of ISO 3166-2 such as `US-AK`"),
            ("MX", "Baja California", "region"),
            ("US", "tx", "did you mean `TX`"),
        ],
    )
    def test_one_line_for_what_is_wrong(self, country: str, state: str | None, says: str) -> None:
        with pytest.raises(InputError, match=says):
            address_place(country, state)

    def test_every_country_has_a_zone_that_exists(self) -> None:
        without = {country for country, found in _countries().items() if not found}
        assert without <= {"BV", "HM"}, "islands without people"
        assert {zone for found in _countries().values() for zone in found} <= available_timezones()

    def test_the_table_of_subdivisions_lies_within_its_countries(self) -> None:
        """Every zone of a subdivision is one of its country, and every zone of a country is that of some subdivision."""
        assert {country: len(table) for country, table in _subdivisions().items()} == {
            "US": 51, "CA": 13, "AU": 8, "BR": 27, "ES": 19, "PT": 20,
        }  # fmt: skip
        for country, table in _subdivisions().items():
            listed = {zone for found in table.values() for zone in found}
            assert listed <= set(country_zones(country)), country
            assert clocks(listed) == clocks(country_zones(country)), country

    def test_area_codes_of_the_united_states_agree_with_the_table(self) -> None:
        """A second source: the zone that phonenumbers gives each area code is one that the table gives its state."""
        from phonenumbers import geocoder, timezone

        seen: dict[str, set[str]] = defaultdict(set)
        for code in range(201, 990):
            number = phonenumbers.parse(f"+1{code}5550100")
            state = STATES.get(geocoder.description_for_number(number, "en").rpartition(", ")[2])
            if phonenumbers.region_code_for_number(number) == "US" and state:
                seen[state] |= set(timezone.time_zones_for_number(number))
        assert len(seen) >= 48
        for state, found in seen.items():
            assert clocks(found) <= clocks(_subdivisions()["US"][state]), state


def clocks(names: Any) -> set[tuple[Any, ...]]:
    """What zones show over a year: two names of one clock are the same."""
    moments = [datetime(2026, month, 15, tzinfo=UTC) for month in range(1, 13)]
    return {tuple(moment.astimezone(ZoneInfo(name)).utcoffset() for moment in moments) for name in names}


class TestUnion:
    def test_everything_plausible_must_permit(self) -> None:
        place = phone_place("+34911234567") | address_place("US", "CA") | zone_place("Asia/Tokyo")
        assert zones(place) == ["Europe/Madrid", "America/Los_Angeles", "Asia/Tokyo"]
        assert regions(place) == ["ES", "US-CA"]
        assert place.kind == ("fixed_line", "subdivision", "profile")
        assert place | place == place | Place() == place
        hours = Policy(name="h", channels=["phone"], rules=[QuietHours(id="h", allow={"mon-sun": ["09:00-21:00"]})])
        person = Prospect(id="p", zones=place.zones, regions=place.regions)
        assert hours.decide(person, as_of="2026-03-06T12:00Z").answer == "blocked"  # no hour suits all three
        western = person.model_copy(update={"zones": place.zones[:2]})
        assert hours.decide(western, as_of="2026-03-06T12:00Z").at.isoformat() == "2026-03-06T09:00:00-08:00"  # type: ignore[union-attr]

    def test_it_is_what_a_prospect_takes(self) -> None:
        data = json.loads(json.dumps(address_place("ES", "CT", since="2026-03-06T10:00Z").to_dict()))
        person = Prospect.model_validate({"id": "p", "zones": data["zones"], "regions": data["regions"]})
        assert person.regions[0].region == "ES-CT"
        assert person.zones[0].source == "address"

    def test_a_profile_names_a_zone_and_no_region(self) -> None:
        assert (zones(zone_place("Asia/Tokyo")), regions(zone_place("Asia/Tokyo"))) == (["Asia/Tokyo"], [])
        with pytest.raises(InputError, match="did you mean `Europe/Madrid`"):
            zone_place("Europe/Madird")


STATES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Washington D.C.": "DC", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI",
    "Idaho": "ID", "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY",
    "Louisiana": "LA", "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN",
    "Mississippi": "MS", "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH",
    "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND",
    "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI",
    "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT",
    "Virginia": "VA", "Washington State": "WA", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
}  # fmt: skip
STATES |= {code: code for code in STATES.values()}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("Spain", "`Spain` is not a region; write its ISO 3166 code, `ES`"),
        ("united kingdom", "`united kingdom` is not a region; write its ISO 3166 code, `GB`"),
        ("Cote d'Ivoire", "`Cote d'Ivoire` is not a region; write its ISO 3166 code, `CI`"),
        ("ESP", "`ESP` is not a region; write its ISO 3166 code, `ES`"),
        ("us-ca", "`us-ca` is not a region; write `US-CA`"),
        ("uk", "`uk` is not a region; write its ISO 3166 code, `GB`"),
        (" ES ", "`ES` has blanks around it; take them away"),
        ("abc", "`abc` is not a region; write an ISO 3166 code such as `ES` or `US-CA`"),
        ("Narnia", "`Narnia` is not a region; write an ISO 3166 code such as `ES` or `US-CA`"),
    ],
)
def test_a_region_that_is_a_name_is_told_its_code(given: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        Prospect(id="p", regions=given)
    assert str(caught.value) == f"Prospect, regions[0].region: {told}"


def test_names_in_other_languages_where_the_telephone_data_is_at_hand() -> None:
    with pytest.raises(InputError, match="`España` is not a region; write its ISO 3166 code, `ES`"):
        Prospect(id="p", regions="España")


def test_names_in_other_languages_without_the_telephone_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers.geodata.locale", None)
    _names_elsewhere.cache_clear()
    try:
        with pytest.raises(InputError, match="`España` is not a region; write an ISO 3166 code such as"):
            Prospect(id="p", regions="España")
    finally:
        _names_elsewhere.cache_clear()


def test_a_country_of_an_address_or_a_calendar_by_name() -> None:
    with pytest.raises(InputError, match="country `Spain` is not known; write two letters of ISO 3166, here `ES`"):
        address_place("Spain")
    with pytest.raises(InputError, match=r"no holiday calendar for `Spain`; write its ISO 3166 code, `ES`$"):
        check_region("Spain")
    for name, told in (("es", "write `ES`"), ("US-ca", "write `US-CA`"), ("UK", "write its ISO 3166 code, `GB`")):
        with pytest.raises(InputError, match=rf"no holiday calendar for `{name}`; {told}$"):
            check_region(name)
