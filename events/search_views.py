"""Finding an event: the home page and the results."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from events.cards import card
from events.disclosure import Policy, policy
from events.forms import SORTS, TIMES, WHEN, WHERE, WITHIN_CHOICES, SearchForm
from events.search import SearchQuery, search
from events.states import EventType

ON_HOME = 6


@policy(Policy.PUBLIC)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One box, and what is on next anywhere."""
    page = search(SearchQuery(limit=ON_HOME), now=timezone.now())
    context = {"cards": [card(result) for result in page.results], "page": page}
    return render(request, "events/home.html", context)


@policy(Policy.PUBLIC)
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """What is upcoming near a place. Everything asked stands in the address."""
    now = timezone.now()
    form = SearchForm(request.GET, now=now)
    query = form.query()
    page = search(query, now=now)
    more = form.address(after=page.next_key, within=page.widened_to or form.data.get("within"))
    context = {
        "form": form,
        "query": query,
        "page": page,
        "cards": [card(result) for result in page.results],
        "online": [card(result) for result in page.online],
        "more": more if page.next_key else "",
        "first_page": form.address(),
        "choices": [(place.label, form.address(near=place.label)) for place in form.places],
        "whens": WHEN,
        "wheres": WHERE,
        "times": TIMES,
        "sorts": SORTS,
        "types": EventType.choices,
        "withins": WITHIN_CHOICES,
    }
    return render(request, "events/results.html", context)
