"""Accounts, roles, the host's desk and the staff's review desk."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
