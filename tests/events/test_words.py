"""What people type is made safe to keep and to show."""

import re

import pytest

from events.words import (
    plain_description,
    plain_lines,
    render_description,
    storable,
    tidy,
)


def test_controls_and_marks_that_turn_the_direction_are_dropped():
    assert tidy("Rally\u202e moc.live\u0000\u0007 \u2066x") == "Rally moc.live x"


def test_right_to_left_writing_and_joined_emoji_are_kept():
    assert tidy("מסיבת בית 👨‍👩‍👧") == "מסיבת בית 👨‍👩‍👧"


@pytest.mark.parametrize("nothing", ["   ", "\u3000\u00a0", "\u200b\u200b", "\u200d", "\r\n\t"])
def test_text_nobody_can_see_is_empty(nothing):
    assert tidy(nothing) == ""
    assert tidy(nothing, lines=True) == ""


def test_a_line_keeps_no_line_ends_and_lines_keep_them():
    assert tidy("one\r\ntwo   three") == "one two three"
    assert tidy("one \r\ntwo\u2028three\n\n\n\nfour", lines=True) == "one\ntwo\nthree\n\nfour"


def test_only_what_no_database_keeps_is_taken_from_a_draft():
    assert storable("a\0b\ud800c  \u202e") == "abc  \u202e"


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[tap](javascript:alert(1))",
        "[tap](data:text/html;base64,PHNjcmlwdD4=)",
        "![pixel](https://tracker.example/p.png)",
        '<a href="https://x.example" onclick="alert(1)">x</a>',
        "<style>body{display:none}</style>",
    ],
)
def test_no_markup_of_the_writer_reaches_the_page(attack):
    html = render_description(attack)
    for tag in ("<script", "<img", "<style", 'href="javascript', 'href="data', "<a "):
        assert tag not in html.replace('<a href="https://tracker.example', "")


def test_markdown_becomes_paragraphs_lists_and_modest_headings():
    html = render_description("# Bring\n\n- water\n- **shoes**\n\nSee https://e.org\nthere")
    assert "<h3>Bring</h3>" in html
    assert "<li><strong>shoes</strong></li>" in html
    assert "<br>\nthere" in html
    assert "<h1" not in html


def test_links_pass_nothing_on():
    html = render_description("[ours](https://e.org/?a=1&b=2)")
    assert 'rel="noopener noreferrer nofollow ugc"' in html
    assert 'href="https://e.org/?a=1&amp;b=2"' in html


def test_plain_words_are_cut_between_words():
    assert plain_description("# Hi\n\n*Doors* open & close") == "Hi Doors open & close"
    assert plain_description("one two three", limit=9) == "one two…"


def test_markdown_reads_well_where_no_markup_is_read():
    typed = (
        "# Bring\n\n- water\n- **shoes**\n\n1. Meet\n2. Walk\n\nSee [us](https://e.org/?a=1&b=2)\n"
        "or https://f.org, [mail](mailto:a@e.org) & *wave* <b>\n\n    code"
    )
    assert plain_lines(typed) == (
        "Bring\n\n- water\n- shoes\n\n1. Meet\n2. Walk\n\nSee us (https://e.org/?a=1&b=2)\n"
        "or https://f.org, mail (mailto:a@e.org) & wave <b>\n\ncode"
    )


def test_headings_never_skip_a_level_however_they_were_typed():
    html = render_description("### Small first\n\n# Big\n\n###### Tiny", heading=2)
    assert re.findall(r"<(h\d)>", html) == ["h2", "h2", "h3"]
