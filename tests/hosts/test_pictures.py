"""Pictures are made anew from what was uploaded, or refused kindly."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from events.models import Event
from events.states import EventState
from hosts.models import CoHost
from hosts.pictures import MOST_PIXELS, PictureRefused, keep_picture, sweep
from tests.factories import log_in_staff, make_host, make_staff, make_user
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


def addresses(event) -> list[str]:
    """Where the event's picture may be asked for: the page's address, and the desk's."""
    return [event.picture.url, f"/host/pictures/{event.picture.name.rpartition('/')[2]}"]


def answers(client, event) -> list[int]:
    return [client.get(address).status_code for address in addresses(event)]


def as_somebody(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def unlisted(client, draft) -> Event:
    """An event with a picture, off the site."""
    with_picture(client, draft)
    draft.state, draft.published_at = EventState.UNLISTED, timezone.now()
    draft.save()
    return draft


def test_the_picture_of_an_unlisted_event_is_for_those_who_hold_it(client, unlisted):
    helper = make_user()
    CoHost.objects.create(
        event=unlisted,
        email=helper.email,
        user=helper,
        token_digest="1" * 64,
        invited_at=timezone.now(),
        accepted_at=timezone.now(),
    )

    assert answers(client, unlisted) == [200, 200]
    assert answers(as_somebody(helper), unlisted) == [404, 200]
    assert answers(as_somebody(make_host().user), unlisted) == [404, 404]
    assert answers(Client(), unlisted) == [404, 302]


def test_staff_see_any_picture_with_their_second_factor(unlisted):
    assert answers(as_somebody(make_staff()), unlisted) == [404, 404]
    reviewer = Client()
    log_in_staff(reviewer)
    assert answers(reviewer, unlisted) == [404, 200]
    page = reviewer.get(f"/review/events/{unlisted.pk}/").content.decode()
    assert f'src="{addresses(unlisted)[1]}"' in page


def test_the_picture_of_a_public_event_is_everybodys(client, unlisted):
    Event.objects.update(state=EventState.APPROVED)

    assert answers(as_somebody(make_user()), unlisted) == [200, 200]


def test_a_picture_that_waits_for_staff_is_shown_to_the_host_alone(client, draft):
    waiting = keep_picture(picture(), size=1)
    draft.revisions.create(
        changes={"event": {"picture": waiting}, "timeslots": []},
        by=draft.host,
        state="pending",
        created_at=timezone.now(),
    )
    address = f"/host/pictures/{waiting.rpartition('/')[2]}"

    assert client.get(address).status_code == 200
    assert as_somebody(make_host().user).get(address).status_code == 404


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
