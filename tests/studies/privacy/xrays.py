"""A folder of made-up X-rays."""

import numpy as np
from PIL import Image


def xray_folder(root, patients):
    rng = np.random.default_rng(0)
    for split, count in (("train", patients), ("val", 2), ("test", 4)):
        for label, name in (("NORMAL", "IM-{}-1"), ("PNEUMONIA", "person{}_virus_1")):
            folder = root / "chest_xray" / split / label
            folder.mkdir(parents=True)
            for i in range(count):
                for copy in range(2):
                    image = Image.fromarray(rng.integers(0, 256, (64, 64), np.uint8))
                    image.save(folder / f"{name.format(i)}{copy}.jpeg")
    return root
