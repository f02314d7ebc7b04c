"""Where allauth meets Barnstorm."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosts.account_mail import is_enough, post_account_mail
from hosts.models import RecordKind
from hosts.records import record
from rsvps.views.asking import origin


class AccountAdapter(DefaultAccountAdapter):
    """Account mail leaves through the ledger; staff land on their own desk, on the record."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": _("That's not the code we sent you. Please try again."),
        "email_password_mismatch": _("That email address and password don't match."),
        "too_many_login_attempts": _("Too many tries. Please wait a few minutes, then try again."),
        "rate_limited": _("That was a bit fast. Please wait a minute, then try again."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """The page says the same whether or not the letter leaves."""
        name, now = template_prefix.rpartition("/")[2], timezone.now()
        if not is_enough(name, to=email, network=origin(self.request).network, now=now):
            post_account_mail(name, to=email, code=context.get("code", ""), now=now)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if request.user.is_authenticated and request.user.staff_role:
            return resolve_url("review_queue")
        return super().get_login_redirect_url(request)

    def post_login(self, request: HttpRequest, user, **details) -> HttpResponseBase:
        if user.staff_role:
            record(RecordKind.LOGIN, about=f"user:{user.pk}", by=user, now=timezone.now())
        return super().post_login(request, user, **details)


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's refusals in plain words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "That's not the code the app is showing. Wait for the next one and try again."
        ),
        "unverified_email": _("Please confirm your email address first."),
    }
