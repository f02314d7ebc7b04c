"""The staff's desk: the queue, one event's page, and what staff decide there."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hosts.roles import reviewer_required


@reviewer_required
def queue(request: HttpRequest) -> HttpResponse:
    return render(request, "review/queue.html")
