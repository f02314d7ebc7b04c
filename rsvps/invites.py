"""Letters that keep guests' calendars true: invitations, changes, cancellations.

Each function writes rows of the ledger inside its caller's transaction; call it in the same
transaction as the change it tells of, after the change is saved. Posting twice is harmless.

Two counters that only rise, `Timeslot.version` and `Rsvp.revision`, key the rows; their sum is
the SEQUENCE the guest's calendar sees (rsvps.letters).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.db.models import Q

from events.changes import Changes
from events.models import Event, Timeslot
from outbox import ledger
from outbox.models import Message
from outbox.states import MessageState
from rsvps.models import Guest, ReminderRun, Rsvp, Supporter
from rsvps.states import COMING, ReminderKind, RsvpStatus
from rsvps.wording import facts_before, facts_of

# What says how a timeslot stands; a later one takes the place of an earlier one still waiting.
_STANDING = ("invitation", "change", "cancellation", "unlisted")
# What must not begin to leave once the timeslot or the RSVP has changed. It is withdrawn in the
# same transaction: a deliverer that looked just before finds the row gone when it begins.
_STALE = (*_STANDING, ReminderKind.DAY_BEFORE, ReminderKind.ON_THE_DAY)
# What tells a guest of their own RSVP, with the time and place it is for: withdrawn with the
# others, and posted anew where the timeslot still takes place.
_OWN = ("party_change", "pending")
# Guests the host has not answered hear of changes too, in words alone.
_TOLD = COMING | {RsvpStatus.PENDING}


def _draft(
    kind: str,
    rsvp: Rsvp,
    *,
    now: datetime,
    leaves_at: datetime | None = None,
    step: str = "",
    **payload: Any,
) -> Message:
    """A letter to one guest about one timeslot; of no use once the timeslot is over."""
    timeslot = rsvp.timeslot
    return ledger.draft(
        kind,
        to=rsvp.supporter.email,
        subject=f"rsvp:{rsvp.pk}",
        version=timeslot.version,
        revision=rsvp.revision,
        step=step,
        topic=f"event:{timeslot.event_id}",
        payload=payload,
        zone=timeslot.event.timezone,
        not_before=leaves_at,
        expires_at=max(timeslot.ends_at, now + timedelta(hours=1)),
        now=now,
    )


def _tell(rsvps: Iterable[Rsvp], *, now: datetime) -> None:
    """Note that these guests have now been told all there is: reminders due before are stale."""
    keys = [rsvp.pk for rsvp in rsvps]
    for start in range(0, len(keys), 500):
        Rsvp.objects.filter(pk__in=keys[start : start + 500]).update(told_at=now)


def post_invitation(
    rsvp: Rsvp, *, now: datetime, approved: bool = False, leaves_at: datetime | None = None
) -> None:
    """The invitation to one timeslot, once `rsvp` is accepted: new, back, or `approved`."""
    why = "approved" if approved else "back" if rsvp.revision else "new"
    if approved or rsvp.revision:
        kinds = ["pending", "no_room"]
        ledger.withdraw(subject=f"rsvp:{rsvp.pk}", kinds=kinds, now=now, why="answered since")
    ledger.post_all([_draft("invitation", rsvp, now=now, leaves_at=leaves_at, why=why)])
    _tell([rsvp], now=now)
    # A planner whose clock runs ahead may have planned this timeslot's reminders already, and
    # this guest's have been withdrawn when they left.
    ledger.put_back(
        subject=f"rsvp:{rsvp.pk}",
        kinds=ReminderKind.values,
        version=rsvp.timeslot.version,
        recipient=rsvp.supporter.email,
        now=now,
    )
    ReminderRun.objects.filter(timeslot=rsvp.timeslot, due_at__gt=now).update(planned_at=None)


def post_party_change(rsvp: Rsvp, *, was: int, now: datetime) -> None:
    """Confirms a party of a new size (it was `was`); the calendar entry stays as it is."""
    draft = _draft("party_change", rsvp, now=now, step=now.isoformat(), was=was)
    ledger.withdraw(subject=draft.subject_key, kinds=["party_change"], now=now, why="changed again")
    ledger.post_all([draft])


def withdraw_stale(rsvp: Rsvp, *, now: datetime) -> None:
    """The guest is not coming any more: what waits for them as a guest does not leave."""
    kinds = (*_STALE, *_OWN)
    ledger.withdraw(subject=f"rsvp:{rsvp.pk}", kinds=kinds, now=now, why="no longer coming")


def post_cancelled(rsvp: Rsvp, *, now: datetime) -> None:
    """The guest cancelled: CANCEL for their calendar, and the way back."""
    withdraw_stale(rsvp, now=now)
    ledger.post_all([_draft("rsvp_cancelled", rsvp, now=now)])


def post_removed(rsvp: Rsvp, *, now: datetime, words: str = "") -> None:
    """The host took the guest off the list: CANCEL for their calendar."""
    withdraw_stale(rsvp, now=now)
    ledger.post_all([_draft("removed", rsvp, now=now, words=words)])


def post_pending(rsvp: Rsvp, *, now: datetime) -> None:
    """The host answers each guest: no calendar object, it would look like a seat.

    CANCEL where an earlier RSVP left them an entry: the letter that took it away may be waiting
    still, and does not leave any more.
    """
    if has_entry(rsvp):
        post_no_room(rsvp, why="waits", now=now)
    else:
        ledger.post_all([_draft("pending", rsvp, now=now)])


def post_declined_by_host(rsvp: Rsvp, *, now: datetime, words: str = "") -> None:
    """The host cannot have this guest: CANCEL where an earlier RSVP left them an entry."""
    withdraw_stale(rsvp, now=now)
    entry = has_entry(rsvp)
    ledger.post_all([_draft("declined_by_host", rsvp, now=now, words=words, entry=entry)])


def post_given_up(rsvp: Rsvp, *, to: str, organizer: str, now: datetime) -> None:
    """The guest's letters go to another address now: CANCEL for the calendar behind the old one.

    `to` is the old address and `organizer` the reply address its letters came from. Raise
    `rsvp.revision` first.
    """
    draft = _draft("given_up", rsvp, now=now, organizer=organizer)
    draft.recipient = to
    withdraw_stale(rsvp, now=now)
    ledger.post_all([draft])


def post_no_room(rsvp: Rsvp, *, why: str, now: datetime) -> None:
    """They have an entry without a seat: CANCEL puts it right.

    Their calendar said yes again where it is "full" or "off", or the guest "waits" for the host's
    answer; this letter says so in the place of the one that has no calendar object. Raise
    `rsvp.revision` first.
    """
    kinds = ["no_room", "pending"]
    ledger.withdraw(subject=f"rsvp:{rsvp.pk}", kinds=kinds, now=now, why="told anew")
    ledger.post_all([_draft("no_room", rsvp, now=now, why=why)])


# -- Links to press a button behind ----------------------------------------------------


def post_confirm_address(
    guest: Guest, *, token: str, expires_at: datetime, held: bool, now: datetime
) -> None:
    """The fixed-text letter behind whose link unconfirmed RSVPs are confirmed.

    `token` is the raw one-shot ticket, good until `expires_at`; none of the words typed into
    the form is used. Not `held`: the places go to whoever presses first.
    """
    _post_ticket(
        "confirm",
        guest,
        to=guest.supporter.email,
        token=token,
        expires_at=expires_at,
        now=now,
        **({} if held else {"rush": True}),
    )


def post_second_form(guest: Guest, *, token: str, expires_at: datetime, now: datetime) -> None:
    """A second form came under a known address: `token`'s button makes it count."""
    _post_ticket(
        "second_form", guest, to=guest.supporter.email, token=token, expires_at=expires_at, now=now
    )


