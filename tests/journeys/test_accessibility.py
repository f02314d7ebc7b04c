"""axe-core finds nothing wrong on any page, in any state, nor in any letter.

The tours (tests.tours) open every page; its answer is put before a real browser. `make test`
looks at each by day on a phone and by night on a desk, so that every page is seen narrow, wide,
light and dark; `make check-axe` looks at all four. A letter on a desk is read in 600 px. Nothing
may be wider than the screen, and the console has nothing to say.
"""

from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from outbox.letters import kinds
from tests.tours import Tour
from tests.tours.everywhere import TOURS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # axe is a script; a page without scripts would never answer it.
    pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True),
]

AXE = (Path(__file__).parent.parent / "vendor" / "axe-core" / "axe.min.js").read_text()
# Mail programs on a desk show a letter in a pane beside the list.
WIDTHS = {"phone": 375, "pane": 600, "desk": 1280}
LOOKS = [("phone", "light"), ("desk", "dark"), ("phone", "dark"), ("desk", "light")]
# A change of looks is painted before axe asks for colours.
RUN = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const found = await axe.run(document, {
    resultTypes: ["violations"], iframes: false, rules: {"target-size": {enabled: true}},
  });
  const why = (node) => node.any.concat(node.all).map((check) => check.message).join("; ");
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${why(node)}`)
  );
}"""


@pytest.fixture
def looks(full) -> list[tuple[str, str]]:
    return LOOKS if full else LOOKS[:2]


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path) -> None:
    settings.MEDIA_ROOT, settings.LETTERS_DIR = tmp_path, tmp_path


@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.__name__)
def test_every_page_of_the_tour(page, live_server, looks, tour: Tour):
    page.set_default_timeout(15_000)
    faults: list[str] = []
    page.on("console", lambda message: _note(faults, page, message))
    client = Client()
    for number, answer in enumerate(tour(client)):
        page.context.add_cookies(
            [
                {"name": name, "value": morsel.value, "url": live_server.url}
                for name, morsel in client.cookies.items()
                if morsel.value
            ]
        )
        where = f"{number}: {answer.request['PATH_INFO']}"
        _look(page, *looks[0])
        _open(page, live_server.url, answer)
        for size, scheme in looks:
            _look(page, size, scheme)
            faults += [f"{where} {size} {scheme}: {fault}" for fault in _ask_axe(page)]
    assert not faults, "\n".join(faults)


def _open(page: Page, site: str, answer: HttpResponse) -> None:
    """Show the browser this answer, as if it had asked for it; all else comes from the site."""
    address = site + answer.request["PATH_INFO"]
    if query := answer.request.get("QUERY_STRING"):
        address += f"?{query}"
    page.route(
        lambda url: url == address,
        lambda route: route.fulfill(
            status=answer.status_code, headers=dict(answer.headers), body=answer.content
        ),
        times=1,
    )
    page.goto(address)
    page.evaluate(AXE)


def _look(page: Page, size: str, scheme: str) -> None:
    page.set_viewport_size({"width": WIDTHS[size], "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


def _ask_axe(page: Page) -> list[str]:
    # What a bar at the foot of the screen covers can be scrolled to.
    found = [fault for fault in page.evaluate(RUN) if "partially obscured" not in fault]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, f"{wide} px too wide"] if wide > 0 else found


def _note(faults: list[str], page: Page, message) -> None:
    if message.type == "error" and "the server responded with a status of" not in message.text:
        faults.append(f"{page.url}: console: {message.text}")


def test_every_letter_as_a_mail_program_shows_it(page, looks):
    faults = []
    for name, kind in kinds().items():
        if kind.example is None:
            continue
        page.set_content(kind.example(timezone.now()).html)
        page.evaluate(AXE)
        for screen, scheme in looks:
            size = "pane" if screen == "desk" else screen
            _look(page, size, scheme)
            found = [fault for fault in _ask_axe(page) if "landmark" not in fault]
            faults += [f"{name} {size} {scheme}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)
