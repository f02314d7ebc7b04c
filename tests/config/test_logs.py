"""What a log line may hold."""

import json
import logging

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """The access lines of the test, as the formatter writes them."""
    caplog.set_level(logging.INFO, logger="access")
    formatter = logging.getLogger().handlers
    json_formatter = next(
        handler.formatter
        for handler in formatter
        if type(handler.formatter).__name__ == "ProcessorFormatter"
    )
    return lambda: [
        json.loads(json_formatter.format(record))
        for record in caplog.records
        if record.name == "access"
    ]


def test_an_access_line_has_an_id_and_no_query_string(lines):
    answer = Client().get("/healthz?near=43215")
    (line,) = lines()
    assert (line["method"], line["path"], line["status"]) == ("GET", "/healthz", 200)
    assert answer["X-Request-ID"] == line["request_id"]
    assert "43215" not in json.dumps(line)


def test_tokens_in_addresses_never_reach_the_log(lines):
    token = "AbCdEfGhIjKlMnOpQrStUv"
    for path in (f"/r/{token}/", f"/u/{token}", f"/c/{token}/", f"/host/help/{token}/"):
        Client().get(path)
    assert len(lines()) == 4
    assert token not in json.dumps(lines())


def test_a_request_id_from_the_proxy_is_kept_and_a_strange_one_is_not():
    given = Client(headers={"X-Request-ID": "abcdef12-3456"}).get("/healthz")
    strange = Client(headers={"X-Request-ID": "a b\\n{}"}).get("/healthz")
    assert given["X-Request-ID"] == "abcdef12-3456"
    assert strange["X-Request-ID"] != "a b\\n{}"
