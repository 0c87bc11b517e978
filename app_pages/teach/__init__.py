"""The page Teach it, and the training behind it."""
