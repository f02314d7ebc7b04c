"""The map's points and counts against brute force, and the totals they come from."""

import math
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import h3.api.basic_int as h3
import pytest
from django.db import connection, connections
from hypothesis import given
from hypothesis import strategies as st

from events import maps, totals
from events.maps import View, look
from events.models import CellDayTotal, CellTotal, CountDue, CountedEvent
from events.search import SearchQuery
from events.spatial import TYPE_CODES, index_event
from events.states import AttendanceMode
from tests.events import worlds
from tests.events.worlds import NOW, world
from tests.factories import make_event, make_timeslot

pytestmark = pytest.mark.django_db
COUNTRY = View(24, -125, 50, -66, 4)
COLUMBUS = View(39.8, -83.2, 40.1, -82.8, 11)

queries = st.fixed_dictionaries(worlds.filters).map(lambda fields: SearchQuery(**fields))


def view_around(centre, north, east, size):
    """A view `size` degrees wide that holds `centre`, somewhere, at the zoom fit for its width."""
    south = max(-89.9, min(89.9 - size / 2, centre[0] - size / 2 * (1 + north) / 2))
    west = centre[1] - size * (1 + east) / 2
    zoom = max(2, min(18, round(9.5 - math.log2(size))))
    return View(south, west, min(90.0, south + size / 2), west + size, zoom)


def in_view(query, view, *, now=NOW):
    """The events that the map may show as points here, by looking at everything there is."""
    return {
        event.pk: slot.pk
        for event, slot in worlds.matching(query, now=now)
        if event.attendance_mode != AttendanceMode.VIRTUAL
        and view.holds(event.public_latitude, event.public_longitude)
    }


@worlds.patiently
@given(
    centre=worlds.centres,
    drawn=st.lists(worlds.events, min_size=3, max_size=10),
    asked=st.lists(queries, min_size=4, max_size=4),
    north=worlds.spread,
    east=worlds.spread,
    size=st.sampled_from([0.02, 0.4, 3, 12, 40, 170]),
    counted=st.booleans(),
)
def test_points_are_what_brute_force_finds_in_the_view(
    centre, drawn, asked, north, east, size, counted
):
    view = view_around(centre, north, east, size)
    with world(centre, drawn):
        if counted:
            totals.recount(NOW)
        for query in asked:
            sight = look(query, view, now=NOW)
            assert sight.bunches == []
            found = {result.event.pk: result.timeslot.pk for result in sight.points}
            assert found == in_view(query, view)


@worlds.patiently
@given(
    centre=worlds.centres,
    drawn=st.lists(worlds.events, min_size=3, max_size=10),
    changed=st.lists(worlds.events, max_size=3),
    asked=st.lists(queries, min_size=4, max_size=4),
    later=st.sampled_from([0, 0, 3, 30]).map(lambda hours: timedelta(hours=hours)),
    zoom=st.integers(0, 14),
)
def test_bunches_count_each_event_of_the_types_and_days_once(
    centre, drawn, changed, asked, later, zoom
):
    """Also after events were unlisted, came anew and began; at every zoom."""
    everywhere = View(-90, -180, 90, 180, zoom)
    with world(centre, drawn) as stored, pytest.MonkeyPatch.context() as patch:
        totals.recount(NOW)
        for event in stored[:2]:
            event.state = "unlisted"
            event.save()
            index_event(event, now=NOW)
        for fields in changed:
            worlds.store(stored[0].host, centre, dict(fields))
        totals.recount(NOW + later)
        patch.setattr(maps, "MOST_POINTS", -1)
        for query in asked:
            sight = look(query, everywhere, now=NOW + later)
            plain = SearchQuery(types=query.types, date_from=query.date_from, date_to=query.date_to)
            expected = in_view(plain, everywhere, now=NOW + later)
            assert sum(bunch.events for bunch in sight.bunches) == len(expected)


# -- what the properties do not say ------------------------------------------------------------


def listed(*, hours=(24,), **fields):
    event = make_event(**fields)
    for hour in hours:
        make_timeslot(event, starts_at=NOW.replace(microsecond=0) + timedelta(hours=hour))
    index_event(event, now=NOW)
    return event


@pytest.fixture
def crowded(monkeypatch):
    """Two are many."""
    monkeypatch.setattr(maps, "MOST_POINTS", 1)


