"""Pictures of events: made anew from what was uploaded, so that nothing else comes along.

A phone's picture carries where and when it was taken, and a file may be more than a picture;
only the pixels are kept.
"""

import secrets
import warnings
from io import BytesIO
from typing import BinaryIO

from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

LARGEST_FILE = 12_000_000  # bytes
MOST_PIXELS = 32_000_000  # what a good phone takes, not what a decoder chokes on
SMALLEST_SIDE = 200
LONGEST_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
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
    name = f"events/{secrets.token_hex(16)}.jpg"
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
