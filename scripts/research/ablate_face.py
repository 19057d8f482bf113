#!/usr/bin/env python3
"""Trains the small face net with one choice changed at a time and tabulates what each is worth.

    python3 scripts/research/ablate_face.py DATA OUT [NAME...]

DATA has train/, validation/ and labels.csv; OUT gets one run folder per variant (finished ones are
not run again, interrupted ones resume) and ablation.csv. The runs are short (12 epochs), so the
figures compare choices; they are not the best that the net can do. Needs a release build.
"""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

VIBELUX = Path(__file__).resolve().parents[2] / "target" / "release" / "vibelux"
EPOCHS = 12
GROWING = """
[[sizes]]
until = 0.34
side = 24

[[sizes]]
until = 0.67
side = 36
"""
NO_AUGMENTATION = {
    "rotation_degrees": "0.0", "scale": "0.0", "shift": "0.0", "brightness": "0.0",
    "contrast": "0.0", "gamma": "0.0", "blur_probability": "0.0", "noise": "0.0",
    "erase_probability": "0.0", "dark_probability": "0.0", "jpeg_probability": "0.0",
}
# Without what only bad cameras do, and with gentler geometry.
MILD = {
    "scale": "0.2", "shift": "0.1", "blur_probability": "0.1", "noise": "0.03",
    "dark_probability": "0.0", "jpeg_probability": "0.0", "noise_probability": "1.0",
}
# Name, keys that differ from the base, whether images grow.
BASE = {"soft_target_weight": "0.1"}
VARIANTS = {
    "base": ({}, True),
    "votes-0.3": ({"soft_target_weight": "0.3"}, True),
    # Not 0: that would also bring back the images that the votes call no face.
    "hard-labels": ({"soft_target_weight": "0.000001"}, True),
    "label-smoothing-0.1": ({"label_smoothing": "0.1"}, True),
    "no-mixup": ({"mixup": "0.0"}, True),
    "flip-only": (NO_AUGMENTATION, True),
    "mild-augmentation": (MILD, True),
    "no-erasing": ({"erase_probability": "0.0"}, True),
    "no-average": ({"ema_decay": "0.0"}, True),
    "f32": ({"precision": '"f32"'}, True),
    "full-size": ({}, False),
    "seed-2": ({"seed": "2"}, True),
    "sgd": ({"kind": '"sgd"', "learning_rate": "0.05", "weight_decay": "0.0005"}, True),
}


def configuration(data: Path, changes: dict[str, str], growing: bool) -> str:
    """The default preset with some values replaced."""
    command = [VIBELUX, "train", "face", data, "--preset", "default", "--epochs", str(EPOCHS), "--print-config"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    text = re.sub(r"\n\[\[sizes\]\]\n(?:[a-z]+ = .*\n)+", "\n", text)
    for key, value in changes.items():
        # `kind` also names the task; the optimiser's comes first.
        text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text, count=1)
        if count == 0:
            sys.exit(f"the preset has no {key}")
    return text.replace("\n[optimiser]", GROWING + "\n[optimiser]", 1) if growing else text


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    unknown = [name for name in sys.argv[3:] if name not in VARIANTS]
    if unknown:
        sys.exit(f"no such variant: {', '.join(unknown)}; there are {', '.join(VARIANTS)}")
    if not (data / "labels.csv").exists():
        sys.exit(f"{data}/labels.csv is not there: without votes there is nothing to compare with")
    out.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[3:] or VARIANTS:
        run = out / name
        if (run / "report.json").exists():
            continue
        command = [VIBELUX, "train", "face", data, "--out", run]
        if (run / "checkpoint.safetensors").exists():
            command += ["--resume"]
        else:
            config = out / f"{name}.toml"
            config.write_text(configuration(data, BASE | VARIANTS[name][0], VARIANTS[name][1]))
            command += ["--config", config]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    rows = []
    for name in VARIANTS:
        path = out / name / "report.json"
        if not path.exists():
            continue
        report = json.loads(path.read_text())
        with open(out / name / "metrics.csv", newline="") as file:
            seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
        soft = report["soft"]
        rows.append([
            name, f"{report['accuracy'] * 100:.1f}", f"{report['balanced_accuracy'] * 100:.1f}",
            f"{soft['kl_divergence']:.3f}", f"{soft['cosine']:.3f}", f"{seconds:.0f}",
        ])
    header = ["variant", "accuracy", "balanced", "kl_to_votes", "cosine_to_votes", "seconds"]
    with open(out / "ablation.csv", "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    for row in [header, *rows]:
        print("{:<22}".format(row[0]) + "".join(f"{value:>17}" for value in row[1:]))


if __name__ == "__main__":
    main()
