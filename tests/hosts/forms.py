"""What a host's browser posts, for tests of the event form."""

from datetime import date, timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from events.models import Event
from hosts.hosting import stamp_of


def in_days(days: int) -> str:
    """A day to come, as the browser's date picker writes it."""
    return (timezone.now().date() + timedelta(days=days)).isoformat()


def time_row(row: int = 0, **values: object) -> dict[str, str]:
    """One date: a week from now, 18:00 to 20:00, unless said otherwise."""
    filled = {"date": in_days(7), "start": "18:00", "end": "20:00"} | values
    return {f"times-{row}-{name}": _text(value) for name, value in filled.items()}


def event_data(*rows: dict[str, str], do: str = "continue", **values: object) -> dict[str, str]:
    """A whole form for a meeting in Columbus, Ohio; one date unless `rows` are given."""
    rows = rows or (time_row(),)
    filled = {
        "type": "meeting",
        "title": "Neighbours for a new library",
        "description": "Come and hear what we are planning.",
        "attendance_mode": "in_person",
        "venue": "Elm Street Hall",
        "street": "41 South Elm Street",
        "city": "Columbus",
        "state_code": "OH",
        "postal_code": "43215",
        "country": "US",
        "contact_name": "Robin Sample",
        "contact_phone": "614 555 0123",
        "contact_email": "robin@example.org",
        "times-TOTAL_FORMS": len(rows),
        "times-INITIAL_FORMS": 0,
        "do": do,
    }
    data = {name: _text(value) for name, value in (filled | values).items()}
    for row in rows:
        data |= row
    return data


def send(client, event, *rows, **values):
    return client.post(f"/host/events/{event.pk}/edit/", event_data(*rows, **values))


def shown(answer) -> str:
    """The page of a form that came back."""
    assert answer.status_code == 422, answer.status_code
    return answer.content.decode()


def stamp(event: Event) -> str:
    """What the form's hidden `seen` holds, when it is shown now."""
    event.refresh_from_db()
    return stamp_of(event)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def picture(
    *, size: tuple[int, int] = (800, 600), kind: str = "JPEG", name: str = "party.jpg", **options
) -> SimpleUploadedFile:
    """An uploaded picture that Pillow made."""
    data = BytesIO()
    Image.new("RGB", size, "#b3261e").save(data, kind, **options)
    return SimpleUploadedFile(name, data.getvalue(), content_type="image/jpeg")
