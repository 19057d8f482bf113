#!/usr/bin/env python3
"""Tests of detectors.py: that faces lie where the truth says, that scenes follow their seed, and what counts as found.

    python3 scripts/compare/test_detectors.py

Needs numpy and opencv-python-headless, and no data.
"""
import math
import tempfile
import unittest
from pathlib import Path

import cv2
import numpy

import detector_scenes
from detector_scenes import HEAD, Kind, Scene, Truth
from detectors import WEBCAM, Tally, is_on, wilson


class Scenes(unittest.TestCase):
    def test_a_crop_lies_where_the_truth_says(self):
        for side, tilt in ((40, 0), (150, 0), (150, 30), (96, -45)):
            crop = numpy.zeros((48, 48), "f4")
            # A spot 8 of 48 px left of the middle: far enough in, so that it is not seen mirrored.
            crop[22:26, 14:18] = 255
            picture = numpy.zeros((480, 640), "f4")
            detector_scenes.lay(picture, crop, Truth((300.0, 200.0), side, tilt))
            rows, columns = numpy.mgrid[:480, :640] + 0.5
            seen = ((picture * columns).sum() / picture.sum(), (picture * rows).sum() / picture.sum())
            # Clockwise on the screen: what is left of the middle rises.
            turned = math.radians(tilt)
            right = (300 - side / 6 * math.cos(turned), 200 - side / 6 * math.sin(turned))
            self.assertLess(math.dist(seen, right), 0.1, (side, tilt, seen, right))

    def test_scenes_follow_the_seed_and_their_faces_lie_apart_and_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            face = Path(folder) / "face.png"
            cv2.imwrite(str(face), numpy.random.default_rng(1).integers(0, 255, (48, 48)).astype("u1"))
            made = []
            for seed in (1, 1, 2):
                scenes = list(detector_scenes.make(WEBCAM, 12, [face], seed, Path(folder)))
                made.append(([scene.faces for scene in scenes], [hash(scene.path.read_bytes()) for scene in scenes]))
            self.assertEqual(made[0], made[1])
            self.assertNotEqual(made[0], made[2])
            self.assertGreater(sum(map(len, made[0][0])), 5)
            for faces in made[0][0]:
                for i, face in enumerate(faces):
                    box = face.box()
                    self.assertTrue((box[:2] >= 0).all() and (box[:2] + box[2:] <= WEBCAM.size).all())
                    for other in faces[:i]:
                        gap = abs(box + numpy.r_[box[2:] / 2, 0, 0] - other.box() - numpy.r_[other.box()[2:] / 2, 0, 0])
                        self.assertGreater(max(gap[:2]), (face.crop_side + other.crop_side) / 2)


class Found(unittest.TestCase):
    truth = numpy.array([100.0, 100.0, 80.0, 80.0])

    def box(self, right: float = 0, down: float = 0, times: float = 1) -> numpy.ndarray:
        side = 80 * times
        return numpy.array([140 + right - side / 2, 140 + down - side / 2, side, side, 0.9])

    def test_near_boxes_of_about_the_size_are_on_the_face(self):
        for box in (self.box(), self.box(19, -19), self.box(times=1.9), self.box(times=0.55), self.box(34)):
            self.assertTrue(is_on(box, self.truth), box)
        for box in (self.box(35), self.box(times=2.1), self.box(times=0.45), self.box(21, 21, 0.6)):
            self.assertFalse(is_on(box, self.truth), box)

    def test_each_face_is_found_once_and_what_is_on_none_is_false(self):
        kind = Kind("small", (640, 480), (0.1, 0.2), hard=False, grain=0.0)
        faces = [Truth((140.0, 140.0), 80 / HEAD, 0), Truth((500.0, 300.0), 80 / HEAD, 0)]
        scene = Scene(Path(), kind, "plain", faces, [numpy.array([280.0, 10.0, 60.0, 60.0])])
        elsewhere = numpy.array([300.0, 400.0, 50.0, 50.0, 0.75])
        on_mask = numpy.array([285.0, 15.0, 50.0, 50.0, 0.6])
        tally = Tally(0.7)
        tally.add(scene, numpy.array([self.box() - [0, 0, 0, 0, 0.1], self.box(5), elsewhere, on_mask]))
        self.assertEqual(tally.found().tolist(), [True, False])
        self.assertEqual(tally.found(0.95).tolist(), [False, False])
        self.assertEqual([tally.per_hundred(of, [0]) for of in (tally.second, tally.false, tally.masks)], [100, 100, 0])
        self.assertEqual([tally.per_hundred(of, [0], 0.5) for of in (tally.false, tally.masks)], [200, 100])
        nobody = Tally(0.7)
        nobody.add(scene, numpy.zeros((0, 5)))
        self.assertEqual(nobody.found(0.0).tolist(), [False, False])

    def test_intervals_are_wilsons(self):
        # Newcombe 1998, table 1: 81 of 263 is 0.2553 to 0.3662.
        self.assertEqual(wilson(81, 263), "30.8 (26-37)")
        self.assertEqual(wilson(0, 20), "0.0 (0-16)")


if __name__ == "__main__":
    unittest.main()
