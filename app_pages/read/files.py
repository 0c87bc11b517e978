"""The files that a visitor handed in, kept while other pages are open.

Streamlit forgets what its uploader holds once a page is left. So a copy is in the session: up to
MAX_BYTES in all, the oldest go first.
"""

import hashlib
from typing import NamedTuple

import streamlit as st

from app_pages.words import plain

FILES = "files"  # session state: what was handed in, by id, in the order in which it came
UPLOADER = "uploader"  # session state: the uploader's own
HELD = "held"  # session state: ids of what the uploader held when the page was last run
MAX_BYTES = 100_000_000


class File(NamedTuple):
    """A file that was handed in."""

    file_id: str
    name: str
    content: bytes
    digest: bytes  # that tells its content from others


def update(held: list) -> list[File]:
    """All files of the session, in the order in which they came.

    Args:
        held: what the uploader and the camera hold now. What they held before, and no longer do,
            was taken away by the visitor, if it is the same uploader.
    """
    files: dict[str, File] = st.session_state.setdefault(FILES, {})
    now = {upload.file_id for upload in held}
    for file_id in st.session_state.get(HELD, set()) - now:
        files.pop(file_id, None)
    for upload in held:
        if upload.file_id not in files:
            content = upload.getvalue()
            digest = hashlib.blake2b(content, digest_size=16).digest()
            files[upload.file_id] = File(upload.file_id, upload.name, content, digest)
    while len(files) > 1 and sum(len(file.content) for file in files.values()) > MAX_BYTES:
        files.pop(next(iter(files)))
    st.session_state[HELD] = now
    return list(files.values())


def forget_uploader() -> None:
    """Before the uploader is shown: if the page was left, it is another one, and empty."""
    if UPLOADER not in st.session_state:
        st.session_state.pop(HELD, None)


def show_others(files: list[File]) -> None:
    """Those that are no longer in the uploader, each with a button that takes it away."""
    others = [file for file in files if file.file_id not in st.session_state.get(HELD, set())]
    if not others:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("From before:")
        for file in others:
            st.button(
                plain(file.name),
                key=f"take away {file.file_id}",
                on_click=_take_away,
                args=([file.file_id],),
                icon=":material/close:",
                icon_position="right",
                help="Take it away",
            )
        if len(others) > 1:
            st.button(
                "All of them",
                on_click=_take_away,
                args=([file.file_id for file in others],),
                icon=":material/delete:",
            )


def _take_away(file_ids: list[str]) -> None:
    """Callback."""
    for file_id in file_ids:
        st.session_state[FILES].pop(file_id, None)
