"""Tests of the package `vibelux` as it is installed; the songs are composed here, the faces are the research data's.

    python -m unittest discover crates/vibelux-python/tests

VIBELUX_FER2013 is a folder with `validation/` and its labels; tests on real faces are skipped without it.
"""

import ast
import math
import os
import pathlib
import struct
import tempfile
import threading
import time
import unittest
import wave

import numpy as np
import vibelux

try:
    import pyarrow
    import pyarrow.parquet
except ImportError:
    pyarrow = None


def write_song(path, pitch, seconds=6.0, rate=16000):
    """A chord with a beat, 16 bits."""
    frames = bytearray()
    for at in range(int(seconds * rate)):
        time_seconds = at / rate
        beat = math.exp(-6 * (time_seconds * 2 % 1))
        tones = sum(math.sin(2 * math.pi * pitch * ratio * time_seconds) for ratio in (1, 1.25, 1.5))
        frames += struct.pack("<h", int(6000 * beat * tones))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(frames))
    return str(path)


class Stubs(unittest.TestCase):
    def test_the_types_name_what_there_is(self):
        stub = pathlib.Path(vibelux.__file__).with_name("__init__.pyi")
        named = {}
        for node in ast.parse(stub.read_text()).body:
            if isinstance(node, ast.ClassDef):
                named[node.name] = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            elif isinstance(node, ast.FunctionDef):
                named[node.name] = set()
        constants = {"EMOTIONS", "__version__"}
        self.assertEqual(set(named) | constants, set(vibelux.__all__))
        for name, methods in named.items():
            own = {method for method in vars(getattr(vibelux, name)) if not method.startswith("_")} if methods else set()
            self.assertEqual({method for method in methods if not method.startswith("_")}, own, name)


class WithSongs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.base = pathlib.Path(cls.folder.name)
        cls.songs = [write_song(cls.base / f"{pitch}.wav", pitch) for pitch in (220, 330, 440)]
        cls.broken = str(cls.base / "broken.mp3")
        pathlib.Path(cls.broken).write_bytes(b"no sound at all" * 100)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()


class Songs(WithSongs):
    def test_a_vector_adds_up_to_one_and_is_the_same_each_time(self):
        vector = vibelux.embed(self.songs[0])
        self.assertEqual((vector.shape, vector.dtype), ((7,), np.float32))
        self.assertAlmostEqual(float(vector.sum()), 1.0, places=5)
        np.testing.assert_array_equal(vector, vibelux.embed(pathlib.Path(self.songs[0])))

    def test_many_songs_are_rows_in_their_order(self):
        rows = vibelux.embed_many(self.songs)
        self.assertEqual(rows.shape, (3, 7))
        for song, row in zip(self.songs, rows):
            np.testing.assert_array_equal(vibelux.embed(song), row)
        self.assertEqual(vibelux.embed_many([]).shape, (0, 7))

    def test_songs_without_a_vector_are_exceptions_or_rows_without_numbers(self):
        with self.assertRaisesRegex(vibelux.SongError, "broken.mp3: .*audio"):
            vibelux.embed(self.broken)
        with self.assertRaisesRegex(vibelux.SongError, "broken.mp3"):
            vibelux.embed_many([self.songs[0], self.broken])
        rows = vibelux.embed_many([self.songs[0], self.broken], errors="nan")
        self.assertTrue(np.isfinite(rows[0]).all() and np.isnan(rows[1]).all())
        with self.assertRaisesRegex(ValueError, "raise"):
            vibelux.embed_many([], errors="ignore")

    def test_other_threads_run_meanwhile(self):
        counted = [0]
        stop = threading.Event()

        def count():
            while not stop.is_set():
                counted[0] += 1
                time.sleep(0.001)

        thread = threading.Thread(target=count)
        thread.start()
        before = counted[0]
        vibelux.embed_many(self.songs * 4)
        during = counted[0] - before
        stop.set()
        thread.join()
        self.assertGreater(during, 3)

    def test_a_table_has_a_row_for_each_song_and_a_reason_for_each_failure(self):
        embedder = vibelux.Embedder(jobs=2)
        table = embedder.table([*self.songs, self.broken])
        self.assertEqual({len(column) for column in table.values()}, {4})
        self.assertEqual(table["error"][:3], [None] * 3)
        self.assertIn("broken.mp3", table["error"][3])
        self.assertEqual(table["failure"][3], "no_sound")
        self.assertAlmostEqual(table["duration_seconds"][0], 6.0, places=1)
        self.assertEqual(table["size_bytes"][0], os.stat(self.songs[0]).st_size)
        self.assertEqual(table["modified_nanoseconds"][0], os.stat(self.songs[0]).st_mtime_ns)
        self.assertEqual(set(table["model"]), {embedder.name})

    def test_a_model_that_is_none_is_an_error(self):
        with self.assertRaisesRegex(vibelux.VibeluxError, "broken.toml"):
            vibelux.Embedder(self.broken)


