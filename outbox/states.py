"""The states of a letter in the ledger."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    QUEUED = "queued", _("Planned")
    CLAIMED = "claimed", _("About to be sent")  # by one deliverer, for as long as its lease
    TRANSMITTING = "transmitting", _("Being sent")  # committed before DATA
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNCERTAIN = "uncertain", _("Perhaps sent")  # nobody can tell; see Kind.in_doubt
    SUPERSEDED = "superseded", _("No longer needed")
    SUPPRESSED = "suppressed", _("Not sent: the address takes no letters")


IN_FLIGHT = frozenset({MessageState.CLAIMED, MessageState.TRANSMITTING})
# States the ledger leaves alone for ever, unless staff ask for another try.
FINAL = frozenset(
    {
        MessageState.SENT,
        MessageState.FAILED,
        MessageState.SUPERSEDED,
        MessageState.SUPPRESSED,
    }
)


class SuppressionReason(models.TextChoices):
    HARD_BOUNCE = "hard_bounce", _("The address does not exist")
    SOFT_BOUNCES = "soft_bounces", _("Four letters came back within fourteen days")
    COMPLAINT = "complaint", _("A letter was reported as spam")
    UNSUBSCRIBED = "unsubscribed", _("The person unsubscribed")