@pytest.mark.parametrize("zoom", range(18))
def test_few_are_points_and_many_are_counted_at_every_zoom(zoom, monkeypatch):
    for _number in range(3):
        listed(hours=(24, 48))
    totals.recount(NOW)
    view = COLUMBUS._replace(zoom=zoom)

    assert len(look(SearchQuery(), view, now=NOW).points) == 3
    monkeypatch.setattr(maps, "MOST_POINTS", 2)
    (bunch,) = look(SearchQuery(), view, now=NOW).bunches

    assert bunch.events == 3
    assert (bunch.latitude, bunch.longitude) == pytest.approx((39.96, -83.0), abs=0.02)


@pytest.mark.parametrize("zoom", [4, 8, 9, 13])
def test_counts_obey_types_and_days_and_say_so_of_the_rest(zoom, crowded):
    for type_ in ("canvass", "canvass", "rally"):
        listed(type=type_, hours=(24, 72))
    totals.recount(NOW)
    view = COLUMBUS._replace(zoom=zoom)
    day = (NOW + timedelta(hours=72)).astimezone(ZoneInfo("America/New_York")).date()

    def count(**asked):
        sight = look(SearchQuery(**asked), view, now=NOW)
        return sum(bunch.events for bunch in sight.bunches), sight.shows_more

    assert count() == (3, False)
    assert count(types=("canvass",)) == (2, False)
    assert count(date_from=day) == (3, False)
    assert count(types=("canvass",), date_from=day, date_to=day) == (2, False)
    assert count(accessible=True) == (3, True)


@pytest.mark.parametrize("types", [(), (TYPE_CODES["canvass"],), tuple(TYPE_CODES.values())])
def test_an_event_of_several_days_is_counted_once_whatever_days_are_asked_for(types):
    stays = [(1, 4, 9), (2,), (4, 5), (1, 2, 3)]
    for days in stays:
        listed(type="canvass", hours=[24 * day for day in days])
    totals.recount(NOW)
    today = NOW.astimezone(ZoneInfo("America/New_York")).date().toordinal()
    everywhere = totals.whole_globe(4)
    ends = [None, *range(11)]

    for first, last in product(ends, ends):
        if first is None and last is None:
            continue
        found = totals.by_cell(
            [total.cell for total in everywhere],
            types=types,
            first=None if first is None else today + first,
            last=None if last is None else today + last,
        )
        asked = range(first or 0, (10 if last is None else last) + 1)
        expected = sum(not set(days).isdisjoint(asked) for days in stays)
        assert sum(found.values()) == expected, (first, last)


def test_events_not_counted_yet_are_points_all_the_same():
    listed()
    assert CountDue.objects.count() == 1
    for zoom in (3, 6, 9, 14):
        assert len(look(SearchQuery(), COLUMBUS._replace(zoom=zoom), now=NOW).points) == 1


def test_crowd_not_counted_yet_is_counted_on_the_spot(crowded):
    listed(), listed()
    for zoom in (3, 6, 9, 14):
        (bunch,) = look(SearchQuery(), COLUMBUS._replace(zoom=zoom), now=NOW).bunches
        assert bunch.events == 2


def test_home_adds_its_cell_and_nothing_finer():
    event = listed(private=True)
    totals.recount(NOW)
    before = list(CellTotal.objects.order_by("cell").values())
    event.latitude += 0.001
    event.save()
    index_event(event, now=NOW)
    totals.recount(NOW)
    assert list(CellTotal.objects.order_by("cell").values()) == before


def test_nothing_is_left_when_everything_has_begun():
    listed(hours=(1, 30)), listed(hours=(2,)), listed(virtual=True)
    totals.recount(NOW)
    assert CountedEvent.objects.count() == 2

    totals.recount(NOW + timedelta(hours=31))

    assert not CellDayTotal.objects.exists()
    assert not CellTotal.objects.exists()
    assert not CountedEvent.objects.exists()


def test_deleted_event_is_uncounted_when_its_time_has_come():
    event = listed()
    totals.recount(NOW)
    event.delete()
    assert totals.recount(NOW + timedelta(hours=25)) == 1
    assert not CellTotal.objects.exists()


