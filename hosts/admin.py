"""The tables senior staff may look into, and the few fields they may mend by hand.

Whatever has a writer function (house rule 6) is read-only: states, seats, roles, addresses of
events, letters. Sessions, log-in secrets and other people's packages are not shown at all.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group

from events.models import Event, EventRevision, Timeslot
from hosts.models import (
    AgreementAcceptance,
    CoHost,
    EventReport,
    Host,
    HostAgreement,
    Record,
    SitePage,
    User,
    VettingDecision,
)
from hosts.repairs import RepairAdmin
from outbox.models import Message
from rsvps.models import Guest, Rsvp, Supporter

for model in (EmailAddress, Authenticator, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class UserAdmin(RepairAdmin):
    list_display = ("email", "name", "staff_role", "is_active", "date_joined")
    list_filter = ("staff_role", "is_active")
    search_fields = ("email", "name")
    exclude = ("password", "groups", "user_permissions")
    mendable = ("name", "is_active")


@admin.register(Host)
class HostAdmin(RepairAdmin):
    list_display = ("user", "postal_code", "trusted_at", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    mendable = ("phone", "postal_code")


@admin.register(Event)
class EventAdmin(RepairAdmin):
    list_display = ("pk", "title", "type", "state", "host", "public_city", "submitted_at")
    list_select_related = ("host",)
    list_filter = ("state", "type", "address_visibility")
    search_fields = ("=id", "title", "host__email")
    # The exact place is read on the review desk, where readers are known for it.
    exclude = (
        *("venue", "street", "unit", "city", "state_code", "postal_code"),
        *("latitude", "longitude", "transit_notes", "parking_notes"),
        *("joining_url", "joining_notes", "typed"),
    )


@admin.register(Timeslot)
class TimeslotAdmin(RepairAdmin):
    list_display = ("pk", "event", "starts_at", "state", "capacity", "seats_taken", "version")
    list_select_related = ("event",)
    list_filter = ("state",)
    search_fields = ("=id", "=event__id", "=uid")
    exclude = ("instructions",)  # the door code


@admin.register(Supporter)
class SupporterAdmin(RepairAdmin):
    list_display = ("pk", "email", "postal_code", "created_at")
    search_fields = ("=email",)
    exclude = ("unsubscribe_digest",)


@admin.register(Guest)
class GuestAdmin(RepairAdmin):
    list_display = ("pk", "event", "blocked_at", "created_at")
    list_select_related = ("event",)
    search_fields = ("=event__id", "=supporter__email")
    exclude = ("manage_digest",)


@admin.register(Rsvp)
class RsvpAdmin(RepairAdmin):
    list_display = ("pk", "timeslot", "status", "party_size", "revision", "changed_at")
    list_select_related = ("timeslot",)
    list_filter = ("status",)
    search_fields = ("=timeslot__id", "=supporter__email")
    exclude = ("reply_digest",)


@admin.register(Message)
class MessageAdmin(RepairAdmin):
    list_display = ("pk", "kind", "state", "topic", "not_before", "sent_at")
    list_filter = ("state", "kind")
    search_fields = ("=topic", "=subject_key")
    exclude = ("payload", "body")  # codes and links stand there


@admin.register(VettingDecision)
class VettingDecisionAdmin(RepairAdmin):
    list_display = ("event", "decision", "by", "decided_at")
    list_select_related = ("event", "by")
    list_filter = ("decision",)
    search_fields = ("=event__id",)
    exclude = ("snapshot",)


@admin.register(Record)
class RecordAdmin(RepairAdmin):
    list_display = ("at", "kind", "about", "words", "by")
    list_select_related = ("by",)
    list_filter = ("kind",)
    search_fields = ("=about",)
    exclude = ("salt",)


@admin.register(CoHost)
class CoHostAdmin(RepairAdmin):
    list_display = ("event", "email", "invited_at", "accepted_at", "removed_at")
    list_select_related = ("event",)
    search_fields = ("=event__id", "=email")
    exclude = ("token_digest",)


@admin.register(EventRevision)
class EventRevisionAdmin(RepairAdmin):
    list_display = ("event", "state", "by", "created_at", "decided_at")
    list_select_related = ("event", "by")
    search_fields = ("=event__id",)
    exclude = ("changes",)


@admin.register(EventReport, AgreementAcceptance, HostAgreement, SitePage)
class ReadingAdmin(RepairAdmin):
    """Only to look at."""
