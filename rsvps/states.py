"""The states of an RSVP."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RsvpStatus(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("Address not confirmed yet")  # holds seats for 30 minutes
    PENDING = "pending", _("Waiting for the host's answer")  # holds its seats
    ACCEPTED = "accepted", _("Coming")
    TENTATIVE = "tentative", _("Maybe")  # holds its seats
    DECLINED = "declined", _("Not coming")
    CANCELLED = "cancelled", _("Cancelled")
    REMOVED = "removed", _("Removed by the host")


# Statuses whose party occupies seats of the timeslot.
SEATED = frozenset(
    {RsvpStatus.UNCONFIRMED, RsvpStatus.PENDING, RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE}
)
# Statuses of people who are coming: they get the invitation, the address and reminders.
COMING = frozenset({RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE})
# Statuses a mailed link may bring back.
GONE = frozenset({RsvpStatus.DECLINED, RsvpStatus.CANCELLED})


class Attended(models.TextChoices):
    UNKNOWN = "unknown", _("Not known")
    YES = "yes", _("Yes")
    NO = "no", _("No")


class ReminderKind(models.TextChoices):
    """Letters that are planned by the clock; each is a kind of letter in the ledger."""

    DAY_BEFORE = "reminder_day_before", _("Reminder the day before")
    ON_THE_DAY = "reminder_on_the_day", _("Reminder on the day")
    THANKS = "thanks", _("Thanks, and how was it?")
