"""How the client asks: slowly, again where that may help, and never anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import DataError
from geodata.sources.fetch.client import Client, Patience, TokenBucket

from .police_uk_server import PoliceUk, serve

DATES = "/api/crimes-street-dates"
QUICK = Patience(attempts=4, first_wait_s=0.01, longest_wait_s=0.5, connect_s=2, silence_s=0.3)


@pytest.fixture
def server() -> Iterator[PoliceUk]:
    with serve(PoliceUk(months=["2024-01"], rate=1000, burst=1000)) as running:
        yield running


@pytest.fixture
def client(server: PoliceUk) -> Iterator[Client]:
    with Client(server.base, patience=QUICK, requests_per_second=1000, random_state=0) as one:
        yield one


def ask(client: Client, path: str = DATES) -> bytes:
    def once() -> bytes:
        with client.open(path, "The list") as response:
            return client.body(response, "The list")

    return client.persist(once, "The list")


@given(st.floats(0.5, 50), st.integers(1, 40), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_the_bucket_never_lets_more_through_than_burst_and_rate(rate: float, burst: int, pauses: list[float]) -> None:
    now = [0.0]
    bucket = TokenBucket(rate, burst, clock=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    taken = []
    for pause in pauses:
        now[0] += pause
        bucket.take()
        taken.append(now[0])
    for i, start in enumerate(taken):
        for j in range(i, len(taken)):
            assert j - i + 1 <= burst + rate * (taken[j] - start) + 1e-6


def test_a_bucket_at_10_a_second_sends_21_requests_in_1_1_seconds_after_a_burst_of_10() -> None:
    now = [0.0]
    bucket = TokenBucket(10, 10, clock=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    for _ in range(21):
        bucket.take()
    assert now[0] == pytest.approx(1.1)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(DataError, match="requests a second must be above 0"):
        Client("http://127.0.0.1", requests_per_second=rate)


@pytest.mark.parametrize("fault", ["429", "500", "502", "503", "504", "cut", "drop", "trickle", "silent"])
def test_what_may_pass_is_asked_for_again(server: PoliceUk, client: Client, fault: str) -> None:
    server.slow_body_s, server.cut_after = 0, 5
    server.faults = [fault, fault]
    server.months = [f"2024-{month:02}" for month in range(1, 13)]  # long enough to be cut, and to trickle
    assert ask(client).startswith(b"[{")
    assert (client.n_requests, client.n_retries) == (3, 2)


def test_after_the_last_attempt_one_sentence_says_what_how_often_and_what_to_do(
    server: PoliceUk, client: Client
) -> None:
    server.faults = ["500"] * 10
    with pytest.raises(DataError, match=r"^The list could not be had in 4 attempts: .* answered 500; run the same"):
        ask(client)
    assert client.n_requests == 4


def test_nobody_listening_is_said_after_the_last_attempt() -> None:
    with serve(PoliceUk()) as gone:
        pass
    with Client(gone.base, patience=QUICK) as client, pytest.raises(DataError, match=r"4 attempts.*connection failed"):
        ask(client)


def test_a_refusal_is_not_asked_again(server: PoliceUk, client: Client) -> None:
    with pytest.raises(DataError, match="answered 404 to /api/nothing"):
        ask(client, "/api/nothing")
    assert client.n_requests == 1


def test_a_get_longer_than_4094_characters_is_refused_by_the_server_a_post_is_not(
    server: PoliceUk, client: Client
) -> None:
    polygon = ":".join(f"52.{i:06},-2.{i % 7:06}" for i in range(400))
    with pytest.raises(DataError, match="answered 400"):
        ask(client, f"/api/crimes-street/all-crime?date=2024-01&poly={polygon}")
    form = {"poly": polygon, "date": "2024-01"}
    with client.open("/api/crimes-street/all-crime", "The reports", form=form) as response:
        assert client.body(response, "The reports") == b"[]"


def test_waits_double_up_to_the_longest_and_keep_half_to_all_of_it_by_chance(server: PoliceUk) -> None:
    server.faults = ["500"] * 7
    waits: list[float] = []
    patience = Patience(attempts=8, first_wait_s=1, longest_wait_s=10)
    with Client(server.base, patience=patience, random_state=1, sleep=waits.append) as client:
        ask(client)
    for wait, full in zip(waits, [1, 2, 4, 8, 10, 10, 10], strict=True):
        assert full / 2 <= wait <= full
    assert len({wait / full for wait, full in zip(waits, [1, 2, 4, 8, 10, 10, 10], strict=True)}) == 7


def test_the_same_seed_waits_the_same_and_another_otherwise(server: PoliceUk) -> None:
    def waits_of(seed: int) -> list[float]:
        server.faults, waits = ["500"] * 3, []
        with Client(server.base, random_state=seed, sleep=waits.append) as client:
            ask(client)
        return waits

    assert waits_of(1) == waits_of(1) != waits_of(2)


def test_retry_after_is_obeyed_as_a_number_and_as_a_date(server: PoliceUk) -> None:
    for header, least in (("7", 7.0), (format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True), 20.0)):
        server.faults, server.retry_after = ["429"], header
        waits: list[float] = []
        with Client(server.base, sleep=waits.append) as client:
            ask(client)
        assert waits[0] >= least


@pytest.mark.parametrize("header", ["soon", "-5", "²", "Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 99 Foo 2020 99:99:99"])
def test_a_retry_after_that_says_nothing_useful_is_ignored(server: PoliceUk, client: Client, header: str) -> None:
    server.faults, server.retry_after = ["429"], header.encode("ascii", "replace").decode()
    assert ask(client)


def test_a_wait_longer_than_our_patience_is_left_to_the_user(server: PoliceUk, client: Client) -> None:
    server.faults, server.retry_after = ["503"], "3600"
    with pytest.raises(DataError, match="come back in 3,600 seconds; run the same command then"):
        ask(client)
    assert client.n_requests == 1


def test_a_redirect_to_another_host_is_not_followed_and_says_how_to_allow_it(server: PoliceUk, client: Client) -> None:
    with serve(PoliceUk(months=["1999-01"])) as other:
        server.redirects[DATES] = (302, f"{other.base}{DATES}")
        with pytest.raises(DataError, match=r"sent the request on to 127\.0\.0\.1:\d+, which was not asked for"):
            ask(client)
        assert other.log == []

        host = other.base.removeprefix("http://")
        with Client(server.base, also_hosts=[host]) as trusting:
            assert b"1999-01" in ask(trusting)


@pytest.mark.parametrize(
    "target",
    ["http://evil.example/", "//evil.example/x", "ftp://127.0.0.1/", "http://127.0.0.1:1/", "file:///etc/passwd",
     "http://127.0.0.1@evil.example/", "javascript:alert(1)"],
)  # fmt: skip
def test_no_redirect_leads_elsewhere_however_it_is_written(server: PoliceUk, client: Client, target: str) -> None:
    server.redirects[DATES] = (301, target)
    with pytest.raises(DataError, match=r"not (followed|asked for)"):
        ask(client)


def test_redirects_within_the_host_are_followed_and_a_post_stays_a_post(server: PoliceUk, client: Client) -> None:
    server.redirects["/api/old"] = (308, "/api/crimes-street/all-crime")
    form = {"poly": "52,-2:53,-2:53,-1", "date": "2024-01"}
    with client.open("/api/old", "The reports", form=form) as response:
        assert client.body(response, "The reports") == b"[]"
    assert [method for method, _, _ in server.log] == ["POST", "POST"]


def test_redirects_in_a_circle_end(server: PoliceUk, client: Client) -> None:
    server.redirects[DATES] = (302, DATES)
    with pytest.raises(DataError, match="redirected more than 5 times"):
        ask(client)


@pytest.mark.parametrize("base", ["data.police.uk", "ftp://data.police.uk", "https://", "https://me:pw@data.police.uk"])
def test_a_base_address_that_is_none_is_refused_without_repeating_it(base: str) -> None:
    with pytest.raises(DataError, match=r"must look like https://data\.police\.uk") as refusal:
        Client(base)
    assert "pw" not in str(refusal.value)


def test_an_answer_that_never_ends_is_refused(
    server: PoliceUk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geodata.sources.fetch.client.MAX_ANSWER_BYTES", 10)
    with pytest.raises(DataError, match="sent more than 10 bytes"):
        ask(client)


def test_asked_too_fast_the_client_meets_429_and_still_gets_everything() -> None:
    with serve(PoliceUk(months=["2024-01"], rate=10, burst=3)) as server:
        patience = Patience(attempts=8, first_wait_s=0.05)
        with Client(server.base, patience=patience, requests_per_second=10_000, random_state=0) as eager:
            assert all(ask(eager) for _ in range(10))
        assert server.statuses[429] == eager.n_retries > 0
        assert server.statuses[200] == 10


def test_at_the_default_rate_the_documented_limit_is_never_met() -> None:
    with serve(PoliceUk(months=["2024-01"])) as server, Client(server.base) as client:
        assert all(ask(client) for _ in range(35))
        assert server.statuses == {200: 35}
