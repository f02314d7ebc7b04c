"""Staff's ledger: what is planned, sent, failed, in doubt or held back, and why."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.models import Event
from events.words import tidy
from hosts.forms.ledger import WithdrawForm
from hosts.models import RecordKind
from hosts.records import record
from hosts.roles import UserRequest, reviewer_required, senior_required
from outbox import heartbeat, ledger, overview
from outbox.models import Message, MessageQuerySet, Pause
from outbox.states import MessageState, SuppressionReason

LETTERS_A_PAGE = 50
TROUBLE = (MessageState.FAILED, MessageState.UNCERTAIN, MessageState.SUPPRESSED)
SHOWN_TROUBLE = 50


@reviewer_required
@require_GET
def ledger_page(request: UserRequest) -> HttpResponse:
    """Everything: how letters stand, what came in, whether deliverers are at work."""
    now = timezone.now()
    reasons = {reason.value: reason.label for reason in SuppressionReason}
    suppressed = overview.suppressed_addresses()
    return render(
        request,
        "review/ledger.html",
        {
            "counts": overview.summary(),
            "trouble": _rows(_trouble(Message.objects.all())),
            "pause": Pause.objects.filter(topic="").first(),
            "paused_topics": Pause.objects.exclude(topic="").order_by("topic"),
            "heart": heartbeat.heart(),
            "oldest_due": overview.oldest_due(now),
            "doubts": overview.doubts(),
            "came_in": overview.came_in(now.date()),
            "suppressed": [(reasons[name], count) for name, count in suppressed.items()],
            "withdrawing": WithdrawForm(now=now),
            "here": reverse("ledger"),
        },
    )


@reviewer_required
@require_GET
def ledger_event(request: UserRequest, event_id: int) -> HttpResponse:
    event = get_object_or_404(Event, pk=event_id)
    topic = f"event:{event.pk}"
    return render(
        request,
        "review/ledger_event.html",
        {
            "event": event,
            "topic": topic,
            "counts": overview.summary(topic),
            "trouble": _rows(_trouble(Message.objects.about(topic))),
            "pause": Pause.objects.filter(topic=topic).first(),
            "withdrawing": WithdrawForm(initial={"topic": topic}, now=timezone.now()),
            "here": reverse("ledger_event", args=[event.pk]),
        },
    )


@reviewer_required
@require_GET
def ledger_letters(request: UserRequest) -> HttpResponse:
    """The rows themselves, newest first; ?topic=, ?kind= and ?state= narrow them."""
    wanted = {name: tidy(request.GET.get(name, ""))[:40] for name in ("topic", "kind", "state")}
    found = Message.objects.order_by("-id")
    if wanted["topic"]:
        found = found.about(wanted["topic"])
    if wanted["kind"]:
        found = found.filter(kind=wanted["kind"])
    if wanted["state"] == "planned":
        found = found.filter(state__in=overview.PLANNED)
    elif wanted["state"]:
        found = found.filter(state=wanted["state"])
    page = Paginator(found.defer("body", "payload"), LETTERS_A_PAGE).get_page(
        request.GET.get("page")
    )
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "review/ledger_letters.html",
        {
            "page": page,
            "rows": _rows(page.object_list),
            "kind_title": overview.title_of(wanted["kind"]) if wanted["kind"] else "",
            "state_title": _state_title(wanted["state"]),
            "topic": wanted["topic"],
            "query": query.urlencode(),
            "here": request.get_full_path(),
        },
    )


def _state_title(state: str) -> str:
    if state == "planned":
        return str(MessageState.QUEUED.label)
    return str(MessageState(state).label) if state in MessageState.values else ""


def _trouble(found: MessageQuerySet) -> MessageQuerySet:
    return found.filter(state__in=TROUBLE).defer("body", "payload").order_by("-id")[:SHOWN_TROUBLE]


def _rows(found) -> list[dict[str, object]]:
    now = timezone.now()
    return [
        {
            "message": message,
            "title": overview.title_of(message.kind),
            "retry": ledger.can_retry(message, now=now),
            "withdraw": message.state == MessageState.QUEUED,
        }
        for message in found
    ]


# -- What staff do -------------------------------------------------------------------------


@reviewer_required
@require_POST
def ledger_retry(request: UserRequest, message_id: int) -> HttpResponse:
    now = timezone.now()
    try:
        with transaction.atomic():
            ledger.retry(message_id, now=now)
            _record(request, f"letter:{message_id}", "retry")
    except ledger.NothingToRetry:
        messages.info(request, _("This letter cannot be tried again."))
    else:
        messages.success(request, _("It goes out again with the next round."))
    return _back(request)


@reviewer_required
@require_POST
def ledger_withdraw(request: UserRequest, message_id: int) -> HttpResponse:
    with transaction.atomic():
        letter = Message.objects.filter(pk=message_id)
        why = str(_("withdrawn by staff"))
        if ledger.take_back(letter, now=timezone.now(), why=why):
            _record(request, f"letter:{message_id}", "withdraw")
            messages.success(request, _("Withdrawn. It will not be sent."))
        else:
            messages.info(request, _("Too late: it has begun to leave, or has left."))
    return _back(request)


@senior_required
@require_http_methods(["GET", "HEAD", "POST"])
def ledger_withdraw_due(request: UserRequest) -> HttpResponse:
    """All that wait and were due before an instant: how many that are, then the button."""
    now = timezone.now()
    sure = request.method == "POST"
    form = WithdrawForm(request.POST if sure else request.GET or None, now=now)
    chosen = form.withdrawal() if form.is_valid() else None
    if not sure or chosen is None:
        counts = overview.count_kinds(chosen.rows()) if chosen else []
        total = sum(count for _title, count in counts)
        context = {"form": form, "chosen": chosen, "counts": counts, "total": total}
        return render(request, "review/ledger_withdraw.html", context)
    count = chosen.carry_out(by=request.user, now=now)
    said = ngettext("%(n)d letter is withdrawn.", "%(n)d letters are withdrawn.", count)
    messages.success(request, said % {"n": count})
    return redirect("ledger")


@reviewer_required
@require_POST
def ledger_pause(request: UserRequest) -> HttpResponse:
    topic = tidy(request.POST.get("topic", ""))[:40]
    reason = tidy(request.POST.get("reason", "")) or str(_("paused by staff"))
    with transaction.atomic():
        ledger.pause(now=timezone.now(), reason=reason, by=f"user:{request.user.pk}", topic=topic)
        _record(request, topic or "ledger", "pause")
    messages.success(request, _("Paused. Login codes still go out."))
    return _back(request)


@reviewer_required
@require_POST
def ledger_resume(request: UserRequest) -> HttpResponse:
    topic = tidy(request.POST.get("topic", ""))[:40]
    with transaction.atomic():
        ledger.resume(topic=topic)
        _record(request, topic or "ledger", "resume")
    messages.success(request, _("Letters go out again."))
    return _back(request)


def _record(request: UserRequest, about: str, words: str) -> None:
    record(RecordKind.LETTERS, about=about, by=request.user, now=timezone.now(), words=words)


def _back(request: UserRequest) -> HttpResponse:
    """To the ledger's page the button stood on, and nowhere else."""
    here = request.POST.get("here", "")
    return redirect(here if here.startswith(reverse("ledger")) else "ledger")
