"""What follows from an event's public facts, for the models and for rows of the search alike."""

from typing import Any

from django.utils.text import slugify

from events.states import AddressVisibility, AttendanceMode


class PublicEvent:
    """An event as far as strangers may know it."""

    pk: Any
    state: Any
    type: Any
    title: Any
    official: Any
    attendance_mode: Any
    address_visibility: Any
    public_latitude: Any
    public_longitude: Any
    public_neighborhood: Any
    public_city: Any
    public_state_code: Any
    public_postal_code: Any
    timezone: Any
    wheelchair: Any

    def get_absolute_url(self) -> str:
        return f"/events/{self.pk}-{self.slug}/"

    @property
    def slug(self) -> str:
        """The readable end of the event's address; never looked up by."""
        return slugify(self.title)[:60].strip("-") or self.type.replace("_", "-")

    @property
    def is_private(self) -> bool:
        return self.address_visibility == AddressVisibility.PRIVATE

    @property
    def is_virtual_only(self) -> bool:
        return self.attendance_mode == AttendanceMode.VIRTUAL


class PublicTimeslot:
    """One date of an event as far as strangers may know it."""

    pk: Any
    starts_at: Any
    ends_at: Any
    capacity: Any  # None: unlimited
    seats_taken: Any

    @property
    def room_left(self) -> int | None:
        """Places left; None where there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.seats_taken)

    @property
    def full(self) -> bool:
        return self.room_left == 0

    @property
    def few_left(self) -> bool:
        """Whether it is worth hurrying for."""
        room = self.room_left
        return room is not None and 0 < room < 6
