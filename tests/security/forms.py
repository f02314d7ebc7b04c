"""The forms on a page, read from its HTML as a browser would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass
class Form:
    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)  # as the page offers them
    files: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.forms = page, []
        self.named: dict[str, Form] = {}
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.page, told.get("action", ""))
            form = Form(action, told.get("method", "get").lower())
            self.forms.append(form)
            self.named[told.get("id", "")] = form
            return
        form = self.named.get(told["form"]) if "form" in told else (self.forms or [None])[-1]
        name = told.get("name", "")
        if form is None:
            return
        if tag == "option" and self.select:
            form.values[self.select].append(told.get("value", ""))
        elif name and told.get("type") == "file":
            form.files.append(name)
        elif name and tag in {"input", "button", "textarea", "select"}:
            form.values.setdefault(name, []).append(told.get("value", ""))
            self.select = name if tag == "select" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""


def forms_on(path: str, html: str) -> list[Form]:
    reader = _Reader(path)
    reader.feed(html)
    return reader.forms
