"""Staff's page of reminders: which letters go out by the clock, and when."""

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from events.states import EventType
from hosts.forms.reminders import RemindersForm
from hosts.models import RecordKind
from hosts.records import record
from hosts.roles import UserRequest, reviewer_required, senior_required
from rsvps import steps

EVERY_TYPE = "every"  # in addresses, for what counts where a type has no steps of its own


@reviewer_required
@require_safe
def reminders(request: UserRequest) -> HttpResponse:
    """How it stands: for every type, then for each."""
    configured = steps.configured_steps()
    types = [
        {"slug": value, "title": label, "own": own and steps.in_words(own)}
        for value, label in EventType.choices
        for own in [configured.get(value)]
    ]
    context = {"every": steps.in_words(configured[""]), "slug": EVERY_TYPE, "types": types}
    return render(request, "review/reminders.html", context)


@senior_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_reminders(request: UserRequest, slug: str) -> HttpResponse:
    """One type's steps, or those of every type; a second button gives a type's own up."""
    if slug != EVERY_TYPE and slug not in EventType.values:
        raise Http404
    event_type = "" if slug == EVERY_TYPE else slug
    configured = steps.configured_steps()
    own = configured.get(event_type)
    form = RemindersForm(request.POST or None, steps=own or configured[""])
    if "give_up" in request.POST:
        return _save(request, slug, lambda: steps.forget_steps(event_type))
    if form.is_valid():
        return _save(request, slug, lambda: steps.set_steps(event_type, form.to_steps()))
    context = {
        "form": form,
        "title": EventType(event_type).label if event_type else _("Every type of event"),
        "own": bool(event_type and own),
    }
    return render(request, "review/edit_reminders.html", context)


def _save(request: UserRequest, slug: str, write: Callable[[], None]) -> HttpResponse:
    """Write it, and on the record how it stands from now on."""
    with transaction.atomic():
        write()
        configured = steps.configured_steps()
        words = " ".join(steps.in_words(configured.get(slug, configured[""])))
        now = timezone.now()
        record(RecordKind.LETTERS, about=f"reminders:{slug}", by=request.user, now=now, words=words)
    messages.success(request, _("Saved. It counts for every letter that is not planned yet."))
    return redirect("reminders")
