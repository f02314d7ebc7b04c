"""Accounts, hosts, and what staff decide about their events."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models import Event, EventRevision

EMAIL_MAX_LENGTH = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets


class StaffRole(models.TextChoices):
    """What a member of staff may do; nobody else has one."""

    NONE = "", _("Not staff")
    REVIEWER = "reviewer", _("Reviewer")
    SENIOR = "senior", _("Senior reviewer")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        """A user, and the row allauth keeps of their address.

        The address counts as confirmed once somebody logs in by a code mailed there.
        """
        from allauth.account.models import EmailAddress  # it needs this model first

        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        EmailAddress.objects.create(user=user, email=user.email, primary=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        return self.create_user(
            email, password, is_superuser=True, staff_role=StaffRole.SENIOR, **fields
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody with an account: a host, a member of staff, or both. E-mail is the name."""

    email = models.EmailField(_("e-mail address"), max_length=EMAIL_MAX_LENGTH, unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    staff_role = models.CharField(
        max_length=8, choices=StaffRole, default=StaffRole.NONE, blank=True
    )
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """Whether the admin lets this person in at all (it asks for permissions besides)."""
        return bool(self.staff_role)

    @property
    def is_senior(self) -> bool:
        return self.staff_role == StaffRole.SENIOR


class HostAgreement(models.Model):
    """A version of the text every host agrees to; the newest one counts."""

    version = models.PositiveIntegerField(unique=True)
    text = models.TextField()  # Markdown
    published_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"version {self.version}"


class Host(models.Model):
    """A user who may create events."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="host"
    )
    phone = models.CharField(_("phone"), max_length=20)  # E.164
    postal_code = models.CharField(_("ZIP code"), max_length=12)
    trusted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.user)


class AgreementAcceptance(models.Model):
    """That a host agreed, when, and to which version."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="acceptances")
    agreement = models.ForeignKey(HostAgreement, on_delete=models.PROTECT)
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "agreement"], name="agreement_accepted_once")
        ]

    def __str__(self) -> str:
        return f"host {self.host_id} accepted {self.agreement_id}"


class CoHost(models.Model):
    """Somebody asked by e-mail to help with one event; they accept by the mailed link."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="cohosts")
    email = models.EmailField(max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="cohosting",
    )
    token_digest = models.CharField(max_length=64, unique=True)
    invited_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "email"], name="one_cohost_per_address")
        ]

    def __str__(self) -> str:
        return f"co-host {self.pk} of event {self.event_id}"


class Decision(models.TextChoices):
    APPROVED = "approved", _("Approved")
    TRUSTED = "trusted", _("Approved, and the host trusted")
    SENT_BACK = "sent_back", _("Sent back")
    REJECTED = "rejected", _("Rejected")
    FIXED = "fixed", _("Fixed")
    UNLISTED = "unlisted", _("Unlisted")
    RELISTED = "relisted", _("Listed again")
    CANCELLED = "cancelled", _("Cancelled by staff")
    READ = "read", _("Changed words read")


class VettingDecision(models.Model):
    """One decision of staff about an event: who, when, what and why. Never changed."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="decisions")
    revision = models.ForeignKey(
        EventRevision, null=True, blank=True, on_delete=models.SET_NULL, related_name="decisions"
    )
    decision = models.CharField(max_length=9, choices=Decision)
    reason = models.TextField(max_length=2000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # The event's reviewed fields at this moment, to show what changed since.
    snapshot = models.JSONField(default=dict)
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.decision} event {self.event_id}"


class ReportReason(models.TextChoices):
    WRONG = "wrong", _("Something is wrong or out of date")
    UNSAFE = "unsafe", _("It seems unsafe, or shows somebody's private details")
    SPAM = "spam", _("It is spam or not a real event")
    OTHER = "other", _("Something else")


