"""Drawn pictures with faces in known places: what detectors.py compares detectors on. No photograph is in them but the faces.

The background is a gradient with smooth noise, texture, shapes and words. A face is one of FER2013's grey 48x48 crops, enlarged,
perhaps tilted; its border goes on, mirrored, while it fades into the background, because a real head goes on beyond the crop
and a hard edge would be a feature of its own. All of it follows from a seed and the scene's number.
"""
import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy

CROP = 48
# How far beyond the crop its mirrored border can be seen, in sides of the crop.
FADE = 0.25
# Faces lie so far apart that none fades into another: half a tilted square and its fading border, in sides.
APART = 0.5 * 2**0.5 + FADE
# The side of what detectors call the face, in sides of the crop: FER2013's crops are 1.09 times as wide as the boxes that
# SeetaFace gives and 1.06 times as wide as YuNet's, about the same middle; this lies between.
HEAD = 0.93
MOST_FACES = 4
PLACES_TRIED = 60
LIGHTS = ("plain", "dim", "blurred", "noisy")
TILTS = (0, 15, 30, 45)
WORDS = ("EXIT", "Radio", "open 9-18", "MUSIC", "No. 7", "coffee", "o_o", "8:08", "(Oo)", "Room 12")


@dataclass(frozen=True)
class Kind:
    """What scenes of one kind have in common."""

    name: str
    size: tuple[int, int]
    # The smallest and the largest side of a crop, in shares of the width.
    sides: tuple[float, float]
    # Whether heads are tilted and the light is bad in half of the cases.
    hard: bool
    # Sigma of the fine grain that every camera has.
    grain: float


@dataclass(frozen=True)
class Truth:
    """A face that was laid into a scene: its crop, a square about a middle, in pixels and degrees."""

    centre: tuple[float, float]
    crop_side: float
    tilt: int

    def box(self) -> numpy.ndarray:
        """Left, top, width and height of the face; a tilted head keeps the square of the upright one."""
        side = HEAD * self.crop_side
        return numpy.array([self.centre[0] - side / 2, self.centre[1] - side / 2, side, side])


@dataclass(frozen=True)
class Scene:
    path: Path
    kind: Kind
    light: str
    faces: list[Truth]
    # Boxes of the drawn ovals with three spots, which are no faces but near to it.
    masks: list[numpy.ndarray]


def crops(fer2013: Path) -> list[Path]:
    """The faces of validation/, without those that one of FER+'s ten people calls no face where labels.csv says so."""
    no_face = set()
    labels = fer2013 / "labels.csv"
    if labels.exists():
        with labels.open(newline="", encoding="utf-8") as file:
            no_face = {row["file"] for row in csv.DictReader(file) if row["NF"] not in ("", "0")}
    paths = sorted(fer2013.glob("validation/*/*.png"))
    return [path for path in paths if path.relative_to(fer2013).as_posix() not in no_face]


def make(kind: Kind, count: int, faces: list[Path], seed: int, out: Path):
    """Draws scenes of a kind into a folder, one after the other; each is yielded when it is there."""
    order = numpy.random.default_rng([seed, *kind.size]).permutation(len(faces))
    used = 0
    for number in range(count):
        path = out / f"{kind.name}-{number:04}.png"
        draw = numpy.random.default_rng([seed, *kind.size, number])
        picture, masks = background(kind.size, draw)
        light, truths = "plain", []
        if kind.hard and draw.random() < 0.5:
            light = str(draw.choice(LIGHTS[1:]))
        for _ in range(draw.integers(0, MOST_FACES + 1)):
            truth = place(kind, truths, draw)
            if truth is not None:
                truths.append(truth)
                # No face twice before all have been used.
                crop = cv2.imread(str(faces[order[used % len(faces)]]), cv2.IMREAD_GRAYSCALE)
                used += 1
                lay(picture, crop.astype("f4"), truth)
        picture = lit(picture, light, kind, draw)
        cv2.imwrite(str(path), picture.clip(0, 255).astype("u1"), [cv2.IMWRITE_PNG_COMPRESSION, 1])
        yield Scene(path, kind, light, truths, masks)


