"""How names of places are compared: plain letters, usual abbreviations, near misses."""

import re
import unicodedata
from collections.abc import Iterator

_ABBREVIATIONS = {"saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KINDS_OF_STREET = {
    "street": "st", "avenue": "ave", "av": "ave", "boulevard": "blvd", "drive": "dr",
    "road": "rd", "lane": "ln", "court": "ct", "place": "pl", "square": "sq", "terrace": "ter",
    "circle": "cir", "highway": "hwy", "parkway": "pkwy", "trail": "trl", "turnpike": "tpke",
}  # fmt: skip
_DIRECTIONS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "northeast": "ne", "northwest": "nw",
    "southeast": "se", "southwest": "sw",
}  # fmt: skip
_ORDINALS = {"first": "1st", "second": "2nd", "third": "3rd"}
_STREET_WORDS = _KINDS_OF_STREET | _DIRECTIONS | _ORDINALS
STREET_KINDS = {*_KINDS_OF_STREET.values(), "way", "row", "walk", "alley", "loop", "run"}
DIRECTIONS = frozenset(_DIRECTIONS.values())
_UNITS = frozenset({"apt", "apartment", "unit", "suite", "floor"})
_DROPPED = re.compile(r"[.'’‘ʻ`´]")
_BREAKS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """The spelling names are stored and looked up in: "Saint-Louis" and "st. louis" meet.

    Accents and punctuation go, words are parted by single spaces, and saint, fort and mount
    take their usual short form.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = _BREAKS.sub(" ", _DROPPED.sub("", plain)).split()
    return " ".join(_ABBREVIATIONS.get(word, word) for word in words)


def normalise_street(text: str) -> str:
    """`normalise`, with the words of streets in their usual short form: "41 s elm st"."""
    return " ".join(_STREET_WORDS.get(word, word) for word in normalise(text).split())


def names_a_street(text: str) -> bool:
    """Whether this part of an address is a street: "12 Main", "Elm Street", "4th Ave NW"."""
    words = normalise_street(text).split()
    while len(words) > 1 and words[-1] in DIRECTIONS:
        words.pop()
    if len(words) < 2:
        return words == ["broadway"]
    numbered = words[0][0].isdigit() and any(c.isalpha() for c in "".join(words[1:]))
    return numbered or words[-1] in STREET_KINDS


def after_street(text: str) -> Iterator[str]:
    """What may be the town in an address without commas: "12 main st austin tx" -> "austin tx"."""
    words = normalise(text).split()
    for at, word in enumerate(words):
        if at and _STREET_WORDS.get(word, word) in {*STREET_KINDS, "broadway"}:
            rest = words[at + 1 :]
            while rest and _STREET_WORDS.get(rest[0], rest[0]) in DIRECTIONS:
                rest = rest[1:]
            if rest and rest[0] in _UNITS:
                rest = rest[2:]
            if rest:
                yield " ".join(rest)


def likeness(norm: str) -> str:
    """A key that names share when letters were doubled, dropped twice or swapped."""
    letters = norm.replace(" ", "")
    return letters[:1] + "".join(sorted(set(letters)))


def near_misses(norm: str) -> Iterator[str]:
    """Every spelling one slip away: a letter dropped, swapped, wrong or added."""
    for at in range(len(norm) + 1):
        head, tail = norm[:at], norm[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in _LETTERS:
            if tail:
                yield head + letter + tail[1:]
            yield head + letter + tail


def slips(one: str, other: str) -> int:
    """How many slips lie between two spellings (Damerau's distance, adjacent swaps)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
