"""The states an event and its timeslots can be in, and the words events are described by."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventState(models.TextChoices):
    """Where an event stands. "Over" is derived from its timeslots, never stored."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for review")
    SENT_BACK = "sent_back", _("Sent back to the host")
    APPROVED = "approved", _("Public")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Cancelled")
    UNLISTED = "unlisted", _("Unlisted")


class TimeslotState(models.TextChoices):
    OPEN = "open", _("Open")
    CANCELLED = "cancelled", _("Cancelled")


class RevisionState(models.TextChoices):
    PENDING = "pending", _("Waiting for review")
    APPLIED = "applied", _("Applied")
    SENT_BACK = "sent_back", _("Sent back to the host")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class EventType(models.TextChoices):
    HOUSE_PARTY = "house_party", _("House party")
    CANVASS = "canvass", _("Canvass")
    PHONE_BANK = "phone_bank", _("Phone bank")
    TEXT_BANK = "text_bank", _("Text bank")
    RALLY = "rally", _("Rally")
    TOWN_HALL = "town_hall", _("Town hall")
    TRAINING = "training", _("Training")
    MEETING = "meeting", _("Meeting")
    BARNSTORM = "barnstorm", _("Barnstorm")
    DEBATE_WATCH = "debate_watch", _("Debate watch")
    FUNDRAISER = "fundraiser", _("Fundraiser")
    COMMUNITY_SERVICE = "community_service", _("Community service")
    OTHER = "other", _("Other")


# Reviewed by seniors, whatever their size.
HIGH_LEVEL_TYPES = frozenset({EventType.RALLY, EventType.TOWN_HALL, EventType.FUNDRAISER})
HIGH_LEVEL_CAPACITY = 200
# People who go out or call in strangers' names must be reachable.
PHONE_REQUIRED_TYPES = frozenset({EventType.CANVASS, EventType.PHONE_BANK})


class AttendanceMode(models.TextChoices):
    IN_PERSON = "in_person", _("In person")
    VIRTUAL = "virtual", _("Online")
    BOTH = "both", _("In person and online")


class AddressVisibility(models.TextChoices):
    PUBLIC = "public", _("Anyone may see the address")
    PRIVATE = "private", _("Only people who are coming see the address")


class Accuracy(models.TextChoices):
    """How well a geocoder knows a place, best first."""

    ROOFTOP = "rooftop", _("the building")
    STREET = "street", _("the street")
    ZIP = "zip", _("the ZIP code's center")
    CITY = "city", _("the city's center")


class YesNoUnknown(models.TextChoices):
    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNKNOWN = "unknown", _("Not said")
