"""Search against brute force: same events, same order, none twice, none missing."""

import math
from dataclasses import replace
from datetime import timedelta

import h3.api.basic_int as h3
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from events import search as module
from events import streams, totals
from events.models import Event, Listing, Timeslot
from events.search import FEW, SearchQuery, search
from events.spatial import (
    index_event,
    miles_of,
    squared_chord,
    squared_distance,
    unit_vector,
)
from events.states import AttendanceMode
from tests.events import worlds
from tests.events.worlds import NOW, world
from tests.factories import make_event, make_host, make_timeslot

pytestmark = pytest.mark.django_db

TWO = ("canvass", "rally")

queries = st.fixed_dictionaries(
    {
        **worlds.filters,
        "within_miles": st.floats(1, 500) | st.sampled_from([1, 3, 12, 25, 60, 61, 500]),
        "sort": st.sampled_from(["time", "distance"]),
        "limit": st.sampled_from([1, 2, 5, 20]),
    }
)


def brute_force(query, *, now):
    """All matching (timeslot pk, event pk), in order, by looking at everything there is."""
    rows = []
    for event, slot in worlds.matching(query, now=now):
        distance = distance_to(event, query)
        if distance is not None:
            rows.append((distance if query.by_distance else 0, slot.starts_at, slot.pk, event.pk))
    return [(pk, event_pk) for _distance, _starts, pk, event_pk in sorted(rows)]


def distance_to(event, query):
    if query.circle is None:
        return 0
    if event.attendance_mode == AttendanceMode.VIRTUAL:
        return None
    point = unit_vector(event.public_latitude, event.public_longitude)
    distance = squared_distance(point, query.circle.centre)
    return distance if distance <= squared_chord(query.within_miles) else None


def ids(page):
    return [(result.timeslot.pk, result.event.pk) for result in page.results]


def pages(query, *, now, between=lambda: None, tick=timedelta(0)):
    """Every page to the end, as (timeslot pk, event pk)."""
    seen = []
    while True:
        page = search(query, now=now)
        seen += ids(page)
        if not page.next_key:
            return seen
        query = replace(query, after=page.next_key)
        between()
        now += tick


@worlds.patiently
@given(
    centre=worlds.centres,
    drawn=st.lists(worlds.events, min_size=3, max_size=12),
    asked=st.lists(queries, min_size=6, max_size=6),
    away=st.sampled_from([0, 0, 0.01, 1, 30]),
    first_read=st.sampled_from([1, streams.FIRST_READ]),
    most_counted=st.sampled_from([2, module.COUNTED]),
    totals_stand=st.booleans(),
)
def test_search_finds_what_brute_force_finds(
    centre, drawn, asked, away, first_read, most_counted, totals_stand
):
    # These worlds are smaller than what is read at first by distance, and than what is counted.
    with world(centre, drawn), pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "FIRST_READ", first_read)
        patch.setattr(module, "COUNTED", most_counted)
        if totals_stand:
            totals.recount(NOW)
        for fields in asked:
            place = (max(-90.0, centre[0] - away), centre[1])
            query = SearchQuery(latitude=place[0], longitude=place[1], **fields)
            expected = brute_force(query, now=NOW)
            first = search(query, now=NOW)
            if first.widened_to:
                assert len(expected) < FEW
                wider = replace(query, within_miles=first.widened_to)
                expected = brute_force(wider, now=NOW)
                assert len(expected) >= FEW
                assert pages(wider, now=NOW) == expected
                assert ids(first) == expected[: query.limit]
                assert bool(first.next_key) == (len(expected) > query.limit)
            elif first.far:
                assert len(expected) < FEW
                assert_nearest_however_far(query, first)
            else:
                assert pages(query, now=NOW) == expected
                assert first.about == min(len(expected), most_counted)
                assert first.capped == (len(expected) > most_counted)


@worlds.patiently
@given(
    centre=worlds.centres,
    drawn=st.lists(worlds.events, min_size=4, max_size=12),
    added=st.lists(worlds.events, max_size=8),
    asked=queries.map(lambda fields: fields | {"limit": 1 + fields["limit"] % 3}),
    tick=st.sampled_from([0, 1, 40, 600]).map(lambda minutes: timedelta(minutes=minutes)),
)
def test_pages_stay_true_while_events_are_added_and_first_timeslots_begin(
    centre, drawn, added, asked, tick
):
    """What was there at the first page comes in order, once, and all of it that may still come.

    Nothing is pushed over a page's border by what is new, and no event comes back by its evening
    because its morning began in between.
    """
    query = SearchQuery(latitude=centre[0], longitude=centre[1], widen=False, **asked)
    with world(centre, drawn):
        expected = brute_force(query, now=NOW)
        arriving = iter(added)
        host = make_host().user

        def between():
            fields = next(arriving, None)
            if fields is not None:
                worlds.store(host, centre, dict(fields))

        seen = pages(query, now=NOW, between=between, tick=tick)

    assert len({event for _slot, event in seen}) == len(seen)
    assert [hit for hit in seen if hit in set(expected)] == expected


