"""Who is on staff: the one writer of `User.staff_role`."""

from datetime import datetime

from django.db import transaction

from hosts.models import RecordKind, StaffRole, User
from hosts.records import record
from outbox import ledger


class OwnRole(Exception):
    """Nobody gives or takes their own role; so at least one senior always stays."""


class RoleUnchanged(Exception):
    """The person has this role already; nothing was written."""


@transaction.atomic
def invite(email: str, *, role: StaffRole, by: User | None, now: datetime) -> User:
    """Give `role` to whoever has this address (an account is made where there is none).

    Writes them a letter that says so. `by` is None from the command line. Raises OwnRole;
    RoleUnchanged where they have the role already.
    """
    email = email.strip().lower()
    user = User.objects.select_for_update().filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email)
    return _write(user, role, by=by, now=now)


@transaction.atomic
def change_role(user: User, role: StaffRole, *, by: User, now: datetime) -> User:
    """Give or take a role, with a letter where one was given. Raises OwnRole, RoleUnchanged."""
    return _write(User.objects.select_for_update().get(pk=user.pk), role, by=by, now=now)


def _write(user: User, role: StaffRole, *, by: User | None, now: datetime) -> User:
    if by is not None and user.pk == by.pk:
        raise OwnRole
    if user.staff_role == role:
        raise RoleUnchanged
    before = user.staff_role
    user.staff_role = role
    user.save(update_fields=["staff_role"])
    entry = record(
        RecordKind.ROLE,
        about=f"user:{user.pk}",
        by=by,
        now=now,
        words=f"{before or 'none'} -> {role or 'none'}",
    )
    if role:
        ledger.post(
            "staff_invitation",
            to=user.email,
            subject=f"user:{user.pk}",
            step=str(entry.pk),
            topic="staff",
            payload={"senior": role == StaffRole.SENIOR},
            now=now,
        )
    return user
