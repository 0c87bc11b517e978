"""Text from others: class names, file names, what a card or a collection says. It is shown as it
was written.

Streamlit understands Markdown in nearly all words that it is given, labels of buttons and cells of
`st.table` too: with it, a name could be a heading, a picture of another host or a link. Where text
goes into HTML, `html.escape` is for it.
"""

import re
import string

LINK = re.compile(r"(?<=https:)(?=//)|(?<=http:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
JOINER = "\u2060"  # has no width, and parts no word


def plain(text: str) -> str:
    """A text that shows as it is where Markdown is understood; on one line, without what can't be
    seen.

    Streamlit's page makes links of what looks like an address even where each sign is escaped: a
    joiner is between.
    """
    visible = "".join(letter if letter.isprintable() else " " for letter in text)
    return re.sub(
        f"([{re.escape(string.punctuation)}])", r"\\\1", LINK.sub(JOINER, " ".join(visible.split()))
    )
