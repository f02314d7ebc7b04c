"""Words that people type: made safe to keep, and Markdown made safe to show."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import unescape

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Marks that turn the direction of what follows (Unicode UAX #9, section 2): with them a line
# can read as something else than what is stored. The plain left/right marks of right-to-left
# writing stay.
_TURNS_DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = "\u200b\u2060\ufeff\u00ad\u180e"
_DROPPED = frozenset(_TURNS_DIRECTION + _INVISIBLE)
_LINE_ENDS = re.compile("\r\n|[\r\u0085\u2028\u2029\v\f]")

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")
_TAGS = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "code", "pre"}
_TAGS |= {"h2", "h3", "h4"}


def tidy(text: str, *, lines: bool = False) -> str:
    """`text` without what nobody can see: controls, marks that turn direction, stray space.

    Keeps line ends (as `\\n`) with `lines`, else makes one line of it. Text without a single
    visible character becomes empty.
    """
    text = _LINE_ENDS.sub("\n", text)
    kept = "".join(c for c in text if _is_kept(c))
    kept = unicodedata.normalize("NFC", kept)
    if lines:
        kept = "\n".join(line.rstrip() for line in kept.split("\n")).strip()
        kept = re.sub(r"\n{3,}", "\n\n", kept)
    else:
        kept = " ".join(kept.split())
    return kept if any(_is_seen(c) for c in kept) else ""


def storable(text: str) -> str:
    """`text` as typed, without the characters no database keeps (NUL, lone surrogates)."""
    return "".join(c for c in text if c != "\0" and unicodedata.category(c) != "Cs")


@lru_cache(maxsize=128)  # a page asks several times: for itself, for a summary, for JSON-LD
def render_description(markdown: str, *, heading: int = 3) -> SafeString:
    """Markdown as HTML that is safe on any page: no pictures, no scripts, plain links.

    Headings come out on two levels, `heading` and one below, whatever levels were typed, so
    that they never skip one. Links open with no power over the page and pass no reader's
    trail on (`rel`).
    """
    tokens = _MARKDOWN.parse(tidy(markdown, lines=True))
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    first = headings[0].tag if headings else ""
    for token in headings:
        token.tag = f"h{heading if token.tag <= first else heading + 1}"
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow ugc",
    )
    return mark_safe(clean)


def plain_description(markdown: str, *, limit: int = 0) -> str:
    """Markdown as one line of plain words, at most `limit` characters (0: no limit)."""
    html = re.sub(r"</(p|li|h[234]|blockquote|pre)>|<br>", " ", render_description(markdown))
    words = " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())
    if limit and len(words) > limit:
        words = _("%(start)s…") % {"start": words[: limit - 1].rsplit(" ", 1)[0].rstrip(",.;:")}
    return words


def plain_lines(markdown: str) -> str:
    """Markdown as plain text, for where no markup is read: lines, lists, and links in words."""
    parts: list[str] = []
    for token in _MARKDOWN.parse(tidy(markdown, lines=True)):
        if token.type == "inline":
            parts += _inline_words(token.children or [])
        elif token.type == "list_item_open":
            parts.append(f"{token.info}. " if token.info else "- ")
        elif token.type in {"code_block", "fence"}:
            parts.append(f"{token.content}\n")
        elif token.type in {"paragraph_close", "heading_close"}:
            parts.append("\n" if token.hidden else "\n\n")
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            parts.append("\n")
    return re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()


def _inline_words(tokens: Sequence[Token]) -> Iterator[str]:
    target, words = "", ""
    for token in tokens:
        if token.type == "link_open":
            target, words = str(token.attrs.get("href", "")), ""
        elif token.type == "link_close":
            if words not in {target, target.removeprefix("mailto:"), target.removeprefix("tel:")}:
                yield f" ({target})"
        else:
            said = "\n" if token.type in {"softbreak", "hardbreak"} else token.content
            words += said
            yield said


def _is_kept(character: str) -> bool:
    if character in "\n\t":
        return True
    # Cc controls, Cs lone surrogates. Code points newer than our tables (Cn) may be emoji: kept.
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in _DROPPED


def _is_seen(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LNSP" or category in {"Cn", "Co"}
