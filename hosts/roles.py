"""Who somebody is: the guards that views stand behind, and the viewer's role at an event.

Every guard declares its view's policy too, so a guarded view needs no `@policy` of its own.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from events.disclosure import Policy, Role, policy
from events.models import Event, EventQuerySet
from hosts.models import CoHost, Host, User


class UserRequest(HttpRequest):
    """A request behind one of these guards: somebody is logged in."""

    user: User


type Guarded[**P] = Callable[Concatenate[Any, P], HttpResponseBase]
type Refusal = Callable[[HttpRequest], HttpResponseBase | None]

_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def account_required[**P](view: Guarded[P]) -> Guarded[P]:
    """Anyone logged in; others are sent to log in and come back."""
    return _guard(view, Policy.ACCOUNT, _log_in)


def desk_required[**P](view: Guarded[P]) -> Guarded[P]:
    """Pages of one event on the host's desk: hosts and co-hosts (who need not be hosts).

    The view asks `get_own_event_or_404` for its event; this guard only asks for a log-in.
    """
    return _guard(view, Policy.HOST, _log_in)


def host_required[**P](view: Guarded[P]) -> Guarded[P]:
    """People who became a host; others logged in are sent to become one."""
    return _guard(view, Policy.HOST, _become_host)


def reviewer_required[**P](view: Guarded[P]) -> Guarded[P]:
    """Staff who used a second factor in this session; 404 for everybody else logged in."""
    return _guard(view, Policy.REVIEWER, _use_second_factor)


def senior_required[**P](view: Guarded[P]) -> Guarded[P]:
    """Senior staff who used a second factor in this session; 404 for reviewers."""

    def refuse(request: HttpRequest) -> HttpResponseBase | None:
        if request.user.is_authenticated and not request.user.is_senior:
            raise Http404
        return _use_second_factor(request)

    return _guard(view, Policy.SENIOR, refuse)


def _guard[**P](view: Guarded[P], declared: Policy, refuse: Refusal) -> Guarded[P]:
    @policy(declared)
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return refuse(request) or view(request, *args, **kwargs)

    return guarded


def _log_in(request: HttpRequest) -> HttpResponseBase | None:
    if request.user.is_authenticated:
        return None
    return redirect_to_login(request.get_full_path())


def _become_host(request: HttpRequest) -> HttpResponseBase | None:
    if not request.user.is_authenticated:
        return _log_in(request)
    if Host.objects.filter(user=request.user).exists():
        return None
    return _go("host_become", back_to=request)


def _use_second_factor(request: HttpRequest) -> HttpResponseBase | None:
    user = request.user
    if not user.is_authenticated:
        return _log_in(request)
    if not user.staff_role:
        raise Http404  # a desk that is not theirs does not exist for them
    if second_factor_used(request):
        return None
    if not is_mfa_enabled(user, _FACTORS):
        messages.info(
            request,
            _("Staff pages show people's addresses, so they need a second lock. Set it up here."),
        )
        return _go("mfa_activate_totp", back_to=request)
    if is_mfa_enabled(user, [Authenticator.Type.TOTP]):
        return _go("mfa_reauthenticate", back_to=request)
    return _go("mfa_reauthenticate_webauthn", back_to=request)


def _go(name: str, *, back_to: HttpRequest) -> HttpResponseRedirect:
    query = urlencode({REDIRECT_FIELD_NAME: back_to.get_full_path()})
    return HttpResponseRedirect(f"{reverse(name)}?{query}")


def second_factor_used(request: HttpRequest) -> bool:
    """Whether this session proved an authenticator app, a passkey or a recovery code.

    The records stand in the session and count for the logged-in user only. A factor that was
    taken off the account since does not count any more: a stolen session must not outlive it.
    """
    user = request.user
    if not user.is_authenticated or not is_mfa_enabled(user, _FACTORS):
        return False
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def own_events(user: User) -> EventQuerySet:
    """Events this person hosts, or helps with as a co-host who accepted."""
    hosting = Event.objects.filter(host=user).order_by().values("pk")
    helping = CoHost.objects.filter(
        user=user, accepted_at__isnull=False, removed_at__isnull=True
    ).values("event_id")
    # Joined by OR, PostgreSQL reads every event there is.
    return Event.objects.filter(pk__in=hosting.union(helping))


def get_own_event_or_404(user: User, event_id: int) -> Event:
    """The event, for its host and accepted co-hosts. Raises Http404 for everybody else."""
    return get_object_or_404(own_events(user), pk=event_id)


def viewer_role(user: User | AnonymousUser, event: Event, *, second_factor: bool = False) -> Role:
    """What `user` is to `event`, for `events.disclosure`.

    Staff count as staff only with `second_factor` (pass `second_factor_used(request)`), so a
    log-in by mail alone never opens anybody's address.
    """
    if not user.is_authenticated:
        return Role.STRANGER
    if event.host_id == user.pk:
        return Role.HOST
    if own_events(user).filter(pk=event.pk).exists():
        return Role.COHOST
    if user.staff_role and second_factor:
        return Role.SENIOR if user.is_senior else Role.REVIEWER
    if Host.objects.filter(user=user).exists():
        return Role.OTHER_HOST
    return Role.STRANGER
