"""How much comes over the wire before the list of results can be read, and before the map."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, sync_playwright

LIMIT = 100_000  # bytes, headers counted, before the map
SCREENS = {"phone": (375, 667), "desk": (1280, 800)}
# The map's code and what it draws.
MAP = ("/js/map.", "/js/basemap.", "/vendor/leaflet", "/static/map/", "/events.geojson")
PAINTED = """() => new Promise((done) => new PerformanceObserver((list) =>
  done(list.getEntriesByName("first-contentful-paint")[0].startTime)
).observe({type: "paint", buffered: true}))"""
STARTS = "() => performance.getEntriesByType('resource').map((one) => [one.name, one.startTime])"
COLUMNS = ("requests", "before the map", "list painted", "map code asked for", "with the map")


@dataclass
class Wire:
    """Bytes of each address, as the browser counted them: compressed, with headers."""

    addresses: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def began(self, event: dict) -> None:
        self.addresses[event["requestId"]] = event["request"]["url"]

    def ended(self, event: dict) -> None:
        self.sizes[self.addresses[event["requestId"]]] = int(event["encodedDataLength"])


def measure(address: str, *, chromium: str) -> bool:
    """Print what a first visit to the results loads.

    Whether it is light enough, and the map's code waits until the list is painted.
    """
    print(f"\n| first load of the results | {' | '.join(COLUMNS)} |")
    print("| --- " * (len(COLUMNS) + 1) + "|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        fine = [visit(browser, address, screen) for screen in SCREENS]
        browser.close()
    return all(fine)


def visit(browser: Browser, address: str, screen: str) -> bool:
    """Print one screen's row."""
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height}, ignore_https_errors=True
    )
    page, wire = context.new_page(), Wire()
    session = context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", wire.began)
    session.on("Network.loadingFinished", wire.ended)
    session.send("Network.enable")
    page.goto(address, wait_until="networkidle")
    page.locator(".event-card").first.wait_for()
    painted = page.evaluate(PAINTED)
    asked = min(start for name, start in page.evaluate(STARTS) if is_map(name))
    switch = page.locator("[data-map-switch]")
    if switch.is_visible():
        switch.click()
    page.locator(".map .leaflet-marker-icon").first.wait_for()
    page.wait_for_load_state("networkidle")
    context.close()
    before = [size for name, size in wire.sizes.items() if not is_map(name)]
    print(
        f"| {screen}, {width} px | {len(before)} | {sum(before) / 1000:.1f} kB"
        f" | {painted:.0f} ms | {asked:.0f} ms | {sum(wire.sizes.values()) / 1000:.0f} kB |",
        flush=True,
    )
    return sum(before) <= LIMIT and asked > painted


def is_map(address: str) -> bool:
    return any(part in address for part in MAP)