def post_new_address(
    guest: Guest, *, to: str, token: str, expires_at: datetime, now: datetime
) -> None:
    """The guest asked for another address: fixed text to the new one, with `token`'s button."""
    _post_ticket("new_address", guest, to=to, token=token, expires_at=expires_at, now=now)


def _post_ticket(
    kind: str,
    guest: Guest,
    *,
    to: str,
    token: str,
    expires_at: datetime,
    now: datetime,
    **payload: Any,
) -> None:
    ledger.post_all(
        [
            ledger.draft(
                kind,
                to=to,
                subject=f"guest:{guest.pk}",
                step=now.isoformat(),
                topic=f"event:{guest.event_id}",
                payload={"token": token, **payload},
                expires_at=expires_at,
                now=now,
            )
        ]
    )


def post_resend(supporter: Supporter, *, now: datetime) -> None:
    """ "Lost your letter?": one letter with the manage links of everything still to come.

    Asked again within ten minutes it changes nothing: nobody's mailbox is flooded through us.
    """
    ten_minutes = int(now.timestamp()) // 600
    ledger.post_all(
        [
            ledger.draft(
                "resend",
                to=supporter.email,
                subject=f"supporter:{supporter.pk}",
                step=str(ten_minutes),
                expires_at=now + timedelta(hours=6),
                now=now,
            )
        ]
    )


