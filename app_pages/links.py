"""Addresses of the dashboard: kept up to date, followed within a session, and shared.

Streamlit's own ways each lose something: what a script writes into `st.query_params` adds an entry
to the browser's history, and a plain link begins a new session. So a script in the page does both.
"""

import json
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st


def keep(query: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Makes the page's address say so, without a new entry in the history and without a rerun.

    Args:
        query: parameters that it is to have.
        names: of those that are ours; what isn't in `query` goes.
    """
    st.html(
        f"""<script>{{
        const address = new URL(location.href), query = {_as_script(dict(query))};
        for (const name of {_as_script(list(names))}) address.searchParams.delete(name);
        for (const name in query) address.searchParams.set(name, query[name]);
        if (address.href !== location.href) history.replaceState(history.state, "", address);
        }}</script>""",
        unsafe_allow_javascript=True,
    )


def follow_in_session() -> None:
    """Lets links to the dashboard's own pages, such as those of pictures, go on in this session."""
    st.html(
        """<script>{
        window.followInSession ??= document.addEventListener("click", (event) => {
            const link = event.composedPath().find((node) => node.dataset?.session);
            const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
            if (!link || !plain) return;
            event.preventDefault();
            history.pushState({}, "", link.href);
            dispatchEvent(new PopStateEvent("popstate", { state: {} }));
        }) ?? true;
        }</script>""",
        unsafe_allow_javascript=True,
    )


def share(query: Mapping[str, str]) -> None:
    """A button that shows this page's address with a digit, to copy, and as a QR code."""
    with st.popover("Share", icon=":material/qr_code:"):
        here = urlsplit(st.context.url or "")
        address = urlunsplit(here._replace(path=here.path or "/", query=urlencode(query)))
        st.caption("This address brings the same digit, on any device that reaches this server.")
        st.code(address, language=None, wrap_lines=True)
        code = segno.make(address, error="l", micro=False)
        st.image(code.svg_data_uri(scale=4, dark="black", light="white"), width=200)


def _as_script(value: object) -> str:
    """A value as JavaScript has it, that can't end the script."""
    return json.dumps(value).replace("<", "\\u003c")
