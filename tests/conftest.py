"""What every test may ask for."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

# As many workers as cores share a machine: a second thread in each would only wait for the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# How long one example takes says nothing about the law it tests, and a busy machine is slow.
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.load_profile("unhurried")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own folder."""
    return ROOT


@pytest.fixture(scope="session")
def sample_city(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of the synthetic city, made once for all that only read them."""
    from geodata.sample import make_city, write_city

    return write_city(make_city(0), tmp_path_factory.mktemp("sample-city"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data and published numbers beside the project; skipped where they are absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the shared folder with real data and reference numbers is not beside this checkout")
    return folder


@pytest.fixture
def hotspots(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Call the command line as a user does; return the exit code, stdout, and stderr on one line."""
    from hotspots import cli

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["hotspots", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), said.out, " ".join(said.err.split())

    return call


@pytest.fixture
def ntv2_grid() -> Callable[..., Path]:
    """Return what writes a local grid of shifts: ``ntv2_grid(path, north_s=1.0, west_s=5.0)``."""
    return _write_ntv2_grid


def _write_ntv2_grid(path: Path, north_s: float, west_s: float) -> Path:
    """Write an NTv2 grid over Great Britain that shifts every place by the same seconds north and west."""

    def line(key: str, value: object) -> bytes:
        kinds = {int: "<i4x", float: "<d"}
        body = struct.pack(kinds[type(value)], value) if type(value) in kinds else str(value).encode().ljust(8)
        return key.encode().ljust(8) + body

    head = [("NUM_OREC", 11), ("NUM_SREC", 11), ("NUM_FILE", 1), ("GS_TYPE", "SECONDS"), ("VERSION", "TEST"),
            ("SYSTEM_F", "OSGB36"), ("SYSTEM_T", "ETRS89"), ("MAJOR_F", 6377563.396), ("MINOR_F", 6356256.909),
            ("MAJOR_T", 6378137.0), ("MINOR_T", 6356752.314140),
            ("SUB_NAME", "TEST"), ("PARENT", "NONE"), ("CREATED", "20260101"), ("UPDATED", "20260101"),
            ("S_LAT", 49.0 * 3600), ("N_LAT", 61.0 * 3600), ("E_LONG", -3.0 * 3600), ("W_LONG", 9.0 * 3600),
            ("LAT_INC", 3600.0), ("LONG_INC", 3600.0), ("GS_COUNT", 13 * 13)]  # fmt: skip
    shifts = struct.pack("<4f", north_s, west_s, 0.01, 0.01) * (13 * 13)
    path.write_bytes(b"".join(line(*item) for item in head) + shifts + b"END".ljust(16))
    return path
