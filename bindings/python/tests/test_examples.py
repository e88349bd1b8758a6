"""The examples run as they are, on few points, and say what is known of their results."""

import re
import zlib
from pathlib import Path

import pytest

from programs import output_of

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "python"
#: What each example is run with, and a line of its output.
EXAMPLES = {
    "kernel_norm": (["--points", 300], r"the whole matrix gives the same"),
    "kernel_interpolation": (["--points", 1024], r"root mean square error where nothing was known: 0\.0\d+"),
    "k_means": (["--points", 4096, "--clusters", 8, "--steps", 10], r"10 steps: mean squared distance from 0\.\d+ to"),
    "nearest_colours": (["--points", 4096], r"dithered: from afar, colours differ by 0\.0\d+"),
    "colour_transport": (["--points", 500], r"mass that misses its place: 0\.\d+ %"),
    "gaussian_process": (["--points", 250, "--steps", 20], r"noise = 0\.(09|1)\d+ \(it is 0\.1\)"),
    "n_body": (["--points", 500, "--steps", 50], r"energy: -0\.1\d+; .* it has changed by \S+ %"),
    "attention": (["--points", 100], r"grad v: relative difference \S+e-0[678]"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, tmp_path):
    arguments, line = EXAMPLES[name]
    output = output_of(FOLDER / f"{name}.py", *arguments, folder=tmp_path)
    assert re.search(line, output), output
    for path in re.findall(r"^wrote (.+)$", output, re.MULTILINE):
        check_png((tmp_path / path).read_bytes())


def check_png(content):
    """A picture of 8 bits of red, green and blue whose parts have the checksums that they should have."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    place, parts = 8, {}
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        body = content[place + 4 : place + 8 + length]
        assert int.from_bytes(content[place + 8 + length : place + 12 + length], "big") == zlib.crc32(body)
        parts[body[:4]] = body[4:]
        place += 12 + length
    assert list(parts) == [b"IHDR", b"IDAT", b"IEND"]
    width, height = (int.from_bytes(parts[b"IHDR"][k : k + 4], "big") for k in (0, 4))
    rows = zlib.decompress(parts[b"IDAT"])
    assert len(rows) == height * (1 + 3 * width) and not any(rows[:: 1 + 3 * width])
    assert len(set(rows)) > 2


def test_every_example_is_run_and_listed():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*EXAMPLES, "data"}
    assert set(re.findall(r"^\| `(\w+)\.py`", (FOLDER / "README.md").read_text(), re.MULTILINE)) == set(EXAMPLES)
