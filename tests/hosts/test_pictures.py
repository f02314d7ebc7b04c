"""Pictures are made anew from what was uploaded, or refused kindly."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from hosts.pictures import MOST_PIXELS, PictureRefused, keep_picture
from tests.hosts.forms import event_data, picture, send, shown, stamp

pytestmark = pytest.mark.django_db


def test_a_picture_is_made_anew_without_metadata(client, draft):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6  # lies on its side
    file = picture(exif=exif)
    assert b"SecretCamera" in file.read()
    file.seek(0)

    client.post(f"/host/events/{draft.pk}/edit/", event_data(seen=stamp(draft)) | {"picture": file})

    draft.refresh_from_db()
    kept = default_storage.open(draft.picture.name).read()
    assert b"SecretCamera" not in kept
    image = Image.open(BytesIO(kept))
    assert image.format == "JPEG"
    assert image.size == (600, 800)
    assert not image.getexif()


def test_a_picture_is_kept_when_something_else_is_wrong(client, draft):
    answer = client.post(
        f"/host/events/{draft.pk}/edit/", event_data(title="") | {"picture": picture()}
    )
    page = shown(answer)
    assert "/host/pictures/" in page
    mark = page.split('name="picture_kept" value="')[1].split('"')[0]

    send(client, draft, picture_kept=mark, seen=stamp(draft))

    draft.refresh_from_db()
    assert default_storage.exists(draft.picture.name)


def test_a_made_up_picture_name_is_no_picture(client, draft):
    send(client, draft, picture_kept="../../etc/passwd", seen=stamp(draft))
    draft.refresh_from_db()
    assert not draft.picture


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SimpleUploadedFile("me.jpg", b"hello, I am text"), "could not read this file"),
        (SimpleUploadedFile("me.jpg", b""), "could not read this file"),
        (SimpleUploadedFile("me.svg", b"<svg xmlns='x'><script/></svg>"), "a drawing (SVG)"),
        (SimpleUploadedFile("me.jpg", b"<?xml version='1.0'?><svg/>"), "a drawing (SVG)"),
        (picture(kind="BMP"), "could not read this file"),
        (picture(size=(100, 100)), "very small"),
        (picture(size=(8000, 5000), kind="PNG"), "at most 32 megapixels"),
    ],
    ids=["text", "empty", "svg", "xml", "bmp", "small", "40 megapixels"],
)
def test_what_is_no_usable_picture_is_refused_kindly_and_nothing_is_lost(
    client, draft, file, words
):
    file.seek(0)
    answer = client.post(f"/host/events/{draft.pk}/edit/", event_data() | {"picture": file})
    page = shown(answer)
    assert words in page
    assert 'value="Neighbours for a new library"' in page


def test_half_a_picture_is_refused():
    whole = picture().read()
    with pytest.raises(PictureRefused) as refused:
        keep_picture(BytesIO(whole[: len(whole) // 2]), size=len(whole) // 2)
    assert refused.value.reason == "unreadable"


def test_a_large_picture_is_made_smaller(settings):
    name = keep_picture(BytesIO(picture(size=(4000, 3000)).read()), size=1)
    assert Image.open(default_storage.open(name)).size == (1600, 1200)
    assert MOST_PIXELS > 4000 * 3000


@pytest.mark.parametrize("name", ["..", ".", "%2e%2e%2fsettings.py", "nobody.jpg", "%00.jpg"])
def test_only_kept_pictures_are_served(client, host, name):
    assert client.get(f"/host/pictures/{name}").status_code == 404
