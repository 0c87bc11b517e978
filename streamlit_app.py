"""The dashboard's front door: the pages, and the choice of a checkpoint.

    streamlit run streamlit_app.py

It offers every folder of `checkpoints/`, or of the folder that the environment variable
DIGITS_CHECKPOINTS names.
"""

from pathlib import Path

import streamlit as st

from app_pages import clipboard, links
from app_pages.corrections import collection
from app_pages.figures import pictures
from app_pages.server import resources
from app_pages.words import plain

pages = [
    st.Page("app_pages/draw/page.py", title="Draw", icon=":material/draw:", default=True),
    st.Page(
        "app_pages/read/page.py",
        url_path="read",
        title="Read a picture",
        icon=":material/document_scanner:",
    ),
    st.Page(
        "app_pages/inside/page.py",
        url_path="network",
        title="Inside the network",
        icon=":material/visibility:",
    ),
    st.Page(
        "app_pages/playground/page.py",
        url_path="playground",
        title="Playground",
        icon=":material/tune:",
    ),
    st.Page(
        "app_pages/evaluation/page.py",
        url_path="evaluation",
        title="Evaluation",
        icon=":material/analytics:",
    ),
    st.Page(
        "app_pages/challenge/page.py",
        url_path="challenge",
        title="Challenge",
        icon=":material/timer:",
    ),
]
if collection.mode() != collection.OFF or collection.is_undecided():
    pages.append(
        st.Page(
            "app_pages/teach/page.py", url_path="teach", title="Teach it", icon=":material/school:"
        )
    )
# The icon first: in a page without one, Streamlit fetches the navigation's from another host.
st.set_page_config(page_icon=pictures.icon(), layout="centered")
page = st.navigation(pages)
st.set_page_config(page_title=f"{page.title} · Digit reader")
st.logo(
    pictures.logo(dark=st.context.theme.type == "dark"), size="large", icon_image=pictures.icon()
)

st.html(Path(__file__).parent / "app_pages" / "style.css")
links.follow_in_session()
clipboard.take_pictures()
faults = resources.faults()
with st.sidebar:
    if faults:
        st.selectbox(
            "Network",
            list(faults),
            index=next((i for i, fault in enumerate(faults.values()) if not fault), 0),
            format_func=lambda name: f"{name} (faulty)" if faults[name] else name,
            key=resources.CHOICE,
            bind="query-params",  # so that an address means the same network to everyone
        )
        if not faults[resources.chosen_network().name]:
            st.caption(plain(resources.describe(resources.chosen_network())))
    for name, fault in faults.items():
        if fault:
            st.warning(f"**{plain(name)}** is faulty. {plain(fault)}", icon=":material/error:")

if not faults:
    st.error(
        f"There is no checkpoint in {plain(str(resources.directory()))}. Train one with `python -m "
        f"train`."
    )
elif fault := faults[resources.chosen_network().name]:
    st.error(f"This network can't be used. {plain(fault)} Choose another one in the sidebar.")
else:
    page.run()
    resources.exclude_from_collection(page.title)