def assert_nearest_however_far(query, found):
    everywhere = replace(query, within_miles=13_000, sort="distance")
    circle = module.Circle(query.latitude, query.longitude, 13_000)
    rows = []
    for pk, event_pk in brute_force(replace(everywhere, latitude=None), now=NOW):
        event = Event.objects.get(pk=event_pk)
        if event.attendance_mode != AttendanceMode.VIRTUAL:
            point = unit_vector(event.public_latitude, event.public_longitude)
            starts_at = Timeslot.objects.get(pk=pk).starts_at
            rows.append((squared_distance(point, circle.centre), starts_at, pk, event_pk))
    expected = [(pk, event_pk) for _distance, _starts, pk, event_pk in sorted(rows)]
    assert ids(found) == expected[: module.NEAREST]


# -- what the properties do not say ----------------------------------------------------------

COLUMBUS = SearchQuery(latitude=39.9612, longitude=-82.9988, place="Columbus, OH")


def near_columbus(*, miles_north=0.0, hours=(24,), **fields):
    event = make_event(latitude=39.9612 + miles_north / 69.0, **fields)
    for hour in hours:
        make_timeslot(event, starts_at=NOW.replace(microsecond=0) + timedelta(hours=hour))
    index_event(event, now=NOW)
    return event


def test_events_added_between_pages_push_nothing_out_and_bring_nothing_back():
    first = [near_columbus(hours=(hour,)) for hour in range(10, 16)]

    seen = pages(replace(COLUMBUS, limit=2), now=NOW, between=lambda: near_columbus(hours=(1, 300)))

    assert [pk for _slot, pk in seen][: len(first)] == [event.pk for event in first]
    assert len(seen) == len(set(seen))


def test_an_event_does_not_come_back_by_its_evening_when_its_morning_begins_between_pages():
    both = near_columbus(hours=(0.5, 9))
    others = [near_columbus(hours=(hour,)) for hour in (1, 2, 20)]

    seen = pages(replace(COLUMBUS, limit=1), now=NOW, tick=timedelta(minutes=25))

    assert [pk for _slot, pk in seen] == [both.pk, *(event.pk for event in others)]


def test_a_search_a_minute_after_the_morning_began_finds_the_event_by_its_evening():
    event = near_columbus(hours=(1, 9))

    page = search(COLUMBUS, now=NOW + timedelta(hours=1, minutes=1))

    (result,) = page.results
    assert result.timeslot.pk == event.timeslots.order_by("starts_at")[1].pk


def test_too_few_near_widens_the_circle_to_the_next_step_that_helps():
    near_columbus(miles_north=3)
    near_columbus(miles_north=20)
    near_columbus(miles_north=42)
    near_columbus(miles_north=80)

    page = search(replace(COLUMBUS, within_miles=5), now=NOW)

    assert page.widened_to == 50
    assert page.about == 3
    assert [round(result.distance_miles) for result in page.results] == [3, 20, 42]


@pytest.mark.parametrize("sort", ["time", "distance"])
def test_a_page_shorter_than_few_is_not_widened_where_there_are_enough(sort):
    for miles in (1, 2, 3):
        near_columbus(miles_north=miles)

    page = search(replace(COLUMBUS, within_miles=5, sort=sort, limit=1), now=NOW)

    assert not page.widened_to
    assert page.about == 3


def test_nothing_near_shows_the_nearest_however_far_and_what_is_online():
    far = near_columbus(miles_north=400)
    farther = near_columbus(miles_north=900)
    online = make_event(virtual=True)
    make_timeslot(online, starts_at=NOW + timedelta(days=1))
    index_event(online, now=NOW)

    page = search(COLUMBUS, now=NOW)

    assert page.far
    assert page.about == 0
    assert [result.event.pk for result in page.results] == [far.pk, farther.pk]
    assert [result.event.pk for result in page.online] == [online.pk]


def test_the_nearest_is_found_across_the_globe_even_when_many_are_elsewhere():
    for number in range(40):
        near_columbus(miles_north=-2 * 35 * number + 1400)
    page = search(SearchQuery(latitude=-33.9, longitude=151.2), now=NOW)

    distances = [result.distance_miles for result in page.results]
    assert distances == sorted(distances)
    every = [
        squared_distance(
            unit_vector(event.public_latitude, event.public_longitude), unit_vector(-33.9, 151.2)
        )
        for event in Event.objects.all()
    ]
    assert distances[0] == pytest.approx(miles_of(min(every)))


def test_by_distance_a_crowd_at_one_place_and_some_around_come_in_order():
    """More than is read at first, so that what may be closer is read besides."""
    for hour in range(streams.FIRST_READ + 5):
        near_columbus(miles_north=0.4, hours=(hour + 1,))
    for miles in (-9, -0.41, -0.39, 0.1, 0.39, 2, 24):
        near_columbus(miles_north=miles)
    query = replace(COLUMBUS, sort="distance")
    assert pages(query, now=NOW) == brute_force(query, now=NOW)


