"""The seniors' page of one person's data: what is kept, all of it as a file, and erasing it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hosts import people as concept
from hosts.exporting import export_person
from hosts.roles import UserRequest, senior_required
from hosts.views.own_data import as_download, hurdle, try_to_erase
from rsvps.forms.rsvp import ResendForm


@senior_required
def people(request: UserRequest) -> HttpResponse:
    now = timezone.now()
    form = ResendForm(request.POST or None)
    form.fields["email"].label = _("Their email")
    context: dict[str, Any] = {"form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "review/people.html", context)
    who = concept.person(form.cleaned_data["email"])
    wish = request.POST.get("do")
    if not concept.is_known(who):
        context["unknown"] = True
        return render(request, "review/people.html", context)
    if wish == "download":
        concept.record_export(who, by=request.user, words="by staff", now=now)
        return as_download(who, now=now)
    context |= {"who": who, "hurdle": hurdle(who, now=now)}
    if wish == "erase" and request.POST.get("sure"):
        problem = try_to_erase(who, by=request.user, words="by staff", now=now)
        if problem is None:
            messages.success(request, _("Erased. It is on the record."))
            return redirect("people")
        context["hurdle"] = problem
    context["unsure"] = wish == "erase" and not request.POST.get("sure")
    kept = export_person(who, now=now)
    context["counts"] = {
        "events": len(kept.get("account", {}).get("events", [])),
        "rsvps": len(kept.get("guest", {}).get("rsvps", [])),
        "letters": len(kept["letters"]),
    }
    return render(request, "review/people.html", context)
