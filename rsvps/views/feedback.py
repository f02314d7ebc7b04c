"""What the links in reminders and in the letter of thanks open: pages with one button.

A mail program that opens every link changes nothing: only the button's POST does.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from events.calendars import is_cancelled
from events.fields import LinesField
from events.states import EventState
from rsvps import attending, feedback, links, unasked
from rsvps.contents import about_timeslot
from rsvps.models import Guest, Rsvp
from rsvps.states import COMING, Attended
from rsvps.views.token_pages import link_unknown, token_page

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class FeedbackForm(forms.Form):
    """Did you make it, how was it?"""

    attended = forms.TypedChoiceField(
        label=_("Did you make it?"),
        choices=[("yes", _("Yes, I was there")), ("no", _("No, I couldn't come"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose yes or no.")},
    )
    rating = forms.TypedChoiceField(
        label=_("How was it?"),
        choices=[
            ("5", _("Wonderful")),
            ("4", _("Good")),
            ("3", _("All right")),
            ("2", _("Not so good")),
            ("1", _("Bad")),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    words = LinesField(
        label=_("Anything the organizers should know?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def _find(token: str, rsvp_id: int) -> Rsvp | None:
    """The RSVP, where the token is its guest's own."""
    guest: Guest | None = links.guest_by_token(token)
    if guest is None:
        return None
    found = guest.rsvps.select_related("timeslot__event", "supporter", "guest")
    return found.filter(pk=rsvp_id).first()


def _page(request: HttpRequest, name: str, rsvp: Rsvp, token: str, **more: object) -> HttpResponse:
    now = timezone.now()
    context = about_timeslot(rsvp.timeslot, now=now) | {"rsvp": rsvp, "token": token}
    status = more.pop("status", 200)
    return render(request, f"rsvps/{name}.html", context | more, status=int(str(status)))


def _nothing_to_answer(request: HttpRequest, rsvp: Rsvp, token: str) -> HttpResponse | None:
    """The page that says so where this timeslot needs no answer any more."""
    event, timeslot = rsvp.timeslot.event, rsvp.timeslot
    if event.state not in {EventState.APPROVED, EventState.CANCELLED}:
        return link_unknown(request)
    if is_cancelled(timeslot):
        return _page(request, "answer_closed", rsvp, token, why="cancelled")
    if timeslot.ends_at <= timezone.now():
        return _page(request, "answer_closed", rsvp, token, why="over")
    if rsvp.status not in COMING:
        return _page(request, "answer_closed", rsvp, token, why="gone")
    return None


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def coming(request: HttpRequest, token: str, rsvp_id: int) -> HttpResponse:
    """ "I'll be there"."""
    thanks = _("Thank you! The host knows you'll be there.")
    return _answer(request, token, rsvp_id, "answer_coming", feedback.reaffirm, thanks)


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def cannot(request: HttpRequest, token: str, rsvp_id: int) -> HttpResponse:
    """ "I can't make it"."""
    thanks = _("Thanks for telling us. Someone else can have your spot.")
    return _answer(request, token, rsvp_id, "answer_cannot", attending.cancel_rsvp, thanks)


def _answer(
    request: HttpRequest,
    token: str,
    rsvp_id: int,
    page: str,
    act: Callable[..., object],
    thanks: "StrPromise",
) -> HttpResponse:
    """The page behind a reminder's link, and what its button does."""
    rsvp = _find(token, rsvp_id)
    if rsvp is None:
        return link_unknown(request)
    if closed := _nothing_to_answer(request, rsvp, token):
        return closed
    if request.method != "POST":
        return _page(request, page, rsvp, token)
    now = timezone.now()
    unasked.prove(rsvp.supporter, now=now)
    try:
        act(rsvp, now=now)
    except attending.RsvpChanged:
        return _page(request, "answer_closed", rsvp, token, why="gone")
    messages.success(request, thanks)
    return redirect("manage", token=token)


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def give_feedback(request: HttpRequest, token: str, rsvp_id: int) -> HttpResponse:
    """ "Did you make it? How was it?" """
    rsvp = _find(token, rsvp_id)
    if rsvp is None or rsvp.timeslot.event.state == EventState.UNLISTED:
        return link_unknown(request)
    if request.method != "POST" and "said" in request.GET:
        return _page(request, "feedback", rsvp, token, done=True)
    try:
        feedback.check_open(rsvp, now=timezone.now())
    except (attending.RsvpChanged, feedback.TooEarly, feedback.TooLate) as error:
        return _page(request, "feedback", rsvp, token, refused=type(error).__name__)
    data = request.POST if request.method == "POST" else None
    form = FeedbackForm(data, initial=_said_before(rsvp))
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return _page(request, "feedback", rsvp, token, form=form, status=status)
    now = timezone.now()
    unasked.prove(rsvp.supporter, now=now)
    try:
        feedback.give_feedback(rsvp, **form.cleaned_data, now=now)
    except (attending.RsvpChanged, feedback.TooEarly, feedback.TooLate) as error:
        return _page(request, "feedback", rsvp, token, refused=type(error).__name__)
    return redirect(f"{request.path}?said=1")


def _said_before(rsvp: Rsvp) -> dict[str, object]:
    said = {"attended": "" if rsvp.attended == Attended.UNKNOWN else rsvp.attended}
    before = getattr(rsvp, "feedback", None)
    return said | ({"rating": before.rating, "words": before.words} if before else {})
