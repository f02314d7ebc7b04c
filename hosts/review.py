"""What staff decide about an event: each decision with its letters, in one transaction.

States are written by `events.lifecycle` alone, guests are told by `rsvps.invites`, hosts by
`hosts.decision_letters`. A page sends back the stamp of what it showed (`vetting.stamp_of`), so
that nobody approves words they have not read.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from events import lifecycle
from events.models import Event, EventRevision
from hosts import vetting
from hosts.comparing import Difference, snapshot
from hosts.decision_letters import post_decision
from hosts.models import Decision, EventReport, Host, RecordKind, User, VettingDecision
from hosts.records import record
from rsvps import invites

# Ready-made reasons: what staff pick, and what the host reads.
REASONS = {
    "address": _("We could not find the address. Please check the street and the ZIP code."),
    "when": _("Please check the dates and times. Something doesn't look right."),
    "what": _("Please say more about what people will do, and what they should bring."),
    "private": _(
        "The title or description gives away your address, phone, or email. "
        "Please take it out. We'll email it to people who are coming."
    ),
    "double": _("This looks like an event that's already on the site. Is it the same one?"),
    "contact": _("We need a phone number where someone can reach you."),
    "picture": _("Please choose another picture."),
    "rules": _("Part of it doesn't fit the host agreement. Please read the agreement again."),
}

# What a host reads whose event had to go at once, before anybody wrote down why.
AT_ONCE = _("We saw something that worries us, and want to look into it first.")


class OwnEvent(Exception):
    """Nobody reviews an event that they host or help to host."""


class NeedsSenior(Exception):
    """High-level events are for seniors."""


class NotStaff(Exception):
    """Whoever this is may not decide anything."""


class ChangedMeanwhile(Exception):
    """The event changed, or somebody decided, since the page was shown."""


class ReasonMissing(Exception):
    """The host must learn why."""


def reason_in_words(codes: Iterable[str], words: str) -> str:
    """The ready-made reasons and one's own words as one text; "" where there are none."""
    parts = [str(REASONS[code]) for code in REASONS if code in set(codes)]
    if words.strip():
        parts.append(words.strip())
    return "\n\n".join(parts)


def lock_for_decision(
    event: Event, *, by: User, seen: str | None, high_level_too: bool = False
) -> Event:
    """The event's row, for somebody who may decide about it and saw it as it is.

    Where `seen` is None it may read otherwise by now.
    """
    if not by.staff_role:
        raise NotStaff
    event = Event.objects.select_for_update(of=("self",), no_key=True).get(pk=event.pk)
    if vetting.has_own_interest(by, event):
        raise OwnEvent
    revision = vetting.pending_revision(event)
    if seen is not None and vetting.stamp_of(event, revision) != seen:
        raise ChangedMeanwhile
    if not high_level_too and not by.is_senior and vetting.needs_senior(event, revision):
        raise NeedsSenior
    return event


def put_on_record(
    event: Event,
    decision: Decision,
    *,
    by: User,
    now: datetime,
    reason: str = "",
    revision: EventRevision | None = None,
    changed: list[Difference] | None = None,
) -> VettingDecision:
    """Put a decision on the record and tell the host."""
    made = VettingDecision.objects.create(
        event=event,
        revision=revision,
        decision=decision,
        reason=reason,
        by=by,
        snapshot=snapshot(event),
        decided_at=now,
    )
    record(
        RecordKind.DECISION,
        about=f"event:{event.pk}",
        by=by,
        now=now,
        words=str(decision),
        details=reason,
    )
    if decision != Decision.READ:
        post_decision(made, changed=changed or [], now=now)
    return made


@transaction.atomic
def approve(
    event: Event, *, by: User, seen: str, now: datetime, trust: bool = False
) -> VettingDecision:
    """Make a submitted event public; with `trust`, its host's later changes are live at once.

    Raises OwnEvent, NeedsSenior, ChangedMeanwhile, lifecycle.StateConflict.
    """
    event = lifecycle.approve(lock_for_decision(event, by=by, seen=seen), by=by, now=now)
    if trust:
        Host.objects.filter(user=event.host_id, trusted_at__isnull=True).update(trusted_at=now)
    return put_on_record(event, Decision.TRUSTED if trust else Decision.APPROVED, by=by, now=now)


@transaction.atomic
def send_back(event: Event, *, by: User, seen: str, now: datetime, reason: str) -> VettingDecision:
    """Give a submitted event back to its host, who may mend it and send it again.

    Raises ReasonMissing, OwnEvent, NeedsSenior, ChangedMeanwhile, lifecycle.StateConflict.
    """
    if not reason:
        raise ReasonMissing
    event = lock_for_decision(event, by=by, seen=seen)
    event = lifecycle.send_back(event, by=by, now=now, note=reason)
    return put_on_record(event, Decision.SENT_BACK, by=by, now=now, reason=reason)


@transaction.atomic
def reject(event: Event, *, by: User, seen: str, now: datetime, reason: str) -> VettingDecision:
    """Turn an event down for good. Raises what `send_back` raises."""
    if not reason:
        raise ReasonMissing
    event = lock_for_decision(event, by=by, seen=seen)
    event = lifecycle.reject(event, by=by, now=now, note=reason)
    return put_on_record(event, Decision.REJECTED, by=by, now=now, reason=reason)


