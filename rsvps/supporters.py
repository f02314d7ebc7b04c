"""People known by one normalised e-mail address: found, made, and called by their name."""

from datetime import datetime

from rsvps import links
from rsvps.models import Supporter


def locked(email: str) -> Supporter | None:
    """Who has this address, their row locked until the transaction ends; None if nobody.

    Before any timeslot's: the same person twenty times at once is one person.
    """
    return Supporter.objects.select_for_update(no_key=True).filter(email=email).first()


def lock(key: int) -> None:
    """As `locked`, for somebody known already."""
    Supporter.objects.select_for_update(no_key=True).filter(pk=key).values_list("pk").first()


def get_or_create(
    email: str, *, name: str = "", phone: str = "", postal_code: str = "", now: datetime
) -> tuple[Supporter, bool]:
    """The supporter at this address, and whether they are new; of two at once, one is."""
    supporter, created = Supporter.objects.get_or_create(
        email=email,
        defaults={"name": name, "phone": phone, "postal_code": postal_code, "created_at": now},
    )
    if created:
        links.seal_supporter(supporter)
    return supporter, created


def mend_name(supporter: Supporter, name: str) -> None:
    """Hosts greet them by this name from now on."""
    supporter.name = name
    supporter.save(update_fields=["name"])


def fill_in(
    supporter: Supporter, name: str, phone: str, postal_code: str, *, overwrite: bool
) -> None:
    """Details as typed, where one is missing; with `overwrite` wherever something was typed."""
    changed = []
    typed = {"name": name, "phone": phone, "postal_code": postal_code}
    for field, value in typed.items():
        known = getattr(supporter, field)
        if value and value != known and (overwrite or not known):
            setattr(supporter, field, value)
            changed.append(field)
    if changed:
        supporter.save(update_fields=changed)
