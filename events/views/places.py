"""Suggestions for the place box."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from events.disclosure import Policy, policy
from events.gazetteer import LONGEST_TEXT, suggest


@policy(Policy.PUBLIC)
@require_safe
@cache_control(public=True, max_age=86400)
def place_suggest(request: HttpRequest) -> JsonResponse:
    """`?q=portl` -> {"places": [{"label": "Portland, OR", "detail": "Multnomah County"}, ...]}.

    The same for everybody, so any cache may keep it; `gazetteer.find` reads a label back.
    """
    places = suggest(request.GET.get("q", "")[:LONGEST_TEXT])
    return JsonResponse(
        {"places": [{"label": place.label, "detail": place.county} for place in places]}
    )
