"""The page Challenge."""