# -- A change of a public event ---------------------------------------------------------


@transaction.atomic
def approve_change(event: Event, *, by: User, seen: str, now: datetime) -> VettingDecision:
    """Apply the pending revision, whole; everybody coming is told.

    Raises OwnEvent, NeedsSenior, ChangedMeanwhile, lifecycle.StateConflict,
    lifecycle.NothingToReview.
    """
    event = lock_for_decision(event, by=by, seen=seen)
    revision = _pending(event)
    changes = lifecycle.apply_revision(revision, by=by, now=now)
    invites.post_changes(changes, now=now)
    _words_read(changes.event)
    return put_on_record(changes.event, Decision.APPROVED, by=by, now=now, revision=revision)


@transaction.atomic
def send_back_change(
    event: Event, *, by: User, seen: str, now: datetime, reason: str
) -> VettingDecision:
    """Close the pending revision; the event stays as the public knows it.

    Raises ReasonMissing and what `approve_change` raises.
    """
    if not reason:
        raise ReasonMissing
    event = lock_for_decision(event, by=by, seen=seen)
    revision = _pending(event)
    event = lifecycle.send_back_revision(revision, by=by, now=now, note=reason)
    return put_on_record(
        event, Decision.SENT_BACK, by=by, now=now, reason=reason, revision=revision
    )


def _pending(event: Event) -> EventRevision:
    revision = vetting.pending_revision(event)
    if revision is None:
        raise lifecycle.StateConflict(event.state)
    return revision


@transaction.atomic
def mark_words_read(event: Event, *, by: User, seen: str, now: datetime) -> VettingDecision:
    """The words a host changed on a public event are fine. Raises OwnEvent, ChangedMeanwhile."""
    event = lock_for_decision(event, by=by, seen=seen)
    _words_read(event)
    return put_on_record(event, Decision.READ, by=by, now=now)


def _words_read(event: Event) -> None:
    Event.objects.filter(pk=event.pk).update(text_changed_at=None)
    event.text_changed_at = None


# -- Out of the public, and back --------------------------------------------------------


@transaction.atomic
def unlist(event: Event, *, by: User, now: datetime, reason: str = "") -> VettingDecision:
    """Take a public event off everything at once; any reviewer may, high-level or not.

    A home may stand open meanwhile: nobody has to write first, nor does a host who saves in the
    same moment stop it. Raises OwnEvent, lifecycle.StateConflict.
    """
    reason = reason or str(AT_ONCE)
    event = lock_for_decision(event, by=by, seen=None, high_level_too=True)
    changes = lifecycle.unlist(event, by=by, now=now, note=reason)
    invites.post_changes(changes, now=now)
    return put_on_record(changes.event, Decision.UNLISTED, by=by, now=now, reason=reason)


@transaction.atomic
def relist(event: Event, *, by: User, seen: str, now: datetime) -> VettingDecision:
    """Undo `unlist`. Raises OwnEvent, NeedsSenior, ChangedMeanwhile, lifecycle.StateConflict."""
    event = lock_for_decision(event, by=by, seen=seen)
    changes = lifecycle.relist(event, by=by, now=now)
    invites.post_changes(changes, now=now)
    return put_on_record(changes.event, Decision.RELISTED, by=by, now=now)


@transaction.atomic
def cancel(event: Event, *, by: User, seen: str, now: datetime, reason: str) -> VettingDecision:
    """Cancel in the host's place; guests read the reason.

    Raises ReasonMissing, OwnEvent, NeedsSenior, ChangedMeanwhile, lifecycle.StateConflict.
    """
    if not reason:
        raise ReasonMissing
    event = lock_for_decision(event, by=by, seen=seen)
    changes = lifecycle.cancel(event, by=by, now=now, note=reason)
    invites.post_changes(changes, now=now, words=reason)
    return put_on_record(changes.event, Decision.CANCELLED, by=by, now=now, reason=reason)


# -- Trust ------------------------------------------------------------------------------


@transaction.atomic
def stop_trusting(host: Host, *, by: User, now: datetime) -> bool:
    """From now on the host's changes wait for review again; False where they did already."""
    if not by.staff_role:
        raise NotStaff
    changed = Host.objects.filter(pk=host.pk, trusted_at__isnull=False).update(trusted_at=None)
    if changed:
        record(RecordKind.TRUST, about=f"user:{host.user_id}", by=by, now=now, words="taken")
    return bool(changed)


# -- Reports ----------------------------------------------------------------------------


@transaction.atomic
def close_report(report: EventReport, *, dismissed: bool, by: User, now: datetime) -> bool:
    """Handled, or looked at and dismissed; False where somebody else was faster.

    Raises OwnEvent, NotStaff.
    """
    if not by.staff_role:
        raise NotStaff
    if vetting.has_own_interest(by, report.event):
        raise OwnEvent
    closed = EventReport.objects.filter(pk=report.pk, handled_at__isnull=True).update(
        handled_at=now, handled_by=by, dismissed=dismissed
    )
    if closed:
        record(
            RecordKind.REPORT,
            about=f"report:{report.pk}",
            by=by,
            now=now,
            words="dismissed" if dismissed else "handled",
        )
    return bool(closed)
