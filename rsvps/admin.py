"""Reminder steps: the one table here that senior staff edit by hand."""

from django.contrib import admin
from django.http import HttpRequest

from rsvps.models import ReminderStep


@admin.register(ReminderStep)
class ReminderStepAdmin(admin.ModelAdmin):
    """Which letters the clock sends, and when, for every type of event or for one.

    The site lets seniors in alone (hosts.repairs); whoever is in may edit.
    """

    list_display = ("kind", "event_type", "enabled", "days", "hour", "hours")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: ReminderStep | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: ReminderStep | None = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: ReminderStep | None = None) -> bool:
        return True
