"""Where somebody may be: zones and regions from a telephone number, an address or a profile, as sets with their source.

Evidence is united, never weighed: everything plausible must permit, so a zone too many only restricts.

    >>> from cadencia import Prospect
    >>> from cadencia.places import address_place, zone_place
    >>> place = address_place("US", "TX") | zone_place("America/New_York")
    >>> sorted(item.zone for item in place.zones)
    ['America/Chicago', 'America/Denver', 'America/New_York']
    >>> Prospect(id="p1", zones=place.zones, regions=place.regions).regions[0].region
    'US-TX'
"""

from __future__ import annotations

from .address import address_place, zone_place
from .phone import phone_place
from .place import Place

__all__ = ["Place", "address_place", "phone_place", "zone_place"]
