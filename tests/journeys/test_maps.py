"""Maps and the place box in a real browser, under the site's own content security policy."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from events import maps, totals
from events.search import FEW
from events.spatial import index_event
from events.states import EventState
from tests.events import pmtiles
from tests.factories import make_event, make_timeslot
from tests.journeys.test_accessibility import AXE, RUN

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True),
]


@pytest.fixture
def foreign(page, live_server):
    """Everything the page asks of anybody else, and every error it meets."""
    seen: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((live_server.url, "data:", "blob:"))
            else seen.append(request.url)
        ),
    )
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda said: seen.append(said.text) if said.type == "error" else None)
    return seen


def listed(*, in_days=3, **fields):
    event = make_event(**fields)
    make_timeslot(event, starts_at=event.created_at + timedelta(days=in_days))
    index_event(event, now=event.created_at)
    return event


def open_map(page, live_server, *, near="Columbus, OH"):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/events/?near={near}")
    expect(page.locator(".leaflet-marker-icon").first).to_be_visible(timeout=15_000)


def test_map_shows_what_the_list_shows_and_asks_nobody_else(page, live_server, foreign):
    for number in range(3):
        listed(title=f"Meeting {number}", latitude=39.9 + number / 10)
    open_map(page, live_server)
    expect(page.locator("[data-map-said]")).to_have_text("3 events on the map.")
    expect(page.locator(".map-pin")).to_have_count(3)
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    assert foreign == []


def test_home_is_a_soft_area_and_never_a_pin(page, live_server):
    listed(private=True, title="Coffee at Robin's")
    open_map(page, live_server)
    expect(page.locator(".map-area")).to_have_count(1)
    expect(page.locator(".map-pin, .map-bunch")).to_have_count(0)


def test_event_page_shows_a_home_as_an_area_and_a_hall_as_a_pin(page, live_server, foreign):
    for event, pins in ((listed(private=True), 0), (listed(), 1)):
        page.goto(live_server.url + event.get_absolute_url())
        page.locator("[data-spot]").scroll_into_view_if_needed()
        expect(page.locator("[data-spot] .leaflet-control-zoom")).to_be_visible(timeout=15_000)
        expect(page.locator("[data-spot] .map-pin")).to_have_count(pins)
        expect(page.locator("[data-spot] .map-spot")).to_have_count(1 - pins)
        page.evaluate(AXE)
        assert page.evaluate(RUN) == []
    assert foreign == []


def test_events_at_one_place_open_as_a_list_by_keyboard(page, live_server):
    for number in (2, 0, 1):
        listed(title=f"Meeting {number}", in_days=3 + number)
    open_map(page, live_server)
    page.locator(".map-bunch").focus()
    page.keyboard.press("Enter")
    links = page.locator(".leaflet-popup a:not(.leaflet-popup-close-button)")
    expect(links).to_have_text(["Meeting 0", "Meeting 1", "Meeting 2"])
    expect(links.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(links).to_have_count(0)
    expect(page.locator(".map-bunch")).to_be_focused()


def test_list_and_map_point_at_each_other(page, live_server):
    event = listed(official=True)
    open_map(page, live_server)
    page.locator(f"[data-event='{event.pk}'] a").first.focus()
    expect(page.locator(".map-official.is-active")).to_have_count(1)
    page.locator(".map-official").hover()
    expect(page.locator(".event-card.is-on-map")).to_have_count(1)


def test_a_map_brought_closer_by_its_button_can_be_searched(page, live_server):
    listed()
    open_map(page, live_server)
    expect(page.get_by_role("button", name="Search this area")).to_be_hidden()
    page.get_by_role("button", name="Closer").click()
    expect(page.get_by_role("button", name="Search this area")).to_be_visible()


def test_moved_map_can_be_searched_and_back_leads_back(page, live_server):
    near = [listed(title="Here").title for _number in range(FEW)]
    listed(in_days=9, title="There", latitude=40.2, longitude=-82.99)
    open_map(page, live_server, near="Columbus, OH&within=10")
    titles = page.locator(".event-card-title")
    expect(titles).to_have_text(near)
    page.locator("[data-map]").focus()
    page.keyboard.press("-")
    page.wait_for_url(re.compile("#map="))

    page.get_by_role("button", name="Search this area").click()

    page.wait_for_url(re.compile(r"near=39\.\d{2}%2C\+-8\d\.\d{2}.*within=\d+#map="))
    expect(titles).to_have_text([*near, "There"])
    expect(page.get_by_role("button", name="Search this area")).to_be_hidden()
    searched = page.url
    page.go_back()
    expect(titles).to_have_text(near)
    expect(page.get_by_role("combobox").first).to_have_value("Columbus, OH")
    page.goto(searched)
    expect(titles).to_have_text([*near, "There"])
    expect(page.locator("[data-map-said]")).to_have_text("4 events on the map.", timeout=15_000)


def test_crowd_is_counted_and_taken_apart_by_keyboard(page, live_server, monkeypatch, foreign):
    monkeypatch.setattr(maps, "MOST_POINTS", 2)
    for number in range(3):
        event = listed(title=f"Meeting {number}", latitude=39.9 + number / 1000)
    totals.recount(event.created_at)
    open_map(page, live_server, near="Columbus, OH&accessible=1&within=25")
    said = page.locator("[data-map-said]")
    expect(said).to_contain_text("About 3 events on the map. The numbers follow the kinds")
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    scale = page.locator(".leaflet-control-scale-line").first
    before = scale.inner_text()
    page.locator(".map-bunch").first.focus()
    page.keyboard.press("Enter")
    expect(scale).not_to_have_text(before)
    assert foreign == []


def test_map_of_a_phone_comes_back_where_it_was(page, live_server):
    listed(title="Here")
    page.set_viewport_size({"width": 375, "height": 740})
    page.goto(f"{live_server.url}/events/?near=43215#map=10/39.960/-83.000")
    expect(page.locator(".map-pin")).to_have_count(1, timeout=15_000)
    expect(page.get_by_role("button", name="Show the list")).to_be_visible()


@pytest.fixture
def lay_ground(settings, tmp_path):
    """Makes an operator's archive of one kind the ground of the maps."""

    def lay(kind):
        path = tmp_path / "own.pmtiles"
        path.write_bytes(pmtiles.archive(kind))
        settings.MAP_PMTILES = str(path)
        settings.MAP_TILES_ATTRIBUTION = "© Somebody's map"
        settings.SECURE_CSP = settings.SECURE_CSP | {"img-src": ["'self'", "data:", "blob:"]}

    return lay


