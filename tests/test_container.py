"""Dockerfile and compose.yaml fit the rest: what they copy, mount and listen on is there.

They are not built here: that takes Docker and an hour's downloads. What the Dockerfile installs is
what tests/test_package.py does.
"""

import re
import shlex
from pathlib import Path

import yaml

from digits.__main__ import COMMANDS

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DASHBOARDS = [COMPOSE["services"][name] for name in ("dashboard-1", "dashboard-2")]


def test_what_is_copied_into_the_image_is_there():
    copied = re.findall(
        r"^COPY (?!--from)(?:--\S+ )?(\S+) ", (ROOT / "Dockerfile").read_text(), re.M
    )
    assert {"constraints.txt", "checkpoints"} <= {*copied}
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert all((ROOT / name).exists() and name not in ignored for name in copied)


def test_nginx_finds_each_dashboard():
    nginx = COMPOSE["services"]["nginx"]
    (mounted,) = nginx["volumes"]
    configuration = (ROOT / mounted.partition(":")[0]).read_text()
    ports = re.findall(r"server 127\.0\.0\.1:(\d+);", configuration)
    commands = [shlex.split(dashboard["command"]) for dashboard in DASHBOARDS]
    assert all(command[0] == "digits" and command[1] in COMMANDS for command in commands)
    assert [command[-1] for command in commands] == ports
    assert all(dashboard["network_mode"] == "service:nginx" for dashboard in DASHBOARDS)
    assert re.search(rf"listen {nginx['ports'][0].partition(':')[2]};", configuration)


def test_the_dashboards_share_database_and_networks():
    database = COMPOSE["services"]["database"]["environment"]
    for dashboard in DASHBOARDS:
        url = dashboard["environment"]["DIGITS_DATABASE"]
        assert url.startswith(f"postgresql+psycopg://{database['POSTGRES_USER']}:")
        assert url.endswith(f"@database/{database['POSTGRES_DB']}")
        assert dashboard["volumes"] == ["networks:/networks"]
    assert "DIGITS_CHECKPOINTS=/networks" in (ROOT / "Dockerfile").read_text()
