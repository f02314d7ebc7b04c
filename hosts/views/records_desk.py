"""The seniors' page of the record: what staff did, and who read a home's address."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hosts import sealing
from hosts.forms.records import RecordsForm
from hosts.models import Record
from hosts.people import person
from hosts.records import find
from hosts.roles import UserRequest, senior_required

RECORDS_A_PAGE = 50


@senior_required
@require_safe
def records(request: UserRequest) -> HttpResponse:
    form = RecordsForm(request.GET or None)
    rows = find()
    if form.is_bound:
        rows = _narrowed(form) if form.is_valid() else Record.objects.none()
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": Paginator(rows, RECORDS_A_PAGE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
        "head": sealing.head(),
        "waiting": Record.objects.unsealed().count(),
    }
    return render(request, "review/records.html", context)


def _narrowed(form: RecordsForm):
    data = form.cleaned_data
    who = person(data["who"]) if data["who"] else None
    return find(
        by=who.user if who else None,
        keys=[*who.record_keys, *who.guest_keys] if who else None,
        event_id=data["event"],
        kind=data["kind"],
        since=data["since"],
        until=data["until"],
    )
