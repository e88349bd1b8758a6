"""What the examples share: real inputs, pictures, numbers from the command line and a clock."""

import argparse
import struct
import time
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "data"


def bunny(points=None):
    """Vertices of the Stanford bunny, (N, 3): all 1839, or the first so many."""
    return np.loadtxt(FOLDER / "bunny.csv", delimiter=",", skiprows=1)[:points]


def photograph(side=512):
    """The square with sides of so many pixels around the face of a photograph: colours from 0 to 1, (side, side, 3)."""
    pixels = np.fromfile(FOLDER / "astronaut_rgb_262144x3.u8", np.uint8).reshape(512, 512, 3)
    side = min(side, 512)
    top, left = min(40, 512 - side), min(130, 512 - side)
    return pixels[top : top + side, left : left + side] / 255.0


def write_png(path, picture):
    """Writes colours from 0 to 1, (height, width, 3), as a PNG file."""
    bytes_of_rows = np.uint8(np.clip(picture, 0, 1) * 255 + 0.5)
    height, width, _ = bytes_of_rows.shape

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    # Eight bits of red, green and blue; each row starts with the number of its filter, 0 for none.
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in bytes_of_rows))
    Path(path).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    print(f"wrote {path}")


def options(description, **defaults):
    """Integers that the command line may give as --NAME N, with these names and defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{default} if not given")
    return parser.parse_args()


@contextmanager
def timed(what):
    """Prints how long it took."""
    start = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - start:.3g} s")
