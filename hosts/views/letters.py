"""Reading letters in the browser: the demo's /letters/, and staff's previews of each kind."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST

from events.disclosure import Policy, policy
from events.words import tidy
from hosts.roles import UserRequest, reviewer_required
from outbox import letters as kinds
from outbox.folder import letter_in_folder
from outbox.models import Message
from outbox.overview import title_of
from outbox.previews import NoExample, send_example
from outbox.reading import ReadableLetter, example_of, read_letter
from outbox.states import MessageState

LETTERS_A_PAGE = 40
SHOWN_AS = ("html", "text", "calendar", "headers", "source")
# What a letter may do in its frame: be looked at. The only exception to the site's policy.
LETTER_CSP: dict[str, Any] = {
    "sandbox": True,
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
}
# A sandboxed frame cannot follow links; the page around it lists them.
_STILL_LINKS = "<style>a{pointer-events:none}</style></head>"


def demo_only[**P](view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Anyone, but in demo mode only: elsewhere letters are nobody's to read."""

    @policy(Policy.DEMO)
    @never_cache
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(*args, **kwargs)

    return guarded


# -- The demo ------------------------------------------------------------------------------


@demo_only
@require_GET
def letter_list(request: HttpRequest) -> HttpResponse:
    """Letters that have left, newest first; ?to= finds those of one person."""
    to = tidy(request.GET.get("to", ""))[:254]
    sent = Message.objects.filter(state=MessageState.SENT).order_by("-sent_at", "-id")
    if to:
        sent = sent.filter(recipient__icontains=to)
    page = Paginator(sent, LETTERS_A_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "message": message,
            "title": title_of(message.kind),
            "subject": read_letter(raw).subject if raw else "",
        }
        for message in page
        for raw in [letter_in_folder(message.pk)]
    ]
    return render(request, "reading/letters.html", {"page": page, "rows": rows, "to": to})


@demo_only
@require_GET
def letter(request: HttpRequest, message_id: int) -> HttpResponse:
    return _reader(
        request,
        "reading/letter.html",
        _letter_or_404(message_id),
        {"message_id": message_id, "frame_url": "letter_frame", "frame_key": message_id},
    )


@demo_only
@require_GET
@xframe_options_sameorigin
@csp_override(LETTER_CSP)
def letter_frame(request: HttpRequest, message_id: int) -> HttpResponse:
    return _frame(_letter_or_404(message_id))


@demo_only
@require_GET
def letter_attachment(request: HttpRequest, message_id: int, number: int) -> HttpResponse:
    attachments = _letter_or_404(message_id).attachments
    if number >= len(attachments):
        raise Http404
    found = attachments[number]
    return HttpResponse(
        found.content,
        content_type=found.content_type,
        headers={"Content-Disposition": f'attachment; filename="{found.filename}"'},
    )


def _letter_or_404(message_id: int) -> ReadableLetter:
    raw = letter_in_folder(message_id)
    if raw is None:
        raise Http404
    return read_letter(raw)


# -- Staff's previews ----------------------------------------------------------------------


@reviewer_required
@require_GET
def letter_previews(request: UserRequest) -> HttpResponse:
    """Every kind of letter that brings an example."""
    shown = [kind for kind in kinds.kinds().values() if kind.example is not None]
    shown.sort(key=lambda kind: str(kind.title))
    return render(request, "reading/previews.html", {"kinds": shown})


@reviewer_required
@require_GET
def letter_preview(request: UserRequest, kind: str) -> HttpResponse:
    return _reader(
        request,
        "reading/preview.html",
        _example_or_404(kind),
        {
            "kind": kind,
            "title": title_of(kind),
            "frame_url": "letter_preview_frame",
            "frame_key": kind,
        },
    )


@reviewer_required
@require_GET
@xframe_options_sameorigin
@csp_override(LETTER_CSP)
def letter_preview_frame(request: UserRequest, kind: str) -> HttpResponse:
    return _frame(_example_or_404(kind))


@reviewer_required
@require_POST
def letter_preview_send(request: UserRequest, kind: str) -> HttpResponse:
    try:
        send_example(kind, to=request.user.email, now=timezone.now())
    except (NoExample, kinds.UnknownKind):
        raise Http404 from None
    messages.success(
        request, _("An example is on its way to %(email)s.") % {"email": request.user.email}
    )
    return redirect("letter_preview", kind)


def _example_or_404(kind: str) -> ReadableLetter:
    try:
        example = example_of(kind, timezone.now())
    except kinds.UnknownKind:
        example = None
    if example is None:
        raise Http404
    return example


# -- Both ----------------------------------------------------------------------------------


def _reader(
    request: HttpRequest, template: str, shown: ReadableLetter, context: dict[str, object]
) -> HttpResponse:
    show = request.GET.get("show", "html")
    return render(
        request,
        template,
        {
            "letter": shown,
            "show": show if show in SHOWN_AS else "html",
            "source": shown.raw.decode("ascii", "replace").replace("\r\n", "\n"),
            **context,
        },
    )


def _frame(shown: ReadableLetter) -> HttpResponse:
    return HttpResponse(shown.html.replace("</head>", _STILL_LINKS, 1))
