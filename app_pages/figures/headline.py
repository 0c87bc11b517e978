"""The line that says what is read, large, and how surely."""

import html


def headline(
    text: str, words: str, rem: float = 4.5, before: str = "", test_id: str = "digit"
) -> str:
    """HTML, which screen readers read out when it changes.

    Args:
        text: what stands large: a class, a number, or "?".
        words: that follow it.
        rem: how large, in sizes of the page's own letters.
        before: words that lead to it; then all of it is one sentence.
        test_id: by which tests find the text.
    """
    layout = "" if before else "display:flex;align-items:baseline;flex-wrap:wrap;gap:.2rem 1rem;"
    return (
        f'<div role="status" class="headline" style="{layout}font-size:1.1rem">'
        f"{html.escape(before)}"
        f'<span data-testid="{test_id}" style="font-size:{rem}rem;font-weight:650;line-height:1">'
        f"{html.escape(text)}</span><span>{html.escape(words)}</span></div>"
    )
