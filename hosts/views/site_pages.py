"""Terms, privacy, contact and the host agreement: read by everybody, written by staff."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events.disclosure import Policy, policy
from hosts import site_texts
from hosts.agreement import current_agreement
from hosts.forms.review import AgreementTextForm, SitePageForm
from hosts.models import HostAgreement
from hosts.roles import UserRequest, reviewer_required, senior_required


@policy(Policy.PUBLIC)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "review/site_page.html", {"page": site_texts.site_page(slug)})


@policy(Policy.PUBLIC)
@require_safe
def agreement(request: HttpRequest) -> HttpResponse:
    return render(request, "review/agreement.html", {"agreement": current_agreement()})


@reviewer_required
def texts(request: UserRequest) -> HttpResponse:
    context = {
        "pages": [site_texts.site_page(slug) for slug in site_texts.PAGES],
        "agreement": current_agreement(),
        "versions": HostAgreement.objects.select_related("by").order_by("-version"),
    }
    return render(request, "review/texts.html", context)


@reviewer_required
def edit_page(request: UserRequest, slug: str) -> HttpResponse:
    """One form, two buttons: look at it, or keep it."""
    if slug not in site_texts.PAGES:
        raise Http404
    page = site_texts.site_page(slug)
    initial = {"title": page.title, "text": page.text, "seen": site_texts.stamp_of(page)}
    form = SitePageForm(request.POST or None, initial=initial)
    if request.method != "POST" or not form.is_valid() or "preview" in request.POST:
        return _edit(request, form, title=page.title)
    data = form.cleaned_data
    try:
        site_texts.write_page(
            slug,
            title=data["title"],
            text=data["text"],
            seen=data["seen"],
            by=request.user,
            now=timezone.now(),
        )
    except site_texts.TextChangedMeanwhile:
        form.add_error(None, _meanwhile())
        return _edit(request, form, title=page.title, status=409)
    except site_texts.TextUnchanged:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("The new text is live."))
    return redirect("site_page", slug)


@senior_required
def edit_agreement(request: UserRequest) -> HttpResponse:
    current = current_agreement()
    initial = {"text": current.text, "seen": current.version}
    form = AgreementTextForm(request.POST or None, initial=initial)
    title = _("Host agreement")
    if request.method != "POST" or not form.is_valid() or "preview" in request.POST:
        return _edit(request, form, title=title)
    data = form.cleaned_data
    try:
        made = site_texts.publish_agreement(
            data["text"], seen=data["seen"], by=request.user, now=timezone.now()
        )
    except site_texts.TextChangedMeanwhile:
        form.add_error(None, _meanwhile())
        return _edit(request, form, title=title, status=409)
    except site_texts.TextUnchanged:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(
            request,
            _("Version %(version)s is in force. Hosts are asked to agree to it.")
            % {"version": made.version},
        )
    return redirect("site_texts")


def _meanwhile() -> str:
    return _("Someone else changed this text in the meantime. Open it again and redo your changes.")


def _edit(request: UserRequest, form: forms.Form, *, title: str, status: int = 200) -> HttpResponse:
    preview = form.is_bound and not form.errors
    context = {
        "form": form,
        "title": title,
        "preview": form.cleaned_data["text"] if preview else None,
    }
    return render(request, "review/edit_text.html", context, status=status)
