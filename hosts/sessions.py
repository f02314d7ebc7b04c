"""The key of somebody's session: a new one whenever they prove who they are."""

from allauth.account.signals import authentication_step_completed
from django.http import HttpRequest


def renew_when_proved_again() -> None:
    """A key that somebody saw before dies when its owner proves once more who they are.

    Logging in renews it by itself (Django); called once, when the app is ready.
    """
    authentication_step_completed.connect(_renew, dispatch_uid="hosts.sessions")


def _renew(*, request: HttpRequest, reauthenticated: bool = False, **_more: object) -> None:
    if reauthenticated:
        request.session.cycle_key()
