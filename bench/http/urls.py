"""The smallest possible view: a constant template, behind the same middleware and server."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from config.urls import *  # noqa: F403
from config.urls import urlpatterns


def smallest(request: HttpRequest) -> HttpResponse:
    return render(request, "smallest.html")


urlpatterns = [path("smallest/", smallest), *urlpatterns]
