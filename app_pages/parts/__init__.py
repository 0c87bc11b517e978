"""What the pages share: the canvas, the charts, the pictures, and the slow things that are kept."""
