"""Names of files and folders."""

from pathlib import Path

from model.names import by_name, is_hidden


def test_names_are_sorted_as_people_count():
    names = ["scan10", "scan2", "scan²", "scan", "2", "10"]
    assert [path.name for path in by_name(map(Path, names))] == [
        *("2", "10", "scan", "scan2", "scan10", "scan²")
    ]


def test_what_systems_put_into_folders_is_hidden():
    hidden = [".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX", "._a.png"]
    assert all(is_hidden(Path("folder", name)) for name in hidden)
    assert not is_hidden(Path("folder", "a.png"))
