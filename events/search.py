"""What is upcoming near a place: a typed question in, a page of results out.

The answer comes from the search table (events.spatial writes it, events.streams reads it); only
the events of one page are ever loaded, and of them only what strangers may see.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from events import streams
from events.circles import Circle
from events.listed import Reader, Result
from events.models import Event
from events.spatial import EARTH_MILES, KEPT, TYPE_CODES, Flag, miles_of, squared_chord
from events.streams import Criteria, Hit, Read, unix

DEFAULT_MILES = 25
WITHIN_CHOICES = (5, 10, 25, 50, 100)
MOST_MILES = 500
ANYWHERE = math.pi * EARTH_MILES
PAGE = 20
COUNTED = 1000  # more than this is "1,000+"
FEW = 3  # fewer than this, and the circle is widened
NEAREST = 5  # how many are shown from beyond the widest circle
ONLINE = 6

# Minutes of the day where the event is: from, and before.
TIMES_OF_DAY = {"morning": (0, 720), "afternoon": (720, 1020), "evening": (1020, 1440)}


@dataclass(frozen=True, kw_only=True)
class SearchQuery:
    """One question. Degrees, statute miles, dates as they are where the event is."""

    latitude: float | None = None
    longitude: float | None = None
    place: str = ""  # the place's name, for people
    within_miles: float = DEFAULT_MILES
    sort: Literal["time", "distance"] = "time"
    date_from: date | None = None
    date_to: date | None = None
    types: tuple[str, ...] = ()  # EventType values; none means any
    where: Literal["", "in_person", "virtual"] = ""
    accessible: bool = False
    has_room: bool = False
    official: bool = False
    time_of_day: str = ""  # a key of TIMES_OF_DAY
    after: str = ""  # a page's next_key
    limit: int = PAGE
    widen: bool = True  # where there is little near, look farther

    @cached_property
    def circle(self) -> Circle | None:
        """Where to look; nowhere in particular for what can be joined from anywhere."""
        if self.latitude is None or self.longitude is None or self.where == "virtual":
            return None
        return Circle(self.latitude, self.longitude, min(self.within_miles, MOST_MILES))

    @property
    def by_distance(self) -> bool:
        return self.sort == "distance" and self.circle is not None

    def criteria(self, now: int) -> Criteria:
        """Everything but the place, in the numbers of the search table."""
        flags = Flag(0)
        if self.where == "in_person":
            flags |= Flag.IN_PERSON
        if self.accessible:
            flags |= Flag.ACCESSIBLE
        if self.official:
            flags |= Flag.OFFICIAL
        return Criteria(
            now=now,
            types=tuple(TYPE_CODES[name] for name in self.types),
            flags=int(flags),
            online=self.where == "virtual",
            day_from=self.date_from.toordinal() if self.date_from else None,
            day_to=self.date_to.toordinal() if self.date_to else None,
            minutes=TIMES_OF_DAY.get(self.time_of_day),
            has_room=self.has_room,
        )


@dataclass(frozen=True)
class Found:
    """A page as ids and keys, before anything is loaded."""

    hits: list[Hit]
    next_key: str = ""
    about: int | None = None  # None where it is to be counted
    widened_to: int | None = None
    far: bool = False


@dataclass(frozen=True)
class SearchPage:
    results: list[Result]
    about: int  # events that match, counted no further than COUNTED
    capped: bool  # there are more than `about`
    next_key: str  # "" on the last page
    widened_to: int | None = None  # miles, where the circle asked for held too few
    far: bool = False  # the nearest ones, from beyond any circle
    online: list[Result] = field(default_factory=list)  # where there is little near


@dataclass(frozen=True)
class _Key:
    """Where a page ended, and the `now` the first page was asked at.

    The first `now` is kept so that an event seen on page one does not come back by its evening
    when its morning begins in between.
    """

    now: int
    starts: int
    timeslot_id: int
    distance: float | None

    @classmethod
    def of(cls, hit: Hit, *, now: int, by_distance: bool) -> "_Key":
        return cls(now, hit.starts, hit.timeslot_id, hit.distance if by_distance else None)

    @classmethod
    def read(cls, text: str, *, now: int, by_distance: bool) -> "_Key | None":
        """The key in `text`; None if it is not one of ours, too old, or of the other order."""
        parts = text.split("_")
        if len(parts) != (4 if by_distance else 3):
            return None
        try:
            first, starts, timeslot_id = (int(part) for part in parts[:3])
            distance = float(parts[3]) if by_distance else None
        except ValueError:
            return None
        numbers_fit = all(0 <= number < 2**62 for number in (first, starts, timeslot_id))
        if not numbers_fit or (distance is not None and not 0 <= distance <= 4):
            return None
        if first > now or first < now - KEPT.total_seconds():
            return None
        return cls(first, starts, timeslot_id, distance)

    def __str__(self) -> str:
        parts = [str(self.now), str(self.starts), str(self.timeslot_id)]
        return "_".join(parts if self.distance is None else [*parts, repr(self.distance)])


def search(query: SearchQuery, *, now: datetime) -> SearchPage:
    """The page of results `query` asks for; never more than four statements, mostly one.

    Where fewer than three events are near, the circle widens up to 100 miles; where that does
    not help either, the nearest ones however far come back, and what can be joined online.
    """
    criteria, key = _asked(query, now)
    counting = streams.counting(criteria, query.circle, cap=COUNTED + 1)
    reader = Reader(counting)
    found = _find(query, criteria, key, reader)
    online: list[Hit] = []
    if found.far and query.where != "in_person":
        joined = streams.soonest(replace(criteria, online=True), None, limit=ONLINE, read=reader)
        nearest = {hit.timeslot_id for hit in found.hits}
        online = [hit for hit in joined if hit.timeslot_id not in nearest]
    about = found.about
    if about is None:
        # Nothing was read that could have said it.
        about = counting.rows()[0][0] if reader.matching is None else reader.matching
    return SearchPage(
        results=reader.results(found.hits, near=query.circle is not None),
        about=min(about, COUNTED),
        capped=about > COUNTED or bool(found.widened_to and found.next_key),
        next_key=found.next_key,
        widened_to=found.widened_to,
        far=found.far,
        online=reader.results(online, near=False),
    )


def find(query: SearchQuery, *, now: datetime) -> Found:
    """As `search`, but ids, keys and numbers alone."""
    return _find(query, *_asked(query, now), streams.hits)


def beside(event: Event, *, now: datetime, limit: int = 3) -> list[Result]:
    """Other events with room near this one's public place, soonest first; one statement."""
    query = SearchQuery(
        latitude=event.public_latitude,
        longitude=event.public_longitude,
        where="virtual" if event.is_virtual_only else "",
        has_room=True,
        limit=limit,
    )
    others = [result for result in _soonest(query, now) if result.event.pk != event.pk]
    return others[:limit]


