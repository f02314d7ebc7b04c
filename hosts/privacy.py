"""What the site's page of privacy says until staff write their own; docs/privacy.md is the same.

`{...}` are the periods of the settings, so that the page never promises another one.
"""

from django.conf import settings

TEXT = """\
In short: we keep what it takes to hold an event, show it to as few people as we can, forget it
as soon as we can, and never sell anything to anyone.

## When you come to an event

**What we keep.** Your name, email address, ZIP code, the size of your party, your note to the
host, your phone number if you give it, and what you tell us afterward if you want to.

**Who sees it.** Your host sees your name, your party, and your note. To reach you, they can look
up your email and phone one guest at a time, and we log each look. There is no list of contacts
for them to take away. Co-hosts don't see your phone or email. Our staff can see all of it. Other
guests see only how many people are coming.

**For how long.** Your phone number: {phone_days} days after your last event. Your email address,
name, ZIP code, notes, and comments: {email_days} days after it. We do keep the fact that a party
of two came, as a number without a name. If you agreed to news or texts, we keep your name, email
address, and ZIP code until you change your mind, and for texts your phone number too. If you
asked us to tell you about new events, we keep your email address for that. Your notes and
comments go all the same.

We email you about the events you said yes to. You get news only if you checked the box for it.
Every email you can do without has a link that stops that kind of email right away.

## When you host

**What we keep.** Your name, email address, phone, and ZIP code, the fact that you agreed to the
host agreement, and what you write about your events, with pictures. We make a fresh copy of each
picture, so it doesn't carry where and when it was taken.

**Who sees it.** Staff see all of it, so they can reach you and look over your event. The public
sees the event and the contact name you give. For a home, the public sees only a general area of
about two square miles.

**The address of a home** is shown to you, your co-hosts, staff, and guests whose spot is
confirmed. A guest can no longer see it once they cancel or you take them off the list. Each time
someone opens a page with the address, we note who and when, once a day. Senior staff can read
those notes. {address_days} days after the last date of the event, we erase the address and the
directions to the door. Only the general area is left. If you copied the event, the address in the
copy goes then too, unless you go on with the copy. From a draft of your own, it goes
{draft_days} days after you last typed in it. Your other words stay.

**For how long.** Your account and your events stay until you erase them.

## Everyone

- **Emails we send**: {letter_days} days after sending one, we forget who it went to and what it
  said. Login codes are forgotten right away. If you reply to an invitation, a program reads your
  reply and doesn't keep it.
- **Who looked up a home's address**: we forget which guest it was after {reader_days} days.
- **What staff do** (decide, look up addresses, look up a person) goes on a record that no one can
  change. It holds numbers, not names, and for someone without a number a code made from their
  email address. Anything personal in it goes when you erase your data.
- **Reports** about an event: only staff read them. {email_days} days after they deal with one,
  its words and your address are gone.
- **If you unsubscribed**, or your address doesn't work, we keep a code made from the address, so
  we don't email it again. No one can read the address from the code. The same goes for guests a
  host keeps out of an event, until some time after it.
- **Once an address was used for an event at a home**, we keep a code made from it and the general
  area it's in, also after the address and its host are erased. Only our server, with its secret
  key, can tell whether an address fits the code. It keeps every later event there in the same area,
  so that no one can compare several areas and work out where the home is.
- **Cookies**: one for logging in, one that protects forms, one that holds a notice until the next
  page shows it, and one that remembers for half an hour what to say after you RSVP. That's all.
- No ads and no trackers. Nothing on our pages is loaded from other companies unless the map says
  so. Our log of visits holds no names, no addresses, and no searches.
- Backups hold what was there on their day, until new ones replace them.

## Get it, or erase it

Ask for [your data](/your-data/) with your email address. We'll email you a link to a page where
one button gives you everything as a file, and another erases it. If you have an account, you'll
find the same thing there.

When you erase your data, you lose your spots at events. If you host, cancel anything upcoming
first, so your guests are told. Past events keep their type, date, and county, and how many people
came. Your email address is forgotten everywhere, except for the code that keeps us from emailing
you. So is the address of your home, except for the code and the general area we told you about
above.

You can also write to [{mail}](mailto:{mail}), and a person will do it for you, or fix what's
wrong.
"""


def periods() -> dict[str, int]:
    """What the text promises, in days."""
    return {
        "phone_days": settings.KEEP_GUEST_PHONE_DAYS,
        "email_days": settings.KEEP_GUEST_EMAIL_DAYS,
        "address_days": settings.KEEP_ADDRESS_DAYS,
        "draft_days": settings.KEEP_DRAFT_DAYS,
        "letter_days": settings.KEEP_LETTERS_DAYS,
        "reader_days": settings.KEEP_READERS_DAYS,
    }
