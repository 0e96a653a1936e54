"""Train a network of your own on a folder of images of your own, as a pipeline.

    python examples/own_network.py IMAGES OUT

IMAGES holds a folder of images for each of two classes; OUT gets what each step makes,
and the model in OUT/saved_models. Without them, scikit-learn's digits are written to
own_images, and the pipeline runs in own_run. A second run takes everything from the
cache, until the images, this file or a parameter changes.

Formally private, for images of which each is of another person: DP-SGD with noise from
a key of the operating system. Needs the extra `tfrwc[privacy]`.
"""

import sys
from pathlib import Path

import keras
from PIL import Image
from sklearn.datasets import load_digits

from tfrwc.components import (
    ImageExampleGen,
    ModelBlesser,
    PrivacyEvaluator,
    RWCTrainer,
    SavedModelPusher,
)
from tfrwc.components.engine import local


def network(image_shape, classes):
    """The network: images in 0..255 to probabilities."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(image_shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def write_digits(folder):
    """Folders of the classes: digits below 5, and the others."""
    images, digits = load_digits(return_X_y=True)
    for i, (image, digit) in enumerate(zip(images, digits, strict=True)):
        path = folder / ("low" if digit < 5 else "high") / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = (image.reshape(8, 8) * 255 / 16).astype("uint8")
        Image.fromarray(pixels).save(path)


def main(images="own_images", out="own_run"):
    images, out = Path(images), Path(out)
    if not images.exists():
        write_digits(images)
    data = ImageExampleGen(
        dataset=str(images), purpose="two_classes", images_per_patient=1
    )
    examples = data.outputs["examples"]
    trainer = RWCTrainer(
        examples=examples,
        build=f"{Path(__file__).resolve()}:network",
        recipe="dp_sgd",
        epsilon=8.0,
        epochs=10,
    )
    trained = trainer.outputs
    evaluator = PrivacyEvaluator(
        examples=examples,
        model=trained["model"],
        recording=trained["recording"],
        statement=trained["statement"],
        arm="own",
    )
    evaluation = evaluator.outputs["evaluation"]
    blesser = ModelBlesser(evaluation=evaluation, epsilon_at_most=10.0)
    pusher = SavedModelPusher(
        model=trained["model"],
        statement=trained["statement"],
        evaluation=evaluation,
        blessing=blesser.outputs["blessing"],
        name="own",
        folder=str(out.resolve() / "saved_models"),
    )
    made = local.run([data, trainer, evaluator, blesser, pusher], out / "pipeline")
    statement = Path(made["RWCTrainer"]["statement"].uri, "privacy_statement.txt")
    print(statement.read_text())


if __name__ == "__main__":
    main(*sys.argv[1:])
