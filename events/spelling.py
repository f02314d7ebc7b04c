"""How names of places are compared: plain letters, usual abbreviations, near misses."""

import re
import unicodedata
from collections.abc import Iterator

_ABBREVIATIONS = {"saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
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
