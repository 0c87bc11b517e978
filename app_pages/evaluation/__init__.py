"""The page Evaluation, and its views."""