def test_by_time_a_page_made_of_several_cells_is_told_neither_too_early_nor_short():
    """Each cell begins when the one before has its share of a page, and no more than that."""
    query = replace(COLUMBUS, within_miles=100)
    share = math.ceil((query.limit + 1) * streams.GLANCE / streams.GLANCE_CELLS)
    for number, cell in enumerate(query.circle.middle[:8]):
        latitude, longitude = h3.cell_to_latlng(cell)
        for hour in range(number * share, (number + 1) * share):
            event = make_event(latitude=latitude, longitude=longitude)
            make_timeslot(event, starts_at=NOW.replace(microsecond=0) + timedelta(hours=hour + 1))
            index_event(event, now=NOW)
    assert pages(query, now=NOW) == brute_force(query, now=NOW)


@pytest.mark.parametrize("sort", ["time", "distance"])
@pytest.mark.parametrize(
    "after", ["", "x", "1_2", "1_2_3", "9" * 40 + "_1_1", "nan_1_1_nan", "1_2_3_4"]
)
def test_a_page_key_that_is_not_ours_shows_the_first_page(after, sort):
    event = near_columbus()
    page = search(replace(COLUMBUS, after=after, sort=sort), now=NOW)
    assert [result.event.pk for result in page.results] == [event.pk]


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize("sort", ["time", "distance"])
@pytest.mark.parametrize("miles_north", [0, 60, 300])
def test_a_search_takes_at_most_four_statements_however_many_rows(
    rows, sort, miles_north, django_assert_max_num_queries
):
    for _ in range(rows):
        near_columbus(miles_north=miles_north)
    with django_assert_max_num_queries(4):
        page = search(replace(COLUMBUS, sort=sort), now=NOW)
        for result in page.results:
            assert result.event.public_city == "Columbus"
            assert result.timeslot.room_left is None


@pytest.mark.parametrize("sort", ["time", "distance"])
def test_a_search_is_the_same_statement_wherever_it_is_asked(sort):
    """So that a database keeps it prepared; planning takes longer than answering."""
    texts = []

    def note(execute, sql, params, many, context):
        texts.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        for latitude, longitude, types in ((39.96, -83.0, ("canvass",)), (80.0, 170.0, TWO)):
            query = SearchQuery(latitude=latitude, longitude=longitude, types=types, sort=sort)
            search(replace(query, widen=False), now=NOW)
    first, second = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    assert first == second


def test_postgresql_plans_a_search_once_for_all_places():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's driver keeps statements by their text")
    for latitude in range(10, 60, 5):
        search(SearchQuery(latitude=latitude, longitude=-83, widen=False), now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE 'WITH page%'"
        )
        ((generic, custom),) = cursor.fetchall()
    assert generic >= 10
    assert custom == 0


def test_a_full_page_with_what_it_shows_and_its_count_is_one_statement(django_assert_num_queries):
    for hour in range(30):
        near_columbus(hours=(hour + 1,))
    with django_assert_num_queries(1):
        page = search(COLUMBUS, now=NOW)
    assert len(page.results) == 20
    assert page.about == 30


@pytest.mark.parametrize("miles", [1, 5, 10, 25, 50, 100, 400])
@pytest.mark.parametrize("totals_stand", [False, True])
def test_what_lies_just_outside_the_circle_is_not_counted(miles, totals_stand, monkeypatch):
    """Though it is in a cell of the circle; cells in the middle are counted without a look."""
    monkeypatch.setattr(module, "COUNTED", 4)
    for share in (0, 0.3, 0.8, 0.99, 1.003, 1.01):
        near_columbus(miles_north=miles * share)
    if totals_stand:
        totals.recount(NOW)
    page = search(replace(COLUMBUS, within_miles=miles, limit=1), now=NOW)
    assert page.about == 4
    assert not page.capped


@pytest.mark.parametrize("miles", [5, 12, 25, 100])
def test_what_the_middle_is_known_to_hold_is_not_counted_again(miles):
    for _number in range(3):
        near_columbus()
    totals.recount(NOW)
    Listing.objects.all().delete()  # nothing could be counted any more

    circle = replace(COLUMBUS, within_miles=miles).circle
    criteria = COLUMBUS.criteria(streams.unix(NOW))
    known, unknown, filtered = (
        streams.counting(asked, circle, cap=cap).rows()[0][0]
        for asked, cap in ((criteria, 3), (criteria, 4), (replace(criteria, flags=1), 3))
    )
    assert (known, unknown, filtered) == (3, 0, 0)


def test_the_exact_place_of_a_private_home_is_not_even_read():
    event = near_columbus(private=True)
    (result,) = search(COLUMBUS, now=NOW).results
    hidden = {"street", "unit", "venue", "latitude", "longitude", "city", "postal_code"}
    assert hidden.isdisjoint(result.event._fields)
    assert event.street
    assert event.street not in repr(result)
    assert result.event.door == ""
