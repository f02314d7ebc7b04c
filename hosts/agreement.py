"""The host agreement: a versioned text, and who accepted which version when."""

from datetime import datetime

from hosts.models import AgreementAcceptance, Host, HostAgreement

# Version 1, in force until staff publish their own words.
FIRST_TEXT = (
    "Thank you for opening your door. Before you host, please agree to a few things.\n"
    "\n"
    "- **I tell the truth about my event.** The who, what, where, and when are just as I say. If "
    "something changes, I change it here, so everyone who's coming hears about it.\n"
    "- **I keep people safe.** I follow the law, I make sure people can get in and out "
    "safely, and I cancel if I can't hold the event.\n"
    "- **Everyone is welcome.** I treat guests with respect, whoever they are. I may ask "
    "anyone who doesn't do the same to leave.\n"
    "- **I use what guests tell me for this event only.** I don't copy, sell, or pass along "
    "names, phone numbers, or email addresses, and I don't add guests to other lists.\n"
    "- **I don't take money at the door** unless the campaign has told me how.\n"
    "- **The campaign may look over my event,** ask me to change it, or take it off the site.\n"
)


class AgreementChanged(Exception):
    """A newer version was published since this host read the text; it must be read first."""


def current_agreement() -> HostAgreement:
    """The newest version. On a fresh site that is the first text, not saved yet."""
    newest = HostAgreement.objects.order_by("-version").first()
    return newest or HostAgreement(version=1, text=FIRST_TEXT)


def has_accepted(host: Host) -> bool:
    """Whether the host accepted the version now in force."""
    current = current_agreement()
    return host.acceptances.filter(agreement__version=current.version).exists()


def accept_agreement(host: Host, *, version: int, now: datetime) -> AgreementAcceptance:
    """Record that the host accepted `version`, the one they were shown; again changes nothing.

    Raises AgreementChanged where another version is in force now.
    """
    current = current_agreement()
    if current.version != version:
        raise AgreementChanged
    if current.pk is None:
        current, _created = HostAgreement.objects.get_or_create(
            version=current.version, defaults={"text": current.text, "published_at": now}
        )
    acceptance, _created = AgreementAcceptance.objects.get_or_create(
        host=host, agreement=current, defaults={"accepted_at": now}
    )
    return acceptance
