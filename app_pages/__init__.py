"""The dashboard: a folder a page, `page.py` in it a script that reads top to bottom, and what pages
share."""
