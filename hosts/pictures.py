"""Pictures of events: made anew from what was uploaded, so that nothing else comes along.

A phone's picture carries where and when it was taken, and a file may be more than a picture;
only the pixels are kept.
"""

import secrets
import warnings
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import BinaryIO

from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps

from events.models import Event, EventQuerySet, EventRevision
from events.states import RevisionState

LARGEST_FILE = 12_000_000  # bytes
MOST_PIXELS = 32_000_000  # what a good phone takes, not what a decoder chokes on
SMALLEST_SIDE = 200
LONGEST_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
FOLDER = "events"  # in the storage
# A picture just uploaded may not stand in any draft yet.
LEFT_ALONE = timedelta(days=1)
SWEEP_EVERY = timedelta(hours=1)
_SALT = "hosts.pictures"


class PictureRefused(Exception):
    """The file cannot be used; `reason` is "size", "pixels", "small", "svg" or "unreadable"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def keep_picture(file: BinaryIO, *, size: int) -> str:
    """Store a new JPEG of what `file` shows (`size` bytes); returns its name in the storage.

    Turned upright, at most 1600 pixels a side, transparent parts white, without metadata.
    Raises PictureRefused.
    """
    if size > LARGEST_FILE:
        raise PictureRefused("size")
    start = file.read(1024)
    file.seek(0)
    if b"<svg" in start.lower() or start.lstrip().startswith(b"<?xml"):
        raise PictureRefused("svg")
    picture = _decoded(file)
    encoded = BytesIO()
    picture.save(encoded, "JPEG", quality=82, optimize=True, progressive=True)
    name = f"{FOLDER}/{secrets.token_hex(16)}.jpg"
    return default_storage.save(name, ContentFile(encoded.getvalue()))


def _decoded(file: BinaryIO) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # The header alone says how large it would become; nothing is decoded before.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(file, formats=FORMATS)
            if picture.width * picture.height > MOST_PIXELS:
                raise PictureRefused("pixels")
            if min(picture.size) < SMALLEST_SIDE:
                raise PictureRefused("small")
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    except Image.DecompressionBombError:
        raise PictureRefused("pixels") from None
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError):
        raise PictureRefused("unreadable") from None
    whole = upright.convert("RGBA")
    sheet = Image.new("RGB", whole.size, "white")
    sheet.paste(whole, mask=whole.getchannel("A"))
    return sheet


def picture_mark(name: str) -> str:
    """A kept picture's name as a form may carry it: signed, so that no other file is named."""
    return signing.dumps(name, salt=_SALT) if name else ""


def picture_named(mark: str) -> str:
    """The name behind a mark; "" where the mark is not ours."""
    try:
        name = signing.loads(mark, salt=_SALT) if mark else ""
    except signing.BadSignature:
        return ""
    return name if default_storage.exists(name) else ""


def sweep(now: datetime) -> int:
    """Delete the files of pictures that no event, draft or waiting change uses; how many.

    Copies of an event share its file, so no event deletes its own.
    """
    try:
        files = default_storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return 0
    old = [name for name in files if _is_old(f"{FOLDER}/{name}", now=now)]
    used = {name.rpartition("/")[2] for name in names_in_use(Event.objects.all())} if old else set()
    unused = [name for name in old if name not in used]
    for name in unused:
        default_storage.delete(f"{FOLDER}/{name}")
    return len(unused)


def _is_old(name: str, *, now: datetime) -> bool:
    return default_storage.get_modified_time(name) <= now - LEFT_ALONE


def names_in_use(events: EventQuerySet) -> Iterator[str]:
    """The pictures these events show, or would once what is typed or waits is taken in."""
    yield from events.exclude(picture="").values_list("picture", flat=True)
    for typed in events.exclude(typed={}).values_list("typed", flat=True):
        yield picture_named(typed.get("fields", {}).get("picture_kept", ""))
    waiting = EventRevision.objects.filter(state=RevisionState.PENDING, event__in=events)
    for changes in waiting.values_list("changes", flat=True):
        yield changes.get("event", {}).get("picture", "")


def delete_pictures(names: Iterable[str]) -> None:
    """Delete files once the transaction is through, but those another event shows."""
    unused = (
        {*names}
        - {""}
        - set(Event.objects.filter(picture__in=list(names)).values_list("picture", flat=True))
    )
    for name in unused:
        transaction.on_commit(partial(default_storage.delete, name))
