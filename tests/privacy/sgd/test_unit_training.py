"""Private training whose unit has several examples, such as a patient with images."""

import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfrwc.privacy import make_private, membership_inference, poisson_batches
from tfrwc.privacy.attack.membership.limits import limits_of
from tfrwc.privacy.sgd import layer_rules
from tfrwc.privacy.sgd.sampling import PoissonBatches
from tfrwc.privacy.statement import statement_from_dict

SIZES = np.array([1, 3, 2, 5, 1, 2, 4, 2])
RNG = np.random.default_rng(0)
IDS = RNG.permutation(np.repeat([f"person{i}" for i in range(len(SIZES))], SIZES))
# The same names, for other patients.
SWAPPED = np.where(IDS == "person1", "person3", IDS)
SWAPPED[IDS == "person3"] = "person1"
X = RNG.normal(size=(len(IDS), 4, 4, 1)).astype(np.float32)
Y = RNG.integers(0, 3, len(IDS))
UNITS = len(SIZES)


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            *(layers.Input((4, 4, 1)), layers.Conv2D(4, 3, activation="relu")),
            *(layers.Flatten(), layers.Dense(3)),
        ]
    )


def private(model=None, **options):
    given = {"noise_multiplier": 1.0, "batch_size": 4, "unit": "patient", "units": IDS}
    made = make_private(model or network(), **(given | options))
    made.compile(keras.optimizers.SGD(1.0), loss())
    return made


def without_noise(**options):
    return private(
        **({"noise_multiplier": 0.0, "clip": np.inf, "batch_size": UNITS} | options)
    )


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights()])


def step(made, *data, **options):
    """The change of the weights by one step, without noise."""
    before = weights(made.model)
    made.fit(*data, verbose=0, **options)
    assert made.steps == 1
    return weights(made.model) - before


def plain_step(x, y, sample_weight):
    """Of plain Keras."""
    model = network()
    model.compile(keras.optimizers.SGD(1.0), loss())
    before = weights(model)
    model.train_on_batch(x, y, sample_weight=sample_weight)
    return weights(model) - before


def shares(ids):
    """Weights with which the mean over examples is that over units."""
    sizes = np.array([(ids == name).sum() for name in ids])
    return len(ids) / (len(set(ids)) * sizes)


def test_without_noise_and_clip_it_is_plain_training_on_means_of_units():
    moved = step(without_noise(), X, Y)
    np.testing.assert_allclose(moved, plain_step(X, Y, shares(IDS)), atol=1e-6)


def test_of_equal_units_it_is_plain_training():
    ids = np.repeat(np.arange(5), 4)
    moved = step(without_noise(units=ids, batch_size=5), X, Y)
    np.testing.assert_allclose(moved, plain_step(X, Y, None), atol=1e-6)


