"""Who is coming."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from events.models import Event, Timeslot
from events.states import EventType
from rsvps.states import COMING, SEATED, Attended, ReminderKind, RsvpStatus


class Supporter(models.Model):
    """A person known by one normalised e-mail address; no account."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=20, blank=True)  # E.164
    postal_code = models.CharField(max_length=12, blank=True)
    # SHA-256 of the derived unsubscribe token; the generation revokes it (rsvps.links).
    link_generation = models.PositiveIntegerField(default=0)
    unsubscribe_digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    # When they last pressed a button in a letter: the address is theirs, and so are its details.
    proved_at = models.DateTimeField(null=True, blank=True)
    # When the last letters leave that a form alone asked for (rsvps.unasked).
    unasked_letters = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    # When everything above was blanked (rsvps.forgetting); the e-mail is a made-up one then.
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"supporter {self.pk}"

    @property
    def shown_name(self) -> str:
        """The name for those who may read it; erased people and some others have none."""
        return self.name or _("A guest")


class Guest(models.Model):
    """One supporter at one event: what the manage link opens. Rsvps are its timeslots."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="guests")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="guests")
    link_generation = models.PositiveIntegerField(default=0)
    # Apart from the manage link: a calendar wants the same ORGANIZER in its CANCEL as before.
    reply_generation = models.PositiveIntegerField(default=0)
    # SHA-256 of the form this guest came by: the same form sent twice counts once.
    form_digest = models.CharField(max_length=64, blank=True)
    manage_digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    blocked_at = models.DateTimeField(null=True, blank=True)  # removed, and may not come back
    # Keyed hashes of the addresses this place had before it moved to another (rsvps.blocks).
    earlier_addresses = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supporter", "event"], name="one_guest_per_event")
        ]

    def __str__(self) -> str:
        return f"guest {self.pk}"


class Block(models.Model):
    """A contact that may not come to an event, as a keyed hash (rsvps.blocks)."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="blocks")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "digest"], name="one_block_per_contact")
        ]

    def __str__(self) -> str:
        return f"block {self.pk} at event {self.event_id}"


class RsvpQuerySet(models.QuerySet["Rsvp"]):
    def seated(self) -> "RsvpQuerySet":
        """RSVPs whose party occupies seats."""
        return self.filter(status__in=SEATED)

    def coming(self) -> "RsvpQuerySet":
        """RSVPs of people who are coming (accepted or tentative)."""
        return self.filter(status__in=COMING)


class Rsvp(models.Model):
    """One supporter's place at one timeslot. `revision` only rises."""

    guest = models.ForeignKey(Guest, on_delete=models.CASCADE, related_name="rsvps")
    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="rsvps")
    timeslot = models.ForeignKey(Timeslot, on_delete=models.CASCADE, related_name="rsvps")
    status = models.CharField(max_length=11, choices=RsvpStatus, editable=False)
    party_size = models.PositiveSmallIntegerField(default=1)
    note = models.TextField(max_length=500, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    attended = models.CharField(max_length=7, choices=Attended, default=Attended.UNKNOWN)
    hold_expires_at = models.DateTimeField(null=True, blank=True)
    # The unguessable local part a calendar's reply comes to: rsvp+<token>@ (rsvps.links).
    reply_digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    # DTSTAMP of the newest reply their calendar sent (RFC 5546 2.1.5).
    reply_stamp = models.DateTimeField(null=True, blank=True)
    # When a letter last told this guest when and where it is; reminders due before are stale.
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When they last said "I'll be there" to a reminder.
    reaffirmed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = RsvpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["timeslot", "supporter"], name="one_rsvp_per_timeslot_and_supporter"
            ),
            models.CheckConstraint(condition=Q(party_size__gte=1), name="rsvp_party_not_empty"),
        ]
        indexes = [
            # The planner frees seats whose hold ran out.
            models.Index(
                fields=["hold_expires_at"],
                condition=Q(status=RsvpStatus.UNCONFIRMED),
                name="rsvp_hold_expires",
            ),
        ]

    def __str__(self) -> str:
        return f"rsvp {self.pk}"


