"""What, when and where.

An event has two places, kept apart: the exact one (few readers) and the public one, which is
all that anything public may read (docs/architecture.md, "Two places").
"""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.facts import PublicEvent, PublicTimeslot
from events.states import (
    Accuracy,
    AddressVisibility,
    AttendanceMode,
    EventState,
    EventType,
    RevisionState,
    TimeslotState,
    YesNoUnknown,
)
from events.total_models import CellDayTotal as CellDayTotal
from events.total_models import CellTotal as CellTotal
from events.total_models import CountDue as CountDue
from events.total_models import CountedEvent as CountedEvent


class EventQuerySet(models.QuerySet["Event"]):
    def public(self) -> "EventQuerySet":
        """Events that have a public page: approved ones and, with a banner, cancelled ones."""
        return self.filter(
            state__in=[EventState.APPROVED, EventState.CANCELLED], published_at__isnull=False
        )

    def listed(self) -> "EventQuerySet":
        """Events that may be found and joined."""
        return self.filter(state=EventState.APPROVED)

    def awaiting_review(self) -> "EventQuerySet":
        return self.filter(
            Q(state=EventState.SUBMITTED)
            | Q(state=EventState.APPROVED, revisions__state=RevisionState.PENDING)
        ).distinct()


class Event(PublicEvent, models.Model):
    """One event, with one or more timeslots. `events.lifecycle` alone writes its state."""

    host = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="events"
    )
    state = models.CharField(
        max_length=12, choices=EventState, default=EventState.DRAFT, editable=False
    )
    type = models.CharField(_("type"), max_length=20, choices=EventType)
    title = models.CharField(_("title"), max_length=120, blank=True)
    description = models.TextField(_("description"), max_length=10_000, blank=True)
    official = models.BooleanField(_("official campaign event"), default=False)

    attendance_mode = models.CharField(
        max_length=10, choices=AttendanceMode, default=AttendanceMode.IN_PERSON
    )
    joining_url = models.URLField(_("joining link"), max_length=500, blank=True)
    joining_notes = models.TextField(max_length=1000, blank=True)

    # -- the exact place: read through events.disclosure only
    address_visibility = models.CharField(
        max_length=8, choices=AddressVisibility, default=AddressVisibility.PUBLIC
    )
    venue = models.CharField(_("venue"), max_length=120, blank=True)
    street = models.CharField(_("street"), max_length=160, blank=True)
    unit = models.CharField(_("unit"), max_length=60, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    state_code = models.CharField(_("state"), max_length=60, blank=True)
    postal_code = models.CharField(_("ZIP code"), max_length=12, blank=True)
    country = models.CharField(_("country"), max_length=2, default="US")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    accuracy = models.CharField(max_length=8, choices=Accuracy, blank=True)
    pin_moved = models.BooleanField(default=False)
    # The configured geocoder did not answer; the planner asks again at this instant.
    geocode_again_at = models.DateTimeField(null=True, blank=True)
    geocode_attempts = models.PositiveSmallIntegerField(default=0)

    # -- the public place: all that public pages, search, feeds and letters to strangers read
    public_latitude = models.FloatField(null=True, blank=True)
    public_longitude = models.FloatField(null=True, blank=True)
    public_neighborhood = models.CharField(max_length=100, blank=True)
    public_city = models.CharField(max_length=100, blank=True)
    public_state_code = models.CharField(max_length=60, blank=True)
    public_postal_code = models.CharField(max_length=12, blank=True)
    public_county = models.CharField(max_length=100, blank=True)
    timezone = models.CharField(max_length=64, default="America/New_York")

    approve_each_guest = models.BooleanField(default=False)
    # Staff or the operator ask guests of this event to confirm their address first.
    confirm_rsvps = models.BooleanField(default=False)

    contact_name = models.CharField(_("contact name"), max_length=100, blank=True)
    contact_phone = models.CharField(_("contact phone"), max_length=20, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), max_length=254, blank=True)

    wheelchair = models.CharField(max_length=7, choices=YesNoUnknown, default=YesNoUnknown.UNKNOWN)
    asl = models.CharField(max_length=7, choices=YesNoUnknown, default=YesNoUnknown.UNKNOWN)
    child_care = models.CharField(max_length=7, choices=YesNoUnknown, default=YesNoUnknown.UNKNOWN)
    language = models.CharField(max_length=60, blank=True)
    transit_notes = models.TextField(max_length=500, blank=True)
    parking_notes = models.TextField(max_length=500, blank=True)

    picture = models.ImageField(upload_to="events/", blank=True)
    picture_alt = models.CharField(max_length=160, blank=True)

    # The form as the host typed it and has not sent yet (hosts.drafts); {} where nothing waits.
    typed = models.JSONField(default=dict, blank=True)
    # When that was; None once the address of a home was taken out of it again.
    typed_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_note = models.TextField(max_length=1000, blank=True)
    # The words staff or the host gave with the last step of the state, for the host's page.
    state_note = models.TextField(max_length=2000, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    unlisted_at = models.DateTimeField(null=True, blank=True)
    # Words changed since the last decision; staff see the flag in their queue.
    text_changed_at = models.DateTimeField(null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="event_position_on_earth",
            ),
        ]
        indexes = [
            # The review queue reads what waits, soonest first.
            models.Index(
                fields=["submitted_at"],
                condition=Q(state=EventState.SUBMITTED),
                name="event_submitted",
            ),
            # The planner of alerts asks what was published since it last looked.
            models.Index(
                fields=["published_at"],
                condition=Q(published_at__isnull=False),
                name="event_published",
            ),
            # The planner asks which places to geocode again.
            models.Index(
                fields=["geocode_again_at"],
                condition=Q(geocode_again_at__isnull=False),
                name="event_geocode_again",
            ),
            # Retention looks for forms nobody went on with.
            models.Index(
                fields=["typed_at"], condition=Q(typed_at__isnull=False), name="event_typed"
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"#{self.pk}"


class TimeslotQuerySet(models.QuerySet["Timeslot"]):
    def open(self) -> "TimeslotQuerySet":
        return self.filter(state=TimeslotState.OPEN)

    def upcoming(self, now) -> "TimeslotQuerySet":
        """Open timeslots that have not ended at `now`."""
        return self.open().filter(ends_at__gt=now)


def new_uid() -> str:
    """A calendar UID (RFC 5545 3.8.4.7, RFC 7986 5.3): random, and kept for ever."""
    return f"{secrets.token_hex(16)}@barnstorm"


class Timeslot(PublicTimeslot, models.Model):
    """One date of an event. `rsvps.capacity` alone writes `seats_taken`; `version` only rises."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="timeslots")
    state = models.CharField(
        max_length=9, choices=TimeslotState, default=TimeslotState.OPEN, editable=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveIntegerField(null=True, blank=True)  # null: unlimited
    seats_taken = models.PositiveIntegerField(default=0, editable=False)
    instructions = models.TextField(max_length=1000, blank=True)
    uid = models.CharField(max_length=64, unique=True, default=new_uid, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    objects = TimeslotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="timeslot_ends_after_start"
            ),
            # The last wall behind rsvps.capacity: no path may sell a seat twice.
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(seats_taken__lte=F("capacity")),
                name="timeslot_not_oversold",
            ),
        ]
        indexes = [
            # Reminders and the ledger's planners read what starts soon.
            models.Index(
                fields=["starts_at"],
                condition=Q(state=TimeslotState.OPEN),
                name="timeslot_open_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}/{self.pk} {self.starts_at:%Y-%m-%d %H:%M}Z"


class Listing(models.Model):
    """One upcoming open timeslot of an approved event, as the search reads it.

    A narrow copy of *public* facts alone (the public place, never the exact one), written whole
    by `events.spatial.index_event` and read by `events.search` and the map. Numbers instead of
    words and instants, so that every question is answered inside an index. Whether there is
    room is not here: RSVPs must not write to it.
    """

    timeslot = models.OneToOneField(
        Timeslot, on_delete=models.CASCADE, primary_key=True, related_name="listing"
    )
    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="listings", db_index=False
    )
    starts = models.BigIntegerField()  # Unix seconds
    day = models.IntegerField()  # the date where the event is, as date.toordinal()
    minute = models.SmallIntegerField()  # of that day, 0 to 1439
    type = models.SmallIntegerField()  # spatial.TYPE_CODES
    flags = models.SmallIntegerField()  # spatial.Flag
    online = models.BooleanField()  # can be joined from anywhere
    # The public place: its unit vector, and its H3 cells. All 0 where there is no place.
    x = models.FloatField()
    y = models.FloatField()
    z = models.FloatField()
    r4 = models.BigIntegerField()
    r5 = models.BigIntegerField()
    r6 = models.BigIntegerField()
    r7 = models.BigIntegerField()
    r9 = models.BigIntegerField()
    # The same event's timeslot before this one (0 for none): a listing stands for its event
    # where the one before it is not among what was asked for, and that needs no second look.
    previous_starts = models.BigIntegerField(default=0)
    previous_day = models.IntegerField(default=0)

    class Meta:
        # Covering indexes on both databases: what a stream must look at stands in the key
        # itself, because SQLite knows no INCLUDE. (docs/decisions/0003-search-table.md)
        indexes = [
            *(
                models.Index(
                    fields=[
                        cell,
                        "starts",
                        "timeslot",
                        "event",
                        "x",
                        "y",
                        "z",
                        "day",
                        "minute",
                        "type",
                        "flags",
                        "previous_starts",
                        "previous_day",
                    ],
                    name=f"listing_{cell}",
                )
                for cell in ("r4", "r5", "r6", "r7", "r9")
            ),
            # What is on anywhere, soonest first (the home page, a search without a place).
            models.Index(fields=["starts", "timeslot"], name="listing_starts"),
            # What can be joined from anywhere.
            models.Index(
                fields=["starts", "timeslot"], condition=Q(online=True), name="listing_online"
            ),
            # The other timeslots of one event.
            models.Index(
                fields=["event", "starts", "timeslot", "day", "minute"], name="listing_event"
            ),
        ]

    def __str__(self) -> str:
        return f"listing of timeslot {self.timeslot_id}"


class CalendarEntry(models.Model):
    """A listing as a calendar's VEVENT, ready to be sent (events.entries); public facts alone."""

    timeslot = models.OneToOneField(
        Timeslot, on_delete=models.CASCADE, primary_key=True, related_name="entry"
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    # What it was made with besides the event: where that has changed, it is made anew.
    recipe = models.CharField(max_length=16)
    text = models.TextField()

    def __str__(self) -> str:
        return f"entry of timeslot {self.timeslot_id}"


class ListingChange(models.Model):
    """When listings last changed, so that feeds can answer "nothing new" unread.

    One row of many, by the event's number, so that approvals do not wait for each other.
    """

    SHARDS = 64

    shard = models.SmallIntegerField(primary_key=True)
    token = models.BigIntegerField()  # random; another one after every change
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"listings {self.shard} changed {self.changed_at:%Y-%m-%d %H:%M}Z"


class EventRevision(models.Model):
    """A change of time, place or type that waits for review; applied whole or not at all."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="revisions")
    state = models.CharField(
        max_length=9, choices=RevisionState, default=RevisionState.PENDING, editable=False
    )
    # {"event": {field: value}, "timeslots": [{"id": int | null, "starts_at": iso, ...}]}
    changes = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event"],
                condition=Q(state=RevisionState.PENDING),
                name="one_pending_revision_per_event",
            ),
        ]

    def __str__(self) -> str:
        return f"revision {self.pk} of event {self.event_id}"


class HomeCell(models.Model):
    """The H3 cell (resolution 7) that stands for a private address.

    Kept by a keyed hash of the normalised address, not by event or host, so that geocoding
    noise never moves a home across a cell's edge; it outlives the address itself.
    """

    address_digest = models.CharField(max_length=64, primary_key=True)
    cell = models.BigIntegerField()
    # How well the position was known that gave the cell (events.homes).
    precision = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.cell:x}"


class AddressReading(models.Model):
    """That somebody opened a page with an exact private address, once per reader and day."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="readings")
    reader = models.CharField(max_length=32)  # "guest:12" or "user:3"
    day = models.DateField()  # UTC
    read_at = models.DateTimeField()  # the first time that day
    # When it was put on the record (hosts.sealing); the row goes soon afterwards.
    recorded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "reader", "day"], name="one_reading_per_reader_and_day"
            )
        ]
        indexes = [
            # The sealer takes what is not on the record yet.
            models.Index(fields=["id"], condition=Q(recorded_at__isnull=True), name="reading_new"),
        ]

    def __str__(self) -> str:
        return f"{self.reader} read event {self.event_id}'s address on {self.day}"
