"""Guests are forgotten: by their own wish, or when their event is long over.

The RSVP itself stays as a number: that a party of two came to an event is nobody's secret. The
person goes from it.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from events.models import Timeslot
from outbox.forgetting import erase_letters
from outbox.models import Message
from rsvps import attending, blocks
from rsvps.alerts import UNCONFIRMED_LASTS
from rsvps.models import Alert, Block, Consent, Errand, Feedback, Guest, Rsvp, Supporter, Ticket

BATCH = 200


def keys_of(supporter: Supporter) -> list[str]:
    """The subjects of letters that are this supporter's: "rsvp:3", "guest:12", ..."""
    rsvps = supporter.rsvps.values_list("pk", flat=True)
    guests = supporter.guests.values_list("pk", flat=True)
    alerts = supporter.alerts.values_list("pk", flat=True)
    return [
        f"supporter:{supporter.pk}",
        *(f"guest:{key}" for key in guests),
        *(f"rsvp:{key}" for key in rsvps),
        *(f"alert:{key}" for key in alerts),
    ]


@transaction.atomic
def forget_supporter(supporter: Supporter, *, now: datetime) -> None:
    """Give up their places to come, then blank whatever tells who they were.

    Whom a host keeps out stays out (rsvps.blocks). Raises attending.RsvpChanged.
    """
    email = supporter.email
    for guest in supporter.guests.select_related("event", "supporter"):
        attending.cancel_all(guest, now=now)
        # A host may still let somebody in whom they keep out: by the hashes alone.
        kept_out = sorted(blocks.contacts_of(guest)) if guest.blocked_at else []
        Guest.objects.filter(pk=guest.pk).update(
            manage_digest=None, form_digest="", earlier_addresses=kept_out
        )
    erase_letters(email, subjects=keys_of(supporter), now=now)
    # Letters to others that wait for another try have their bytes made: a name may be in them.
    topics = {f"event:{key}" for key in supporter.guests.values_list("event_id", flat=True)}
    Message.objects.filter(topic__in=topics, body__isnull=False).update(body=None)
    Errand.objects.filter(email=email).delete()
    Ticket.objects.filter(Q(guest__supporter=supporter) | Q(payload__email=email)).delete()
    Consent.objects.filter(supporter=supporter).delete()
    Alert.objects.filter(supporter=supporter).delete()
    Feedback.objects.filter(rsvp__supporter=supporter).update(words="")
    supporter.rsvps.update(note="", reply_digest=None)
    Supporter.objects.filter(pk=supporter.pk).update(
        email=f"erased-{supporter.pk}@erased.invalid",
        name="",
        phone="",
        postal_code="",
        unsubscribe_digest=None,
        unasked_letters=[],
        erased_at=now,
    )


# -- Retention ---------------------------------------------------------------------------


def forget_phones(now: datetime) -> int:
    """Phones of guests whose last event is long enough over, unless they agreed to texts."""
    old = _over(now - timedelta(days=settings.KEEP_GUEST_PHONE_DAYS)).exclude(phone="")
    silent = old.filter(~Exists(_standing().filter(purpose="texts"))).order_by("pk")
    keys = list(silent.values_list("pk", flat=True)[:BATCH])
    return Supporter.objects.filter(pk__in=keys).update(phone="")


def forget_guests(now: datetime) -> int:
    """Guests whose last event is long enough over: all of them, or all but what they agreed to."""
    old = _over(now - timedelta(days=settings.KEEP_GUEST_EMAIL_DAYS))
    found = list(old.filter(~Exists(_standing()), ~Exists(_alerts(now))).order_by("pk")[:BATCH])
    for supporter in found:
        forget_supporter(supporter, now=now)
    return len(found) + _forget_visits(old) + _forget_details(old)


def _forget_visits(old: QuerySet[Supporter]) -> int:
    """What they wrote about events: nobody agreed to have that kept."""
    said = Feedback.objects.filter(rsvp__supporter__in=old).exclude(words="")
    visits = Rsvp.objects.filter(supporter__in=old).exclude(note="", reply_digest=None)
    said_keys, visit_keys = (
        list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]) for rows in (said, visits)
    )
    return Feedback.objects.filter(pk__in=said_keys).update(words="") + Rsvp.objects.filter(
        pk__in=visit_keys
    ).update(note="", reply_digest=None)


def _forget_details(old: QuerySet[Supporter]) -> int:
    """Of people who only want to hear of what is planned near, all but the e-mail address."""
    known = old.exclude(name="", phone="", postal_code="").filter(~Exists(_standing()))
    keys = list(known.order_by("pk").values_list("pk", flat=True)[:BATCH])
    return Supporter.objects.filter(pk__in=keys).update(name="", phone="", postal_code="")


def forget_blocks(now: datetime) -> int:
    """Who was kept out of an event that is over: nobody can come to it any more."""
    before = now - timedelta(days=settings.KEEP_GUEST_EMAIL_DAYS)
    later = Timeslot.objects.filter(event=OuterRef("event"), ends_at__gte=before)
    old = list(Block.objects.filter(~Exists(later))[:BATCH])
    events = {block.event_id for block in old}
    Guest.objects.filter(event__in=events, supporter__erased_at__isnull=False).update(
        earlier_addresses=[]
    )
    return Block.objects.filter(pk__in=[block.pk for block in old]).delete()[0]


def _over(before: datetime) -> QuerySet[Supporter]:
    """Supporters still known, whose every event and visit here was before that instant."""
    later = Rsvp.objects.filter(supporter=OuterRef("pk"), timeslot__ends_at__gte=before)
    # A guest without RSVPs moved all of them to another address, or let their button lapse.
    lately = Guest.objects.filter(supporter=OuterRef("pk"), created_at__gt=before)
    return Supporter.objects.filter(~Exists(later), ~Exists(lately), erased_at__isnull=True).filter(
        created_at__lte=before
    )


def _standing() -> QuerySet[Consent]:
    """The news or texts a supporter agreed to, and has not taken back."""
    return Consent.objects.filter(supporter=OuterRef("pk"), withdrawn_at__isnull=True)


def _alerts(now: datetime) -> QuerySet[Alert]:
    """What a supporter wants to hear of; a question of today may still be answered."""
    counts = Q(confirmed_at__isnull=False) | Q(created_at__gt=now - UNCONFIRMED_LASTS)
    return Alert.objects.filter(counts, supporter=OuterRef("pk"))
