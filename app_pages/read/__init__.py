"""The page Read a picture: uploads, the editor of boxes, and tables for spreadsheets."""
