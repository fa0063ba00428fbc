"""The adversarial boosters: losses by hand, masks that never leak, and what training does."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pulsetrain.boosting._gan import GanLearner
from pulsetrain.boosting._gan.cut import Cut
from pulsetrain.boosting._gan.cyclegan import CycleGan
from pulsetrain.boosting._gan.discriminator import Discriminator
from pulsetrain.boosting._gan.game import Setting, Side, judged
from pulsetrain.boosting._gan.generator import Generator, reach
from pulsetrain.boosting._gan.losses import PatchContrast, least_squares, masked_l1, patch_nce
from pulsetrain.boosting._gan.patches import Patches
from pulsetrain.boosting._gan.pool import ImagePool
from pulsetrain.boosting._gan.scale import Batch, Scale, scales
from pulsetrain.boosting._gan.settings import GanSettings
from pulsetrain.boosting._history import Recorder
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.data import DataError
from pulsetrain.progress import Cancelled

CPU = torch.device("cpu")
SMALL = GanSettings(width=4, blocks=2, judge_width=8, locations=32, pool=4)
METHODS = pytest.mark.parametrize("method", ["cut", "cyclegan"])


def _unit(*degrees: float) -> torch.Tensor:
    angle = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([angle.cos(), angle.sin()], dim=1)[None]  # (1, place, 2)


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _sets(n: int = 24, side: int = 16, gain: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Photons of unlike smooth images in both conditions, with a hole and a dead column in the poor one."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:side, :side] / side
    phase, fringes = rng.uniform(0, 6, (2, 2 * n, 1, 1))
    images = 20 * (1.2 + np.sin(fringes * x + (6 - fringes) * y + phase))
    low, high = rng.poisson(gain * images[:n]).astype(np.float32), rng.poisson(images[n:]).astype(np.float32)
    low[:, 6:9, 6:9] = high[:, 6:9, 6:9] = np.nan
    low[:, :, 12] = np.nan
    return low, high


def _learner(method: str, *, gain: float = 0.2, settings: GanSettings = SMALL, **options: object) -> GanLearner:
    o = BoostingOptions.model_validate({"method": method, "patch": 16, "steps": 3, "batch": 2, **options})
    return GanLearner(o, Degradation(gain, 0.0, 0.0), CPU, settings)


def _game(kind: type[Cut | CycleGan], seed: int = 0) -> Cut | CycleGan:
    torch.manual_seed(seed)
    return kind(Setting(SMALL, Scale(4, 0.25), Scale(20, 0.25), 0.0, 2e-4, 10, _rng(seed)))


# Losses ---------------------------------------------------------------------------------------------------------------


def test_patch_nce_is_what_a_hand_computation_gives():
    # Places asked for at 0° and 90°, keys at 60° and 180°: cosines 1/2, −1 and √3/2, 0. Temperature 1/2 doubles them.
    loss = patch_nce(_unit(0, 90), _unit(60, 180), temperature=0.5)
    e = math.exp
    by_hand = [-math.log(e(1) / (e(1) + e(-2))), -math.log(e(0) / (e(0) + e(math.sqrt(3))))]
    assert loss.item() == pytest.approx(np.mean(by_hand), rel=1e-12)


def test_a_masked_place_neither_asks_nor_is_asked_about():
    live = torch.tensor([[True, False, True]])
    keys = _unit(60, 10, 180).requires_grad_()
    loss = patch_nce(_unit(0, 45, 90), keys, 0.5, live)
    assert loss.item() == pytest.approx(patch_nce(_unit(0, 90), _unit(60, 180), 0.5).item(), rel=1e-12)
    torch.autograd.backward(loss)
    assert keys.grad is not None
    assert (keys.grad[0, 1] == 0).all()
    assert (keys.grad[0, ::2] != 0).any()


def test_the_contrast_is_small_for_an_image_with_itself_and_large_for_a_shuffled_one():
    torch.manual_seed(0)
    contrast, layer, live = PatchContrast([3], 8, 64, 0.07), torch.randn(2, 3, 8, 8), torch.ones(2, 1, 8, 8)
    same = contrast([layer], [layer], live, _rng()).item()
    shuffled = layer.flatten(2)[:, :, torch.randperm(64)].view_as(layer)
    assert same < math.log(64) < contrast([shuffled], [layer], live, _rng()).item()  # log 64: by chance


def test_least_squares_losses_are_what_hand_computations_give():
    assert least_squares(torch.tensor([0.5, 2.0]), 1).item() == pytest.approx((0.25 + 1) / 2)
    # A judge who gives the mean: real images of 0.8, made ones of 0.4 → ((0.8 − 1)² + 0.4²) / 2.
    loss = judged(torch.nn.AdaptiveAvgPool2d(1), torch.full((3, 1, 4, 4), 0.8), torch.full((3, 1, 4, 4), 0.4))
    assert loss.item() == pytest.approx((0.04 + 0.16) / 2)


def test_the_l1_loss_is_over_live_pixels_only():
    one, other = torch.tensor([[1.0, 5.0, 100.0]]), torch.tensor([[2.0, 2.0, 0.0]])
    assert masked_l1(one, other, torch.tensor([[1.0, 1.0, 0.0]])).item() == pytest.approx((1 + 3) / 2)
    assert masked_l1(one, other, torch.zeros(1, 3)).item() == 0


def test_step_sizes_are_constant_for_half_of_the_steps_and_then_fall_to_zero():
    weight = torch.nn.Linear(1, 1)
    side, seen = Side([weight], 0.2, 8), []
    for _ in range(8):
        seen.append(side.rate)
        side.learns(weight(torch.ones(1)).sum())
    assert seen == pytest.approx([0.2] * 5 + [0.15, 0.1, 0.05])
    assert side.rate == 0


# What the networks see ------------------------------------------------------------------------------------------------


def test_a_scale_is_undone_and_is_a_root_far_from_zero():
    scale = Scale(unit=2.0, soft=0.5, centre=0.3, spread=0.7)
    photons = torch.tensor([-3.0, -0.1, 0.0, 0.2, 7.0, 5e4], dtype=torch.float64)
    torch.testing.assert_close(scale.outward(scale.inward(photons)), photons)
    bright = Scale(2.0, 0.5).inward(torch.tensor([2e6, 8e6], dtype=torch.float64))
    assert (bright[1] / bright[0]).item() == pytest.approx(2, rel=1e-3)
    linear = Scale(2.0, math.inf, 0.3, 0.7)
    torch.testing.assert_close(linear.outward(linear.inward(photons)), photons)


def test_a_clean_image_looks_the_same_in_both_conditions():
    low, high = _sets()
    poor, good = scales(low, high, 0.2, root=True)
    image = torch.rand(3, 16, 16) * 50
    torch.testing.assert_close(poor.inward(0.2 * image), good.inward(image))
    seen = good.inward(torch.from_numpy(high[np.isfinite(high)]))
    assert seen.mean().item() == pytest.approx(0, abs=1e-4)
    assert seen.std().item() == pytest.approx(1, rel=1e-3)


def test_counted_photons_have_the_detectors_mean_and_variance_and_hand_their_gradient_on():
    scale = Scale(5.0, 0.2, 0.4, 0.8)
    expected = scale.inward(torch.full((1, 1, 300, 300), 3.0)).requires_grad_()
    read = scale.counted(expected, _rng(), read_noise=0.7)
    photons = scale.outward(read.detach())
    assert photons.mean().item() == pytest.approx(3, abs=5 * math.sqrt(3.49 / 9e4))
    assert photons.var().item() == pytest.approx(3 + 0.49, rel=0.03)
    torch.autograd.backward(read.sum())
    assert expected.grad is not None
    assert (expected.grad == 1).all()


def test_squares_come_in_eight_orientations_with_their_masks_each_frame_once_a_round():
    frame = np.arange(16, dtype=np.float32).reshape(4, 4)
    frame[0, 1] = np.nan
    turned = {np.rot90(side, k).tobytes() for side in (frame, frame.T) for k in range(4)}
    drawn = Patches(frame[None], 64, [0]).draw(200)
    assert {square.tobytes() for square in drawn} == turned
    many = Patches(np.arange(6, dtype=np.float32)[:, None, None] * np.ones((5, 7), np.float32), 3, [0])
    assert many.draw(6).shape == (6, 3, 3)
    assert sorted(many.draw(6)[:, 0, 0]) == list(range(6))


def test_squares_without_live_pixels_are_left_out_where_others_can_be_had():
    frame = np.full((1, 40, 40), np.nan, np.float32)
    frame[:, :, :20] = 1
    assert np.isfinite(Patches(frame, 8, [0]).draw(50)).mean(axis=(1, 2)).min() >= 0.5


def test_the_pool_gives_back_earlier_images_half_of_the_time_once_it_is_full():
    pool, images = ImagePool(50, [0]), torch.arange(1050.0)[:, None]
    first = pool.exchange(images[:50])
    assert torch.equal(first, images[:50])
    later = torch.cat([pool.exchange(image[None]) for image in images[50:]])
    earlier = (later != images[50:]).sum().item()
    assert abs(earlier - 500) < 5 * math.sqrt(250)
    assert (later <= images[50:]).all()
    given = later[later != images[50:]]
    assert len(given.unique()) == len(given)  # an image that was given back is no longer kept
    assert torch.equal(ImagePool(0, [0]).exchange(images), images)


# Networks -------------------------------------------------------------------------------------------------------------


def test_an_untrained_generator_corrects_the_gain_and_nothing_else():
    low, high = _sets()
    learner = _learner("cut")
    network = learner._network(Generator(4, 2), *scales(low, high, 0.2, root=True))
    image = learner.apply([network], low).mean[0]
    live = np.isfinite(low)
    np.testing.assert_allclose(image[live], low[live] / 0.2, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("shape", [(2, 16, 16), (3, 21, 34), (1, 40, 9)])
def test_images_have_the_frames_shape_and_no_nan_and_no_negative_photons(shape: tuple[int, ...]):
    block = np.random.default_rng(0).normal(1, 2, shape).astype(np.float32)
    block[:, 3:5, 2] = np.nan
    learner = _learner("cut")
    boosted = learner.apply([learner.build(), learner.build()], block)
    assert boosted.mean.shape == (2, *shape)
    assert (boosted.mean >= 0).all()
    assert boosted.std is None


def test_a_pixel_is_influenced_by_none_beyond_the_reach():
    torch.manual_seed(0)
    generator = Generator(4, 2)
    for parameter in generator.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    image = torch.randn(1, 1, 16, 120, requires_grad=True)
    far = []
    for place in range(56, 60):  # one of each place in the coarsest layer
        out = generator(image, torch.ones_like(image))[0, 0, 8, place]
        (gradient,) = torch.autograd.grad(out, image)
        touched = torch.nonzero(gradient.abs().sum(dim=(0, 1, 2)))[:, 0]
        far += [place - touched.min().item(), touched.max().item() - place]
    assert reach(2) - 6 <= max(far) <= reach(2)


def test_a_discriminator_judges_patches_of_34_pixels():
    image = torch.randn(1, 1, 96, 96, requires_grad=True)
    judged_ = Discriminator(4)(image)
    (gradient,) = torch.autograd.grad(judged_[0, 0, 11, 11], image)
    rows = torch.nonzero(gradient[0, 0].abs().sum(dim=1))[:, 0]
    assert rows.max() - rows.min() + 1 == 34


# Masks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Cut, CycleGan])
def test_discriminators_never_see_a_pixel_that_is_masked_in_either_set(kind: type[Cut | CycleGan]):
    low, high = _sets()
    high[:, 2, 3] = np.nan
    game, seen = _game(kind), []
    for network in vars(game).values():
        if isinstance(network, Discriminator):
            network.register_forward_pre_hook(lambda _, images: seen.append(images[0].detach()))
    for step in range(3):
        some = slice(2 * step, 2 * step + 2)
        game.step(
            game.given.low.batch(torch.from_numpy(low[some])), game.given.high.batch(torch.from_numpy(high[some]))
        )
    masked = torch.from_numpy(np.isnan(low[0]) | np.isnan(high[0]))
    assert len(seen) == 3 * 3 * (1 if kind is Cut else 2)
    assert all((images[:, 0, masked] == 0).all() for images in seen)
    assert all((images[:, 0, ~masked] != 0).float().mean() > 0.5 for images in seen)  # a dark pixel is 0, too


def test_what_a_masked_pixel_of_a_made_image_holds_changes_no_judgement_even_after_the_pool():
    """A pool's image keeps the mask that it was made with."""
    game = _game(CycleGan)
    live = torch.ones(1, 1, 16, 16)
    dead = live.clone()
    dead[..., 4:8, 4:8] = 0
    seen = []
    game.judges_good.register_forward_pre_hook(lambda _, images: seen.append(images[0].detach()))
    image = torch.randn(1, 1, 16, 16)
    for k in range(20):
        game.step(Batch(image * (dead if k < 4 else live), dead if k < 4 else live), Batch(image, live))
    real, made = seen[1::3], seen[2::3]  # of each step: the generators' turn, then real and made images
    zeros = [[(images[..., 4:8, 4:8] == 0).all().item() for images in some] for some in (real, made)]
    assert zeros[0] == zeros[1]
    assert any(zeros[0][4:])  # some of the first came again