# -- What hosts and staff change -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What a guest was told last: `state` is nothing, on, cancelled or unlisted."""

    state: str
    facts: dict[str, str]
    why: str = "new"  # of an invitation that has not left yet

    def tells(self, state: str, facts: dict[str, str]) -> bool:
        """Whether what they know is still the whole truth."""
        if self.state != state or state == "cancelled":
            return self.state == state
        # Of what is unlisted they know the time alone.
        names = facts if state == "on" else ("starts_at", "ends_at")
        return all(self.facts[name] == facts[name] for name in names)


def post_changes(changes: Changes, *, now: datetime, words: str = "") -> int:
    """Tells everybody coming, or waiting for an answer, what happened to their timeslots.

    Returns the number of guests told. `words` is the host's or staff's note with a cancellation.
    A change takes the place of one that has not left yet: its letter compares with what the
    guest was told last, and nothing is sent where in the end nothing changed. Where one may have
    left, nobody knows what the guest was told last: the letter is sent all the same.
    """
    groups = [
        ("on", "on", changes.moved),
        ("cancelled", "on", changes.reinstated),
        ("unlisted", "on", changes.relisted),
        ("on", "cancelled", changes.cancelled),
        ("on", "unlisted", changes.unlisted),
    ]
    return sum(
        _post_change(changes, timeslot, before=before, after=after, words=words, now=now)
        for before, after, timeslots in groups
        for timeslot in timeslots
        if timeslot.ends_at > now
    )


def _post_change(
    changes: Changes, timeslot: Timeslot, *, before: str, after: str, words: str, now: datetime
) -> int:
    timeslot.event = changes.event
    facts = facts_of(timeslot).as_json()
    was = facts_before(changes, timeslot).as_json()
    rsvps = list(timeslot.rsvps.filter(status__in=_TOLD).select_related("supporter"))
    waiting = _withdraw_waiting(rsvps, now=now)
    unsure = _unsure(rsvps)
    own = _withdraw_own(rsvps, now=now)
    if after == "unlisted":
        _withdraw_host_messages(rsvps, now=now)
    told, drafts = [], []
    for rsvp in rsvps:
        rsvp.timeslot = timeslot
        if after == "on":
            drafts += [
                _draft(said.kind, rsvp, now=now, step=said.step, **said.payload)
                for said in own.get(f"rsvp:{rsvp.pk}", [])
            ]
        known = waiting.get(f"rsvp:{rsvp.pk}") or _Known(before, was)
        if known.tells(after, facts):
            if f"rsvp:{rsvp.pk}" not in unsure:
                continue
            known = _Known(before, was)  # as if they had been told what is taken back
        told.append(rsvp)
        kind = {"on": "change", "cancelled": "cancellation", "unlisted": "unlisted"}[after]
        if after == "on" and known.state == "nothing":
            kind = "invitation"
        drafts.append(
            _draft(
                kind,
                rsvp,
                now=now,
                knew=known.state,
                was=known.facts,
                why=known.why,
                words=words,
            )
        )
    ledger.post_all(drafts)
    _tell(told, now=now)
    return len(told)


def _withdraw_own(rsvps: list[Rsvp], *, now: datetime) -> dict[str, list[Message]]:
    """Withdraw what tells guests of their own RSVPs; {subject key: what it was}."""
    own: dict[str, list[Message]] = {}
    for keys in batched((f"rsvp:{rsvp.pk}" for rsvp in rsvps), 500):
        for message in Message.objects.select_for_update().filter(
            subject_key__in=keys,
            kind__in=_OWN,
            state__in=[MessageState.QUEUED, MessageState.CLAIMED],
        ):
            own.setdefault(message.subject_key, []).append(message)
    ledger.withdraw(subject=own, kinds=_OWN, now=now, why="changed since")
    return own