def test_batches_go_on_until_nothing_is_due(monkeypatch):
    monkeypatch.setattr(totals, "BATCH", 2)
    for _number in range(5):
        listed()
    assert totals.recount(NOW) == 5
    assert totals.recount(NOW) == 0


def test_counting_again_changes_nothing():
    event = listed(hours=(1, 30))
    totals.recount(NOW)
    before = list(CellDayTotal.objects.order_by("pk").values())
    for _again in range(3):
        index_event(event, now=NOW)
    assert totals.recount(NOW) == 1
    assert list(CellDayTotal.objects.order_by("pk").values()) == before


@pytest.mark.django_db(transaction=True)
def test_only_one_worker_counts_at_a_time():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer anyway")
    listed()
    other = connections["default"].copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [totals._TURN])
        assert totals.recount(NOW) == 0
        other.rollback()
        assert totals.recount(NOW) == 1
    finally:
        other.close()


def test_a_look_takes_at_most_four_statements(django_assert_max_num_queries):
    for _number in range(3):
        listed()
    totals.recount(NOW)
    query = SearchQuery(types=("meeting",), date_from=datetime(2026, 11, 1, tzinfo=UTC).date())
    for zoom in range(18):
        with django_assert_max_num_queries(4):
            look(query, COLUMBUS._replace(zoom=zoom), now=NOW)


@pytest.mark.parametrize("resolution", [3, 4, 5, 6, 7])
@pytest.mark.parametrize("place", [(40.7, -74.0), (-16.9, 179.99), (64.7, 10.5), (0, 0), (84, 30)])
def test_cells_of_a_view_cover_it(place, resolution):
    size = 12 / 2.6 ** (resolution - 2)
    view = View(place[0] - size / 2, place[1] - size, place[0] + size / 2, place[1] + size, 8)
    cells = set(maps.cells_in(view, resolution))
    for north in range(11):
        for east in range(11):
            latitude = view.south + (view.north - view.south) * north / 10
            longitude = (view.west + view.width * east / 10 + 180) % 360 - 180
            assert h3.latlng_to_cell(latitude, longitude, resolution) in cells


# -- the address the map asks ------------------------------------------------------------------


def ask(client, view="39,-84,41,-82", zoom="9", **filters):
    return client.get("/map.geojson", {"view": view, "zoom": zoom, **filters})


def soon(**fields):
    event = make_event(**fields)
    make_timeslot(event)
    index_event(event, now=event.created_at)
    return event


def test_points_carry_what_a_popup_says_and_no_private_address(client):
    event = soon(private=True)
    (feature,) = ask(client).json()["features"]
    assert feature["geometry"]["coordinates"] == [
        round(event.public_longitude, 5),
        round(event.public_latitude, 5),
    ]
    assert feature["properties"]["title"] == event.title
    assert feature["properties"]["distance"] == ""
    assert "Elm" not in str(feature)


def test_bunches_carry_their_count_alone(client, crowded):
    event = soon(official=True)
    soon()
    totals.recount(event.created_at)
    body = ask(client, official="1").json()
    assert [feature["properties"] for feature in body["features"]] == [{"count": 2}]
    assert body["more"]


def test_place_of_the_search_does_not_matter_to_the_map(client):
    soon()
    assert len(ask(client, near="90210", within="5").json()["features"]) == 1
    assert len(ask(client, near="Qwrtzxx").json()["features"]) == 1


@pytest.mark.parametrize(
    ("view", "zoom"),
    [
        ("", "5"),
        ("1,2,3", "5"),
        ("a,b,c,d", "5"),
        ("1,2,3,4", ""),
        ("1,2,3,4", "x"),
        ("nan,2,3,4", "5"),
        ("3,2,1,4", "5"),
        ("-91,0,1,1", "1"),
        ("0,0,1,inf", "1"),
    ],
)
def test_view_that_is_none_is_refused_in_words(client, view, zoom):
    response = ask(client, view=view, zoom=zoom)
    assert response.status_code == 400
    assert "which part of the globe" in response.content.decode()


@pytest.mark.parametrize("view", ["-85,-540,85,540", "-10,179,10,181", "-10,-181,10,-179"])
def test_views_beyond_the_edge_of_the_map_are_read(client, view):
    soon(latitude=0.5, longitude=-179.9)
    assert len(ask(client, view=view, zoom="3").json()["features"]) == 1