@METHODS
def test_masked_pixels_that_hold_nan_leave_training_finite(method: str):
    low, high = _sets()
    learner = _learner(method)
    network, curve = learner.learn(low, high, 0, lambda *_: None)
    assert np.isfinite(curve).all()
    assert np.isfinite(learner.apply([network], low).mean).all()


# Training -------------------------------------------------------------------------------------------------------------


@METHODS
def test_the_same_seed_gives_the_same_result_and_the_callers_random_state_is_left_alone(method: str):
    low, high = _sets()
    learner = _learner(method)
    before = torch.get_rng_state()
    first, again, other = (learner.learn(low, high, seed, lambda *_: None)[0].images(low[:4]) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("method", "content"), [("cut", "diffraction"), ("cyclegan", "imaging")])
def test_training_moves_images_towards_the_good_set(method: str, content: str):
    """Told a gain that is wrong by a half, images are too dark at first: only the good set can make them brighter."""
    low, high = _sets(n=40)
    free = replace(SMALL, contrast_identity=0.0, cycle=2.0, cycle_identity=0.0)
    learner = _learner(method, gain=0.3, steps=60, learning_rate=4e-3, content=content, settings=free)
    network, _ = learner.learn(low, high, 1, lambda *_: None)
    live = np.isfinite(low[:6])
    off = [abs(strip[live].mean() / np.nanmean(high) - 1) for strip in network.history.strips]
    assert off[0] > 0.3
    assert off[-1] < off[0] / 2