def test_event_s_map_comes_close_where_an_archive_shows_streets(page, live_server, lay_ground):
    lay_ground(pmtiles.PNG)
    page.goto(live_server.url + listed().get_absolute_url())
    page.locator("[data-spot]").scroll_into_view_if_needed()
    # Zoom 15, in pictures as large as the archive's deepest are there.
    enlarged = re.compile(rf"scale\({2 ** (15 - pmtiles.DEEPEST)}\)")
    pictures = page.locator("[data-spot] .leaflet-tile-container")
    expect(pictures).to_have_attribute("style", enlarged, timeout=15_000)


@pytest.mark.parametrize("kind", [pmtiles.PNG, pmtiles.MVT])
def test_operator_s_own_archive_is_the_ground(page, live_server, lay_ground, foreign, kind):
    lay_ground(kind)
    listed()
    open_map(page, live_server)
    drawn = "img.leaflet-tile-loaded" if kind == pmtiles.PNG else "canvas.leaflet-tile-loaded"
    expect(page.locator(f"[data-map] {drawn}").first).to_be_attached(timeout=15_000)
    expect(page.locator(".leaflet-control-attribution")).to_contain_text("© Somebody's map")
    assert foreign == []


def test_list_is_whole_without_scripts(browser, browser_context_args, live_server):
    listed(title="Meeting")
    context = browser.new_context(**browser_context_args | {"java_script_enabled": False})
    page = context.new_page()
    page.goto(f"{live_server.url}/events/?near=43215")
    expect(page.get_by_role("link", name="Meeting")).to_be_visible()
    expect(page.locator(".map-part")).to_be_hidden()
    context.close()


