"""Optimisers on responses whose optimum is known, and on points that come in any order."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from pulsetrain.options import OptionError
from pulsetrain.tuning import Evaluation, SearchSpace, Setting, make_optimiser
from pulsetrain.tuning._modelled import ModelledExperiment, ModelledExperiments
from pulsetrain.tuning._particles import Particles
from pulsetrain.tuning._response_prior import ResponsePrior
from pulsetrain.tuning.optimisers._gaussian import LENGTHS, GaussianProcess
from pulsetrain.tuning.optimisers.scan import ScanOptimiser
from pulsetrain.tuning.options import OptimiserName
from pulsetrain.tuning.response import ResponseModel

NAMES: tuple[OptimiserName, ...] = get_args(OptimiserName)
CLEN = 0.12
SPACE = SearchSpace.around(CLEN)
START = Setting(5.0, 2, CLEN)
N = 200


class Detector:
    """Half of the patterns hold crystals; the best is min-snr 6, min-pix-count 3, and the camera length that is true.

    The rate falls as a Gaussian in ln(min-snr), in min-pix-count and in clen; cells are as much too large as the camera
    is too long.
    """

    def __init__(self, true_clen: float = 0.1215, width: float = 0.015):
        self.true_clen, self.width = true_clen, width

    def rate(self, setting: Setting) -> float:
        off = setting.clen / self.true_clen - 1
        z2 = (np.log(setting.min_snr / 6) / 0.5) ** 2 + ((setting.min_pix_count - 3) / 1.5) ** 2
        return 0.5 * float(np.exp(-0.5 * (z2 + (off / self.width) ** 2)))

    def evaluate(self, setting: Setting, rng: np.random.Generator) -> Evaluation:
        indexed = int(rng.binomial(N, self.rate(setting)))
        shift = setting.clen / self.true_clen - 1 if indexed else float("nan")
        peaks = 40 * 5 / setting.min_snr
        return Evaluation(setting, N, max(indexed, 100), indexed, peaks, shift, 1.0, 0.1)


def _tuned(name: OptimiserName, truth: Detector, evaluations: int, seed: int = 0, **kwargs: float) -> Setting:
    optimiser, rng = make_optimiser(name, SPACE, START, seed=seed, **kwargs), np.random.default_rng(seed)
    for _ in range(evaluations):
        optimiser.ingest(truth.evaluate(optimiser.suggest(), rng))
    return optimiser.best()


def _evaluation(setting: Setting, indexed: int = 0, hits: int = 0) -> Evaluation:
    return Evaluation(setting, N, max(hits, indexed), indexed, 20.0, 0.0 if indexed else float("nan"), 1.0, 0.1)


@pytest.mark.parametrize(
    ("name", "share"),
    [("hybrid", 0.9), ("scan", 0.9), ("ppo", 0.75), ("tpe", 0.7), ("cmaes", 0.7)],
)
def test_the_optimum_of_a_smooth_response_is_found_in_40_evaluations(name: OptimiserName, share: float):
    truth = Detector()
    reached = [truth.rate(_tuned(name, truth, 40, seed)) / 0.5 for seed in range(2)]
    assert np.mean(reached) > share


def test_posterior_is_soon_near_the_optimum_of_experiments_that_are_as_its_model_says():
    space, lost = ModelledExperiments.space, []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        latents = ResponsePrior.load().within(space).draw(1, rng)
        experiment, model = ModelledExperiment(latents[0], rng), ResponseModel(float(np.mean(space.clen)))
        axes = np.meshgrid(np.geomspace(2, 15, 14), np.arange(1.0, 9.0), np.linspace(*space.clen, 15))
        top = model.predict(latents, *(axis.ravel() for axis in axes)).rate.max()
        optimiser = make_optimiser("posterior", space, experiment.start, seed=seed)
        for _ in range(12):
            optimiser.ingest(experiment.evaluate(optimiser.suggest()))
        best = optimiser.best()
        place = (np.array([value]) for value in (best.min_snr, float(best.min_pix_count), best.clen))
        lost.append(1 - model.predict(latents, *place).rate[0, 0] / top)
    assert np.mean(lost) < 0.08


@pytest.mark.parametrize("true_clen", [0.1175, 0.1225])
def test_the_shift_of_the_cells_leads_hybrid_to_the_camera_length_in_8_evaluations(true_clen: float):
    truth = Detector(true_clen, width=0.02)
    assert _tuned("hybrid", truth, 8).clen == pytest.approx(true_clen, rel=0.006)


def test_a_scan_with_cell_shift_knows_the_camera_length_once_something_is_indexed():
    truth = Detector(0.1215, width=0.02)
    scan, rng = ScanOptimiser(SPACE, START, use_shift=True), np.random.default_rng(0)
    for _ in range(13):
        scan.ingest(truth.evaluate(scan.suggest(), rng))
    assert scan.suggest().clen == pytest.approx(0.1215, rel=1e-3)


def test_the_scan_goes_through_min_snr_then_min_pix_count_then_clen():
    truth, rng = Detector(CLEN), np.random.default_rng(0)
    scan = make_optimiser("scan", SPACE, START)
    path = []
    for _ in range(14):
        path.append(scan.suggest())
        scan.ingest(truth.evaluate(path[-1], rng))
    assert path[0] == START
    assert len({each.min_snr for each in path[:6]}) == 6
    assert {each.min_pix_count for each in path[6:10]} == {1, 3, 4, 6}
    assert len({each.clen for each in path[10:14]}) == 4
    assert all(each.clen == CLEN for each in path[:10])


@pytest.mark.parametrize("name", NAMES)
def test_the_users_present_setting_is_tried_first(name: OptimiserName):
    assert make_optimiser(name, SPACE, START).suggest() == START


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_suggestions_and_a_search_told_its_evaluations_again_goes_on_as_before(name: OptimiserName):
    truth, rng = Detector(), np.random.default_rng(0)
    first, second = (make_optimiser(name, SPACE, START, seed=3) for _ in range(2))
    for _ in range(6):
        assert first.suggest() == second.suggest()
        evaluation = truth.evaluate(first.suggest(), rng)
        first.ingest(evaluation)
        second.ingest(evaluation)
    if name in ("tpe", "cmaes"):  # optuna's samplers keep a state of their own
        return
    again = make_optimiser(name, SPACE, START, seed=3)
    for each in first.evaluations:
        again.ingest(each)
    assert again.suggest() == first.suggest()


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_is_indexed_anywhere_the_search_goes_on_and_stays_inside(name: OptimiserName):
    optimiser = make_optimiser(name, SPACE, START, seed=1)
    tried = []
    for _ in range(16):
        tried.append(optimiser.suggest())
        optimiser.ingest(_evaluation(tried[-1]))
    assert _inside(tried)
    assert len(set(tried)) >= 14
    assert optimiser.best() in tried


@pytest.mark.parametrize("name", NAMES)
def test_a_camera_length_that_is_not_searched_stays_as_it_is(name: OptimiserName):
    space = SearchSpace.around(CLEN, clen_range=0.0)
    optimiser, rng = make_optimiser(name, space, START), np.random.default_rng(0)
    for _ in range(10):
        setting = optimiser.suggest()
        assert setting.clen == CLEN
        optimiser.ingest(Detector(CLEN).evaluate(setting, rng))


@pytest.mark.parametrize("name", ["scan", "grid", "random", "hybrid", "ppo", "tpe"])
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_points_of_ones_own_in_any_order_are_taken_and_suggestions_stay_inside(
    name: OptimiserName, data: st.DataObject
):
    own = st.builds(
        _evaluation,
        st.builds(Setting, st.floats(1, 30), st.integers(1, 12), st.floats(0.11, 0.13)),
        st.integers(0, N),
        st.integers(0, N),
    )
    optimiser = make_optimiser(name, SPACE, START, seed=data.draw(st.integers(0, 9)))
    for _ in range(5):
        if data.draw(st.booleans()):
            optimiser.ingest(data.draw(own))
        setting = optimiser.suggest()
        assert _inside([setting])
        if data.draw(st.booleans()):
            optimiser.ingest(_evaluation(setting, data.draw(st.integers(0, N))))
    optimiser.ingest(data.draw(own))
    assert _inside([optimiser.suggest()])


@pytest.mark.parametrize("name", ["scan", "random", "hybrid"])
def test_one_lucky_count_among_poor_neighbours_is_not_taken_for_the_best(name: OptimiserName):
    optimiser = make_optimiser(name, SPACE, START)
    for snr in np.geomspace(9, 11, 9):  # a plateau of 20 % with one outlier of 26 %
        optimiser.ingest(_evaluation(Setting(float(snr), 2, CLEN), 52 if 9.9 < snr < 10 else 40, 100))
    for snr in np.geomspace(4, 5, 9):  # a plateau of 25 %
        optimiser.ingest(_evaluation(Setting(float(snr), 2, CLEN), 50, 100))
    assert optimiser.best().min_snr < 6


def test_a_repeated_setting_replaces_its_evaluation_because_the_patterns_are_the_same():
    optimiser = make_optimiser("random", SPACE, START)
    for count in (10, 10, 30):
        optimiser.ingest(_evaluation(START, count))
    assert [each.n_indexed for each in optimiser.evaluations] == [30]


def test_best_needs_an_evaluation_and_an_evaluation_needs_patterns():
    optimiser = make_optimiser("scan", SPACE, START)
    with pytest.raises(RuntimeError, match="ingest an evaluation first"):
        optimiser.best()
    with pytest.raises(ValueError, match="0 patterns"):
        optimiser.ingest(Evaluation(START, 0, 0, 0, 0.0, float("nan"), float("nan"), 0.0))


def test_an_unknown_optimiser_is_refused_with_the_nearest_name():
    with pytest.raises(OptionError, match=r"got 'hybird', allowed hybrid, .*did you mean hybrid"):
        make_optimiser("hybird", SPACE, START)
    with pytest.raises(OptionError, match="scan has none"):
        make_optimiser("scan", SPACE, START, memory=5)
    with pytest.raises(OptionError, match="more than 0"):
        make_optimiser("hybrid", SPACE, START, memory=0)


def test_hybrid_with_memory_follows_a_camera_length_that_drifts():
    rates = {}
    for memory in (None, 8.0):
        reached = np.zeros((4, 50))
        for seed in range(4):
            optimiser, rng = make_optimiser("hybrid", SPACE, START, memory=memory), np.random.default_rng(seed + 1)
            for t in range(50):
                truth = Detector(CLEN * (1 - 0.015 + 0.0008 * max(0, t - 10)), width=0.008)
                setting = optimiser.suggest()
                optimiser.ingest(truth.evaluate(setting, rng))
                reached[seed, t] = truth.rate(setting)
        rates[memory] = reached[:, 20:].mean()
    assert rates[8.0] > 1.15 * rates[None]
    assert rates[8.0] > 0.6 * 0.5


def test_particles_with_memory_hold_an_old_evaluation_against_the_camera_length_of_its_time():
    particles = Particles(SPACE, n=50, memory=8.0)
    for clen in (0.119, 0.120, 0.121):
        particles.ingest(_evaluation(Setting(5.0, 2, clen), 60, 90))
    assert particles.ages.tolist() == [3, 2, 1]
    then = particles.latents
    then[:, 0] -= 100 * 3 * particles.drift / CLEN  # the true clen, in % of the middle, three evaluations ago
    place = np.array([5.0]), np.array([2.0]), np.array([0.119])
    expected = ResponseModel(CLEN).predict(then, *place)
    assert np.allclose(particles.predict(*place, 3.0).rate, expected.rate)
    assert np.allclose(particles.predict(*place, 3.0).shift, expected.shift)


def test_the_gaussian_process_is_the_normal_distribution_conditioned_by_hand():
    place, noise, amplitude = np.zeros((1, 3)), np.array([0.01]), 0.3
    process = GaussianProcess(place, np.array([0.5]), noise, amplitude)
    there = np.array([[LENGTHS[0], 0.0, 0.0]])  # one length away
    prior, cross = amplitude**2, amplitude**2 * norm.pdf(1) / norm.pdf(0)
    assert process.mean(there) == pytest.approx(cross / (prior + 0.01) * 0.5, rel=1e-3)
    assert process.deviation(there) == pytest.approx(np.sqrt(prior - cross**2 / (prior + 0.01)), rel=1e-3)


def _inside(tried: list[Setting]) -> bool:
    return all(
        SPACE.min_snr[0] <= each.min_snr <= SPACE.min_snr[1]
        and SPACE.min_pix_count[0] <= each.min_pix_count <= SPACE.min_pix_count[1]
        and SPACE.clen[0] <= each.clen <= SPACE.clen[1]
        for each in tried
    )


@pytest.mark.parametrize("true_clen", [0.1176, 0.1193, 0.1222])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["hybrid", "posterior"])
def test_a_window_of_camera_lengths_narrower_than_the_model_knows_is_found_by_halving(name, seed, true_clen):
    truth = Detector(true_clen, width=0.003)
    optimiser, rng = make_optimiser(name, SPACE, START, seed=seed), np.random.default_rng(seed)
    found = []
    for _ in range(9):
        found.append(truth.evaluate(optimiser.suggest(), rng))
        optimiser.ingest(found[-1])
    assert any(each.n_indexed for each in found)