@pytest.mark.parametrize("kind", [Cut, CycleGan])
def test_mixed_precision_computes_the_same_losses_within_a_percent(kind: type[Cut | CycleGan]):
    """The kind of precision that a GPU is trained in, here on the CPU."""
    low, high = _sets()
    losses = []
    for enabled in (False, True):
        game = _game(kind)
        poor, good = (torch.from_numpy(each[:2]) for each in (low, high))
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            losses.append(game.step(game.given.low.batch(poor), game.given.high.batch(good)))
    assert losses[1] == pytest.approx(losses[0], rel=1e-2, abs=2e-3)
    assert losses[1] != losses[0]


@METHODS
def test_training_ends_within_the_step_in_which_it_is_cancelled(method: str):
    low, high = _sets()
    told = []

    def report(step: int, steps: int, loss: float) -> None:
        told.append((step, steps))
        assert math.isfinite(loss)
        if step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        _learner(method, steps=50).learn(low, high, 0, report)
    assert told == [(1, 50), (2, 50)]


@METHODS
def test_the_history_holds_every_loss_and_the_same_frames_over_time(method: str):
    low, high = _sets()
    network, curve = _learner(method, steps=5).learn(low, high, 0, lambda *_: None)
    history = network.history
    own = "contrast" if method == "cut" else "cycle"
    assert set(history.losses) == {"discriminator", "generator", "identity", "whole", own}
    assert history.step == [1, 2, 3, 4, 5]
    assert history.losses["whole"] == curve
    assert history.strip_step[0] == 0
    assert history.strip_step[-1] == 5
    assert {strip.shape for strip in history.strips} == {(6, 16, 16)}


