"""One polite HTTP client: a token bucket, back-off with jitter, time limits, and no host but the one asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

import numpy as np
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from geodata.errors import DataError

Result = TypeVar("Result")

MAX_REDIRECTS: Final = 5
MAX_ANSWER_BYTES: Final = 64 * 1024**2
"""An answer of the API may be this long; 10,000 crimes (R2.9) are about 5 MB."""

ENOUGH_PROGRESS_BYTES: Final = 1024**2
"""A download that was cut off after this much more has not failed: it goes on with all its attempts."""

_PIECE_BYTES = 256 * 1024
_TOO_MANY, _SERVER_ERROR = 429, 500
_SEE_OTHER = 303


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for an answer and how often to ask again.

    Attributes
    ----------
    attempts : int
        Attempts at one thing, the first included.
    first_wait_s, longest_wait_s : float
        The n-th wait is ``first_wait_s * 2**(n - 1)``, at most `longest_wait_s`, times a jitter of 0.5 to 1.
    connect_s, silence_s : float
        Seconds without a connection, and without a single byte.
    slowest_bytes_per_s : float
        An answer that after `silence_s` has come more slowly than this is cut off and asked for again.
    """

    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    connect_s: float = 10.0
    silence_s: float = 60.0
    slowest_bytes_per_s: float = 1024.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.first_wait_s, self.connect_s, self.silence_s) <= 0:
            raise DataError("Patience needs at least one attempt and waits above zero seconds.")


