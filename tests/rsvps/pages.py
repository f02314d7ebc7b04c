"""What guests do on their pages, and what they read there."""

import re

from django.test import Client
from django.utils import timezone

from outbox.models import Message
from rsvps import errands, links
from rsvps.models import Guest

EMAIL = "alex@example.org"


def fill_in(client: Client, *slots, **typed) -> dict:
    """What a browser sends: the form as the page showed it, with this typed into it."""
    event = slots[0].event
    form = client.get(f"/events/{event.pk}/rsvp/").context["form"]
    return {
        "timeslots": [f"{slot.pk}.{slot.version}" for slot in slots],
        "party_size": "1",
        "name": "Alex Guest",
        "email": EMAIL,
        "postal_code": "43215",
        "stamp": form.initial["stamp"],
        **typed,
    }


def send(client: Client, *slots, **typed):
    data = fill_in(client, *slots, **typed)
    return client.post(f"/events/{slots[0].event_id}/rsvp/", data, follow=True)


def errors(response) -> dict[str, list[str]]:
    return {name: list(words) for name, words in response.context["form"].errors.items()}


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def letters() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def manage_path(guest: Guest) -> str:
    return links.manage_url(guest).replace("http://localhost:8000", "")


def confirm_path() -> str:
    errands.run(timezone.now())
    token = Message.objects.filter(payload__has_key="token").latest("pk").payload["token"]
    return f"/c/{token}/"
