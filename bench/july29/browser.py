"""A small browser: cookies, forms read from the page, and a clock.

It speaks to the server as the reverse proxy in front of it does: plain HTTP on loopback, with
the client's own address and the scheme in X-Forwarded-For and X-Forwarded-Proto, which the
product reads (docs/operations.md).
"""

import http.client
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

SITE = "https://night.example.org"
HOST = urlsplit(SITE).netloc
_TAG = re.compile(
    r"<(/?(?:form|template|select)|input|button|option|textarea)\b([^>]*)>([^<]*)", re.S
)
_ATTRIBUTE = re.compile(r"([\w-]+)(?:=\"([^\"]*)\")?")

Clock = Callable[[str, float, int], None]


@dataclass
class Form:
    """One form of a page, as it would be sent untouched."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    # Every checkbox, ticked or not, that is not disabled.
    boxes: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, **values: str | None) -> list[tuple[str, str]]:
        """The fields with these instead of their own; None leaves one out."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        return kept + [(name, value) for name, value in values.items() if value is not None]

    def has(self, name: str) -> bool:
        return any(name == one for one, _ in self.fields)

    def value(self, name: str) -> str:
        """What the field holds; "" where there is none."""
        return next((value for one, value in self.fields if one == name), "")

    def boxes_named(self, name: str) -> list[str]:
        return [value for one, value in self.boxes if one == name]


@dataclass
class Page:
    status: int
    url: str
    text: str
    location: str = ""

    def forms(self) -> list[Form]:
        return _forms(self.text, self.url)

    def form_with(self, name: str, value: str = "") -> Form | None:
        """The first form with that field or button (with that value)."""
        for form in self.forms():
            for one, its in form.fields + form.buttons + form.boxes:
                if one == name and value in {"", its}:
                    return form
        return None


class Lost(Exception):
    """The connection broke: whether the server did what was asked is not known."""


class Browser:
    """One person's. `note` is told (page's name, milliseconds, status) of each request."""

    def __init__(self, port: int, address: str, note: Clock) -> None:
        self.port, self.address, self.note = port, address, note
        self.cookies: dict[str, str] = {}

    def get(self, url: str, name: str) -> Page:
        """The page at `url`, redirects followed."""
        page = self._ask("GET", url, name)
        for _ in range(4):
            if not page.location:
                return page
            page = self._ask("GET", page.location, f"{name}, sent on")
        return page

    def post(
        self, form: Form, values: list[tuple[str, str]], name: str, *, private: bool = False
    ) -> Page:
        """Send a form; the answer may be a redirect, which is not followed.

        `private`: from a page with Referrer-Policy: no-referrer, where browsers say Origin: null.
        """
        origin = {"Origin": "null"} if private else {"Origin": SITE, "Referer": SITE + form.action}
        body = urlencode(values)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", form.action, name, body, origin | kind)

    def _ask(
        self, method: str, url: str, name: str, body: str | None = None, more: dict | None = None
    ) -> Page:
        headers = {
            "Host": HOST,
            "X-Forwarded-For": self.address,
            "X-Forwarded-Proto": "https",
            "User-Agent": "Mozilla/5.0 (a drill's browser)",
            "Accept": "text/html",
            "Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items()),
        } | (more or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        began = time.perf_counter()
        try:
            connection.request(method, url, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Lost(f"{method} {name}: {error!r}") from error
        finally:
            connection.close()
        self.note(name, (time.perf_counter() - began) * 1000, response.status)
        for header in response.headers.get_all("Set-Cookie") or ():
            key, _, value = header.partition(";")[0].partition("=")
            self.cookies[key] = value
        location = response.headers.get("Location", "")
        path = urlsplit(urljoin(SITE + url, location)) if location else None
        target = f"{path.path}?{path.query}" if path and path.query else path.path if path else ""
        return Page(response.status, url, text, target)


def _forms(text: str, url: str) -> list[Form]:
    found: list[Form] = []
    form: Form | None = None
    hidden, select, chosen = False, "", None
    for tag, inner, after in _TAG.findall(text):
        given = {key: unescape(value) for key, value in _ATTRIBUTE.findall(inner)}
        if tag.endswith("template"):
            hidden = tag == "template"
        elif hidden:
            continue
        elif tag == "form":
            form = Form(given.get("action") or url)
            found.append(form)
        elif tag == "/form":
            form = None
        elif form is None or "disabled" in given:
            continue
        elif tag == "select":
            select, chosen = given.get("name", ""), None
        elif tag == "option":
            if chosen is None or "selected" in given:
                chosen = given.get("value", "")
        elif tag == "/select":
            form.fields.append((select, chosen or ""))
        elif tag == "button":
            form.buttons.append((given.get("name", ""), given.get("value", "")))
        elif tag == "textarea":
            form.fields.append((given.get("name", ""), unescape(after).removeprefix("\n")))
        else:
            _read_input(form, given)
    return found


def _read_input(form: Form, given: dict[str, str]) -> None:
    name, value = given.get("name", ""), given.get("value", "")
    kind = given.get("type", "text")
    if not name or kind in {"submit", "file", "image", "reset", "button"}:
        return
    if kind in {"checkbox", "radio"}:
        value = given.get("value", "on")
        if kind == "checkbox":
            form.boxes.append((name, value))
        if "checked" not in given:
            return
    form.fields.append((name, value))
