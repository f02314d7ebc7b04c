"""The host's page of one event: where it stands, who is coming, and what one can do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hosts.desk import upcoming_first
from hosts.forms.pin import PinForm
from hosts.roles import desk_required, get_own_event_or_404


@desk_required
@never_cache
@require_safe
def event_page(request: HttpRequest, event_id: int) -> HttpResponse:
    """Everything about one event for those who hold it."""
    event = get_own_event_or_404(request.user, event_id)
    return render(
        request,
        "hosts/event.html",
        {
            "event": event,
            "timeslots": upcoming_first(event, now=timezone.now()),
            "pin": PinForm.of(event),
        },
    )
