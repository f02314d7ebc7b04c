"""Accounts, roles, the host's desk and the staff's review desk."""

from django.urls import path

from hosts.views import review_desk

urlpatterns = [
    # -- the staff's desk
    path("review/", review_desk.queue, name="review_queue"),
]
