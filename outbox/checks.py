"""Deploy mistakes that would spoil letters, found before the first one leaves."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from outbox.message import LONGEST_UNSUBSCRIBE_URL

# "/u/" and the longer of the two kinds of token (a letter's number of seven figures).
UNSUBSCRIBE_PATH = len("/u/") + 24


@register()
def unsubscribe_links_fit(app_configs, **kwargs) -> list[CheckMessage]:
    """The whole List-Unsubscribe address must fit; some servers fold longer ones wrongly."""
    room = LONGEST_UNSUBSCRIBE_URL - UNSUBSCRIBE_PATH
    if len(settings.SITE_URL) <= room:
        return []
    return [
        Warning(
            f"SITE_URL is longer than {room} characters; one-click unsubscribe may break.",
            hint="Use a shorter host name for the site.",
            id="outbox.W001",
        )
    ]


@register()
def mail_security_is_known(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.SMTP_SECURITY in {"starttls", "tls", "none"}:
        return []
    return [Error("SMTP_SECURITY must be starttls, tls or none.", id="outbox.E001")]
