"""One model of the table, from its training to the comparison of all its recordings."""

from functools import partial
from tempfile import TemporaryDirectory

import keras
import numpy as np
from keras import ops
from recording.real_models import compare
from recording.real_models.states import States
from recording.real_models.training import examples, train_by_noise

from tfrwc import Recording, RWCCallback

LARGE = 30_000_000  # numbers; kernels alone are read from files of larger networks


def run(entry):
    """Train a model of the table, and compare.

    Returns:
        numbers of what was compared.

    Raises:
        AssertionError: if a recording and the calculation differ.
    """
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    made = entry.build()
    model, x, y = made if isinstance(made, tuple) else (made, *examples(made))
    if entry.trains_by_noise:
        train_by_noise(model)
    with TemporaryDirectory() as folder:
        states = States(folder, entry.sees_first_epoch)
        kernels, every = RWCCallback(), RWCCallback(watch="all")
        callbacks = [kernels, every, states]
        if entry.no_kernels:
            expect_error(lambda: fit(model, x, y, [kernels]), entry.no_kernels)
            callbacks.remove(kernels)
        fit(model, x, y, callbacks, epochs=entry.epochs)
        assert np.nanmax(states.changes) > 0, "nothing was trained"
        chosen = [i for i, row in enumerate(states.rows) if row.is_kernel]
        compare.check_callback(every.recording, states, [*range(len(states.rows))])
        if not entry.no_kernels:
            compare.check_callback(kernels.recording, states, chosen)
        for suffix in (".keras", ".weights.h5"):
            check_files(entry, states, suffix)
        check_by_model(entry, states, model, chosen)
    counts = {"kernels": len(chosen), "weights": len(states.rows)}
    return counts | {"records": len(states.steps)}


def fit(model, x, y, callbacks, epochs=1):
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    model.fit(x, y, epochs=epochs, callbacks=callbacks, **options)


def check_files(entry, states, suffix):
    """What files tell without the model."""
    folder = states.folders[suffix]
    if entry.refused:
        expect_error(lambda: Recording.from_checkpoints(folder), entry.refused)
        return
    recording = Recording.from_checkpoints(folder)
    # Factors of LoRA are not in files.
    inside = [i for i, r in enumerate(states.rows) if r.is_in_files]
    kernels = [i for i in inside if entry.has_for_kernel(states.rows[i])]
    with compare.Stored(max(folder.iterdir())) as stored:
        if suffix == ".keras" and not entry.untold:
            compare.check_whole_files(recording, states, kernels, stored)
            if sum(row.size for row in states.rows) < LARGE:
                every = Recording.from_checkpoints(folder, watch="all")
                compare.check_whole_files(every, states, inside, stored)
        else:
            known = entry.known_depths if suffix == ".keras" else 0
            compare.check_partial_files(recording, states, kernels, stored, known)


def check_by_model(entry, states, model, chosen):
    """What files tell with the model: all that a callback does."""
    before = [np.array(ops.convert_to_numpy(w)) for w in model.weights]
    for suffix, folder in states.folders.items():
        if suffix == ".keras" and entry.trains_by_noise:
            continue  # for the sake of time
        read = partial(Recording.from_checkpoints, folder, model=model)
        if entry.refused_by_model:
            expect_error(read, entry.refused_by_model)
            continue
        recording = read()
        compare.check_table(recording, [states.rows[i] for i in chosen])
        compare.check_values(recording, np.array(states.changes)[:, chosen], suffix)
    for old, new in zip(before, model.weights, strict=True):
        # They are put back.
        np.testing.assert_array_equal(old, ops.convert_to_numpy(new))


def expect_error(read, message):
    """Check that a function raises an error with these words."""
    found = None
    try:
        read()
    except ValueError as error:
        found = str(error)
    assert message in (found or ""), f"expected {message!r}, and got {found!r}"
