"""The page Playground: a digit is distorted, and watched being written."""
