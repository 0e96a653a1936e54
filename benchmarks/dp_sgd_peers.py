"""Entries of dp_sgd.py of other projects: tensorflow-privacy, and Opacus.

tensorflow-privacy works on tf_keras, with TF_USE_LEGACY_KERAS=1. Opacus and PyTorch
need neither TensorFlow nor tfrwc, and live in an environment of their own.
"""

import functools
import os
import warnings

from dp_sgd_keras import CLASSES, CLIP, NOISE, RATE, fit, in_memory, tensorflow, tensors


def tf_keras_entry(kind, network, images, labels, threads, meter):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    tf = tensorflow(threads)
    import tf_keras as keras

    keras_model, options = keras.Model, {}
    optimizer, reduction = keras.optimizers.SGD(RATE), "sum_over_batch_size"
    versions = {"tf_keras": keras.__version__}
    if kind != "plain":
        import sys

        sys.skip_tf_privacy_import = True
        from tensorflow_privacy.privacy.keras_models import dp_keras_model
        from tensorflow_privacy.privacy.optimizers import dp_optimizer_keras_vectorized
        from tensorflow_privacy.version import __version__

        versions["tensorflow_privacy"] = __version__
    if kind in ("dp_model", "dp_model_xla"):
        keras_model = dp_keras_model.DPModel
        options = {
            "l2_norm_clip": CLIP,
            "noise_multiplier": NOISE,
            "use_xla": kind == "dp_model_xla",
        }
    elif kind == "vectorized_optimizer":
        optimizer = dp_optimizer_keras_vectorized.VectorizedDPKerasSGDOptimizer(
            CLIP, NOISE, num_microbatches=images.shape[1], learning_rate=RATE
        )
        reduction = "none"  # it takes the loss of each example
    batches = in_memory(tf, images, labels)
    meter.start(**versions)
    inputs, logits = tensors(keras, network, images.shape[2:])
    model = keras_model(inputs=inputs, outputs=logits, **options)
    model.compile(
        optimizer,
        keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction=reduction
        ),
        jit_compile=False,
    )
    fit(keras, model, batches, meter)


def torch_network(network, channels):
    from torch import nn

    class Block(nn.Module):
        """Two 3x3 convolutions and a shortcut, of 1x1 where the shape changes."""

        def __init__(self, before, filters, stride):
            super().__init__()
            self.residual = nn.Sequential(
                *conv_norm(before, filters, 3, stride),
                nn.ReLU(),
                *conv_norm(filters, filters, 3),
            )
            self.shortcut = nn.Sequential(
                *(conv_norm(before, filters, 1, stride) if stride > 1 else ())
            )
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.shortcut(x) + self.residual(x))

    def conv_norm(before, filters, size, stride=1):
        conv = nn.Conv2d(before, filters, size, stride, padding=size // 2, bias=False)
        return conv, nn.GroupNorm(32, filters)

    if network == "small_cnn":
        parts = []
        for before, filters, stride in ((channels, 16, 1), (16, 32, 2), (32, 64, 2)):
            parts += [
                nn.Conv2d(before, filters, 3, stride, padding=1),
                nn.GroupNorm(8, filters),
                nn.ReLU(),
            ]
    else:
        parts, filters = [*conv_norm(channels, 64, 3), nn.ReLU()], 64
        for before, filters in ((64, 64), (64, 128), (128, 256), (256, 512)):
            stride = 1 if filters == 64 else 2
            parts += [Block(before, filters, stride), Block(filters, filters, 1)]
    return nn.Sequential(
        *parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(filters, CLASSES)
    )


def torch_entry(mode, network, images, labels, threads, meter):
    """PyTorch, or Opacus with `mode` as its `grad_sample_mode`."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    torch.set_num_threads(threads)
    versions = {"torch": torch.__version__}
    if mode:
        import opacus

        versions["opacus"] = opacus.__version__
        warnings.filterwarnings("ignore", message="Secure RNG turned off")
        warnings.filterwarnings("ignore", message="Full backward hook is firing")
    x = torch.from_numpy(images.transpose(0, 1, 4, 2, 3).copy())
    y = torch.from_numpy(labels).long()
    meter.start(**versions)
    model = torch_network(network, images.shape[-1])
    meter.facts["parameters"] = sum(p.numel() for p in model.parameters())
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    criterion = torch.nn.CrossEntropyLoss()
    if mode:
        # Only its sizes are looked at: the batches below are fixed, as everywhere.
        loader = DataLoader(TensorDataset(x.flatten(0, 1)), batch_size=x.shape[1])
        model, optimizer, *others = opacus.PrivacyEngine().make_private(
            module=model,
            optimizer=optimizer,
            criterion=criterion,
            data_loader=loader,
            noise_multiplier=NOISE,
            max_grad_norm=CLIP,
            poisson_sampling=False,
            grad_sample_mode=mode,
        )
        criterion = others[0] if mode == "ghost" else criterion
    model.train()
    while True:
        for x_batch, y_batch in zip(x, y, strict=True):
            optimizer.zero_grad()
            loss = criterion(model(x_batch), y_batch)
            loss.backward()
            optimizer.step()
            loss.item()
            meter.tick()


ENTRIES = {
    "tf_keras": functools.partial(tf_keras_entry, "plain"),
    "tf_keras_dp_model": functools.partial(tf_keras_entry, "dp_model"),
    "tf_keras_dp_model_xla": functools.partial(tf_keras_entry, "dp_model_xla"),
    "tf_keras_vectorized_optimizer": functools.partial(
        tf_keras_entry, "vectorized_optimizer"
    ),
    "torch": functools.partial(torch_entry, None),
    "opacus_hooks": functools.partial(torch_entry, "hooks"),
    "opacus_ew": functools.partial(torch_entry, "ew"),
    "opacus_functorch": functools.partial(torch_entry, "functorch"),
    "opacus_ghost": functools.partial(torch_entry, "ghost"),
}
