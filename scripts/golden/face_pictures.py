#!/usr/bin/env python3
"""Writes the golden files of the face tests: pictures of every kind the decoder must read, and what PIL makes of them.

Needs Pillow and pillow-heif (which brings x265, for HEIC), and avifenc for an AVIF picture of tiles. Run from the
repository root: python3 scripts/golden/face_pictures.py
The pictures are drawn here; nobody's photograph is in them.
"""

import io
import json
import math
import struct
import subprocess
import tempfile
from pathlib import Path

import PIL
import pillow_heif
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()

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


def box(kind, *parts):
    """A box of an ISO base media file."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind, version, flags, *parts):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def boxes(data):
    """The boxes that lie one behind the other: kind and content."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + size]
        at += size


def find(data, *path):
    """The content of a box inside others."""
    for kind in path:
        data = next(content for found, content in boxes(data) if found == kind)
        if kind == b"meta":
            data = data[4:]  # its version
    return data


def coded(picture):
    """The HEVC configuration and the coded picture of a HEIC file with one item."""
    out = io.BytesIO()
    picture.save(out, "HEIF", quality=90, chroma=420)
    file = out.getvalue()
    properties = find(file, b"meta", b"iprp", b"ipco")
    configuration = next(content for kind, content in boxes(properties) if kind == b"hvcC")
    return configuration, find(file, b"mdat")


