#!/usr/bin/env python3
"""Fetches music, speech and effects under free licences from Debian's packages, with a table of what is what.

    python3 scripts/research/free_audio.py FOLDER [--only PACKAGE ...]

FOLDER gets the sound files of each package and free.csv: path, package, kind (music, speech or effects), seconds,
fold, and the empty columns of emotions that a table of songs has. Fold "held" is about a quarter of the packages,
chosen by a hash of their names, to judge on: no package is in two folds. The largest collections of music are
never held, as there is too much to learn from in them. What a file is follows from its
package and its folder, by the rules below, tunes among games' sounds by their names; what no rule names is left out, and music of less than 20 seconds and effects of more than a minute. Of
equal files one is kept. Packages that are there already are not fetched again; absent ones are named. Modules of
trackers and Opus are rendered as FLAC. Needs apt-get with package lists, dpkg-deb, and ffmpeg with libopenmpt. Nothing of it
goes into the repository.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tables import TARGETS, write_table

SOUNDS = {".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav", ".m4a"}
MODULES = {".xm", ".mod", ".it", ".s3m"}
# Opus too, which takes long to decode again and again.
RENDERED = MODULES | {".opus"}
ARCHIVES = {".zip", ".pk3", ".pk4"}
SHORTEST_MUSIC_SECONDS = 20
# A longer one may well be music in the wrong folder.
LONGEST_EFFECT_SECONDS = 60
LONGEST_MODULE_SECONDS = 300
HELD_SHARE = 0.25
# A package with more music is to learn from.
MOST_HELD_MINUTES = 100
# Of speech and effects; thousands of syllables of one voice teach no more.
MOST_FILES = 400

# What lies in a folder, by a part of its path in lower case; the first that fits.
SPEECH = [(r"/(voices?|speech|announcer|dialogs?|narration|mk-viii|tcas)/", "speech")]
MUSIC = [(r"/(musics?|ogg-music|soundtracks?|bgm|tunes|zik|tracks|songs|modules?)(/|-|\.|_)|_soundtrack/", "music")]
EFFECTS = [(r"/(sounds?|sfx|fx|snd|effects|wavs?|ambience|samples|noises|audio|media)/", "effects")]
GAME = SPEECH + MUSIC + EFFECTS
# Tunes that lie among the sounds of games, as their names say.
TUNES = re.compile(
    r"lugaru-Sounds-Music|parsec47-sounds-ptn|tumiki-fighters-sounds-\w+\.ogg|rrootage-sounds-stg|-jorito-[\w-]+\.ogg|"
    r"lomiri-ringtones|klavir-music|ride_of_the_valkyries|frog_music|overture|_theme|theme_|Paradroid|destiny_facedown|"
    r"alienblaster-sound-(intro|playon)|flightgear-Sounds-intro|lenautile_restaurant|gnu_flute")
KINDS = ("music", "speech", "effects")
ALL = {kind: [("", kind)] for kind in KINDS}

PACKAGES = {
    **dict.fromkeys(
        """asc-music drascula-music fb-music-high fretsonfire-songs-muldjord fretsonfire-songs-sectoid hyperrogue-music
        nexuiz-music planetblupi-music-ogg singularity-music ufoai-music warzone2100-music wesnoth-1.16-music
        xblast-tnt-musics heroes-sound-tracks""".split(), ALL["music"]),
    **dict.fromkeys(
        """asterisk-core-sounds-en-wav asterisk-core-sounds-es-wav asterisk-core-sounds-fr-wav asterisk-core-sounds-it-wav
        asterisk-core-sounds-ru-wav asterisk-prompt-it-menardi-wav festvox-ru gcin-voice kajongg klettres-data
        ktuberling-data tuxtype-data""".split(), ALL["speech"]),
    **dict.fromkeys(
        """bucklespring-data heroes-sound-effects lugaru-data minetest-data oxygen-sounds sound-theme-freedesktop
        ufoai-sound wordwarvi-sound emacspeak hydrogen-drumkits-effects yaru-theme-sound deepin-sound-theme
        lomiri-sounds gnome-audio wesnoth-1.16-data boswars-data triplea mirrormagic-data freeorion-data
        netpanzer-data csmash-data atanks-data bzflag-data""".split(), ALL["effects"]),
    # Words in many languages, and noises that show what they mean.
    "qabcs-data": [("/noises/", "effects"), ("/words/", "speech")],
    "tuxpaint-stamps-default": [(r"_desc(_\w+)?\.\w+$", "speech"), ("/stamps/", "effects")],
    # People speak Czech and Dutch in it.
    "fillets-ng-data-cs": [("/music/", "music"), ("/(cs|nl)/", "speech")],
    "fillets-ng-data-nl": [("/music/", "music"), ("/(cs|nl)/", "speech")],
    "planetblupi-common": [("/sound/", "effects")],
    "hedgewars-data": [("/voices/", "speech"), ("/music/", "music"), ("/sounds/", "effects")],
    "scratch": [("/music loops/", "music"), ("/(human|vocals)/", "speech"), ("/(animal|effects|percussion)/", "effects")],
    **dict.fromkeys(
        """0ad-data amoebax-data angrydd ardentryst berusky2-data biniax2-data bomberclone-data btanks-data
        colobot-common-sounds davegnukem-data endless-sky-data enigma-data etw-data extremetuxracer-data fillets-ng-data
        flare-game flightgear-data-base flobopuyo freecol freedroid-data freedroidrpg-data frozen-bubble-data
        garden-of-coloured-lights-data gigalomania-data gl-117-data glob2-data gunroar-data lincity-ng-data lordsawar-data
        marsshooter-data mazeofgalious-data megaglest-data miceamaze mu-cade-data naev-data neverball-common open-invaders-data
        openarena-data openarena-085-data openarena-088-data openarena-oacmp1 openclonk-data pathological pekka-kana-2-data
        pingus-data pink-pony-data plee-the-bear-data rafkill-data raincat-data redeclipse-data ri-li-data scorched3d-data
        seahorse-adventures searchandrescue-data solarwolf starfighter-data supertux-data supertuxkart-data tecnoballz-data titanion-data
        torcs-data torus-trooper-data trackballs-data unknown-horizons val-and-rick-data warmux-data widelands-data wing-data
        wizznic-data xmoto-data alienblaster-data ceferino-data chromium-bsu-data circuslinux-data holotz-castle-data
        madbomber-data pushover-data rrootage-data parsec47-data tumiki-fighters-data geki2 geki3 powermanga-data sdl-ball-data
        zaz-data meritous-data dustracing2d-data performous caveexpress-data hannah-data""".split(), GAME),
}


def kind_of(rules: list[tuple[str, str]], path: str) -> str | None:
    return next((kind for part, kind in rules if re.search(part, path.lower())), None)


def without_tunes(rows: list[dict]) -> list[dict]:
    """The rows, tunes among effects as the music that they are; what is too short for music is left out."""
    def is_tune(row: dict) -> bool:
        return row["kind"] == "effects" and TUNES.search(row["path"]) is not None

    long_enough = [row for row in rows if not is_tune(row) or row["seconds"] >= SHORTEST_MUSIC_SECONDS]
    return [{**row, "kind": "music"} if is_tune(row) else row for row in long_enough]


def seconds_of(path: Path) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "json", str(path)]
    said = subprocess.run(command, capture_output=True, check=False).stdout or b"{}"
    return float(json.loads(said).get("format", {}).get("duration", 0))


def unpack_archives(folder: Path) -> None:
    for archive in [p for p in folder.rglob("*") if p.suffix.lower() in ARCHIVES and p.is_file() and not p.is_symlink()]:
        with zipfile.ZipFile(archive) as packed:
            for name in packed.namelist():
                if Path(name).suffix.lower() in SOUNDS | MODULES:
                    packed.extract(name, archive.with_name(archive.name + ".d"))
        archive.unlink()


def fetch(package: str, rules: list[tuple[str, str]], folder: Path, seen: set[str]) -> list[dict]:
    """Unpacks a package into its folder; a row for every sound in it that a rule names."""
    rows = []
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        subprocess.run(["apt-get", "-q", "download", package], cwd=work, check=True, capture_output=True)
        tree = Path(work) / "tree"
        subprocess.run(["dpkg-deb", "-x", next(Path(work).glob("*.deb")), tree], check=True)
        unpack_archives(tree)
        part = Path(work) / "kept"
        part.mkdir()
        sources = [p for p in tree.rglob("*") if p.suffix.lower() in SOUNDS | MODULES and p.is_file() and not p.is_symlink()]
        digests = {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in sources}
        # In the order of their contents, so that the first are any.
        for source in sorted(sources, key=digests.__getitem__):
            suffix, digest = source.suffix.lower(), digests[source]
            path = "/" + str(source.relative_to(tree))
            kind = "music" if suffix in MODULES else kind_of(rules, path)
            enough = kind != "music" and sum(row["kind"] == kind for row in rows) >= MOST_FILES
            if kind is None or digest in seen or enough:
                continue
            seen.add(digest)
            name = re.sub(r"^(usr-)?(share-)?(games-)?", "", re.sub(r"[^\w.]+", "-", path.lstrip("/")))
            name = f"{digest[:6]}-{name}"
            target = part / name
            if suffix in RENDERED:
                target = target.with_name(target.name + ".flac")
                longest = ["-t", str(LONGEST_MODULE_SECONDS)] if suffix in MODULES else []
                command = ["ffmpeg", "-v", "error", *longest, "-i", source, "-ac", "2", "-ar", "32000", "-sample_fmt", "s16", target]
                if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                    continue
            else:
                shutil.copy(source, target)
            seconds = seconds_of(target)
            too_short = seconds < (SHORTEST_MUSIC_SECONDS if kind == "music" else 0.1)
            if too_short or (kind == "effects" and seconds > LONGEST_EFFECT_SECONDS):
                target.unlink()
                continue
            rows.append({"path": f"{package}/{target.name}", "package": package, "kind": kind, "seconds": round(seconds, 2), "sha256": digest})
        with open(part / "rows.json", "w", encoding="utf-8") as file:
            json.dump(rows, file)
        part.rename(folder)
    return rows


def is_held(package: str, rows: list[dict]) -> bool:
    """By the package alone, so that it does not change with what else there is."""
    music = sum(row["seconds"] for row in rows if row["package"] == package and row["kind"] == "music")
    chosen = int(hashlib.sha256(package.encode()).hexdigest()[:8], 16) < HELD_SHARE * 2**32
    return chosen and music <= 60 * MOST_HELD_MINUTES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", help="packages; all that are listed in this script unless told")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict] = []
    seen: set[str] = set()
    for cached in args.folder.glob("*/rows.json"):
        seen |= {row["sha256"] for row in json.loads(cached.read_text(encoding="utf-8"))}
    for package, rules in sorted(PACKAGES.items()):
        if args.only and package not in args.only:
            continue
        folder = args.folder / package
        if (folder / "rows.json").exists():
            found = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
        else:
            try:
                found = fetch(package, rules, folder, seen)
            except (subprocess.CalledProcessError, StopIteration, zipfile.BadZipFile) as error:
                print(f"{package}: {error}", file=sys.stderr)
                continue
        found = without_tunes(found)
        rows += found
        minutes = {kind: sum(r["seconds"] for r in found if r["kind"] == kind) / 60 for kind in KINDS}
        print(package, ", ".join(f"{kind} {m:.1f} min" for kind, m in minutes.items() if m), file=sys.stderr, flush=True)

    held = {package for package in {row["package"] for row in rows} if is_held(package, rows)}
    folded = [{**row, "fold": "held" if row["package"] in held else "free"} for row in rows]
    write_table(args.folder / "free.csv", folded, ["path", "package", "kind", "seconds", "fold", *TARGETS])
    for kind in KINDS:
        for fold, inside in [("free", False), ("held", True)]:
            chosen = [r for r in rows if r["kind"] == kind and (r["package"] in held) == inside]
            print(f"{kind}, {fold}: {len(chosen)} files of {len({r['package'] for r in chosen})} packages, "
                  f"{sum(r['seconds'] for r in chosen) / 3600:.1f} hours")


if __name__ == "__main__":
    main()