class EventReport(models.Model):
    """ "Report this event": what a visitor told staff."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=6, choices=ReportReason)
    words = models.TextField(max_length=1000, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    # Looked at, and nothing was wrong.
    dismissed = models.BooleanField(default=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [
            # The queue shows reports nobody has handled.
            models.Index(
                fields=["created_at"], condition=Q(handled_at__isnull=True), name="report_open"
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.pk} on event {self.event_id}"


class SitePage(models.Model):
    """Terms, privacy or contact: Markdown that staff edit."""

    slug = models.SlugField(primary_key=True)
    title = models.CharField(max_length=100)
    text = models.TextField()
    updated_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return self.title


class RecordKind(models.TextChoices):
    ROLE = "role", _("Role")
    READING = "reading", _("Address read")
    ERASURE = "erasure", _("Person erased")
    CONTACT = "contact", _("Guest's phone and e-mail read")
    LOGIN = "login", _("Staff log-in")
    DECISION = "decision", _("Decision")
    EXPORT = "export", _("Export")
    TEXT = "text", _("Text of the site")
    REPORT = "report", _("Report")
    TRUST = "trust", _("Trust in a host")
    LETTERS = "letters", _("Letters held back, sent again or withdrawn")
    GUEST = "guest", _("Guest taken off a list, or let in again")


class RecordsStay(TypeError):
    """A record is written once: it is neither changed nor deleted."""


class RecordQuerySet(models.QuerySet["Record"]):
    def unsealed(self) -> "RecordQuerySet":
        return self.filter(sealed_at__isnull=True)

    def mark_sealed(self, now: datetime) -> int:
        """For `hosts.sealing` alone."""
        return models.QuerySet.update(self, sealed_at=now)

    def blank(self) -> int:
        """Erase what is personal. The salt goes too: from the digest nothing can be guessed."""
        rows = self.exclude(details="", salt="")
        return models.QuerySet.update(rows, details="", salt="")

    def update(self, **fields: object) -> int:
        raise RecordsStay

    def delete(self) -> tuple[int, dict[str, int]]:
        raise RecordsStay


class Record(models.Model):
    """Something staff or a host did, or a reading of a private address. Never changed.

    `about` and `words` hold ids and fixed words alone; what is personal stands in `details`,
    which erasure blanks together with its salt (docs/decisions/0007-audit-chain.md).
    """

    kind = models.CharField(max_length=8, choices=RecordKind)
    # What it was done to, as "user:3" or "event:7"; ids only, so it may outlive the person.
    about = models.CharField(max_length=60)
    words = models.CharField(max_length=300, blank=True)
    details = models.TextField(blank=True, db_default="")
    # 128 random bits; "" once erased
    salt = models.CharField(max_length=32, blank=True, db_default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True, editable=False)

    objects = RecordQuerySet.as_manager()

    class Meta:
        indexes = [
            # The page of records reads the newest first.
            models.Index(fields=["-at", "-id"], name="record_newest"),
            # The page narrows to one event or person.
            models.Index(fields=["about", "-at"], name="record_about"),
            # The sealer takes what is new.
            models.Index(fields=["id"], condition=Q(sealed_at__isnull=True), name="record_new"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"

    def save(self, **options: Any) -> None:
        if not self._state.adding:
            raise RecordsStay
        super().save(**options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        raise RecordsStay


class Seal(models.Model):
    """One link of the chain: a record without its personal part, bound to the link before.

    Triggers of the database refuse to change or delete rows; `hosts.sealing` adds them.
    """

    position = models.BigIntegerField(primary_key=True)  # 1, 2, 3 ... without gaps
    record = models.OneToOneField(Record, on_delete=models.PROTECT, related_name="seal")
    kind = models.CharField(max_length=8)
    about = models.CharField(max_length=60)
    words = models.CharField(max_length=300, blank=True)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    details_digest = models.CharField(max_length=64)  # SHA-256 of salt and details
    previous = models.CharField(max_length=64, blank=True)  # the hash before; "" for the first
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"
