"""How often `diagnose` alarms at large networks that train well.

    python benchmarks/healthy_networks.py --out runs/healthy

Networks of keras.applications and, at a quarter of their width, those of the papers on
layers' changes are trained on CIFAR-10, from TFRWC_DATA_DIR, for a few epochs. That is
the hardest time for a diagnosis: normalised networks may stay near guessing for a
hundred steps. Each is diagnosed after every epoch by `RWCCallback(diagnose=True)`, and
at the end with the model and 128 examples. Writes healthy_networks.json beside this
file. A network whose accuracy at the end is no better than guessing is counted by
itself.
"""

import argparse
import json
import os
import warnings
from pathlib import Path

import keras
import numpy as np

from tfrwc import RWCCallback
from tfrwc.dynamics import diagnose
from tfrwc.models.registry import build

HERE = Path(__file__)
APPLICATIONS = (
    *("MobileNet", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0"),
    *("DenseNet121", "ResNet50V2", "VGG16"),
)
OWN = ("resnet18_narrow", "vgg19_narrow", "alexnet_narrow", "resnet10_tiny")
OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(1e-3),
    "sgd": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
}
CLASSES = 10


def images(number, seed):
    folder = Path(os.environ["TFRWC_DATA_DIR"])
    with np.load(folder / "cifar10_lossless_subset.npz", allow_pickle=False) as store:
        x, y = store["x_train"], store["y_train"].ravel()
    rows = np.random.default_rng(seed).permutation(len(x))[:number]
    return (x[rows] / 127.5 - 1).astype("float32"), y[rows].astype("int32")


def network(name):
    if name in OWN:
        return build(name, (32, 32, 3), CLASSES, weight_decay=5e-4)
    options = {"include_preprocessing": False} if "V3" in name else {}
    return getattr(keras.applications, name)(
        weights=None, input_shape=(32, 32, 3), classes=CLASSES, **options
    )


def run(name, optimizer, seed, number, epochs):
    keras.utils.set_random_seed(seed)
    x, y = images(number, seed)
    model = network(name)
    model.compile(
        OPTIMIZERS[optimizer](),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    steps = -(-number // 32) * epochs
    recorder = RWCCallback(every=max(1, steps // 60), diagnose=True)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        history = model.fit(
            x, y, batch_size=32, epochs=epochs, verbose=0, callbacks=[recorder]
        ).history
    after = diagnose(recorder.recording, model, (x[:128], y[:128]))
    return {
        "network": name,
        "optimizer": optimizer,
        "seed": seed,
        "steps": steps,
        "accuracy": history["accuracy"],
        "during": [str(w.message) for w in told if "said once" in str(w.message)],
        "after": [[f.kind, f.sure, f.evidence] for f in after],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/healthy"))
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--images", type=int, default=1600)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--networks", default=",".join([*OWN, *APPLICATIONS]))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    runs = []
    for seed in map(int, arguments.seeds.split(",")):
        for name in arguments.networks.split(","):
            for optimizer in OPTIMIZERS:
                path = arguments.out / f"{name}-{optimizer}-{seed}.json"
                if not path.exists():
                    told = run(
                        name, optimizer, seed, arguments.images, arguments.epochs
                    )
                    path.write_text(json.dumps(told))
                runs.append(json.loads(path.read_text()))
                print(json.dumps(runs[-1])[:300], flush=True)
    learned = [one for one in runs if one["accuracy"][-1] > 1.5 / CLASSES]
    told = {
        "command": "python benchmarks/healthy_networks.py "
        f"--networks {arguments.networks}",
        "backend": keras.backend.backend(),
        "images": arguments.images,
        "epochs": arguments.epochs,
        "networks that learn": len(learned),
        "of these with an alarm": sum(bool(x["during"] or x["after"]) for x in learned),
        "networks that do not learn here": len(runs) - len(learned),
        "runs": runs,
    }
    HERE.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
