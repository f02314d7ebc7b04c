"""What other programs read: calendars of one event or of a search, and feeds.

A feed answers its address's search as `/events/` does, but never looks farther than it was
asked to. The same facts are the same bytes, so that a program that asks again is told so.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from events import calendars, entries
from events.cards import Card, card, facts
from events.disclosure import Policy, policy
from events.forms import SearchForm
from events.models import Event, Timeslot
from events.search import SearchPage, SearchQuery, find, search
from events.spatial import last_change


@policy(Policy.PUBLIC)
@require_safe
@cache_control(public=True, max_age=60)
def event_calendar(request: HttpRequest, id: int, slug: str = "") -> HttpResponse:
    """The event's timeslots as a download; `?timeslot=<id>` for one of them."""
    event = get_object_or_404(Event.objects.public(), pk=id)
    timeslots = list(event.timeslots.order_by("starts_at", "pk"))
    if wanted := request.GET.get("timeslot"):
        timeslots = [timeslot for timeslot in timeslots if str(timeslot.pk) == wanted]
        if not timeslots:
            raise Http404
    for timeslot in timeslots:
        timeslot.event = event
    return HttpResponse(
        calendars.publish(timeslots),
        content_type="text/calendar; charset=utf-8; method=PUBLISH",
        headers={"Content-Disposition": f'attachment; filename="{event.slug}.ics"'},
    )


# -- feeds of a search -----------------------------------------------------------------------

# Events begin by the clock: between two of these instants a feed changes by its facts alone.
BEAT = timedelta(minutes=5)
# Room left is in some of them: it may be as old as any cache may keep them.
ROOM_BEAT = timedelta(minutes=1)
MOST_EVENTS = {"ics": 1000, "atom": 50, "json": 100, "geojson": 500}


Render = Callable[[SearchQuery, datetime, SearchForm], bytes]


def _feed(kind: str, content_type: str) -> Callable[[Render], Callable]:
    """Make a view of a function that renders a query's feed at an instant."""

    def wrap(render: Render) -> Callable:
        @policy(Policy.PUBLIC)
        @require_safe
        @cache_control(public=True, max_age=60)
        def view(request: HttpRequest) -> HttpResponse:
            shows_room = kind in {"json", "geojson"} or "room" in request.GET
            now = timezone.now()
            now -= (now - datetime.min.replace(tzinfo=UTC)) % (ROOM_BEAT if shows_room else BEAT)
            fingerprint, changed_at = last_change()
            etag = f'W/"{_digest(fingerprint, str(now), request.get_full_path())}"'
            stamp = int(max(now, changed_at or now).timestamp())
            if same := get_conditional_response(request, etag, stamp):
                return same
            form = SearchForm(request.GET, now=now)
            if form.errors.get("near"):
                return _unknown_place(form)
            query = replace(form.query(limit=MOST_EVENTS[kind]), widen=False)
            response = HttpResponse(render(query, now, form), content_type=content_type)
            response["ETag"] = etag
            response["Last-Modified"] = http_date(stamp)
            return response

        return view

    return wrap


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _unknown_place(form: SearchForm) -> HttpResponse:
    words = " ".join(str(error) for error in form.errors["near"])
    return HttpResponse(words, status=404, content_type="text/plain; charset=utf-8")


@_feed("ics", "text/calendar; charset=utf-8; method=PUBLISH")
def events_ics(query: SearchQuery, now: datetime, form: SearchForm) -> bytes:
    """A calendar to subscribe to: all timeslots, on the days asked for, of the events found."""
    wanted = entries.read(
        (hit.event_id for hit in find(query, now=now).hits),
        after=now,
        first=query.date_from,
        last=query.date_to,
    )
    return calendars.calendar_of(wanted, name=_title(query))


class _Atom(Atom1Feed):
    changed_at: datetime

    def latest_post_date(self) -> datetime:
        return self.changed_at


@_feed("atom", "application/atom+xml; charset=utf-8")
def events_atom(query: SearchQuery, now: datetime, form: SearchForm) -> bytes:
    """An Atom feed (RFC 4287)."""
    page = search(query, now=now)
    feed = _Atom(
        title=_title(query),
        link=_site(f"/events/{form.address()}"),
        description=_title(query),
        feed_url=_site(f"/events.atom{form.address()}"),
        language=settings.LANGUAGE_CODE,
        author_name=settings.BRAND_NAME,
    )
    dates = _dates(page)
    feed.changed_at = max((updated for updated, _published in dates.values()), default=now)
    for shown in (card(result) for result in page.results):
        updated_at, published_at = dates[shown.timeslot.pk]
        feed.add_item(
            title=shown.event.title,
            link=_site(shown.event.get_absolute_url()),
            description=format_html(
                "{}<br>{}", _when(shown), shown.place
            ),  # readers take it as HTML
            unique_id=f"tag:{settings.MAIL_DOMAIN},2026:timeslot/{shown.timeslot.pk}",
            updateddate=updated_at,
            pubdate=published_at,
        )
    return feed.writeString("utf-8").encode()


@_feed("json", "application/json")
def events_json(query: SearchQuery, now: datetime, form: SearchForm) -> bytes:
    """The page of results as JSON; `next` is the next page's address, or null."""
    page = search(query, now=now)
    following = _site(f"/events.json{form.address(after=page.next_key)}")
    body = {
        "title": _title(query),
        "about": page.about,
        "more_than": page.capped,
        "next": following if page.next_key else None,
        "events": [facts(card(result)) for result in page.results],
    }
    return json.dumps(body).encode()


@_feed("geojson", "application/geo+json")
def events_geojson(query: SearchQuery, now: datetime, form: SearchForm) -> bytes:
    """What the map shows (RFC 7946): public places alone; a private home's is its cell's middle."""
    page = search(query, now=now)
    features = [
        {
            "type": "Feature",
            "id": result.event.pk,
            "geometry": {
                "type": "Point",
                "coordinates": [result.event.public_longitude, result.event.public_latitude],
            },
            "properties": facts(card(result)),
        }
        for result in page.results
        if result.event.public_latitude is not None and not result.event.is_virtual_only
    ]
    body = {
        "type": "FeatureCollection",
        "about": page.about,
        "more_than": page.capped,
        "features": features,
    }
    return json.dumps(body).encode()


def _when(shown: Card) -> str:
    timeslot = shown.timeslot
    return calendars.when_in_words(timeslot.starts_at, timeslot.ends_at, shown.event.timezone)


def _title(query: SearchQuery) -> str:
    if query.place:
        return _("%(brand)s near %(place)s") % {
            "brand": settings.BRAND_NAME,
            "place": query.place,
        }
    return _("%(brand)s: upcoming events") % {"brand": settings.BRAND_NAME}


def _dates(page: SearchPage) -> dict[int, tuple[datetime, datetime | None]]:
    """By timeslot, when it or its event changed last, and when that was published."""
    found = Timeslot.objects.filter(pk__in=[result.timeslot.pk for result in page.results])
    rows = found.values_list("pk", "changed_at", "event__updated_at", "event__published_at")
    return {pk: (max(changed), published) for pk, *changed, published in rows}


def _site(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
