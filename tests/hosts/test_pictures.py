"""Pictures are made anew from what was uploaded, or refused kindly."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from events.models import Event
from hosts.pictures import MOST_PIXELS, PictureRefused, keep_picture, sweep
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
        (SimpleUploadedFile("me.jpg", b"hello, I am text"), "read this file as a picture"),
        (SimpleUploadedFile("me.jpg", b""), "read this file as a picture"),
        (SimpleUploadedFile("me.svg", b"<svg xmlns='x'><script/></svg>"), "a drawing (SVG)"),
        (SimpleUploadedFile("me.jpg", b"<?xml version='1.0'?><svg/>"), "a drawing (SVG)"),
        (picture(kind="BMP"), "read this file as a picture"),
        (picture(size=(100, 100)), "very small"),
        (picture(size=(8000, 5000), kind="PNG"), "32 megapixels is the limit"),
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


# -- Files nothing uses any more ---------------------------------------------------------


def files() -> set[str]:
    return {f"events/{name}" for name in default_storage.listdir("events")[1]}


def in_two_days():
    return timezone.now() + timedelta(days=2)


def with_picture(client, event, **fields) -> str:
    """The event sent with a new picture; answers the file's name."""
    client.post(
        f"/host/events/{event.pk}/edit/",
        event_data(seen=stamp(event), **fields) | {"picture": picture()},
    )
    event.refresh_from_db()
    return event.picture.name


def test_a_replaced_picture_leaves_the_disk(client, draft):
    first = with_picture(client, draft)
    second = with_picture(client, draft)

    assert sweep(timezone.now()) == 0  # not at once: a draft may just be about to keep it
    assert sweep(in_two_days()) == 1

    assert files() == {second} != {first}


def test_a_picture_taken_off_leaves_the_disk_once_that_is_sent(client, draft):
    name = with_picture(client, draft)
    send(client, draft, do="remove_picture", seen=stamp(draft))
    assert sweep(in_two_days()) == 0
    assert files() == {name}

    send(client, draft, picture_kept="", seen=stamp(draft))

    assert sweep(in_two_days()) == 1
    assert files() == set()


def test_a_picture_shared_with_a_copy_stays_while_either_shows_it(client, draft):
    name = with_picture(client, draft)
    client.post(f"/host/events/{draft.pk}/copy/")
    copy = Event.objects.exclude(pk=draft.pk).get()
    draft.delete()
    assert sweep(in_two_days()) == 0
    assert files() == {name}

    copy.delete()

    assert sweep(in_two_days()) == 1


def test_a_picture_only_typed_so_far_stays(client, draft):
    with_picture(client, draft, title="")  # something else is wrong, so nothing is written
    assert not draft.picture

    assert sweep(in_two_days()) == 0
    assert len(files()) == 1
