"""What pens write on tablets: files of strokes instead of pictures (files.py says of which forms).

Each form has a module, which tells a file's sheets: strokes, and of each the places of the pen's
tip, x to the right and y down, in any unit that is the same for both.
"""