def test_of_large_frames_the_middle_is_followed():
    frames = np.arange(300, dtype=np.float32)[:, None] * np.ones((7, 1, 40), np.float32)
    (strip,) = Recorder(5, frames, lambda some: some).history.strips
    assert strip.shape == (6, 256, 40)
    assert strip[0, [0, -1], 0].tolist() == [22, 277]


def test_a_masked_pixel_is_no_image_in_the_strips():
    frames = np.ones((2, 8, 8), np.float32)
    frames[:, 3, 4] = np.nan
    (strip,) = Recorder(5, frames, np.nan_to_num).history.strips
    np.testing.assert_array_equal(strip, frames)


def test_a_network_is_the_same_after_it_was_written_and_read(tmp_path):
    low, high = _sets()
    learner = _learner("cut")
    network, _ = learner.learn(low, high, 0, lambda *_: None)
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    again = learner.build()
    again.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert np.array_equal(again.images(low), network.images(low))


def test_frames_without_light_are_refused():
    low, high = _sets()
    for dark in (np.zeros_like(low), np.full_like(low, np.nan)):
        with pytest.raises(DataError, match="photons in the mean; allowed: more than 0"):
            _learner("cut").learn(dark, high, 0, lambda *_: None)


def test_a_training_that_diverges_says_so():
    low, high = _sets()
    learner = _learner("cut", settings=replace(SMALL, contrast=math.inf))
    with pytest.raises(ValueError, match="cut: diverged in step 1; fit with another seed or a smaller learning_rate"):
        learner.learn(low, high, 0, lambda *_: None)
