"""The public pages: home, results, an event and its picture."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from events import event_page as pages
from events.calendars import public_url
from events.cards import card
from events.disclosure import Policy, policy
from events.forms import SORTS, TIMES, WHEN, WHERE, WITHIN_CHOICES, SearchForm
from events.models import Event
from events.page_cache import kept_for_strangers, showing
from events.schema_org import json_ld
from events.search import FEW, SearchQuery, beside, on_next, search
from events.states import EventType
from events.words import plain_description, render_description

ON_HOME = 6


@policy(Policy.PUBLIC)
@require_safe
@kept_for_strangers
def home(request: HttpRequest) -> HttpResponse:
    """One box, and what is on next anywhere."""
    results = on_next(now=timezone.now(), limit=ON_HOME)
    return render(request, "events/home.html", {"cards": [card(result) for result in results]})


@policy(Policy.PUBLIC)
@require_safe
@kept_for_strangers
def results(request: HttpRequest) -> HttpResponse:
    """What is upcoming near a place. Everything asked stands in the address."""
    now = timezone.now()
    form = SearchForm(request.GET, now=now)
    query = form.query()
    page = search(query, now=now)
    more = form.address(after=page.next_key, within=page.widened_to or form.data.get("within"))
    widest = max(form.miles, WITHIN_CHOICES[-1])
    context = {
        "form": form,
        "query": query,
        "page": page,
        "cards": [card(result) for result in page.results],
        "online": [card(result) for result in page.online],
        "more": more if page.next_key else "",
        # Then "tell me when there is one" is offered aloud, elsewhere in passing.
        "widest": widest,
        "some_near": any((result.distance_miles or 0) <= widest for result in page.results),
        "few": page.far or page.widened_to or (not query.after and len(page.results) < FEW),
        "alert_for": _alert_for(query),
        "first_page": form.address(),
        "on_the_map": form.address(within="", sort=""),
        "choices": [(place.label, form.address(near=place.label)) for place in form.places],
        "whens": WHEN,
        "wheres": WHERE,
        "times": TIMES,
        "sorts": SORTS,
        "types": EventType.choices,
        "withins": WITHIN_CHOICES,
    }
    response = render(request, "events/results.html", context)
    if query.has_room or page.online:
        return response  # what has room elsewhere counts as well
    return showing(response, [result.timeslot for result in page.results])


def _alert_for(query: SearchQuery) -> str:
    """The parameters of an alert for this search: its place in words, not as a position."""
    params: list[tuple[str, str | int]] = [("near", query.place)]
    params += [("within", f"{query.within_miles:g}")]
    params += [("type", name) for name in query.types]
    return f"?{urlencode(params)}"


@policy(Policy.PUBLIC)
@require_safe
@kept_for_strangers
def event_page(request: HttpRequest, id: int, slug: str = "") -> HttpResponse:
    """What, when, where, and one button. A wrong or empty slug is sent to the right one."""
    event = get_object_or_404(Event.objects.public(), pk=id)
    if request.path != event.get_absolute_url():
        query = request.META.get("QUERY_STRING", "")
        return redirect(event.get_absolute_url() + (f"?{query}" if query else ""))
    timeslots = list(event.timeslots.order_by("starts_at", "pk"))
    now = timezone.now()
    page = pages.show(event, timeslots, now=now)
    # Whoever cannot come to this one is not sent away empty-handed.
    near = [] if page.open_rows else [card(result) for result in beside(event, now=now)]
    context = {
        "page": page,
        "event": event,
        "url": public_url(event),
        "summary": plain_description(event.description, limit=200),
        "description": render_description(event.description),
        "directions": ", ".join(page.place),
        "near": near,
        "nearby_url": pages.nearby_url(event),
        "json_ld": json_ld(page),
        "site_url": settings.SITE_URL,
        "is_own": request.user.is_authenticated and request.user.pk == event.host_id,
    }
    response = render(request, "events/event.html", context)
    return response if near else showing(response, timeslots)


@policy(Policy.PUBLIC)
@require_safe
def event_picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A picture of an event: anybody's while the event is public, and always its host's.

    Co-hosts and staff have `host_picture`. Served as what the host's form makes of any picture, a
    JPEG, and as nothing else.
    """
    ours = name.isprintable() and name.endswith(".jpg")
    shown = Event.objects.public()
    if request.user.is_authenticated:
        shown |= Event.objects.filter(host=request.user.pk)
    event = shown.filter(picture=f"events/{name}").first() if ours else None
    if event is None or not event.picture.storage.exists(str(event.picture.name)):
        raise Http404
    response = FileResponse(event.picture.open("rb"), content_type="image/jpeg")
    public = not request.user.is_authenticated
    response["Cache-Control"] = "public, max-age=60" if public else "private, max-age=60"
    return response