def test_place_box_suggests_and_is_used_by_keyboard(page, live_server, foreign):
    page.goto(live_server.url)
    box = page.get_by_role("combobox", name="ZIP, city or address")
    box.press_sequentially("portl")
    expect(page.get_by_role("option").first).to_contain_text("Portland, OR")
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Portland, ME")
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    box.press("Enter")
    expect(box).to_have_value("Portland, ME")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert foreign == []


def test_place_box_asks_again_after_a_lost_answer(page, live_server):
    page.goto(live_server.url)
    box = page.get_by_role("combobox", name="ZIP, city or address")
    page.route("**/places/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        box.fill("portl")
    page.unroute("**/places/**")
    box.fill("")
    box.fill("portl")
    expect(page.get_by_role("option").first).to_contain_text("Portland, OR")


def test_position_is_rounded_before_it_leaves_the_device(page, context, live_server):
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"latitude": 39.961234, "longitude": -82.998765})
    page.goto(live_server.url)
    page.get_by_role("button", name="Use my position").click()
    page.wait_for_url(re.compile(r"near=39\.96%2C\+-83\.00&|near=39\.96%2C\+-83\.00$"))


@pytest.fixture
def draft(page, live_server, log_in):
    event = make_event(state=EventState.DRAFT)
    make_timeslot(event)
    log_in(event.host)
    page.goto(live_server.url + reverse("host_event_check", args=[event.pk]))
    expect(page.locator(".map-pin")).to_be_visible(timeout=15_000)
    return event


def test_pin_is_moved_by_arrow_keys_and_kept(page, draft, foreign):
    page.locator(".map-pin").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-pin-said]")).to_contain_text("The pin moved")
    page.get_by_role("button", name="Keep the pin there").click()
    page.wait_for_load_state()
    draft.refresh_from_db()
    assert 39.9612 < draft.latitude < 39.97
    assert draft.pin_moved
    assert foreign == []


def test_pin_is_moved_by_tapping(page, draft):
    box = page.locator("[data-pin]").bounding_box()
    middle = {"x": box["width"] / 2, "y": box["height"] / 2}
    page.locator("[data-pin]").click(position=middle | {"x": middle["x"] + 60})
    page.get_by_role("button", name="Keep the pin there").click()
    page.wait_for_load_state()
    draft.refresh_from_db()
    assert -82.9988 < draft.longitude < -82.95


def test_pin_is_moved_by_dragging(page, draft):
    pin = page.locator(".map-pin")
    pin.scroll_into_view_if_needed()
    box = pin.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 40, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(page.locator("[data-pin-said]")).to_contain_text("The pin moved")
    page.get_by_role("button", name="Keep the pin there").click()
    page.wait_for_load_state()
    draft.refresh_from_db()
    assert -83.05 < draft.longitude < -82.9988


def test_typed_numbers_stay_as_they_were_typed(page, draft):
    page.get_by_text("Move the pin with coordinates").click()
    page.get_by_label("Latitude").fill("39.97")
    page.get_by_label("Longitude").fill("-83.01")
    page.get_by_role("button", name="Keep the pin there").click()
    page.wait_for_load_state()
    draft.refresh_from_db()
    assert (draft.latitude, draft.longitude) == (39.97, -83.01)


def test_pin_stays_within_fifty_kilometres(page, draft):
    page.get_by_text("Move the pin with coordinates").click()
    page.get_by_label("Latitude").fill("41")
    page.get_by_label("Longitude").focus()
    expect(page.locator("[data-pin-said]")).to_contain_text("more than 31 miles")
