"""Songs to vectors on a Ray cluster: from a folder that all nodes see, or a list of paths, to Parquet files.

    python ray_songs.py /music out/                  # then: vibelux import parquet out/
    python ray_songs.py --list paths.txt out/ --address auto --jobs 8

Each actor holds one model. A song whose file is broken is a row with a reason; a node that dies costs nothing but time.
"""

import argparse
import pathlib

import pyarrow
import ray

# Said, as a batch in which no song has an artist would have a column of another type.
SCHEMA = pyarrow.schema(
    [(name, pyarrow.string()) for name in ("path", "model", "sound", "error", "failure")]
    + [("vector", pyarrow.list_(pyarrow.float32())), ("duration_seconds", pyarrow.float64())]
    + [("loudness_lufs", pyarrow.float32()), ("year", pyarrow.int32()), ("lossless", pyarrow.bool_())]
    + [(name, pyarrow.int64()) for name in ("size_bytes", "modified_nanoseconds", "bitrate_kbps")]
    + [(name, pyarrow.string()) for name in ("title", "artist", "album", "genre")]
)

SOUNDS = {".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff", ".aif", ".oga", ".mp4"}


class Embed:
    """An actor: the model is loaded once, not for each batch."""

    def __init__(self):
        import vibelux

        self.embedder = vibelux.Embedder(jobs=1)

    def __call__(self, batch):
        table = self.embedder.table(list(batch["path"]))
        table["vector"] = list(table["vector"])
        return pyarrow.Table.from_pydict(table, schema=SCHEMA)


def find(folder):
    files = pathlib.Path(folder).rglob("*")
    return sorted(str(file) for file in files if file.suffix.lower() in SOUNDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", help="a folder of songs")
    parser.add_argument("out", help="a folder for the Parquet files")
    parser.add_argument("--list", help="a file with a path a line, instead of a folder")
    parser.add_argument("--address", help="of a Ray cluster [default: this machine alone]")
    parser.add_argument("--jobs", type=int, default=2, help="how many songs at once, on all nodes together")
    args = parser.parse_args()
    paths = pathlib.Path(args.list).read_text().splitlines() if args.list else find(args.folder)
    ray.init(address=args.address)
    songs = ray.data.from_items([{"path": path} for path in paths], override_num_blocks=max(1, len(paths) // 32))
    songs.map_batches(Embed, batch_size=16, compute=ray.data.ActorPoolStrategy(size=args.jobs)).write_parquet(args.out)


if __name__ == "__main__":
    main()
