#!/usr/bin/env python3
"""Writes the golden files of the face tests: pictures of every kind the decoder must read, and what PIL makes of them.

Needs Pillow. Run from the repository root: python3 scripts/golden/face_pictures.py
The pictures are drawn here; nobody's photograph is in them.
"""

import json
import math
from pathlib import Path

import PIL
from PIL import Image

OUT = Path("crates/vibelux/tests/golden/face")
COLOURS = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (1, 1, 1), (254, 255, 254),
           (12, 200, 77), (200, 12, 77), (77, 12, 200), (224, 172, 105), (141, 85, 36)]


def smooth_rgb(width, height):
    """A smooth coloured picture: JPEG keeps it within a few grey steps."""
    picture = Image.new("RGB", (width, height))
    picture.putdata([
        (int(128 + 100 * math.sin(x / 9)), int(40 + 180 * y / height), int(200 - 150 * x / width))
        for y in range(height) for x in range(width)
    ])
    return picture


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    lines = []
    for colour in COLOURS:
        grey = Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))
        lines.append(f"    ({list(colour)}, {grey}),")
    (OUT / "pil_l.in").write_text("[\n" + "\n".join(lines) + "\n]\n")

    rgb = smooth_rgb(40, 24)
    alpha = Image.new("L", rgb.size)
    alpha.putdata([255 if x < 20 else 0 for y in range(24) for x in range(40)])
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    grey16 = Image.new("I;16", rgb.size)
    grey16.putdata([min(65535, (x * 40 + y) * 41) for y in range(24) for x in range(40)])

    rgb.save(OUT / "rgb.png")
    rgb.save(OUT / "rgb.jpg", quality=95, subsampling=0)
    rgb.save(OUT / "progressive.jpg", quality=95, subsampling=0, progressive=True)
    rgb.convert("CMYK").save(OUT / "cmyk.jpg", quality=95)
    rgb.convert("L").save(OUT / "grey.png")
    rgb.convert("L").save(OUT / "grey.jpg", quality=95)
    rgb.convert("L").convert("1").save(OUT / "bilevel.png")
    rgb.quantize(64).save(OUT / "palette.png")
    rgba.save(OUT / "alpha.png")
    grey16.save(OUT / "grey16.png")

    # The same formula is in crop.rs.
    pattern = Image.new("L", (200, 150))
    pattern.putdata([(x * x // 9 + y * 3 + x * y // 16) % 256 for y in range(150) for x in range(200)])
    crops = []
    for left, top, side in [(10, 5, 140), (33.25, 7.5, 96.5), (0, 0, 48), (101.5, 60.25, 30.5), (0, 0, 150)]:
        kernel = Image.Resampling.HAMMING if side > 48 else Image.Resampling.BILINEAR
        crop = pattern.resize((48, 48), kernel, box=(left, top, left + side, top + side))
        crops.append({"left": left, "top": top, "side": side, "grey": list(crop.getdata())})
    (OUT / "crops.json").write_text(json.dumps(crops) + "\n")

    expected = {}
    for path in sorted(OUT.glob("*.png")) + sorted(OUT.glob("*.jpg")):
        picture = Image.open(path)
        if path.name == "alpha.png":
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture).convert("RGB")
        if path.name == "grey16.png":
            values = [round(v / 257) for v in picture.getdata()]
        else:
            values = list(picture.convert("RGB").convert("L").getdata())
        expected[path.name] = {"width": picture.width, "height": picture.height, "grey": values}
    (OUT / "expected.json").write_text(json.dumps({"pillow": PIL.__version__, "pictures": expected}) + "\n")


if __name__ == "__main__":
    main()