def _withdraw_host_messages(rsvps: list[Rsvp], *, now: datetime) -> None:
    keys = {f"guest:{rsvp.guest_id}" for rsvp in rsvps}
    ledger.withdraw(subject=keys, kinds=["host_message"], now=now, why="unlisted since")


def _withdraw_waiting(rsvps: list[Rsvp], *, now: datetime) -> dict[str, _Known]:
    """Withdraw what has not left yet; {subject key: what its reader knows without it}.

    The rows are locked before they are read: a letter that begins to leave meanwhile is either
    seen as gone, or finds itself withdrawn.
    """
    known: dict[str, _Known] = {}
    keys = [f"rsvp:{rsvp.pk}" for rsvp in rsvps]
    for start in range(0, len(keys), 500):
        for message in (
            Message.objects.select_for_update()
            .filter(
                subject_key__in=keys[start : start + 500],
                kind__in=_STANDING,
                state__in=[MessageState.QUEUED, MessageState.CLAIMED],
            )
            .order_by("-pk")
        ):
            said = message.payload
            state = said.get("knew", "nothing")  # an invitation's reader knows nothing yet
            known[message.subject_key] = _Known(state, said.get("was", {}), said["why"])
    ledger.withdraw(subject=keys, kinds=_STALE, now=now, why="changed since")
    return known


def _unsure(rsvps: list[Rsvp]) -> set[str]:
    """Subject keys of guests whom some change may have reached, or not.

    A letter in doubt stays so when it is withdrawn, or when it begins to leave at this moment;
    only a copy that arrived for certain settles it.
    """
    in_doubt = Q(doubts__gt=0) & ~Q(state=MessageState.SENT)
    unsure: set[str] = set()
    for keys in batched((f"rsvp:{rsvp.pk}" for rsvp in rsvps), 500):
        unsure.update(
            Message.objects.filter(
                in_doubt | Q(state=MessageState.TRANSMITTING),
                subject_key__in=keys,
                kind__in=_STANDING,
            ).values_list("subject_key", flat=True)
        )
    return unsure


def post_host_message(
    event: Event, *, words: str, timeslots: Iterable[Timeslot], by: int, now: datetime
) -> int:
    """The host's message (plain text) to everybody coming to `timeslots`, once each person.

    `by` is the account's id, for staff. Returns the number of letters.
    """
    guests = (
        Guest.objects.filter(
            rsvps__in=Rsvp.objects.coming().filter(timeslot__in=list(timeslots)),
            supporter__erased_at__isnull=True,
        )
        .select_related("supporter")
        .distinct()
    )
    drafts = [
        ledger.draft(
            "host_message",
            to=guest.supporter.email,
            subject=f"guest:{guest.pk}",
            step=now.isoformat(),
            topic=f"event:{event.pk}",
            payload={"words": words, "by": by},
            zone=event.timezone,
            now=now,
        )
        for guest in guests
    ]
    ledger.post_all(drafts)
    return len(drafts)


def last_sequence_sent(rsvp: Rsvp) -> int:
    """The highest SEQUENCE that has left (or perhaps left) for this guest's calendar; -1: none."""
    # In doubt it may have left, though it is queued again.
    left = Message.objects.filter(
        Q(state__in=[MessageState.SENT, MessageState.TRANSMITTING]) | Q(doubts__gt=0),
        subject_key=f"rsvp:{rsvp.pk}",
        kind__in=CALENDAR_KINDS,
    ).values_list("version", "revision")
    return max((version + revision for version, revision in left), default=-1)


def has_entry(rsvp: Rsvp) -> bool:
    """Whether a calendar object of theirs has ever left, or perhaps left."""
    return last_sequence_sent(rsvp) >= 0


# Kinds that carry a calendar object.
CALENDAR_KINDS = (
    "invitation",
    "change",
    "cancellation",
    "unlisted",
    "rsvp_cancelled",
    "removed",
    "no_room",
    "given_up",
)
