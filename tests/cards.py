"""A card for tests that save a checkpoint."""

from typing import Any

from model.card import Card


def card(**fields: Any) -> Card:
    """A card that says as little as a card may, but for the fields given."""
    least: dict[str, Any] = {
        "name": "small",
        "classes": ("a", "b", "c"),
        "network": {},
        "temperature": 1.0,
        "config": {},
        "seed": 0,
        "versions": {},
        "data": {},
        "history": (),
        "test": {},
    }
    return Card(**(least | fields))
