"""All tours, in one list."""

from tests.tours import Tour, accounts, guests, host_desk, public, staff_desk

TOURS: tuple[Tour, ...] = (
    *public.TOURS,
    *guests.TOURS,
    *accounts.TOURS,
    *host_desk.TOURS,
    *staff_desk.TOURS,
)
