"""The site's own texts: terms, privacy, contact, and the host agreement's versions.

Until staff write their own, good plain ones stand here.
"""

import re
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from hosts import privacy
from hosts.agreement import current_agreement
from hosts.models import HostAgreement, RecordKind, SitePage, User
from hosts.records import record

_TERMS = """\
{brand} helps volunteers bring neighbors together. These few rules keep it a good place to be.
By using the site, you agree to them.

## Coming to an event

- Only say yes if you plan to come, and cancel if you can't. Someone else may be glad to have
  your spot.
- An event may be in someone's home. The address is for you alone: don't pass it along, and
  don't show up uninvited.
- Be kind. A host may ask anyone who isn't to leave.

## Hosting

- Hosts also agree to the host agreement, which they read before their first event.
- Our staff look over every event. They may ask for changes, or take one off the site.

## What we promise, and what we can't

We work hard to keep the site running and what you read here true. Events are held by
volunteers, not by us, so take care of yourself as you would at any gathering. We may change
these terms. If we do, the end of this page says when.
"""

_CONTACT = """\
A real person reads what you write, and usually answers within two days.

- **About one event:** the quickest way is to reply to the email you got, or to ask your host.
- **Something is wrong with an event:** press “Report this event” on its page. Our staff will
  see it right away.
- **Lost your letter?** We can [send it again](/rsvp/resend/).
- **Anything else:** write to [{mail}](mailto:{mail}).

If someone is in danger, call 911 first.
"""

# The pages everybody may read: slug -> title and text until staff write their own.
PAGES = {
    "terms": ("Terms", _TERMS),
    "privacy": ("Privacy", privacy.TEXT),
    "contact": ("Contact", _CONTACT),
}


class TextUnchanged(Exception):
    """The text reads so already; nothing was written."""


class TextChangedMeanwhile(Exception):
    """Somebody else wrote this text since the form was shown."""


def site_page(slug: str) -> SitePage:
    """The page as it reads now. Raises KeyError where there is no such page."""
    title, text = PAGES[slug]
    page = SitePage.objects.filter(pk=slug).first()
    text = _unwrap(text).format(
        mail=settings.MAIL_FROM, brand=settings.BRAND_NAME, **privacy.periods()
    )
    return page or SitePage(slug=slug, title=title, text=text)


def _unwrap(text: str) -> str:
    """The text with one line per paragraph or list item: our line ends are for editors only."""
    return re.sub(r"(?<=[^\n])\n(?![\n#-])[ ]*", " ", text.strip()) + "\n"


def stamp_of(page: SitePage) -> str:
    """Changes when the page does; a form sends it back."""
    return f"{page.updated_at.timestamp():.6f}" if page.updated_at else "0"


@transaction.atomic
def write_page(slug: str, *, title: str, text: str, seen: str, by: User, now: datetime) -> SitePage:
    """Replace a page's words. Raises TextUnchanged, TextChangedMeanwhile, KeyError."""
    page = site_page(slug)
    if stamp_of(page) != seen:
        raise TextChangedMeanwhile
    if (page.title, page.text) == (title, text):
        raise TextUnchanged
    page, _created = SitePage.objects.update_or_create(
        slug=slug, defaults={"title": title, "text": text, "updated_at": now, "by": by}
    )
    record(RecordKind.TEXT, about=f"page:{slug}", by=by, now=now)
    return page


@transaction.atomic
def publish_agreement(text: str, *, seen: int, by: User, now: datetime) -> HostAgreement:
    """Put the next version of the host agreement in force; hosts are asked to agree again.

    `seen` is the version the form showed. Raises TextUnchanged, TextChangedMeanwhile.
    """
    current = current_agreement()
    if current.version != seen:
        raise TextChangedMeanwhile
    if current.text.strip() == text.strip():
        raise TextUnchanged
    if current.pk is None:
        # The first text was never saved: keep it, so that every version can be read again.
        current.published_at = now
        current.save()
    newest = HostAgreement.objects.aggregate(newest=Max("version"))["newest"]
    agreement = HostAgreement.objects.create(version=newest + 1, text=text, published_at=now, by=by)
    record(RecordKind.TEXT, about=f"agreement:{agreement.version}", by=by, now=now)
    return agreement
