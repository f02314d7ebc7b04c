"""The brand's colours, worked out from the one colour an operator sets.

Every pair of text and ground made here reaches 4.5 : 1, and every filled shape 3 : 1 against
the paper it lies on (WCAG 2.2, 1.4.3 and 1.4.11), whatever the colour: it is darkened or
lightened until it does. Used by settings.py; served as a stylesheet at /brand.css.
"""

import hashlib
import re
from dataclasses import dataclass

Rgb = tuple[int, int, int]

# The same grounds and inks as in static/css/barnstorm.css.
PAPER, SHEET, INK = "#f7f1e3", "#fffdf7", "#1f1a14"
DARK_PAPER, DARK_SHEET, DARK_INK = "#191613", "#231f1a", "#f4ede0"
WHITE, BLACK = "#ffffff", "#1f1a14"
TEXT_CONTRAST = 4.5
SHAPE_CONTRAST = 3.0


class NotAColor(ValueError):
    """The brand colour is not written as #rrggbb or #rgb."""


@dataclass(frozen=True)
class Shades:
    """One scheme's brand colours, each as #rrggbb."""

    fill: str  # buttons, date blocks
    fill_strong: str  # the same, pointed at or pressed
    on_fill: str  # text on either
    text: str  # links and words in the brand's colour, on paper and sheets
    soft: str  # a faint ground behind ordinary ink


@dataclass(frozen=True)
class Brand:
    color: str
    light: Shades
    dark: Shades

    @property
    def version(self) -> str:
        """Changes with the stylesheet; part of its address, so that it may be kept for ever."""
        return hashlib.sha256(self.stylesheet().encode()).hexdigest()[:10]

    def stylesheet(self) -> str:
        dark = _rule(self.dark)
        return f"{_rule(self.light)}\n@media screen and (prefers-color-scheme:dark){{{dark}}}\n"


def brand(color: str) -> Brand:
    """Work out both schemes' shades of `color`. Raises NotAColor."""
    base = normal(color)
    return Brand(
        color=base,
        light=_shades(base, grounds=(PAPER, SHEET), ink=INK, towards="#000000"),
        dark=_shades(base, grounds=(DARK_PAPER, DARK_SHEET), ink=DARK_INK, towards="#ffffff"),
    )


def normal(color: str) -> str:
    """`color` as #rrggbb. Raises NotAColor."""
    text = color.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        text = "#" + "".join(digit * 2 for digit in text[1:])
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        raise NotAColor(f"{color!r} is not a colour like #b3261e")
    return text


def luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definitions)."""
    channels = [value / 255 for value in _rgb(color)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2, definitions)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(color: str, other: str, share: float) -> str:
    """`color` with `share` (0 to 1) of `other` in it."""
    pairs = zip(_rgb(color), _rgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _shades(base: str, *, grounds: tuple[str, ...], ink: str, towards: str) -> Shades:
    fill = _until(base, grounds, SHAPE_CONTRAST, towards)
    # A middling fill carries neither white nor black well: move on until one of them works
    # on the fill and on its pressed shade alike.
    for _step in range(50):
        for on_fill, pressed in ((WHITE, "#000000"), (BLACK, "#ffffff")):
            strong = mix(fill, pressed, 0.16)
            if min(contrast(on_fill, fill), contrast(on_fill, strong)) >= TEXT_CONTRAST:
                text = _until(base, grounds, TEXT_CONTRAST, towards)
                return Shades(fill, strong, on_fill, text, mix(grounds[0], fill, 0.1))
        fill = mix(fill, towards, 0.04)
    raise AssertionError("black or white always works in the end")


def _until(color: str, grounds: tuple[str, ...], ratio: float, towards: str) -> str:
    for step in range(51):
        shade = mix(color, towards, step / 50)
        if min(contrast(shade, ground) for ground in grounds) >= ratio:
            return shade
    return towards


def _rgb(color: str) -> Rgb:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _rule(shades: Shades) -> str:
    pairs = {
        "--brand": shades.fill,
        "--brand-strong": shades.fill_strong,
        "--on-brand": shades.on_fill,
        "--brand-text": shades.text,
        "--brand-soft": shades.soft,
    }
    return ":root{" + ";".join(f"{name}:{value}" for name, value in pairs.items()) + "}"
