"""Every address of the site, from the URL resolver, with the arguments of a world."""

from collections.abc import Iterator
from itertools import product
from urllib.parse import urlsplit

from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.urls.resolvers import RegexPattern

from events.disclosure import Role
from tests.homes.world import Visitor, World
from tests.security.forms import forms_on
from tests.test_policies import ROUTES, THIRD_PARTY, Route

# Opens every page that looks for events where the world's event is.
QUERY = {"near": "43215", "within": "100", "q": "Plover", "to": "guest.canary"}

# Fields whose values say what to do.
WISHES = ("do", "step", "answer", "role")


def arguments_of(route: Route) -> list[str]:
    """The names of what the route's address wants."""
    names = list(route.converters)
    if isinstance(route.view.pattern, RegexPattern):
        names += [n for n in route.view.pattern.regex.groupindex if n not in names]
    return names


def paths(route: Route, world: World, visitor: Visitor) -> Iterator[str]:
    """The addresses of a route about the world's event, as this visitor would know them."""
    if route.name in THIRD_PARTY and route.converters:
        return  # other people's views know no events of ours
    names = arguments_of(route)
    if "token" in names and not visitor.tokens:
        return
    if "token" not in names and visitor.tokens and visitor.role != Role.STRANGER:
        return  # without their link they are strangers
    values = [_values(route, name, world, visitor) for name in names]
    for chosen in product(*values):
        try:
            yield reverse(route.name, kwargs=dict(zip(names, chosen, strict=True)))
        except NoReverseMatch:
            continue  # another kind of slug


def _values(route: Route, name: str, world: World, visitor: Visitor) -> list[object]:
    if name == "token":
        return list(visitor.tokens) or ["nobody"]
    if name == "object_id":
        return _objects_of(route, all_of_them=visitor.role == Role.SENIOR)
    if name in {"app_label", "content_type_id", "url"}:  # the admin's own
        return {"app_label": ["events"], "content_type_id": [1], "url": ["nowhere"]}[name]
    assert name in world.arguments, f"{route.name}: teach tests/homes/world.py what {name} is"
    return world.arguments[name]


def _objects_of(route: Route, *, all_of_them: bool) -> list[object]:
    """Objects of the model an admin page is about: "admin:events_event_change"."""
    for model in admin.site._registry:
        if f"{model._meta.app_label}_{model._meta.model_name}_" in route.name:
            found = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
            return found[: None if all_of_them else 1] or [1]
    return [1]


def forms_in(path: str, answer) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything that can be sent from this page: where it goes, and what; a form once for each
    button it has."""
    if answer.streaming or "html" not in answer.headers.get("Content-Type", ""):
        return
    for form in forms_on(path, answer.content.decode()):
        if form.method == "post":
            first = {name: found[0] for name, found in form.values.items() if found}
            pressed = [{name: value} for name in WISHES for value in form.values.get(name, [])]
            to = urlsplit(form.action).path
            yield from ((to, first | wish) for wish in pressed or [first])


def pages() -> list[Route]:
    return [route for route in ROUTES if route.view.name]
