"""Accounts, roles, the host's desk and the staff's review desk."""

from django.urls import path

from hosts.views import review_desk, staff_desk

urlpatterns = [
    # -- the staff's desk
    path("review/", review_desk.queue, name="review_queue"),
    path("review/staff/", staff_desk.staff_page, name="staff"),
    path("review/staff/<int:user_id>/", staff_desk.change_role, name="staff_role"),
    path("review/records/", staff_desk.records, name="records"),
]