def place(kind: Kind, others: list[Truth], draw: numpy.random.Generator) -> Truth | None:
    """Where one more face has room, whole; sizes are drawn evenly in their logarithm."""
    width, height = kind.size
    side = width * float(numpy.exp(draw.uniform(*numpy.log(kind.sides))))
    tilt = int(draw.choice(TILTS[1:]) * draw.choice([-1, 1])) if kind.hard and draw.random() < 0.5 else 0
    turned = numpy.radians(abs(tilt))
    half = side / 2 * (numpy.cos(turned) + numpy.sin(turned))
    for _ in range(PLACES_TRIED):
        if 2 * half >= height:
            return None
        centre = (draw.uniform(half, width - half), draw.uniform(half, height - half))
        gaps = [max(abs(centre[0] - o.centre[0]), abs(centre[1] - o.centre[1])) - APART * (side + o.crop_side) for o in others]
        if all(gap >= 0 for gap in gaps):
            return Truth(centre, side, tilt)
    return None


def lay(picture: numpy.ndarray, crop: numpy.ndarray, truth: Truth) -> None:
    """Lays a crop over the picture, whole within its square, fading out beyond."""
    height, width = picture.shape
    reach = truth.crop_side * APART + 2
    left, top = (max(0, int(middle - reach)) for middle in truth.centre)
    right, bottom = (min(end, int(middle + reach)) for end, middle in zip((width, height), truth.centre))
    scale = truth.crop_side / CROP
    turn = cv2.getRotationMatrix2D(((CROP - 1) / 2, (CROP - 1) / 2), -truth.tilt, scale)
    turn[:, 2] += numpy.array([truth.centre[0] - left, truth.centre[1] - top]) - CROP / 2
    window = (right - left, bottom - top)
    # Small faces are averaged down, as a camera does; enlarging is cubic, so that no grid of pixels shows.
    if scale < 1:
        crop = cv2.GaussianBlur(crop, (0, 0), 0.5 * (1 / scale**2 - 1) ** 0.5 + 1e-3)
    face = cv2.warpAffine(crop, turn, window, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    # Where in the crop a pixel comes from, in its sides.
    back = cv2.invertAffineTransform(turn)
    columns, rows = numpy.meshgrid(numpy.arange(window[0], dtype="f4"), numpy.arange(window[1], dtype="f4"))
    beyond = []
    for row in back.astype("f4"):
        share = (row[0] * columns + row[1] * rows + row[2] + 0.5) / CROP
        beyond.append(numpy.maximum(numpy.maximum(-share, share - 1), 0))
    near = (1 - numpy.hypot(*beyond) / FADE).clip(0, 1)
    weight = near * near * (3 - 2 * near)
    under = picture[top:bottom, left:right]
    under += weight * (face - under)


def background(size: tuple[int, int], draw: numpy.random.Generator) -> tuple[numpy.ndarray, list[numpy.ndarray]]:
    """A gradient with noise, perhaps a texture, shapes and words; and where among them masks are."""
    width, height = size
    columns = numpy.linspace(-1, 1, width, dtype="f4")
    rows = numpy.linspace(-1, 1, height, dtype="f4")[:, None]
    picture = draw.uniform(60, 180) + draw.uniform(-45, 45) * columns + draw.uniform(-45, 45) * rows
    picture = picture.astype("f4")
    for cells, amplitude in ((4, 35), (12, 18), (40, 10), (120, 6)):
        picture += smooth_noise(size, cells, draw.uniform(0, amplitude), draw)
    if draw.random() < 0.5:
        picture += texture(size, draw)
    # OpenCV draws smooth edges into bytes only.
    picture = picture.clip(0, 255).astype("u1")
    drawn = [shape(picture, draw) for _ in range(draw.integers(3, 16))]
    masks = [box for box in drawn if box is not None]
    # Drawn edges are sharper than any lens.
    return cv2.GaussianBlur(picture.astype("f4"), (0, 0), 0.8 * width / 640), masks


def smooth_noise(size: tuple[int, int], cells: int, amplitude: float, draw: numpy.random.Generator) -> numpy.ndarray:
    """Random knots, so many across, and what lies smoothly between them."""
    knots = draw.normal(0, amplitude, (max(2, cells * size[1] // size[0]), cells)).astype("f4")
    return cv2.resize(knots, size, interpolation=cv2.INTER_CUBIC)


def texture(size: tuple[int, int], draw: numpy.random.Generator) -> numpy.ndarray:
    """Stripes, tiles or rough cloth all over."""
    width, height = size
    kind, pitch, strength = draw.integers(3), draw.uniform(0.01, 0.06) * width, draw.uniform(5, 30)
    if kind == 2:
        return smooth_noise(size, int(draw.integers(150, 320)), strength / 2, draw)
    turned = draw.uniform(0, numpy.pi)
    columns, rows = numpy.arange(width, dtype="f4"), numpy.arange(height, dtype="f4")[:, None]
    waves = numpy.sin((columns * numpy.cos(turned) + rows * numpy.sin(turned)) * (2 * numpy.pi / pitch))
    if kind == 1:
        waves = waves * numpy.sin((columns * numpy.sin(turned) - rows * numpy.cos(turned)) * (2 * numpy.pi / pitch))
    return (strength * numpy.tanh(3 * waves)).astype("f4")


def shape(picture: numpy.ndarray, draw: numpy.random.Generator) -> numpy.ndarray | None:
    """One thing, at a place and in a grey of its own; its box if it is a mask."""
    height, width = picture.shape
    grey = draw.uniform(10, 245)
    x, y = int(draw.uniform(0, width)), int(draw.uniform(0, height))
    size = width * float(numpy.exp(draw.uniform(*numpy.log((0.02, 0.3)))))
    line = max(1, int(draw.uniform(0.002, 0.02) * width))
    kind = draw.integers(7)
    if kind == 0:
        end = (x + int(size), y + int(size * draw.uniform(0.3, 2)))
        cv2.rectangle(picture, (x, y), end, grey, draw.choice([-1, line]), cv2.LINE_AA)
    elif kind == 1:
        axes = (max(1, int(size / 2)), max(1, int(size * draw.uniform(0.2, 0.8))))
        cv2.ellipse(picture, (x, y), axes, draw.uniform(0, 180), 0, 360, grey, draw.choice([-1, line]), cv2.LINE_AA)
    elif kind == 2:
        cv2.line(picture, (x, y), (int(draw.uniform(0, width)), int(draw.uniform(0, height))), grey, line, cv2.LINE_AA)
    elif kind == 3:
        corners = (numpy.array([x, y]) + draw.uniform(-size, size, (draw.integers(3, 7), 2))).astype("i4")
        cv2.fillPoly(picture, [corners], grey, cv2.LINE_AA)
    elif kind == 4:
        word, scale = str(draw.choice(WORDS)), size / 60
        width = max(1, int(2 * scale))
        cv2.putText(picture, word, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, grey, width, cv2.LINE_AA)
    elif kind == 5:
        # A mask: an upright oval with three dark spots, as sockets and plugs have.
        cv2.ellipse(picture, (x, y), (max(1, int(size * 0.38)), max(1, int(size * 0.5))), 0, 0, 360, grey, -1, cv2.LINE_AA)
        for across, down in ((-0.15, -0.1), (0.15, -0.1), (0, draw.uniform(0.1, 0.3))):
            spot = (x + int(across * size), y + int(down * size))
            cv2.circle(picture, spot, max(1, int(size * draw.uniform(0.03, 0.08))), grey * 0.4, -1, cv2.LINE_AA)
        return numpy.array([x - size / 2, y - size / 2, size, size])
    else:
        # A shelf, a window, a keyboard.
        across, down = draw.integers(2, 6, 2)
        step = max(3, int(size / across))
        for row in range(down):
            for column in range(across):
                corner = (x + column * step, y + row * step)
                end = (corner[0] + int(step * 0.8), corner[1] + int(step * 0.8))
                cv2.rectangle(picture, corner, end, grey + draw.uniform(-20, 20), -1, cv2.LINE_AA)
    return None


def lit(picture: numpy.ndarray, light: str, kind: Kind, draw: numpy.random.Generator) -> numpy.ndarray:
    """The scene as a camera takes it."""
    grain = kind.grain
    if light == "dim":
        # A seventh to a third of the light, and the grain of a sensor that strains.
        picture, grain = picture * draw.uniform(0.14, 0.33), 4.0
    elif light == "blurred":
        picture = cv2.GaussianBlur(picture, (0, 0), draw.uniform(1.5, 3))
    elif light == "noisy":
        grain = draw.uniform(15, 30)
    if grain > 0:
        picture = picture + draw.normal(0, grain, picture.shape).astype("f4")
    return picture
