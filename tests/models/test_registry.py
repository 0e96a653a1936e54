"""The networks of the papers."""

import keras
import numpy as np
import pytest

from tfrwc import models
from tfrwc.recording.watch import watched

KERNELS = {
    "resnet18": 21,
    "resnet34": 37,
    "resnet18_narrow": 21,
    "resnet10_tiny": 13,
    "vgg19": 17,
    "alexnet": 8,
    "efficientnetb4": 161,
    "resnet34_narrow": 37,
    "vgg19_narrow": 17,
    "alexnet_narrow": 8,
}


@pytest.mark.parametrize("name", models.NAMES)
def test_number_of_tracked_kernels(name):
    model = models.build(name, (32, 32, 3), 10)
    assert len(watched(model, "kernels")) == KERNELS[name]
    assert model.output_shape == (None, 10)


def test_sizes_are_the_published_ones():
    # He et al.'s CIFAR form of ResNet-18 for 10 classes has 11.17 million weights to
    # train; the VGG-19 with one dense layer 20.04 million.
    def trained(name):
        model = models.build(name, (32, 32, 3), 10)
        return sum(int(np.prod(w.shape)) for w in model.trainable_weights)

    assert trained("resnet18") == 11_173_962
    assert trained("vgg19") == 20_040_522


@pytest.mark.parametrize("name", sorted(set(models.NAMES) - {"efficientnetb4"}))
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (64, 64, 3)])
def test_any_image_size(name, shape):
    model = models.build(name, shape, 3)
    images = np.zeros((2, *shape), np.uint8)
    np.testing.assert_allclose(model(images).numpy().sum(axis=1), 1, rtol=1e-5)


def test_initial_weights_are_uniform_in_one_over_root_fan_in():
    keras.utils.set_random_seed(0)
    kernel = (
        models.build("resnet18", (32, 32, 3), 10).get_layer("stage3_1_conv2").kernel
    )
    values = kernel.numpy()
    bound = 1 / np.sqrt(3 * 3 * 256)
    assert np.abs(values).max() == pytest.approx(bound, rel=1e-3)
    # 590k values: the deviation of the variance is 0.1 %, so 1 % is 10 sigma.
    assert values.var() == pytest.approx(bound**2 / 3, rel=0.01)


def test_weight_decay_acts_on_every_trained_weight():
    decay = 0.01
    model = models.build("vgg19", (8, 8, 1), 2, weight_decay=decay)
    expected = sum(
        decay / 2 * float(np.square(w.numpy()).sum()) for w in model.trainable_weights
    )
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
    assert not models.build("vgg19", (8, 8, 1), 2).losses


def test_published_settings():
    settings = models.published_settings
    assert settings("resnet18", "cifar10").learning_rate == 0.1
    assert settings("resnet18_narrow", "digits").weight_decay == 1e-4
    assert settings("vgg19", "cifar100") == models.Settings(0.05, 5e-4)
    rates = [
        settings("alexnet", name).learning_rate
        for name in ("cifar10", "cifar100", "mnist", "fashion_mnist")
    ]
    assert rates == [0.001, 0.01, 0.1, 0.1]
    assert settings("resnet18", "mnist").epochs == 20
    optimizer = settings("resnet18", "cifar10").optimizer()
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    assert optimizer.momentum == 0.9
    for name in ("resnet34", "efficientnetb4"):
        second = settings(name, "svhn_cropped")
        assert (second.epochs, second.batch_size, second.weight_decay) == (25, 128, 0)
        assert isinstance(second.optimizer(), keras.optimizers.Adam)
        assert float(second.optimizer().learning_rate) == pytest.approx(1e-3)


def test_unknown_names_list_the_networks():
    with pytest.raises(ValueError, match=r"'resnet'\. Choose one of resnet18"):
        models.build("resnet", (8, 8, 1), 2)
    with pytest.raises(ValueError, match="Choose one of resnet18"):
        models.published_settings("resnet", "mnist")


def test_efficientnet_says_what_it_cannot_do():
    with pytest.raises(ValueError, match=r"32 x 32 or more\. Received: 28 x 28"):
        models.build("efficientnetb4", (28, 28, 1), 10)
    with pytest.raises(ValueError, match=r"Received: weight_decay=0\.1"):
        models.build("efficientnetb4", (32, 32, 3), 10, weight_decay=0.1)
