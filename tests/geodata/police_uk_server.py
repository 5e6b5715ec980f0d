"""A server on this machine that behaves like data.police.uk as documented (R2.6, R2.9), and misbehaves when told to.

Limits: 15 requests a second with a burst of 30, then 429; more than 10,000 crimes in a polygon, 503; a GET longer than
4,094 characters, 400. Archives are served with their length, a strong ETag, Range and If-Range.
"""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import shapely

MAX_CRIMES = 10_000
LONGEST_GET = 4_094
STREET_HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)


@dataclass
class PoliceUk:
    """What the server knows, how it misbehaves, and what it was asked.

    Attributes
    ----------
    crimes : list of dict
        As the API gives them.
    archives : dict
        Month -> bytes of its ZIP.
    faults : list
        Fault of the first, second, ... request that is let in: "" for none, a status as text, or "cut", "drop",
        "trickle", "silent", "nonsense", "other month"; afterwards every request is answered well.
    retry_after : str, optional
        Header sent with 429 and with faulty statuses.
    redirects : dict
        Path -> (status, address).
    """

    crimes: list[dict[str, Any]] = field(default_factory=list)
    archives: dict[str, bytes] = field(default_factory=dict)
    months: list[str] = field(default_factory=list)
    updated: str = "2024-03-05"
    max_crimes: int = MAX_CRIMES
    rate: float = 15.0
    burst: float = 30.0
    faults: list[str] = field(default_factory=list)
    retry_after: str | None = None
    redirects: dict[str, tuple[int, str]] = field(default_factory=dict)
    slow_body_s: float = 0.0
    cut_after: int = 20
    log: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    base: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens, self._at = self.burst, time.monotonic()

    def admits(self) -> bool:
        """Take a token of the leaky bucket, or say that there is none."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def next_fault(self) -> str:
        with self._lock:
            return self.faults.pop(0) if self.faults else ""

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.log]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def __init__(self, state: PoliceUk, *arguments: Any) -> None:
        self.state = state
        super().__init__(*arguments)

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""

    def do_GET(self) -> None:
        if len(self.path) > LONGEST_GET:
            self._answer(400, b"")
            return
        parts = urlsplit(self.path)
        self._serve("GET", parts.path, parse_qs(parts.query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._serve("POST", urlsplit(self.path).path, parse_qs(body))

    def _serve(self, method: str, path: str, fields: Mapping[str, list[str]]) -> None:
        state = self.state
        given = {name: values[0] for name, values in fields.items()}
        state.log.append((method, path, {**given, "range": self.headers.get("Range", "")}))
        if not state.admits():
            self._answer(429, b"", {"Retry-After": state.retry_after} if state.retry_after else {})
            return
        fault = state.next_fault()
        if fault.isdigit():
            self._answer(int(fault), b"", {"Retry-After": state.retry_after} if state.retry_after else {})
        elif path in state.redirects:
            status, address = state.redirects[path]
            self._answer(status, b"", {"Location": address})
        elif path.startswith("/data/archive/"):
            self._archive(path.removeprefix("/data/archive/").removesuffix(".zip"), fault)
        else:
            self._api(path, given, fault)

    def _api(self, path: str, given: Mapping[str, str], fault: str) -> None:
        if path == "/api/crimes-street-dates":
            answer: Any = [{"date": month, "stop-and-search": []} for month in reversed(self.state.months)]
        elif path == "/api/crime-last-updated":
            answer = {"date": self.state.updated}
        elif path == "/api/crimes-street/all-crime":
            month = "2001-01" if fault == "other month" else given["date"]
            answer = [crime | {"month": month} for crime in self._inside(given["poly"], given["date"])]
            if len(answer) > self.state.max_crimes:
                self._answer(503, b"")
                return
        else:
            self._answer(404, b"")
            return
        body = b"<html>Bad day</html>" if fault == "nonsense" else json.dumps(answer).encode()
        self._answer(200, body, fault=fault)

    def _inside(self, text: str, month: str) -> list[dict[str, Any]]:
        corners = [tuple(map(float, pair.split(",")))[::-1] for pair in text.split(":")]
        crimes = [crime for crime in self.state.crimes if crime["month"] == month]
        x = [float(crime["location"]["longitude"]) for crime in crimes]
        y = [float(crime["location"]["latitude"]) for crime in crimes]
        inside = shapely.contains_xy(shapely.Polygon(corners), x, y)
        return [crime for crime, is_inside in zip(crimes, inside, strict=True) if is_inside]

    def _archive(self, month: str, fault: str) -> None:
        content = self.state.archives.get(month)
        if content is None:
            self._answer(404, b"")
            return
        tag = f'"{md5(content, usedforsecurity=False).hexdigest()}"'
        start = self._start(tag)
        if start is None:
            self._answer(200, content, {"ETag": tag, "Accept-Ranges": "bytes"}, fault)
        elif start >= len(content):
            self._answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        else:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._answer(206, content[start:], {"ETag": tag, "Content-Range": span}, fault)

    def _start(self, tag: str) -> int | None:
        """Return where the part asked for begins, or None for the whole."""
        span, version = self.headers.get("Range", ""), self.headers.get("If-Range", tag)
        return int(span.removeprefix("bytes=").rstrip("-")) if span and version == tag else None

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None, fault: str = "") -> None:
        self.state.statuses[status] += 1
        if fault == "drop":
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self._send_body(body, fault)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send_body(self, body: bytes, fault: str) -> None:
        if fault in ("cut", "silent", "trickle"):
            self.close_connection = True
        if fault == "cut":
            self.wfile.write(body[: self.state.cut_after])
        elif fault == "silent":
            self.wfile.write(body[:1])
            time.sleep(1.0)
        elif fault == "trickle":
            for position in range(min(len(body), 60)):
                self.wfile.write(body[position : position + 1])
                time.sleep(0.05)
        elif self.state.slow_body_s:
            for piece in range(20):
                size = -(-len(body) // 20)
                self.wfile.write(body[piece * size : (piece + 1) * size])
                time.sleep(self.state.slow_body_s / 20)
        else:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for every answer and leaves no socket open

    def handle_error(self, *_: object) -> None:
        """Stay silent about clients that went away: some tests kill them."""


@contextmanager
def serve(state: PoliceUk) -> Iterator[PoliceUk]:
    """Answer on a free port of this machine until the block ends."""
    with _Server(("127.0.0.1", 0), partial(_Handler, state)) as server:
        state.base = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def crime(
    number: int,
    longitude: float,
    latitude: float,
    month: str = "2024-01",
    category: str = "anti-social-behaviour",
    *,
    street: str = "On or near Queen Square",
    persistent_id: str = "",
    outcome: str = "",
    kind: str = "Force",
) -> dict[str, Any]:
    """Return one crime as the API gives it; anti-social behaviour has no persistent id and no outcome."""
    return {
        "category": category, "location_type": kind, "context": "", "persistent_id": persistent_id, "id": number,
        "location": {
            "latitude": f"{latitude:.6f}", "longitude": f"{longitude:.6f}", "street": {"id": 1, "name": street},
        },
        "outcome_status": {"category": outcome, "date": month} if outcome else None, "location_subtype": "",
        "month": month,
    }  # fmt: skip


def street_text(month: str, n: int, force: str = "A Force") -> str:
    """Return a street file of `n` reports of anti-social behaviour, the first two of them identical."""
    lines = [
        f",{month},{force},{force},{-2.13 + max(0, i - 1) * 1e-4:.6f},52.586200,On or near Queen Square,E01,W 001A,"
        "Anti-social behaviour,,"
        for i in range(n)
    ]
    return "\n".join([STREET_HEADER, *lines]) + "\n"


def archive_of(members: Mapping[str, str | bytes], *, padding: int = 0) -> bytes:
    """Return a ZIP; `padding` adds a file of that many random bytes, so that there is something to download."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        if padding:
            noise = np.random.default_rng(0).bytes(padding)
            archive.writestr(zipfile.ZipInfo("2000-01/2000-01-other-outcomes.csv"), noise, zipfile.ZIP_STORED)
    return out.getvalue()


def forces_archive(
    months: Sequence[str], forces: Sequence[str] = ("west-midlands", "kent"), *, n: int = 3, **given: int
) -> bytes:
    """Return an archive as police.uk lays it out: `n` reports in the first month, one more in each that follows."""
    members: dict[str, str | bytes] = {}
    for i, month in enumerate(months):
        for force in forces:
            members[f"{month}/{month}-{force}-street.csv"] = street_text(month, n + i, force)
            members[f"{month}/{month}-{force}-outcomes.csv"] = "Crime ID,Month,Outcome type\n"
    return archive_of(members, **given)