def test_weights_of_examples_and_classes_multiply_their_losses():
    weight = RNG.uniform(0.5, 2, len(X))
    classes = {0: 1.0, 1: 3.0, 2: 0.5}
    moved = step(without_noise(), X, Y, sample_weight=weight, class_weight=classes)
    of_class = np.array([classes[y] for y in Y])
    expected = plain_step(X, Y, shares(IDS) * weight * of_class)
    np.testing.assert_allclose(moved, expected, atol=1e-6)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_with_one_example_each_it_is_training_on_examples(noise):
    ends = []
    for of_units in (False, True):
        ids = {"unit": "user", "units": np.arange(len(X))} if of_units else {}
        ids = ids or {"train_size": len(X), "unit": "example", "units": None}
        made = private(noise_multiplier=noise, insecure_seed=1, **ids)
        names = np.arange(len(X)) if of_units else None
        batches = poisson_batches(X, Y, batch_size=4, insecure_seed=2, units=names)
        made.fit(batches, epochs=2, verbose=0)
        ends.append(weights(made.model))
    np.testing.assert_allclose(*ends, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("clip", [0.05, 0.5])
def test_the_sum_of_clipped_means_whatever_the_size_of_parts(clip):
    moved = []
    for size in (None, 5, 7, 100):
        made = without_noise(clip=clip, physical_batch_size=size)
        moved.append(step(made, X, Y))
    for other in moved[1:]:
        np.testing.assert_allclose(other, moved[0], atol=1e-6)
    # Of each unit alone: a step of one unit is its own clipped gradient.
    alone = []
    for name in dict.fromkeys(IDS):
        own = name == IDS
        gradient = plain_step(X[own], Y[own], None)
        alone.append(gradient * min(1, clip / np.linalg.norm(gradient)))
    np.testing.assert_allclose(moved[0], np.mean(alone, axis=0), atol=1e-6)


@pytest.mark.filterwarnings("ignore:The weights were changed by something else")
def test_of_many_images_some_are_drawn_anew_in_each_step():
    made = without_noise(images_per_unit=1)
    batches = poisson_batches(X, Y, batch_size=UNITS, units=IDS)
    steps = []
    for _ in range(6):
        made.model.set_weights(network().get_weights())
        made.fit(batches, verbose=0)
        steps.append(weights(made.model))
    assert len({s.tobytes() for s in steps}) > 1
    assert "up to 1 images of each patient" in made.statement().explain()


def test_epsilon_is_that_of_the_unit():
    made = private(epsilon=3.0, noise_multiplier=None, epochs=5, delta=0.01)
    batches = poisson_batches(X, Y, units=IDS, batch_size=4)
    made.fit(batches, epochs=5, verbose=0)
    other = make_private(
        network(), epsilon=3.0, batch_size=4, epochs=5, train_size=UNITS, delta=0.01
    )
    assert made.noise_multiplier == other.noise_multiplier
    statement = made.statement()
    assert 2.9 < statement.epsilon <= 3.0
    assert statement.unit == "patient"
    assert statement.train_size == UNITS
    assert statement.patient_epsilon == statement.epsilon
    assert statement.sampling == "poisson"
    assert statement.summary().endswith("for a patient")
    words = statement.explain()
    assert "10 steps on 8 patients, about 4 in each step" in words
    assert "One patient with all images: epsilon" in words
    assert "whether a patient was among them" in words
    assert statement_from_dict(statement.to_dict()) == statement
    with pytest.raises(ValueError, match="Epsilon is for a patient with all images"):
        made.statement(images_per_patient=3)
    with pytest.raises(ValueError, match="lasts for 10 steps"):
        made.fit(batches, verbose=0)


def test_equal_images_of_a_unit_are_its_own_and_those_of_several_are_told():
    x, y = X.copy(), Y.copy()
    own = np.flatnonzero(IDS == "person3")
    x[own], y[own] = x[own[0]], y[own[0]]
    made = private()
    made.fit(poisson_batches(x, y, units=IDS, batch_size=4), verbose=0)
    assert not any("images are of" in note for note in made.statement().rests_on)
    other = np.flatnonzero(IDS == "person5")
    x[other[0]], y[other[0]] = x[own[0]], y[own[0]]
    made = private()
    with pytest.warns(UserWarning, match="6 of the 20 images are of several patients"):
        made.fit(poisson_batches(x, y, units=IDS, batch_size=4), verbose=0)
    [note] = [n for n in made.statement().rests_on if "images are of" in n]
    assert "one of 2: epsilon is for each patient by itself" in note


def test_arrays_are_cut_into_shuffled_batches_of_whole_units():
    made = private()
    made.fit(X, Y, epochs=2, verbose=0)
    statement = made.statement()
    assert statement.steps == 4
    assert statement.sampling == "fixed"
    assert statement.epsilon_without_sampling > statement.epsilon


def test_a_tf_data_set_has_a_column_of_units():
    features = {"image": X, "patient": IDS}
    data = tf.data.Dataset.from_tensor_slices((features, Y))
    batches = poisson_batches(data, units="patient", batch_size=4)
    assert batches.train_size == UNITS
    x, y, more = batches[0]
    assert x.shape[1:] == (4, 4, 1)
    assert len(x) == len(y) == (more["places"] >= 0).sum()
    private(units=None, train_size=UNITS).fit(batches, verbose=0)
    with pytest.raises(ValueError, match="'person', and x of image, patient"):
        poisson_batches(data, units="person", batch_size=4)


def test_a_file_has_the_account_and_no_name_of_a_unit(tmp_path):
    made = private()
    made.fit(poisson_batches(X, Y, units=IDS, batch_size=4), epochs=2, verbose=0)
    made.save(tmp_path / "private.keras")
    with zipfile.ZipFile(tmp_path / "private.keras") as archive:
        for name in archive.namelist():
            assert b"person" not in archive.read(name)
    loaded = keras.saving.load_model(tmp_path / "private.keras")
    assert loaded.statement() == made.statement()
    with pytest.raises(ValueError, match="Which examples are of one patient"):
        loaded.fit(X, Y, verbose=0)
    loaded.fit(poisson_batches(X, Y, units=IDS, batch_size=4), verbose=0)
    assert loaded.steps == 6
    assert loaded.statement().unit == "patient"


def test_weights_have_one_unit():
    made = private()
    made.fit(poisson_batches(X, Y, units=IDS, batch_size=4), verbose=0)
    with pytest.raises(ValueError, match="before with the unit 'patient', of which"):
        private(made.model, unit="example", units=None, train_size=len(X))
    again = private(made.model, noise_multiplier=2.0)
    again.fit(poisson_batches(X, Y, units=IDS, batch_size=4), verbose=0)
    assert again.steps == 4


class Own(PoissonBatches):
    def __init__(self, x, y):
        made = poisson_batches(x, y, batch_size=4, units=IDS)
        super().__init__(made.arrays, 4, np.random.default_rng(0), units=made.units)


def by_hand(made):
    made.make_train_function()
    places = np.array([[0, 1, 2, 3, 4]] * 4, np.int32)  # of no unit that there is
    weight = {"weight": np.ones(len(X), np.float32), "places": places}
    made.train_function(iter(tf.data.Dataset.from_tensors((X, Y, weight))))


def dataset():
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (lambda p: p.fit(dataset()), "Give fit poisson_batches"),
        (lambda p: p.fit((X[:4], Y[:4]) for _ in range(3)), "Give fit poisson_batches"),
        (lambda p: p.fit(X[:9], Y[:9]), "units of 20 examples. Received: 9"),
        (lambda p: p.fit(X, Y, validation_split=0.2), "validation_split=0.2. Leave it"),
        (lambda p: p.fit(X, Y, shuffle=False), "shuffle=False"),
        (lambda p: p.fit(X, Y, steps_per_epoch=9), "steps_per_epoch=9"),
        (
            lambda p: p.fit(poisson_batches(X, Y, batch_size=4)),
            "the same units as make_private.*none",
        ),
        (
            lambda p: p.fit(
                poisson_batches(X, Y, batch_size=4, units=np.arange(20) // 3)
            ),
            "the same units as make_private.*7 others",
        ),
        (
            lambda p: p.fit(poisson_batches(X, Y, batch_size=4, units=SWAPPED)),
            "the same units as make_private.*8 others",
        ),
        (lambda p: p.fit(Own(X, Y)), "subclass of PoissonBatches.*Own"),
        (lambda p: by_hand(p), "Steps by hand do not say"),
        (lambda p: p.train_on_batch(X[:4], Y[:4]), "Steps by hand do not say"),
        (lambda p: p.train_step((X[:4], Y[:4])), "Steps by hand do not say"),
    ],
)
def test_examples_whose_unit_is_not_known_are_refused(fit, message):
    made = private()
    with pytest.raises(ValueError, match=message):
        fit(made)
    assert made.steps == 0