class Consent(models.Model):
    """What a person agreed to, in the words they saw."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=12, choices=[("news", "News"), ("texts", "Texts")])
    wording = models.TextField()
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.given_at:%Y-%m-%d}"


class Alert(models.Model):
    """“Tell me when there is one”: a place, how far around it, and which types (rsvps.alerts).

    Until the button in the first letter is pressed it is a question only, and is forgotten after
    a day. Stopping deletes it.
    """

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="alerts")
    place = models.CharField(max_length=200)
    # Hundredths of a degree: about a kilometre, and no house.
    latitude = models.FloatField()
    longitude = models.FloatField()
    within_miles = models.PositiveSmallIntegerField()
    types = models.CharField(max_length=200, blank=True)  # EventType values, sorted, by comma
    timezone = models.CharField(max_length=64)  # the place's: whose morning it is
    # SHA-256 of the derived token behind its link (rsvps.links).
    digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # Events published up to here have been told of, or were on the page.
    told_until = models.DateTimeField(null=True, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)  # when to look for new ones

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supporter", "latitude", "longitude", "within_miles", "types"],
                name="one_alert_per_question",
            ),
        ]
        indexes = [
            # The planner looks for those whose morning has come.
            models.Index(
                fields=["look_at"], condition=Q(look_at__isnull=False), name="alert_look_at"
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}"

    @property
    def type_names(self) -> list[str]:
        """EventType values; none means any."""
        return [name for name in self.types.split(",") if name]


class Ticket(models.Model):
    """A one-shot token by mail: at least 128 random bits, stored as its SHA-256.

    Its payload waits until the button behind the link is pressed: a form whose address nobody
    has proved, a second form under a known one, a new address.
    """

    digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=20)
    guest = models.ForeignKey(Guest, null=True, on_delete=models.CASCADE, related_name="tickets")
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class Errand(models.Model):
    """What somebody asked for by typing an address, until the worker sees to it (rsvps.errands)."""

    kind = models.CharField(max_length=20)
    email = models.EmailField(max_length=254)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class RateCount(models.Model):
    """How often something was asked for in one window of time (rsvps.limits)."""

    digest = models.CharField(max_length=64, primary_key=True)
    points = models.PositiveIntegerField()
    expires_at = models.DateTimeField(db_index=True)  # the planner drops old ones

    def __str__(self) -> str:
        return f"{self.points} until {self.expires_at:%Y-%m-%d %H:%M}"


class Feedback(models.Model):
    """What a guest said afterwards, by the link in the letter of thanks."""

    rsvp = models.OneToOneField(Rsvp, on_delete=models.CASCADE, related_name="feedback")
    rating = models.PositiveSmallIntegerField(null=True, blank=True)  # 1 to 5
    words = models.TextField(max_length=2000, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"feedback on rsvp {self.rsvp_id}"


class ReminderStep(models.Model):
    """One reminder (or the thanks) as staff set it, for every type of event or for one.

    `rsvps.reminders` says what each rule means; a row for a type takes the place of the row
    (or the default) for all types.
    """

    kind = models.CharField(max_length=20, choices=ReminderKind)
    event_type = models.CharField(max_length=20, choices=EventType, blank=True)  # "": every type
    enabled = models.BooleanField(default=True)
    # Day before: how many days before, and at which hour on the event's clock.
    # On the day: hours before the start. Thanks: hours after the end.
    days = models.PositiveSmallIntegerField(default=1)
    hour = models.PositiveSmallIntegerField(default=11)
    hours = models.PositiveSmallIntegerField(default=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "event_type"], name="one_step_per_type"),
            # Between 08:00 and 20:00: nothing planned may fall into quiet hours.
            models.CheckConstraint(
                condition=Q(hour__gte=8, hour__lte=20, days__gte=1, days__lte=14, hours__lte=48),
                name="reminder_step_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_type or 'every type'}"


class ReminderRun(models.Model):
    """That one step of one version of a timeslot has been planned for its guests."""

    timeslot = models.ForeignKey(Timeslot, on_delete=models.CASCADE, related_name="reminder_runs")
    kind = models.CharField(max_length=20, choices=ReminderKind)
    version = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    until = models.DateTimeField()  # when the letter stops being of use
    # By the planner's clock; None where it must look again.
    planned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["timeslot", "kind", "version"], name="one_run_per_step_and_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of timeslot {self.timeslot_id} v{self.version}"
