from django.urls import reverse

from config import env


def ask(client, text):
    return client.get(reverse("place_suggest"), {"q": text})


def test_places_are_suggested_with_their_county(client):
    places = ask(client, "portland, o").json()["places"]
    assert places == [{"label": "Portland, OR", "detail": "Multnomah County"}]


def test_suggestions_may_be_cached_by_anybody(client):
    answer = ask(client, "spring")
    assert "public" in answer["Cache-Control"]
    assert "Cookie" not in answer.get("Vary", "")


def test_nonsense_gets_an_empty_answer(client):
    for text in ("", "\x00", "zzzzzz", "x" * 100_000, "<script>"):
        assert ask(client, text).json() == {"places": []}


def test_tile_address_becomes_a_csp_source():
    assert env.origin("https://{s}.tiles.example/{z}/{x}/{y}.png") == "https://*.tiles.example"
    assert env.origin("https://tiles.example:8443/{z}.png?k=1") == "https://tiles.example:8443"