class Ranking(unittest.TestCase):
    def test_the_nearest_songs_come_first(self):
        songs = np.eye(7)
        rows, cosines = vibelux.rank("happy=0.8,sad=0.2", songs, k=2)
        self.assertEqual([vibelux.EMOTIONS[row] for row in rows], ["happy", "sad"])
        expected = np.array([0.8, 0.2]) / math.hypot(0.8, 0.2)
        np.testing.assert_allclose(cosines, expected, atol=1e-6)

    def test_it_agrees_with_numpy(self):
        random = np.random.default_rng(7)
        songs = random.dirichlet(np.ones(7), 5000).astype(np.float32)
        mood = random.dirichlet(np.ones(7)).astype(np.float32)
        expected = songs @ mood / np.linalg.norm(songs, axis=1) / np.linalg.norm(mood)
        rows, cosines = vibelux.rank(mood, songs, k=20)
        np.testing.assert_allclose(cosines, np.sort(expected)[::-1][:20], atol=1e-5)
        np.testing.assert_allclose(expected[rows], cosines, atol=1e-5)

    def test_moods_are_texts_dicts_or_numbers(self):
        songs = np.eye(7)
        for mood in ("sad", {"sad": 1}, [0, 0, 0, 0, 0, 1, 0], np.eye(7)[5]):
            self.assertEqual(vibelux.rank(mood, songs, k=1)[0][0], 5)
        for mood, said in (({"glad": 1}, "glad"), ([1, 2], "seven"), ("glad", "glad"), ([-1] * 7, "-1")):
            with self.assertRaisesRegex(ValueError, said):
                vibelux.rank(mood, songs)
        with self.assertRaises(TypeError):
            vibelux.rank(object(), songs)
        with self.assertRaisesRegex(ValueError, "7 numbers each, not 6"):
            vibelux.rank("sad", np.ones((3, 6)))
        with self.assertRaisesRegex(ValueError, "song 1"):
            vibelux.rank("sad", [[1] * 7, [np.nan] * 7])


class Faces(unittest.TestCase):
    def test_pictures_without_faces_have_none(self):
        self.assertEqual(vibelux.read_face(np.zeros((120, 160), np.uint8)), [])
        self.assertEqual(vibelux.read_face(np.full((120, 160, 3), 128, np.uint8)), [])

    def test_what_is_no_picture_is_refused(self):
        with self.assertRaises(vibelux.PictureError):
            vibelux.read_face(b"no picture")
        with self.assertRaisesRegex(vibelux.PictureError, "absent.jpg"):
            vibelux.read_face("absent.jpg")
        with self.assertRaisesRegex(ValueError, "not 4"):
            vibelux.read_face(np.zeros((8, 8, 4), np.uint8))
        with self.assertRaises(TypeError):
            vibelux.read_face(np.zeros((8, 8), np.float32))

    def test_real_faces_are_read(self):
        data = os.environ.get("VIBELUX_FER2013")
        if not data:
            self.skipTest("SKIPPED: no faces (set VIBELUX_FER2013)")
        right = []
        for emotion in vibelux.EMOTIONS:
            folder = pathlib.Path(data) / "validation" / emotion
            for picture in sorted(folder.iterdir())[:20]:
                [face] = vibelux.read_face(picture, whole_image=True)
                right.append(face.emotion == emotion)
                self.assertAlmostEqual(float(face.vector.sum()), 1.0, places=5)
        self.assertGreater(np.mean(right), 0.5)


