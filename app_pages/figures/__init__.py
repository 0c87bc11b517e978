"""What is shown: pictures, charts, bars and maps."""
