"""Work done for nobody, so that a clock does not tell known addresses from unknown ones.

Where a form makes something for an address it sees first, the same is made for nobody where the
address is known, and taken back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from django.db import transaction


def nobody() -> str:
    """An address that is nobody's (RFC 2606 section 2), as long as people's are."""
    return f"{token_hex(8)}@nobody.invalid"


class _TakenBack(Exception):
    pass


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written to the database in here is rolled back; errors pass through."""
    try:
        with transaction.atomic():
            yield
            raise _TakenBack
    except _TakenBack:
        pass
