"""One colour from the operator makes every shade, each readable where it is used."""

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from config.brand import (
    DARK_INK,
    DARK_PAPER,
    DARK_SHEET,
    INK,
    PAPER,
    SHEET,
    NotAColor,
    brand,
    contrast,
    normal,
)

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_wcags():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLORS)
def test_any_brand_colour_gives_readable_shades(color):
    made = brand(color)
    for shades, grounds, ink in (
        (made.light, (PAPER, SHEET), INK),
        (made.dark, (DARK_PAPER, DARK_SHEET), DARK_INK),
    ):
        assert contrast(shades.on_fill, shades.fill) >= 4.5
        assert contrast(shades.on_fill, shades.fill_strong) >= 4.5
        assert contrast(ink, shades.soft) >= 4.5
        for ground in grounds:
            assert contrast(shades.text, ground) >= 4.5
            assert contrast(shades.fill, ground) >= 3


@pytest.mark.parametrize(
    ("written", "meant"), [("#ABC", "#aabbcc"), (" #B3261E ", "#b3261e"), ("#000000", "#000000")]
)
def test_colours_are_read_however_written(written, meant):
    assert normal(written) == meant


@pytest.mark.parametrize("nonsense", ["", "red", "#12", "#12345g", "b3261e;}"])
def test_what_is_no_colour_is_refused(nonsense):
    with pytest.raises(NotAColor):
        normal(nonsense)


def test_stylesheet_may_be_kept_for_ever_because_its_address_changes(client):
    answer = client.get(f"/brand.css?v={settings.BRAND.version}")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert f"--brand:{settings.BRAND.light.fill}" in answer.text
    assert brand("#123456").version != settings.BRAND.version


def test_grounds_and_inks_are_the_stylesheets(settings):
    css = (settings.BASE_DIR / "static" / "css" / "barnstorm.css").read_text()
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)", 1)
    for name, value in (("paper", PAPER), ("sheet", SHEET), ("ink", INK)):
        assert f"--{name}: {value};" in light
    for name, value in (("paper", DARK_PAPER), ("sheet", DARK_SHEET), ("ink", DARK_INK)):
        assert f"--{name}: {value};" in dark
