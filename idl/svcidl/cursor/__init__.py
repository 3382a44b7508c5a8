"""What can be written at a place of a text: what editors complete."""

from svcidl.cursor.places import FORMATS, METHODS, Place, Want, place_at

__all__ = ["FORMATS", "METHODS", "Place", "Want", "place_at"]
