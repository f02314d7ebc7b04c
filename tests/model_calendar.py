"""A guest's calendar program, by RFC 5546 2.1.5."""

from datetime import datetime

import icalendar


class ModelCalendar:
    """What one guest's calendar program keeps: {uid: newest entry, cancelled ones included}."""

    def __init__(self) -> None:
        self.entries: dict[str, icalendar.Event] = {}
        self.methods: dict[str, str] = {}
        self.declined: set[str] = set()  # uids whose newest entry its owner said no to

    def receive(self, data: bytes) -> None:
        """RFC 5546 2.1.5: a higher SEQUENCE wins; at the same one, the later DTSTAMP."""
        calendar = icalendar.Calendar.from_ical(data)
        (entry,) = calendar.walk("VEVENT")
        known = self.entries.get(entry["UID"])
        if known is None or _rank(entry) > _rank(known):
            self.entries[entry["UID"]] = entry
            self.methods[entry["UID"]] = calendar["METHOD"]
            self.declined.discard(entry["UID"])

    def holds(self, uid: str) -> icalendar.Event | None:
        """The entry its owner can answer."""
        return self.entries.get(uid) if self.methods.get(uid) == "REQUEST" else None

    def answer(self, uid: str, partstat: str) -> None:
        """Its owner answers the entry it holds."""
        if partstat == "DECLINED":
            self.declined.add(uid)
        else:
            self.declined.discard(uid)

    def shows(self, uid: str) -> icalendar.Event | None:
        """The entry as something its owner goes to."""
        return None if uid in self.declined else self.holds(uid)


def _rank(entry: icalendar.Event) -> tuple[int, datetime]:
    return entry["SEQUENCE"], entry.decoded("DTSTAMP")
