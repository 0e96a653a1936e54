import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).parent.parent

# Tests that start no process, but compute for so long that `make test` leaves them out.
LONG = {
    "test_a_budget_is_for_all_that_was_done",
    "test_a_claim_of_a_users_own_is_decided_with_the_others",
    "test_a_copy_of_a_trained_model_brings_its_account",
    "test_a_copy_with_other_weights_says_so",
    "test_a_linear_model_reaches_the_optimum",
    "test_a_loss_that_cannot_be_vectorized",
    "test_a_model",
    "test_a_network_starts_from_public_images",
    "test_a_resumed_recording_is_shown_from_its_beginning",
    "test_a_run_leaves_nothing_for_the_next",
    "test_a_saved_model_comes_back",
    "test_a_study_runs_and_goes_on_where_it_stopped",
    "test_agreement_errs_at_its_rate",
    "test_backup_and_restore_keeps_the_account",
    "test_bad_files_stop_beam_too",
    "test_batch_normalisation",
    "test_batches_in_a_known_order_hide_nobody",
    "test_bounds_err_at_most_at_their_rate",
    "test_capacity_is_reached",
    "test_center_is_the_median_curve_of_the_trend",
    "test_counts_and_types",
    "test_damaged_files_of_tfds_are_told",
    "test_data_sets_of_batches",
    "test_each_example_has_draws_of_its_own",
    "test_each_kind_is_clustered_by_itself_and_small_kinds_are_announced",
    "test_every_example_is_trained_on",
    "test_every_outcome_is_counted_and_ends_nothing",
    "test_finer_grids_change_little",
    "test_gaps_in_values_records_and_layers",
    "test_in_front_of_its_callback_nothing_is_lost",
    "test_in_the_end_it_agrees_with_the_offline_trends",
    "test_independent_posteriors_that_are_not_gaussian_have_an_optimum_above_one",
    "test_intervals_hold_the_truth_as_often_as_they_say",
    "test_it_is_saved_and_loaded",
    "test_kl_qp_is_the_objective_at_one",
    "test_latents_collapse_as_beta_rises",
    "test_learned_noise_finds_its_level",
    "test_loaders_of_torch",
    "test_measures_against_monte_carlo",
    "test_medians_are_those_of_the_trends",
    "test_members_are_models",
    "test_merging_neither_forgets_nor_counts_twice",
    "test_mixed_precision_is_near_single",
    "test_no_account_is_below_what_was_done",
    "test_no_private_image_is_among_the_pictures",
    "test_noise_does_not_follow_global_seeds_and_is_never_drawn_twice",
    "test_noise_has_the_stated_deviation",
    "test_noise_that_is_a_tenth_too_small_takes_as_many_trials_as_calculated",
    "test_of_many_layers_only_trends_are_written",
    "test_on_beam",
    "test_planted_effects_are_found",
    "test_quantised_weights_are_told",
    "test_random_state_may_be_a_generator",
    "test_real_x_rays",
    "test_records_of_steps_and_of_several_fits",
    "test_results_depend_only_on_the_seed",
    "test_robust_finds_planted_trends",
    "test_scikit_learn_checks",
    "test_seeds_are_those_of_generators_and_not_of_names",
    "test_shapes_that_differ_only_in_when_they_fall_are_told_apart",
    "test_some_damaged_files",
    "test_spikes_in_the_first_and_last_record_make_no_trend",
    "test_tasks_that_differ_at_random_support_nothing_in_general",
    "test_tensorboard_reads_what_was_recorded",
    "test_tfds_gives_the_same_grid",
    "test_the_account_comes_with_the_file",
    "test_the_account_goes_on_after_a_checkpoint",
    "test_the_best_beta_of_trained_encoders_is_the_exact_one",
    "test_the_default_betas_follow_eta",
    "test_the_interval_holds_the_truth_as_often_as_it_says",
    "test_the_optimum_of_a_linear_world_and_of_another_eta",
    "test_the_optimum_of_inference_is_finite_and_above_one",
    "test_the_statement_knows_how_batches_were_drawn",
    "test_trends_of_the_seed_alone_are_no_trends_of_the_network",
    "test_usual_layers_are_taken",
    "test_values_agree_with_numpy_on_resnet18_over_three_epochs",
    "test_verdicts_without_an_effect_err_at_the_stated_rate",
    "test_views_are_drawn_for_each_step_and_only_in_training",
    "test_weights_of_examples_classes_and_a_ragged_batch",
    "test_weightscale_follows_the_steps",
    "test_what_a_mask_leaves_out_counts_for_nothing",
    "test_what_runs_in_fit_agrees_with_the_definitions",
    "test_what_views_add_stays_within_the_clip",
    "test_without_noise_it_is_plain_training",
    "test_without_noise_it_is_training_on_all_views",
    "test_x_and_y_move_the_centre_of_mass",
    "test_xla_compiles_once",
}


def pytest_collection_modifyitems(items):
    """Mark as `e2e` what is in tests/e2e, what starts processes, and what is long."""
    apart = {ROOT / "tests" / "e2e", ROOT / "tests" / "test_without_extras.py"}
    for item in items:
        within = any(item.path.is_relative_to(path) for path in apart)
        is_long = getattr(item, "originalname", None) in LONG
        if within or is_long or starts_processes(item):
            item.add_marker(pytest.mark.e2e)


def starts_processes(item: pytest.Item) -> bool:
    """Whether a test, or a helper or fixture that it uses, names `subprocess`."""
    if not isinstance(item, pytest.Function):
        return False
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    functions = [item.function, *(each[-1].func for each in fixtures)]
    return any("subprocess" in names_in(function) for function in functions)


def names_in(function: object, seen: frozenset[object] = frozenset()) -> Iterator[str]:
    """All names in a function's code, and in that of functions beside it."""
    if not isinstance(function, FunctionType) or function in seen:
        return
    for name in names_of_code(function.__code__):
        yield name
        helper = function.__globals__.get(name)
        if getattr(helper, "__module__", None) == function.__module__:
            yield from names_in(helper, seen | {function})


def names_of_code(code: CodeType) -> Iterator[str]:
    """All names in a piece of code, and in the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_of_code(constant)


@pytest.fixture(scope="session")
def data_dir():
    """Folder of real data sets, named by TFRWC_DATA_DIR."""
    folder = os.environ.get("TFRWC_DATA_DIR")
    if not folder:
        pytest.skip("TFRWC_DATA_DIR is not set: no real data sets here")
    return Path(folder)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("no chromedriver here: apt-get install chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--disable-sync"),
        *("--disable-component-update", "--window-size=1200,900"),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield browser
    browser.quit()