class TokenBucket:
    """At most `rate` requests a second, after a burst of at most `capacity`.

    The API allows 15 a second with a burst of 30 (R2.9); 10 a second stays well below it (R2.10).
    """

    def __init__(
        self,
        rate: float,
        capacity: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not (rate > 0 and math.isfinite(rate) and capacity >= 1):
            raise DataError(f"The number of requests a second must be above 0, not {rate:g}.")
        self._rate, self._capacity, self._clock, self._sleep = rate, capacity, clock, sleep
        self._tokens, self._at = capacity, clock()

    def take(self) -> None:
        """Take a token; wait for it where there is none."""
        now = self._clock()
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            self._sleep((1 - self._tokens) / self._rate)
            self._tokens += (self._clock() - self._at) * self._rate
            self._at = self._clock()
        self._tokens -= 1


class AskAgainError(Exception):
    """Something that may pass: a cut connection, a full server. Never leaves `Client.persist`."""

    def __init__(self, reason: str, *, wait_s: float = 0.0, has_progressed: bool = False) -> None:
        super().__init__(reason)
        self.wait_s, self.has_progressed = wait_s, has_progressed


class Client:
    """Asks one host, slowly, again where asking again may help; counts what it did.

    Parameters
    ----------
    base : str
        Address everything is below, for example ``https://data.police.uk``.
    also_hosts : collection of str
        Other hosts (``name`` or ``name:port``) a redirect may lead to; none by default.
    requests_per_second : float
        Rate and burst of the token bucket.
    patience : Patience
        Time limits and attempts.
    random_state : int, optional
        Seed of the jitter, which keeps many users from coming back in the same second; it changes no result.
    sleep : callable
        Waits some seconds.

    Raises
    ------
    DataError
        If `base` is no http or https address.
    """

    def __init__(
        self,
        base: str,
        *,
        also_hosts: Collection[str] = (),
        requests_per_second: float = 10.0,
        patience: Patience | None = None,
        random_state: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise DataError("The base address must look like https://data.police.uk, without a user name.")
        self.base = base.rstrip("/")
        self.host = _host(self.base)
        self.n_requests = self.n_retries = self.n_bytes = 0
        self._hosts = {self.host, *(host.lower() for host in also_hosts)}
        self._patience = patience or Patience()
        self._rng = np.random.default_rng(random_state)
        self._sleep = sleep
        self._bucket = TokenBucket(requests_per_second, max(1.0, requests_per_second), sleep=sleep)
        self._session, self._adapter = requests.Session(), HTTPAdapter()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._adapter)
        self._session.headers["User-Agent"] = "asb-hotspots (https://data.police.uk/docs/ client)"

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # requests leaves open connections to the garbage collector, which may come late after a failed request.
        pools = self._adapter.poolmanager.pools
        for key in pools.keys():  # noqa: SIM118 - not a dict
            pools[key].close()
        self._session.close()

    @contextmanager
    def open(
        self,
        path: str,
        what: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        answers: Collection[int] = (200,),
    ) -> Iterator[requests.Response]:
        """Give one response whose body has not been read; close it when the block ends.

        Parameters
        ----------
        path : str
            Path below the base address.
        what : str
            What is asked for, in words for the error.
        form : mapping, optional
            Fields to POST instead of a GET; a long polygon does not fit a GET (R2.9).
        answers : collection of int
            Statuses that are an answer; any other is asked for again (429, 5xx) or refused.

        Raises
        ------
        AskAgainError
            For 429, 5xx and lost connections: call it inside `persist`.
        DataError
            For any other status that is not among `answers`, or a redirect elsewhere.
        """
        with self._send(f"{self.base}{path}", form, headers or {}) as response:
            status = response.status_code
            if status not in answers:
                if status == _TOO_MANY or status >= _SERVER_ERROR:
                    raise AskAgainError(f"it answered {status}", wait_s=_retry_after(response))
                raise DataError(f"{what} could not be had: {self.host} answered {status} to {path}; check the address.")
            yield response

    def pieces(self, response: requests.Response) -> Iterator[bytes]:
        """Give the body piece by piece, as long as it keeps coming."""
        patience, started, received = self._patience, time.monotonic(), 0
        try:
            # read1 returns what has come; reading a full piece would wait for ever on a server that trickles.
            while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
                received += len(piece)
                self.n_bytes += len(piece)
                yield piece
                if time.monotonic() - started > patience.silence_s + received / patience.slowest_bytes_per_s:
                    raise AskAgainError("its answer came too slowly", has_progressed=received >= ENOUGH_PROGRESS_BYTES)
        except HTTPError as error:
            raise AskAgainError("its answer was cut off", has_progressed=received >= ENOUGH_PROGRESS_BYTES) from error

    def body(self, response: requests.Response, what: str) -> bytes:
        """Return a whole body, refusing one that is too long to be an answer."""
        body = bytearray()
        for piece in self.pieces(response):
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                raise DataError(f"{what} was refused: {self.host} sent more than {MAX_ANSWER_BYTES:,} bytes.")
        return bytes(body)

    def persist(self, action: Callable[[], Result], what: str) -> Result:
        """Return what `action` returns, calling it again with growing waits while it raises `AskAgainError`.

        Raises
        ------
        DataError
            After the last attempt, or when the host asks for a longer wait than we have patience for.
        """
        failures = 0
        while True:
            try:
                return action()
            except AskAgainError as again:
                failures = 1 if again.has_progressed else failures + 1
                self._give_up_or_wait(again, failures, what)

    def _give_up_or_wait(self, again: AskAgainError, failures: int, what: str) -> None:
        patience = self._patience
        if again.wait_s > patience.longest_wait_s:
            raise DataError(
                f"{what} could not be had: {self.host} asks to come back in {again.wait_s:,.0f} seconds; run the same "
                "command then, what is complete is kept."
            ) from again
        if failures >= patience.attempts:
            raise DataError(
                f"{what} could not be had in {failures} attempts: {self.host} was asked and {again}; run the same "
                "command later, what is complete is kept."
            ) from again
        grown = min(patience.longest_wait_s, patience.first_wait_s * 2.0 ** (failures - 1))
        self._sleep(max(again.wait_s, grown * self._rng.uniform(0.5, 1.0)))
        self.n_retries += 1

    @contextmanager
    def _send(
        self, address: str, form: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> Iterator[requests.Response]:
        """Send one request and follow redirects, but only to hosts that were asked for."""
        for _ in range(MAX_REDIRECTS + 1):
            with self._request(address, form, headers) as response:
                if not response.is_redirect:
                    yield response
                    return
                if response.status_code == _SEE_OTHER:
                    form = None
                address = self._checked(address, urljoin(address, response.headers["location"]))
        raise DataError(f"{self.host} redirected more than {MAX_REDIRECTS} times; check the base address.")

    def _request(self, address: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> requests.Response:
        self._bucket.take()
        self.n_requests += 1
        try:
            return self._session.request(
                "GET" if form is None else "POST", address, data=form, headers=headers, stream=True,
                allow_redirects=False, timeout=(self._patience.connect_s, self._patience.silence_s),
            )  # fmt: skip
        except requests.exceptions.SSLError as error:
            raise DataError(
                f"The certificate of {_host(address)} could not be verified; if your network inspects traffic, set "
                "REQUESTS_CA_BUNDLE to its certificate file."
            ) from error
        except requests.Timeout as error:
            raise AskAgainError("it did not answer in time") from error
        except requests.RequestException as error:
            raise AskAgainError("the connection failed") from error

    def _checked(self, address: str, target: str) -> str:
        if _host(target) not in self._hosts:
            raise DataError(
                f"{_host(address)} sent the request on to {_host(target)}, which was not asked for and was not "
                f"followed; if you trust it, allow it by name (--also-host {_host(target)})."
            )
        if urlsplit(address).scheme == "https" and urlsplit(target).scheme != "https":
            raise DataError(f"{_host(address)} sent the request on to an unprotected address; it was not followed.")
        return target


def _host(address: str) -> str:
    """Return host and port of an address, in small letters, the default ports left out."""
    parts = urlsplit(address)
    name = (parts.hostname or "").lower()
    has_own_port = parts.port is not None and (parts.scheme, parts.port) not in (("http", 80), ("https", 443))
    return f"{name}:{parts.port}" if has_own_port else name


def _retry_after(response: requests.Response) -> float:
    """Return the seconds a Retry-After header asks for, as a number or a date; 0 where there is none."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
