"""Creating and changing an event: the form, and its draft."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousFileOperation, ValidationError
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events import geocoding, lifecycle
from events.disclosure import Field, Policy, may_see, policy
from events.models import Event
from events.readings import record_reading
from events.states import EventState, EventType
from events.words import render_description
from hosts import drafts, hosting, pictures
from hosts.cohosting import AskedTooOften, TooManyCoHosts, standing
from hosts.drafts import Typed
from hosts.forms.asking import too_often
from hosts.forms.event_form import EventForm, typed_with_picture
from hosts.forms.picture import PictureField
from hosts.roles import (
    UserRequest,
    desk_required,
    get_own_event_or_404,
    own_events,
    second_factor_used,
    viewer_role,
)

EDITABLE = {EventState.DRAFT, EventState.SENT_BACK, EventState.SUBMITTED, EventState.APPROVED}
UNSENT = {EventState.DRAFT, EventState.SENT_BACK}
STASH = "typed_before_log_in"


@policy(Policy.HOST)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, event_id: int) -> HttpResponse:
    """The form. Nothing typed is lost: not by errors, nor by a log-in that ran out."""
    if not request.user.is_authenticated:
        return _stash_and_log_in(request, event_id)
    return _edit(cast(UserRequest, request), event_id)


def _edit(request: UserRequest, event_id: int) -> HttpResponse:
    event = get_own_event_or_404(request.user, event_id)
    if event.state not in EDITABLE:
        messages.error(request, _("This event can't be changed anymore."))
        return redirect("host_event", event.pk)
    if request.method != "POST":
        return _show(request, event, _shown_first(request, event))
    try:
        typed = drafts.read_typed(request.POST)
    except drafts.TooMuchTyped:
        messages.error(request, _("That's more text than fits. Please shorten it and try again."))
        return _show(request, event, drafts.typed_of(event, now=timezone.now()), status=413)
    typed, picture_errors = _take_picture(request, typed)
    return _act(request, event, typed, picture_errors)


def _act(
    request: UserRequest, event: Event, typed: Typed, picture_errors: list[str]
) -> HttpResponse:
    """Do what the pressed button says; whatever it is, what was typed is kept first."""
    wish = request.POST.get("do", "continue")
    if event.state in UNSENT:
        drafts.follow_kind(typed, offered=request.POST.get("offered", ""))
    if wish == "add_time":
        typed["times"].append(drafts.another_time(typed["times"]))
    elif wish.startswith("remove_time:"):
        row = wish.removeprefix("remove_time:")
        if row.isdecimal() and len(row) < 4 and int(row) < len(typed["times"]):
            del typed["times"][int(row)]
    elif wish == "remove_picture":
        typed["fields"]["picture_kept"] = ""
    drafts.save_typed(event, typed, now=timezone.now())
    _forget_stash(request, event)
    if wish == "continue" and not picture_errors:
        return _read(request, event, typed)
    if picture_errors:
        return _show(request, event, typed, picture_errors=picture_errors, status=422)
    form = reverse("host_event_edit", args=[event.pk])
    if wish == "save":
        messages.success(request, _("Saved. Come back whenever you like."))
        return redirect("host_desk" if event.state == EventState.DRAFT else form)
    return redirect(f"{form}#{'picture' if wish == 'remove_picture' else 'when'}")


def _read(request: UserRequest, event: Event, typed: Typed) -> HttpResponse:
    """Read what was typed as an event and write it; else show what stands in the way."""
    now = timezone.now()
    form = EventForm(typed, event=event, now=now, read=True)
    if not form.is_valid():
        return _show(request, event, typed, form=form, status=422)
    try:
        changes = hosting.save_event(
            event,
            fields=form.event_fields(),
            slots=form.slots(),
            cohosts=form.cleaned_data["cohosts"],
            seen=request.POST.get("seen", ""),
            by=request.user,
            now=now,
        )
    except hosting.ChangedMeanwhile:
        form.add_error(
            None,
            _(
                "This event changed after you opened this page, in another window or by a co-host"
                " or our staff. What you typed is below. Compare it with the event’s page, then"
                " send it again."
            ),
        )
    except lifecycle.StateConflict:
        messages.error(request, _("This event can't be changed anymore."))
        return redirect("host_event", event.pk)
    except lifecycle.CapacityBelowSeatsTaken as taken:
        form.add_error(
            None,
            _("%(seats)s spots are already taken, so capacity can't go lower.")
            % {"seats": taken.seats_taken},
        )
    except TooManyCoHosts:
        form.add_error("cohosts", _("That's too many co-hosts. Remove one first."))
    except AskedTooOften as often:
        form.add_error("cohosts", too_often(str(often)))
    else:
        return _saved(request, changes)
    event.refresh_from_db()
    return _show(request, event, typed, form=form, status=409)


def _saved(request: UserRequest, changes: lifecycle.Changes) -> HttpResponse:
    event = changes.event
    if event.state in UNSENT:
        return redirect("host_event_check", event.pk)
    if changes.revision is not None:
        words = _(
            "Your new wording is live. The new time, place, or type is waiting for our staff."
        )
    elif event.state == EventState.APPROVED:
        words = _("Saved, and live.")
    else:
        words = _("Saved. Staff see the new version.")
    messages.success(request, words)
    return redirect("host_event", event.pk)


def _show(
    request: UserRequest,
    event: Event,
    typed: Typed,
    *,
    form: EventForm | None = None,
    picture_errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    record_reading(event, reader=f"user:{request.user.pk}", now=timezone.now())
    form = form or EventForm(typed, event=event, now=timezone.now(), read=False)
    return render(
        request,
        "hosts/event_form.html",
        {
            "event": event,
            "form": form,
            "seen": hosting.stamp_of(event),
            "cohosts": standing(event),
            "shows_review": may_see(viewer_role(request.user, event), Field.REVIEW_NOTES, event),
            "picture_errors": picture_errors or [],
            "unsent": event.state in UNSENT,
            "offers": {kind: drafts.offer(kind) for kind in EventType.values},
            "zone": event.timezone if event.public_city or event.published_at else "",
            "has_typed": bool(event.typed or _stashed(request, event))
            and event.state != EventState.DRAFT,
            "live": event.state == EventState.APPROVED and hosting.goes_live(event),
        },
        status=status,
    )


def _take_picture(request: UserRequest, typed: Typed) -> tuple[Typed, list[str]]:
    """Keep an uploaded picture at once, so that an error elsewhere does not lose it."""
    file = request.FILES.get("picture")
    if file is None:
        return typed, []
    try:
        name = PictureField().clean(file)
    except ValidationError as error:
        return typed, error.messages
    return (typed_with_picture(typed, name) if name else typed), []


# -- A log-in that ran out ---------------------------------------------------------------


def _stash_and_log_in(request: HttpRequest, event_id: int) -> HttpResponse:
    """Send to log in, and keep a posted form in the session until they are back."""
    address = reverse("host_event_edit", args=[event_id])
    if request.method == "POST":
        try:
            typed = drafts.read_typed(request.POST)
        except drafts.TooMuchTyped:
            typed = None
        if typed is not None and any(text for text in typed["fields"].values()):
            # Nobody's files are kept, so a picture has to be chosen again.
            had_picture = "picture" in request.FILES
            request.session[STASH] = {"event": event_id, "typed": typed, "picture": had_picture}
    return redirect_to_login(address)


def _keep_refused(request: HttpRequest, event_id: int) -> HttpResponse | None:
    """Keep a form whose token went stale, as by a log-in in another window; do nothing else."""
    answer = _stash_and_log_in(request, event_id)
    return redirect("host_event_edit", event_id) if request.user.is_authenticated else answer


# config.errors.csrf_failure asks for it
edit.keep_refused = _keep_refused  # type: ignore[attr-defined]


def _stashed(request: UserRequest, event: Event) -> dict[str, Any] | None:
    """What was typed before the log-in, for the form of its event; looking at it keeps it."""
    stash = request.session.get(STASH)
    return stash if stash and stash["event"] == event.pk else None


def _forget_stash(request: UserRequest, event: Event) -> None:
    """The form that showed it was sent, so what it held is kept or thrown away by now."""
    if _stashed(request, event):
        del request.session[STASH]


def _shown_first(request: UserRequest, event: Event) -> Typed:
    """What the form opens with: what was typed before the log-in, or what the draft holds."""
    stash = _stashed(request, event)
    if stash is None:
        return drafts.typed_of(event, now=timezone.now())
    messages.info(
        request, _("You had been logged out. Everything you typed is here. Please send it again.")
    )
    if stash["picture"]:
        messages.info(request, _("Please choose the picture again."))
    return stash["typed"]


# -- Small helpers of the form -------------------------------------------------------------


@desk_required
@never_cache
@require_POST
def autosave(request: UserRequest, event_id: int) -> HttpResponse:
    """Keep what is typed so far; called by the page now and then.

    Not over a form that was sent meanwhile: this call may have been on its way since before.
    """
    event = get_own_event_or_404(request.user, event_id)
    if event.state not in EDITABLE or request.POST.get("seen") != hosting.stamp_of(event):
        return JsonResponse({"saved": False}, status=409)
    try:
        drafts.save_typed(event, drafts.read_typed(request.POST), now=timezone.now())
    except drafts.TooMuchTyped:
        return JsonResponse({"saved": False}, status=413)
    _forget_stash(request, event)
    return JsonResponse({"saved": True})


@desk_required
@require_POST
def discard(request: UserRequest, event_id: int) -> HttpResponse:
    """Throw away what was typed and not sent; a draft nobody saw goes as a whole."""
    event = get_own_event_or_404(request.user, event_id)
    _forget_stash(request, event)
    if event.state == EventState.DRAFT:
        if event.host_id == request.user.pk:
            lifecycle.discard_draft(event)
            messages.success(request, _("The draft is gone."))
        return redirect("host_desk")
    drafts.forget_typed(event)
    messages.success(request, _("Discarded. The event is as it was."))
    return redirect("host_event", event.pk)


@desk_required
@never_cache
@require_POST
def preview(request: UserRequest) -> HttpResponse:
    """Markdown as it will look, for the preview beside the description."""
    words = request.POST.get("description", "")[:20_000]
    return render(request, "hosts/_preview.html", {"html": render_description(words)})


@desk_required
@require_safe
def zone(request: UserRequest) -> HttpResponse:
    """The time zone of a typed place, for the line beside the dates."""
    get = request.GET.get
    place = geocoding.centre_of(
        geocoding.Address(
            "",
            get("city", "")[:100],
            get("state_code", "")[:60],
            get("postal_code", "")[:12],
            get("country", "US")[:2] or "US",
        )
    )
    return render(request, "hosts/_zone.html", {"zone": place.timezone if place else ""})


@desk_required
@require_safe
def picture(request: UserRequest, name: str) -> FileResponse:
    """A picture for the desks that show it, also one that no public page has yet."""
    if not name.isprintable() or not _may_see_picture(request, f"events/{name}"):
        raise Http404
    try:
        file = default_storage.open(f"events/{name}")
    except (OSError, ValueError, SuspiciousFileOperation):
        raise Http404 from None
    response = FileResponse(file, content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=600"
    return response


def _may_see_picture(request: UserRequest, name: str) -> bool:
    """Whether they hold an event with it, or review events, or everybody may see it.

    Its name is random, but addresses are passed on; once an event is unlisted they must not do.
    """
    user = request.user
    return (
        Event.objects.public().filter(picture=name).exists()
        or name in pictures.names_in_use(own_events(user))
        or (bool(user.staff_role) and second_factor_used(request))
    )
