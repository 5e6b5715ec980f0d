"""The SYNTHETIC sample city: Wolverhampton-like, made by a seeded generator, with everything it plants written down."""

from geodata.sample.city import City, make_city
from geodata.sample.files import write_city

__all__ = ["City", "make_city", "write_city"]
