"""The ledger: every letter that is to leave, has left, or must not leave."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from outbox.states import IN_FLIGHT, MessageState, SuppressionReason


class Priority(models.IntegerChoices):
    """Who goes first."""

    ACCOUNT = 0, "account mail"
    AT_ONCE = 1, "invitations, changes, cancellations, answers"
    PLANNED = 2, "reminders, thanks, digests"


class MessageQuerySet(models.QuerySet["Message"]):
    def queued(self) -> "MessageQuerySet":
        return self.filter(state=MessageState.QUEUED)

    def due(self, now: datetime) -> "MessageQuerySet":
        """Queued letters whose time has come."""
        return self.queued().filter(not_before__lte=now)

    def in_flight(self) -> "MessageQuerySet":
        return self.filter(state__in=IN_FLIGHT)

    def about(self, topic: str) -> "MessageQuerySet":
        return self.filter(topic=topic)


class Message(models.Model):
    """One letter to one person. `outbox.ledger` alone writes its state.

    `subject_key` says what the letter is about and whose it is ("rsvp:12"): with kind,
    channel, version, revision and step it makes posting idempotent.
    """

    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=8, default="email")
    subject_key = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)
    step = models.CharField(max_length=40, blank=True)
    topic = models.CharField(max_length=40, blank=True)  # "event:7": what staff group by

    recipient = models.EmailField(max_length=254, blank=True)
    payload = models.JSONField(default=dict, blank=True)
    zone = models.CharField(max_length=64, default="UTC")  # whose night is quiet
    priority = models.PositiveSmallIntegerField(choices=Priority)
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    state = models.CharField(
        max_length=12, choices=MessageState, default=MessageState.QUEUED, editable=False
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    # How often nobody could tell whether it had been sent.
    doubts = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_owner = models.CharField(max_length=32, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)  # by the database's clock
    # Made at the first attempt; a retry sends the same bytes. The body is blanked at the end.
    message_id = models.CharField(max_length=120, blank=True, editable=False)
    body = models.BinaryField(null=True, editable=False)
    first_attempt_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)

    # What the deliverer's batch found (outbox.letters.Kind.gather).
    about: Any = None

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_key", "kind", "channel", "version", "revision", "step"],
                name="letter_posted_once",
            ),
        ]
        indexes = [
            # A deliverer claims what is due, one priority after the other.
            models.Index(
                fields=["priority", "not_before", "id"],
                condition=Q(state=MessageState.QUEUED),
                name="letter_queued",
            ),
            # The sweep asks for leases that ran out.
            models.Index(
                fields=["lease_until"],
                condition=Q(state__in=["claimed", "transmitting"]),
                name="letter_leased",
            ),
            # Staff's and hosts' pages count an event's letters.
            models.Index(fields=["topic", "kind", "state"], name="letter_topic"),
            # A bounce or a complaint names the letter it is about.
            models.Index(
                fields=["message_id"], condition=~Q(message_id=""), name="letter_message_id"
            ),
            # Retention forgets whom finished letters went to.
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False) & ~Q(recipient=""),
                name="letter_to_forget",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_key} v{self.version}.{self.revision} {self.state}"


class Suppression(models.Model):
    """An address that takes no letters, known by a keyed hash only (outbox.suppression)."""

    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=12, choices=SuppressionReason)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest", "reason"], name="one_suppression_per_reason")
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.digest[:8]}"


class SoftBounce(models.Model):
    """A letter that came back for a passing reason; four in fourteen days suppress."""

    digest = models.CharField(max_length=64)
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message"], name="one_soft_bounce_per_letter")
        ]
        indexes = [models.Index(fields=["digest", "at"], name="soft_bounce_recent")]

    def __str__(self) -> str:
        return f"soft bounce {self.digest[:8]}"


class Pause(models.Model):
    """Letters held back by staff or after a restore; an empty topic holds all of them."""

    topic = models.CharField(max_length=40, unique=True, blank=True)
    reason = models.CharField(max_length=300)
    by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.topic or "everything"


class Heartbeat(models.Model):
    """One row: when a deliverer last worked on this database (outbox.heartbeat)."""

    # Tells this database from another one that finds an old heartbeat file.
    database_id = models.CharField(max_length=32)
    beat_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)  # why the mail server is not reached

    def __str__(self) -> str:
        return f"beat {self.beat_at}"


class InboundTally(models.Model):
    """How many letters came in each day, by what became of them."""

    day = models.DateField()
    outcome = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "outcome"], name="one_tally_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.outcome}: {self.count}"
