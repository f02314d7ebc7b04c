"""What the site's page of privacy says until staff write their own; docs/privacy.md is the same.

`{...}` are the periods of the settings, so that the page never promises another one.
"""

from django.conf import settings

TEXT = """\
In short: we keep what it takes to hold an event, show it to as few people as we can, forget it
as soon as we can, and sell nothing to anybody.

## When you come to an event

**What we keep.** Your name, e-mail address, ZIP code, the size of your party, what you write to
the host, your phone number if you give it, and what you say afterwards if you want to say
something.

**Who sees it.** Your host sees your name, your party and your note; to reach you, they see your
e-mail and phone one guest at a time, and we note each look. There is no list of them to take
away. People who help to host see no phone and no e-mail. Our staff can see all of it. Other
guests see only how many people are coming.

**For how long.** Your phone number: {phone_days} days after your last event. Your e-mail address,
name, ZIP code, note and words: {email_days} days after it. That a party of two came stays, as a
number without a name. If you agreed to news or texts, or asked us to tell you of new events, we
keep your address until you take that back.

We write to you about the events you said yes to. News comes only if you ticked the box for it.
Every letter that you can do without has a link that ends such letters at once.

## When you host

**What we keep.** Your name, e-mail address, phone and ZIP code, that you agreed to the host
agreement, and what you write about your events, with pictures. A picture is made anew, so that
where and when it was taken is not in it.

**Who sees it.** Staff see all of it, so that they can reach you and look over your event. The
public sees the event and the name you give for contact, and of a home only a rough area of about
two square miles.

**The address of a home** is shown to you, to people who help you to host, to staff, and to guests
whose place is confirmed. It is taken away from a guest when they cancel or you take them off the
list. Each time somebody opens a page with it, we note who and when, once a day. Seniors of the
staff can read those notes. {address_days} days after the last date of the event we erase the
address, and how to find the door. What is left is the rough area.

**For how long.** Your account and your events stay until you erase them.

## Everybody

- **Letters**: {letter_days} days after one was sent we forget to whom it went and what it said.
  Codes to log in are forgotten at once. Letters you send us by answering an invitation are read
  by a program and not kept.
- **Who read a home's address**: which guest it was is forgotten after {reader_days} days.
- **What staff do** (decide, read addresses, look up a person) is on a record that nobody can
  change. It holds numbers, no names. What is personal in it goes when you erase your data.
- **Reports** about an event: only staff read them. {email_days} days after they dealt with one,
  its words and your address go.
- **If you unsubscribed**, or your address does not work, we keep a code made from the address, so
  that we do not write to it again. Nobody can read the address from the code. The same goes for
  guests a host keeps out of an event, until some time after it.
- **Cookies**: one for logging in, one that guards forms, one that holds a notice until the next
  page shows it, and one that remembers for half an hour what the page after your RSVP says. That
  is all.
- No advertising and no trackers. Nothing on our pages is loaded from other companies unless the
  map says so. Our log of visits holds no names, no addresses and no searches.
- Back-ups hold what there was on their day, until new ones take their place.

## Get it, or erase it

Ask for [your data](/your-data/) with your e-mail address. We mail you a link: behind it one button
gives you everything as a file, and another one erases it. If you have an account, you find the
same there.

When you erase your data, your places at events are given up. If you host, cancel what is still to
come first, so that your guests are told. Events that are over keep their kind, date and county and
how many people came. Your address is forgotten everywhere; the code that keeps us from writing to
you is all that stays.

You can also write to [{mail}](mailto:{mail}), and a person does it for you, or mends what is wrong.
"""


def periods() -> dict[str, int]:
    """What the text promises, in days."""
    return {
        "phone_days": settings.KEEP_GUEST_PHONE_DAYS,
        "email_days": settings.KEEP_GUEST_EMAIL_DAYS,
        "address_days": settings.KEEP_ADDRESS_DAYS,
        "letter_days": settings.KEEP_LETTERS_DAYS,
        "reader_days": settings.KEEP_READERS_DAYS,
    }
