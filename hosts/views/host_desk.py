"""The host's desk: becoming a host, one's events, and a new one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events.fields import show_phone
from events.states import EventType
from hosts import hosting
from hosts.agreement import AgreementChanged, current_agreement
from hosts.desk import my_events
from hosts.drafts import start_draft
from hosts.forms.becoming import BecomeHostForm
from hosts.models import Host
from hosts.roles import UserRequest, account_required, desk_required, host_required


@desk_required
@never_cache
@require_safe
def desk(request: UserRequest) -> HttpResponse:
    """My events by where they stand, and what to do next."""
    now = timezone.now()
    return render(
        request,
        "hosts/desk.html",
        {
            "groups": my_events(request.user, now=now),
            "is_host": Host.objects.filter(user=request.user).exists(),
        },
    )


@account_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def become(request: UserRequest) -> HttpResponse:
    """Name, phone, ZIP and the agreement; then back to where one wanted to go."""
    user = request.user
    agreement = current_agreement()
    host = Host.objects.filter(user=user).first()
    initial = {
        "name": user.name,
        "phone": show_phone(host.phone) if host else "",
        "postal_code": host.postal_code if host else "",
    }
    form = BecomeHostForm(
        request.POST if request.method == "POST" else None, agreement=agreement, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            hosting.become_host(
                user,
                name=values["name"],
                phone=values["phone"],
                postal_code=values["postal_code"],
                agreement_version=values["version"],
                now=timezone.now(),
            )
        except AgreementChanged:
            form.ask_again(current_agreement())
        else:
            messages.success(request, _("Welcome! You can host events now."))
            return redirect(_next(request) or "host_event_new")
    return render(
        request,
        "hosts/become.html",
        {"form": form, "agreement": form.agreement, "next": _next(request), "host": host},
    )


def _next(request: UserRequest) -> str:
    """Where to go on to: an address of this site, or "" for nowhere special."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if ours and wanted.startswith("/") else ""


@host_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_event(request: UserRequest) -> HttpResponse:
    """Choose a kind; the draft that opens next is filled with what is usual for it."""
    if request.method == "POST" and request.POST.get("type") in EventType.values:
        event = start_draft(request.user, request.POST["type"], now=timezone.now())
        return redirect("host_event_edit", event.pk)
    chosen = request.GET.get("type", "")
    return render(request, "hosts/new_event.html", {"kinds": EventType.choices, "chosen": chosen})
