"""Start the dashboard: streamlit run, for whoever installed the package.

Whatever follows is Streamlit's own, such as --server.port 8080. What visitors teach it is kept in
collection.db of DIGITS_HOME, which is the folder that it is started in unless something else is
said, or in DIGITS_DATABASE.
"""

import argparse
import os
from pathlib import Path

import model

SCRIPT = Path(model.__file__).parents[1] / "streamlit_app.py"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line, until the server is stopped; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="digits serve",
        description=__doc__.partition("\n")[0],
        epilog="All other flags are Streamlit's, such as --server.port 8080 or, to let other "
        "machines in, --server.address 0.0.0.0.",
    )
    _, flags = parser.parse_known_args(arguments)
    from streamlit.web import cli

    os.environ.setdefault("DIGITS_HOME", os.getcwd())
    code = cli.main(["run", str(SCRIPT), *flags], prog_name="streamlit", standalone_mode=False)
    return int(code or 0)
