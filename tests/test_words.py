"""Text from others shows as it is."""

from app_pages.words import plain


def test_plain_text_is_not_markdown():
    assert plain("a_b*[é]") == r"a\_b\*\[é\]"
