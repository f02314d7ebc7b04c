"""The staff's desk: the queue, one event's page, and what staff decide there."""

from django.http import HttpResponse
from django.shortcuts import render

from hosts.roles import UserRequest, reviewer_required


@reviewer_required
def queue(request: UserRequest) -> HttpResponse:
    return render(request, "review/queue.html")
