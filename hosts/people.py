"""One person, wherever the tables know them: by account, as a guest, or by an address alone."""

from dataclasses import dataclass
from datetime import datetime

from hosts import records
from hosts.models import CoHost, EventReport, RecordKind, User
from outbox import suppression
from outbox.models import Message
from rsvps.models import Guest, Supporter


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever goes by `email` (normalised); both `user` and `supporter` may be None."""

    email: str
    user: User | None
    supporter: Supporter | None

    @property
    def keys(self) -> list[str]:
        """What records are about them, as "user:3"."""
        found = [f"user:{self.user.pk}"] if self.user else []
        if self.supporter:
            found.append(f"supporter:{self.supporter.pk}")
        return found

    @property
    def record_keys(self) -> list[str]:
        """What a row of the record calls them; without a number a code made from the address."""
        # Cut to what the column holds: 192 bits.
        return self.keys or [f"address:{suppression.address_digest(self.email)[:48]}"]

    @property
    def guest_keys(self) -> list[str]:
        """How readings name them, as "guest:12"."""
        guests = Guest.objects.filter(supporter=self.supporter) if self.supporter else []
        return [f"guest:{guest.pk}" for guest in guests]


def person(email: str) -> Person:
    email = email.strip().lower()
    return Person(
        email=email,
        user=User.objects.filter(email__iexact=email).first(),
        supporter=Supporter.objects.filter(email=email).first(),
    )


def is_known(who: Person) -> bool:
    """Whether anything is kept under this address."""
    return bool(
        who.user
        or who.supporter
        or CoHost.objects.filter(email__iexact=who.email).exists()
        or EventReport.objects.filter(email__iexact=who.email).exists()
        or Message.objects.filter(recipient__iexact=who.email).exists()
    )


def record_export(who: Person, *, by: User | None, words: str, now: datetime) -> None:
    """Put on the record that somebody got everything about `who`; `words` say who."""
    for key in who.record_keys:
        records.record(RecordKind.EXPORT, about=key, by=by, now=now, words=words)