def tiled_heic(picture, tile, transform):
    """A HEIC file as phones write it: a grid of tiles, the last ones sticking out, and what is done to the whole."""
    width, height = picture.size
    columns, rows = -(-width // tile), -(-height // tile)
    canvas = Image.new("RGB", (columns * tile, rows * tile))
    canvas.paste(picture, (0, 0))
    tiles = [coded(canvas.crop((x * tile, y * tile, (x + 1) * tile, (y + 1) * tile)))
             for y in range(rows) for x in range(columns)]
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    items = [data for _, data in tiles] + [grid]
    ids = range(1, len(items) + 1)
    infos = [full_box(b"infe", 2, 0, struct.pack(">HH4s", item, 0, b"grid" if item == ids[-1] else b"hvc1"), b"\0")
             for item in ids]
    properties = [
        box(b"hvcC", tiles[0][0]),
        full_box(b"ispe", 0, 0, struct.pack(">II", tile, tile)),
        full_box(b"ispe", 0, 0, struct.pack(">II", width, height)),
        transform,
    ]
    associations = b"".join(struct.pack(">HBBB", item, 2, 0x81, 2) for item in ids[:-1])
    associations += struct.pack(">HBBB", ids[-1], 2, 3, 0x84)

    def meta(first):
        at, places = first, b""
        for item, data in zip(ids, items):
            places += struct.pack(">HHHII", item, 0, 1, at, len(data))
            at += len(data)
        return full_box(
            b"meta", 0, 0,
            full_box(b"hdlr", 0, 0, struct.pack(">I4s12s", 0, b"pict", b""), b"\0"),
            full_box(b"pitm", 0, 0, struct.pack(">H", ids[-1])),
            full_box(b"iloc", 0, 0, struct.pack(">BBH", 0x44, 0, len(items)), places),
            full_box(b"iinf", 0, 0, struct.pack(">H", len(infos)), *infos),
            full_box(b"iref", 0, 0, box(b"dimg", struct.pack(f">HH{len(tiles)}H", ids[-1], len(tiles), *ids[:-1]))),
            box(b"iprp", box(b"ipco", *properties),
                full_box(b"ipma", 0, 0, struct.pack(">I", len(items)), associations)),
        )

    head = box(b"ftyp", b"heic", struct.pack(">I", 0), b"mif1heic")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", *items)


def tiled_avif(picture):
    """An AVIF file of 2 x 2 tiles, turned and mirrored by its container."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "picture.png", Path(folder) / "picture.avif"
        picture.save(source)
        subprocess.run(["avifenc", "--grid", "2x2", "--irot", "1", "--imir", "0", "-y", "444", "--min", "5", "--max", "10",
                        source, target], check=True, capture_output=True)
        return target.read_bytes()


def write_newer_formats(rgb, rgba):
    """What phones and the web use beside JPEG and PNG."""
    large = smooth_rgb(64, 48)
    rgb.save(OUT / "lossy.webp", quality=95)
    rgb.save(OUT / "lossless.webp", lossless=True)
    rgba.save(OUT / "alpha.webp", lossless=True)
    rgb.save(OUT / "moving.webp", save_all=True, append_images=[Image.new("RGB", rgb.size, "red")], lossless=True)
    rgb.quantize(64).save(OUT / "palette.gif")
    rgb.quantize(64).save(OUT / "moving.gif", save_all=True, append_images=[Image.new("RGB", rgb.size, "red")])
    rgb.save(OUT / "rgb.bmp")
    rgb.quantize(64).save(OUT / "palette.bmp")
    rgb.save(OUT / "lzw.tiff", compression="tiff_lzw")
    rgb.save(OUT / "deflate.tiff", compression="tiff_adobe_deflate")
    rgb.convert("CMYK").save(OUT / "cmyk.tiff")
    rgb.convert("L").save(OUT / "grey.tiff")
    rgba.save(OUT / "alpha.tiff")
    large.save(OUT / "rgb.heic", quality=95, chroma=444)
    large.save(OUT / "420.heic", quality=90, chroma=420)
    large.convert("L").save(OUT / "grey.heic", quality=95)
    with_alpha = large.convert("RGBA")
    with_alpha.putalpha(Image.linear_gradient("L").resize(large.size))
    with_alpha.save(OUT / "alpha.heic", quality=95, chroma=444)
    # A quarter turn anticlockwise; top and bottom exchanged.
    (OUT / "tiled.heic").write_bytes(tiled_heic(smooth_rgb(100, 80), 64, box(b"irot", b"\1")))
    (OUT / "mirrored.heic").write_bytes(tiled_heic(smooth_rgb(70, 60), 64, box(b"imir", b"\0")))
    large.save(OUT / "rgb.avif", quality=95, subsampling="4:4:4")
    large.save(OUT / "420.avif", quality=90, subsampling="4:2:0")
    with_alpha.save(OUT / "alpha.avif", quality=95)
    (OUT / "tiled.avif").write_bytes(tiled_avif(smooth_rgb(128, 128)))


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
    write_newer_formats(rgb, rgba)

    # The same formula is in crop.rs.
    pattern = Image.new("L", (200, 150))
    pattern.putdata([(x * x // 9 + y * 3 + x * y // 16) % 256 for y in range(150) for x in range(200)])
    crops = []
    for left, top, side in [(10, 5, 140), (33.25, 7.5, 96.5), (0, 0, 48), (101.5, 60.25, 30.5), (0, 0, 150)]:
        kernel = Image.Resampling.HAMMING if side > 48 else Image.Resampling.BILINEAR
        crop = pattern.resize((48, 48), kernel, box=(left, top, left + side, top + side))
        crops.append({"left": left, "top": top, "side": side, "grey": list(crop.tobytes())})
    (OUT / "crops.json").write_text(json.dumps(crops) + "\n")

    expected = {}
    for path in sorted(path for path in OUT.iterdir() if path.suffix not in (".json", ".in")):
        # Pillow says how an AVIF picture is to be turned as if EXIF did.
        picture = ImageOps.exif_transpose(Image.open(path))
        if path.stem == "alpha":
            picture = picture.convert("RGBA")
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture).convert("RGB")
        if path.name == "grey16.png":
            values = [round(v / 257) for v in picture.getdata()]
        else:
            values = picture.convert("RGB").convert("L").tobytes()
        expected[path.name] = {"width": picture.width, "height": picture.height, "grey": bytes(values).hex()}
    (OUT / "expected.json").write_text(json.dumps({"pillow": PIL.__version__, "pictures": expected}) + "\n")


if __name__ == "__main__":
    main()
