"""What other programs read: calendars of one event or of a search, and feeds."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from events import calendars
from events.disclosure import Policy, policy
from events.models import Event


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
