"""Tables of songs, and the files that a column of them names, as the scripts beside this read and write them."""

import csv
import hashlib
import json
import struct
from pathlib import Path

EMOTIONS = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]
# Of valence and arousal.
QUADRANTS = ["Q1", "Q2", "Q3", "Q4"]
# The columns of the target vector.
TARGETS = [f"p_{emotion}" for emotion in EMOTIONS]


def read_songs(table: Path) -> list[dict]:
    """The rows of a table, their paths absolute."""
    with open(table, newline="", encoding="utf-8") as file:
        return [{**row, "path": str((table.parent / row["path"]).resolve())} for row in csv.DictReader(file)]


def write_table(table: Path, rows: list[dict], columns: list[str] | None = None) -> None:
    """All columns of the first row; or these, empty where a row has none of the name."""
    others = "ignore" if columns else "raise"
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]), extrasaction=others, restval="")
        writer.writeheader()
        writer.writerows(rows)


def draw_of(row: dict) -> bytes:
    """A number as good as random that depends on the name of the file alone."""
    return hashlib.sha256(Path(row["path"]).name.encode()).digest()


def write_track(path: Path, arrays: dict) -> None:
    """A safetensors file of f32 that a head of kind "tag_track" or "value_track" learns from."""
    import numpy

    header, data = {}, b""
    for name, array in sorted(arrays.items()):
        raw = numpy.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    part = path.with_suffix(".part")
    part.write_bytes(struct.pack("<Q", len(text)) + text + data)
    part.rename(path)


def read_track(path: Path) -> dict:
    """The arrays of a file of write_track."""
    import numpy

    data = path.read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    arrays = {}
    for name, entry in json.loads(data[8:start]).items():
        first, end = (start + offset for offset in entry["data_offsets"])
        arrays[name] = numpy.frombuffer(data[first:end], "<f4").reshape(entry["shape"])
    return arrays