class Libraries(WithSongs):
    def test_an_empty_library_has_no_songs(self):
        library = vibelux.Library(self.base / "empty.db")
        self.assertEqual((len(library), library.paths, library.vectors.shape), (0, [], (0, 7)))
        self.assertEqual(library.rank("happy"), [])
        with self.assertRaises(vibelux.LibraryError):
            vibelux.Library(self.base)
        with self.assertRaisesRegex(ValueError, "postgres://"):
            vibelux.Library("postgres://me@host:port/x")

    @unittest.skipIf(pyarrow is None, "SKIPPED: no pyarrow")
    def test_parquet_comes_in_whole_and_twice_is_once(self):
        table = vibelux.Embedder().table([*self.songs, self.broken])
        table["vector"] = list(table["vector"])
        file = self.base / "songs.parquet"
        pyarrow.parquet.write_table(pyarrow.table(table), file)
        library = vibelux.Library(self.base / "library.db")
        self.assertEqual(library.import_parquet(file), 4)
        self.assertEqual(library.import_parquet(file), 0)
        self.assertEqual(len(library), 3)
        paths = [os.fspath(path) for path in library.paths]
        self.assertEqual(sorted(paths), sorted(self.songs))
        for path, vector in zip(paths, library.vectors):
            np.testing.assert_allclose(vector, vibelux.embed(path), atol=1e-6)
        best = library.rank(vibelux.embed(paths[0]), 1, include="jingle")[0]
        self.assertEqual(os.fspath(best.path), paths[0])
        self.assertAlmostEqual(best.cosine, 1.0, places=5)
        self.assertEqual(library.rank("happy", include="jingle", where="duration>1h"), [])
        with self.assertRaisesRegex(ValueError, "filter"):
            library.rank("happy", where="hapy>")

    @unittest.skipIf(pyarrow is None, "SKIPPED: no pyarrow")
    def test_columns_of_emotions_will_do_and_bad_rows_are_named(self):
        columns = {name: [0.1, 0.1, None] for name in vibelux.EMOTIONS}
        columns["happy"] = [0.9, float("nan"), 0.5]
        columns["path"] = ["/good.mp3", "/bad.mp3", "/worse.mp3"]
        folder = self.base / "parts"
        folder.mkdir()
        pyarrow.parquet.write_table(pyarrow.table(columns), folder / "1.parquet", compression="zstd")
        library = vibelux.Library(self.base / "emotions.db")
        with self.assertRaisesRegex(vibelux.LibraryError, "2 rows were refused, the first is /bad.mp3"):
            library.import_parquet(folder)
        self.assertEqual(len(library), 1)
        for name, content, said in (
            ("none.parquet", b"PAR1 no parquet PAR1", "none.parquet"),
            ("empty.parquet", b"", "empty.parquet"),
        ):
            (self.base / name).write_bytes(content)
            with self.assertRaisesRegex(vibelux.LibraryError, said):
                library.import_parquet(self.base / name)
        pyarrow.parquet.write_table(pyarrow.table({"path": ["/a"]}), self.base / "no.parquet")
        with self.assertRaisesRegex(vibelux.LibraryError, "vector"):
            library.import_parquet(self.base / "no.parquet")


if __name__ == "__main__":
    unittest.main()
