"""What is drawn: canvases, strokes, and samples of digits."""