def test_units_are_not_taken_for_examples():
    made = private(unit="example", units=None, train_size=UNITS)
    with pytest.raises(ValueError, match="the account is for an example"):
        made.fit(poisson_batches(X, Y, units=IDS, batch_size=4), verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "example"}, "units say which examples belong together"),
        ({"unit": "", "units": None, "train_size": 8}, "unit must be a noun"),
        ({"unit": "two\nlines"}, "unit must be a noun"),
        ({"unit": 3}, "unit must be a noun"),
        ({"unit": "image"}, "what has several examples.*'image'"),
        ({"unit": "Example"}, "what has several examples.*'Example'"),
        ({"units": None}, "needs train_size, the number of training patients"),
        ({"train_size": 20}, "there are 8 in units, of 20 examples. Received: 20"),
        ({"images_per_unit": 0}, "images_per_unit must be a whole number of 1 or more"),
        (
            {"images_per_unit": 9, "physical_batch_size": 4},
            "images_per_unit=9 and physical_batch_size=4",
        ),
        (
            {"unit": "example", "units": None, "train_size": 20, "images_per_unit": 2},
            "images_per_unit is for units of several examples",
        ),
        ({"units": ["a", None]}, "unit of 1 examples is missing"),
        ({"batch_size": 9}, "batch_size must be at most train_size = 8"),
        ({"delta": 0.2}, "publishing a random patient would pass"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        private(**options)


def test_fits_have_the_same_units_whoever_names_them():
    made = private(units=None, train_size=UNITS)
    made.fit(poisson_batches(X, Y, batch_size=4, units=IDS), verbose=0)
    with pytest.raises(ValueError, match="or as an earlier fit"):
        made.fit(poisson_batches(X, Y, batch_size=4, units=SWAPPED), verbose=0)
    assert made.steps == 2
    assert any(
        "Which images belong to one patient" in n for n in made.statement().rests_on
    )


def test_batches_that_were_changed_are_refused():
    for name, value in {
        "units": list(IDS),
        "train_size": 20,
        "arrays": (X[:3], Y, Y),
    }.items():
        batches = poisson_batches(X, Y, batch_size=4, units=IDS)
        setattr(batches, name, value)
        with pytest.raises(
            ValueError, match=r"changed after they were made|the account"
        ):
            private().fit(batches, verbose=0)


def test_going_on_with_another_unit_is_refused_before_a_step_is_taken(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    batches = poisson_batches(X, Y, batch_size=4, units=IDS)
    with pytest.raises(KeyboardInterrupt):
        private().fit(batches, epochs=6, callbacks=[backup(), Stop()], verbose=0)
    files = sorted(tmp_path.rglob("*"))
    other = private(unit="household")
    with pytest.raises(ValueError, match="before with the unit 'patient'"):
        other.fit(batches, epochs=6, callbacks=[backup()], verbose=0)
    assert set(files) <= {*tmp_path.rglob("*")}, "the backup is still there"
    same = private()
    same.fit(batches, epochs=6, callbacks=[backup()], verbose=0)
    assert same.steps == 12


def test_batches_of_units_are_evaluated():
    made, batches = private(), poisson_batches(X, Y, batch_size=4, units=IDS)
    made.fit(batches, validation_data=batches, verbose=0)
    assert np.isfinite(made.evaluate(batches, verbose=0))


@keras.saving.register_keras_serializable("tests")
class Scaled(layers.Layer):
    """Its weights are tried by rules that are wrong for units alone."""

    def build(self, shape):
        self.factor = self.add_weight(shape=shape[-1:], initializer="ones")

    def call(self, inputs):
        return inputs * self.factor


@pytest.mark.parametrize("fault", ["norms", "values"])
def test_a_rule_that_is_wrong_for_units_is_refused(fault):
    def scaled(call):
        outputs = call.watch(call.outputs())

        def gradients(source_gradients):
            values = source_gradients[0] * call.inputs
            form = layer_rules.PerExample(call.layer.factor, values)

            def of_groups(groups):
                sums = groups.sums(values)
                right = layer_rules.PerExample(call.layer.factor, sums)
                return layer_rules.Ghost(
                    call.layer.factor,
                    lambda: 0 * right.square_norms() + 1e-12,
                    right.weighted_sum,
                    lambda: sums,
                    right.only,
                )

            ghost = layer_rules.Ghost(
                call.layer.factor,
                form.square_norms,
                form.weighted_sum,
                lambda: 0 * values,
                form.only,
                of_groups if fault == "norms" else None,
            )
            return [ghost]

        return layer_rules.Tap(outputs, [outputs], gradients)

    layer_rules.register(Scaled)(scaled)
    try:
        model = keras.Sequential(
            [layers.Input((4, 4, 1)), layers.Flatten(), Scaled(), layers.Dense(3)]
        )
        made = private(model)
        with pytest.raises(
            ValueError, match=r"do not add up|clipping would not bound it"
        ):
            made.fit(X, Y, verbose=0)
        assert made.steps == 0
    finally:
        layer_rules.unregister(Scaled)


def test_the_guarantee_of_a_patient_is_held_against_attacks_on_patients():
    made = private(noise_multiplier=4.0)
    made.fit(poisson_batches(X, Y, batch_size=4, units=IDS), verbose=0)
    statement = made.statement()
    scores = made.model.predict(X, verbose=0)
    with pytest.raises(ValueError, match="for a patient, and the attack on single"):
        membership_inference(
            scores, scores, labels=(Y, Y), from_logits=True, guarantee=statement
        )
    # Of five images of a patient, who is one unit.
    limits = limits_of(statement, images=5, of_groups=True)
    assert limits.together == statement.guarantee
    assert limits.attacks.advantage == statement.attacks_on_members().advantage


def test_a_patient_that_is_too_large_for_the_memory_is_refused():
    made = private(physical_batch_size=4)
    with pytest.raises(ValueError, match=r"one has 5.*physical_batch_size=4"):
        made.fit(X, Y, verbose=0)
    private(physical_batch_size=4, images_per_unit=3).fit(X, Y, verbose=0)


def test_poisson_batches_ask_for_units_of_all_examples():
    with pytest.raises(ValueError, match=r"each of the 20 examples. Received: 3"):
        poisson_batches(X, Y, units=["a", "b", "c"], batch_size=2)
    with pytest.raises(ValueError, match="from 1 to 8, the number of units"):
        poisson_batches(X, Y, units=IDS, batch_size=9)
