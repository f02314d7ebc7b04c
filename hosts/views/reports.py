"""Report this event: anybody tells staff that something is wrong."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from events.disclosure import Policy, policy
from events.models import Event
from hosts.forms.review import ReportForm
from hosts.reporting import TooManyReports, report_event
from rsvps.views.asking import origin, wait_response


@policy(Policy.PUBLIC)
def report(request: HttpRequest, event_id: int) -> HttpResponse:
    event = get_object_or_404(Event.objects.public(), pk=event_id)
    form = ReportForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "review/report.html", {"event": event, "form": form})
    if not form.is_robot:  # a robot is thanked like everybody else
        data = form.cleaned_data
        try:
            report_event(
                event,
                reason=data["reason"],
                words=data["words"],
                email=data["email"],
                connection=origin(request).connection,
                now=timezone.now(),
            )
        except TooManyReports as refused:
            form.add_error(
                None, _("Many reports came from your network. Please try again in an hour.")
            )
            context = {"event": event, "form": form}
            answer = render(request, "review/report.html", context, status=429)
            return wait_response(answer, refused.wait)
    messages.success(request, _("Thank you for telling us. Our staff will look at it today."))
    return redirect(event.get_absolute_url())
