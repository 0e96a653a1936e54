"""The images of a trial."""

from dataclasses import replace

import numpy as np

from tfrwc import datasets


def load_images(dataset: str, images: int | None = None) -> datasets.ImageSet:
    """A set, or as many of its training images and a quarter as many test images.

    Args:
        dataset: as in `tfrwc.datasets.load`.
        images: how many training images, drawn once for all; None takes all.

    Raises:
        ValueError: if the set has fewer.
    """
    whole = datasets.load(dataset)
    if images is None:
        return whole
    if images < 1:
        raise ValueError(f"Take 1 image or more. Received: images={images}.")
    if images > len(whole.x_train):
        raise ValueError(
            f"{dataset} has {len(whole.x_train)} training images. Received: "
            f"images={images}. Ask for fewer, or for all with None."
        )
    rng = np.random.default_rng(0)
    train = rng.permutation(len(whole.x_train))[:images]
    test = rng.permutation(len(whole.x_test))[: -(-images // 4)]
    return replace(
        whole,
        x_train=whole.x_train[train],
        y_train=whole.y_train[train],
        x_test=whole.x_test[test],
        y_test=whole.y_test[test],
    )
