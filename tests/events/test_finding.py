"""The home page and the results, as somebody in a hurry meets them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from events.forms import SearchForm
from events.spatial import index_event
from tests.factories import make_event, make_timeslot

pytestmark = pytest.mark.django_db


def listed(*, miles_north=0.0, days=3, capacity=None, seats_taken=0, **fields):
    event = make_event(latitude=39.9612 + miles_north / 69.0, **fields)
    make_timeslot(
        event,
        starts_at=timezone.now() + timedelta(days=days),
        capacity=capacity,
        seats_taken=seats_taken,
    )
    index_event(event, now=timezone.now())
    return event


def page(client, address, **params):
    response = client.get(address, params)
    assert response.status_code == 200
    return response.content.decode()


def form(params, now):
    from django.http import QueryDict

    return SearchForm(QueryDict(params), now=now)


def test_home_has_one_box_and_what_is_on_next(client):
    event = listed(title="Soup night")
    html = page(client, "/")
    assert 'name="near"' in html
    assert event.get_absolute_url() in html


def test_home_says_so_when_nothing_is_planned(client):
    assert "Nothing is planned yet" in page(client, "/")


def test_results_near_a_zip_show_title_time_with_zone_place_and_distance(client):
    listed(title="Soup night", official=True, capacity=12, seats_taken=9)
    html = page(client, "/events/", near="43215")
    assert "Soup night" in html
    assert ("EST" in html) or ("EDT" in html)
    assert "Elm Street Hall, Columbus, OH 43215" in html
    assert "mile" in html
    assert "Official" in html
    assert "3 spots left" in html


def test_a_private_home_shows_its_area_and_never_its_street(client):
    listed(private=True, title="Soup night")
    html = page(client, "/events/", near="43215")
    assert "Columbus, OH 43215" in html
    assert "Elm Street" not in html


def test_an_unknown_place_is_explained_beside_the_field_and_what_was_typed_stays(client):
    event = listed()
    html = page(client, "/events/", near="Qwrtzxx")
    assert 'value="Qwrtzxx"' in html
    assert "know that place" in html
    assert event.get_absolute_url() in html  # no dead end


def test_a_name_of_several_places_offers_the_choice(client):
    html = page(client, "/events/", near="Portland")
    assert "more than one" in html
    assert "near=Portland%2C+ME" in html or "near=Portland%2C+OR" in html


def test_a_position_is_called_by_its_nearest_place(client):
    event = listed()
    html = page(client, "/events/", near="39.96, -83.00")
    assert "Events near Columbus, OH" in html
    assert event.get_absolute_url() in html


def test_what_was_typed_is_never_markup(client):
    html = page(client, "/events/", near='"><script>alert(1)</script>')
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-02-30"},
        {"from": "2020-12-05", "to": "2020-12-01"},
        {"within": "a lot"},
        {"within": "-5"},
        {"within": "nan"},
        {"type": "nonsense"},
        {"where": "mars"},
        {"sort": "backwards"},
        {"after": "1_2_3_4_5"},
        {"near": "\0"},
        {"near": "x" * 5000},
        {"from": "0001-01-01", "to": "9999-12-31"},
    ],
)
def test_nonsense_in_the_address_is_forgiven(client, params):
    event = listed()
    assert event.get_absolute_url() in page(client, "/events/", **params)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("within=a+lot", True),
        ("within=0", True),
        ("type=nonsense", True),
        ("type=rally&type=nonsense", True),
        ("where=mars", True),
        ("sort=backwards", True),
        ("within=5000&type=rally&where=in_person&sort=distance&room=1", False),
        ("near=Qwrtzxx", False),  # said beside the box
        ("from=2026-02-30", False),  # said beside the day
        ("when=&where=&type=&within=&room=", False),
    ],
)
def test_what_cannot_be_read_is_left_out_and_the_page_says_so(client, params, said):
    assert ("so we left it out" in page(client, f"/events/?{params}")) == said


def test_one_unknown_type_leaves_the_others_asked_for(client):
    rally, canvass = listed(type="rally"), listed(type="canvass")
    html = page(client, "/events/?type=rally&type=nonsense")
    assert rally.get_absolute_url() in html
    assert canvass.get_absolute_url() not in html


def test_farther_than_anybody_drives_is_as_far_as_we_look(now):
    assert form("within=5000", now).miles == 500
    assert form("within=7.5", now).miles == 7.5


@pytest.mark.parametrize("off", ["0", "false", "no", "off", ""])
def test_a_filter_that_is_switched_off_in_the_address_is_off(now, off):
    query = form(f"room={off}&accessible={off}&official={off}", now).query()
    assert (query.has_room, query.accessible, query.official) == (False, False, False)
    assert form("room=on&accessible=true", now).query().has_room


def test_a_day_that_does_not_exist_is_explained_beside_its_field(client):
    html = page(client, "/events/", **{"from": "2026-02-30"})
    assert "not a real date" in html
    # A browser's picker of days would show it empty.
    assert '<input class="form-control is-invalid" type="text" id="from"' in html
    assert 'value="2026-02-30"' in html


def test_a_day_in_american_writing_is_shown_in_the_picker(client):
    html = page(client, "/events/", **{"from": "11/30/2026"})
    assert 'type="date" id="from" name="from" value="2026-11-30"' in html


def test_little_nearby_widens_and_says_so(client):
    for miles in (3, 20, 40):
        listed(miles_north=miles)
    html = page(client, "/events/", near="43215", within=5)
    assert "There's not much within 5 miles, so we looked up to 50 miles away." in html


def test_nothing_nearby_shows_the_nearest_and_what_is_online(client):
    far = listed(miles_north=300)
    online = listed(virtual=True)
    html = page(client, "/events/", near="43215")
    assert far.get_absolute_url() in html
    assert online.get_absolute_url() in html
    assert "Join from anywhere" in html


def test_what_is_near_is_never_called_nothing(client):
    listed(miles_north=8, type="rally")
    listed(miles_north=300, type="rally")
    html = page(client, "/events/", near="43215", type="rally")
    assert "Hardly anything like this is planned within 100 miles" in html
    assert "Not much is planned within 100 miles yet" in page(client, "/events/?near=43215")
    html = page(client, "/events/", near="43215", type="canvass")
    assert "Nothing like this is planned within 100 miles" in html
    assert "Nothing is planned within 100 miles yet" in page(client, "/events/?near=94110")


def test_pages_follow_one_another_by_link(client):
    for days in range(1, 26):
        listed(days=days)
    first = client.get("/events/", {"near": "43215"})
    assert len(first.context["cards"]) == 20
    second = client.get("/events/" + first.context["more"])
    assert len(second.context["cards"]) == 5
    assert second.context["more"] == ""


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ("type=canvass", True),
        ("type=rally", False),
        ("type=rally&type=canvass", True),
        ("where=in_person", True),
        ("where=virtual", False),
        ("accessible=1", True),
        ("room=1", False),
        ("official=1", False),
    ],
)
def test_filters_keep_what_was_asked_for(client, params, found):
    event = listed(type="canvass", wheelchair="yes", capacity=3, seats_taken=3)
    assert (event.get_absolute_url() in page(client, f"/events/?near=43215&{params}")) == found


def test_presets_mean_the_days_where_the_place_is(now):
    # 11:00 on Wednesday in New York, already Thursday on Kiritimati.
    assert form("when=today", now).days == (now.date(), now.date())
    saturday = now.date() + timedelta(days=3)
    assert form("when=weekend", now).days == (saturday, saturday + timedelta(days=1))
    assert form("when=week", now).days == (now.date(), now.date() + timedelta(days=6))
    sunday = now + timedelta(days=4)
    assert form("when=weekend", sunday).days == (sunday.date(), sunday.date())


def test_results_take_at_most_five_statements_whatever_is_found(
    client, django_assert_max_num_queries
):
    searches = [
        {"near": place, "sort": sort}
        for place in ("43215", "45402", "99501")  # enough, widened to, and however far
        for sort in ("time", "distance")
    ]
    for rows in (3, 27):
        for _ in range(rows):
            listed()
        listed(virtual=True)
        for asked in searches:
            with django_assert_max_num_queries(5):  # what changed, and search's own
                client.get("/events/", asked | {"rows": rows})


def test_an_event_that_began_leaves_the_results(client):
    event = listed(days=1)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert event.get_absolute_url() not in page(client, "/events/", near="43215")