def on_next(*, now: datetime, limit: int) -> list[Result]:
    """What has room anywhere, soonest first; one statement, and no counting."""
    return _soonest(SearchQuery(has_room=True, limit=limit), now)[:limit]


def _soonest(query: SearchQuery, now: datetime) -> list[Result]:
    """A page and one more, and nothing counted."""
    reader = Reader()
    hits = streams.soonest(
        query.criteria(unix(now)), query.circle, limit=query.limit + 1, read=reader
    )
    return reader.results(hits, near=query.circle is not None)


def _asked(query: SearchQuery, now: datetime) -> tuple[Criteria, _Key | None]:
    key = _Key.read(query.after, now=unix(now), by_distance=query.by_distance)
    return query.criteria(key.now if key else unix(now)), key


def _find(query: SearchQuery, criteria: Criteria, key: _Key | None, read: Read) -> Found:
    page = _page(query, criteria, key, read)
    circle = query.circle
    enough = page.next_key or len(page.hits) >= FEW
    if enough or key or circle is None or not query.widen:
        return page
    return _look_farther(query, criteria, circle, read, inside=len(page.hits))


def _look_farther(
    query: SearchQuery, criteria: Criteria, circle: Circle, read: Read, *, inside: int
) -> Found:
    """What to show where the circle holds too few: a wider one, or the nearest however far."""
    more = max(FEW, NEAREST, query.limit + 1)
    anywhere = replace(circle, miles=ANYWHERE, occupied=streams.occupied())
    close = streams.nearest(criteria, anywhere, limit=more, read=read)
    widest = max(circle.miles, WITHIN_CHOICES[-1])
    if len(close) < FEW or close[FEW - 1].distance > squared_chord(widest):
        return Found(hits=close[:NEAREST], about=inside, far=True)
    needed = miles_of(close[FEW - 1].distance)
    steps = (step for step in WITHIN_CHOICES if step >= needed and step > circle.miles)
    wider = replace(query, within_miles=next(steps, WITHIN_CHOICES[-1]))
    if query.by_distance:
        limit = squared_chord(wider.within_miles)
        page = _cut(wider, criteria, [hit for hit in close if hit.distance <= limit])
    else:
        page = _page(wider, criteria, None, read)
    # How many there are in the wider circle is not worth another statement.
    return replace(page, about=len(page.hits), widened_to=int(wider.within_miles))


def _page(query: SearchQuery, criteria: Criteria, key: _Key | None, read: Read) -> Found:
    circle = query.circle
    more = query.limit + 1
    if query.by_distance and circle:
        behind = (key.distance or 0.0, key.starts, key.timeslot_id) if key else None
        hits = streams.nearest(criteria, circle, after=behind, limit=more, read=read)
    else:
        position = (key.starts, key.timeslot_id) if key else None
        hits = streams.soonest(criteria, circle, after=position, limit=more, read=read)
    return _cut(query, criteria, hits)


def _cut(query: SearchQuery, criteria: Criteria, hits: list[Hit]) -> Found:
    if len(hits) <= query.limit:
        return Found(hits=hits)
    hits = hits[: query.limit]
    last = _Key.of(hits[-1], now=criteria.now, by_distance=query.by_distance)
    return Found(hits=hits, next_key=str(last))
