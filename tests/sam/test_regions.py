"""Edge-aware smoothing, against its definition and on pictures whose regions are known."""

import pytest
import torch
from torch import Tensor

from engine.sam import regions
from engine.sam.regions import RegionFeatures, _Recursion, smooth_along, smooth_within_edges


@pytest.mark.parametrize("large_steps", [False, True], ids=["loop, as on a CPU", "scan, as on a GPU"])
def test_recursion_follows_its_definition_and_has_the_right_gradient(
    monkeypatch: pytest.MonkeyPatch, large_steps: bool
):
    monkeypatch.setattr(regions, "_in_large_steps", lambda _: large_steps)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, 2, 3, 4, generator=generator, dtype=torch.double, requires_grad=True)
    w = torch.rand(6, 2, 1, 4, generator=generator, dtype=torch.double, requires_grad=True)
    y = _Recursion.apply(x, w)
    expected = [x[0]]
    for i in range(1, 6):
        expected.append((1 - w[i]) * x[i] + w[i] * expected[-1])
    torch.testing.assert_close(y, torch.stack(expected))
    assert torch.autograd.gradcheck(_Recursion.apply, (x, w))


def test_backward_pass_uses_the_weight_between_a_cell_and_the_next():
    """A wall between the cells 2 and 3 stops both directions."""
    x = torch.tensor([1.0, 2, 3, 10, 20, 30]).view(1, 1, 1, 6)
    w = torch.tensor([0.5, 0.5, 0.5, 0.0, 0.5, 0.5]).view(1, 1, 1, 6)
    whole = smooth_along(x, w, 3)
    left = smooth_along(x[..., :3], w[..., :3], 3)
    torch.testing.assert_close(whole[..., :3], left)
    assert whole[..., 3:].min() >= 10


@pytest.mark.parametrize("dim", [2, 3])
def test_a_constant_stays_constant(dim: int):
    x = torch.full((2, 3, 8, 8), 0.7)
    torch.testing.assert_close(smooth_along(x, torch.rand(2, 1, 8, 8), dim), x)


def test_regions_become_uniform_and_stay_apart():
    """Positions smoothed in a picture of two halves: nearly one value on each side of the border."""
    left = torch.zeros(1, 1, 32, 32)
    wall = torch.zeros(1, 1, 32, 32)
    wall[..., 16] = 1000
    x = torch.arange(32.0).expand(1, 1, 32, 32) / 32
    smooth = smooth_within_edges(x, wall, left, reach=48)[0, 0]
    first, second = smooth[:, :16], smooth[:, 16:]
    assert float(second.mean() - first.mean()) == pytest.approx(0.5, abs=0.02)
    assert max(float(first.std()), float(second.std())) < 0.05
    assert float(x[0, 0, :, :16].std()) > 0.13


def test_features_of_one_region_agree_more_than_those_of_two_that_look_alike():
    """Two discs of the same colour: only where they lie tells them apart."""
    torch.manual_seed(0)
    features = RegionFeatures(fine=8, coarse=8).eval()
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    discs = ((x - 64) ** 2 + (y - 128) ** 2 < 40**2) | ((x - 192) ** 2 + (y - 128) ** 2 < 40**2)
    pixels = torch.where(discs, 1.5, -1.5).expand(1, 3, 256, 256)
    with torch.no_grad():
        seen: Tensor = features(pixels, torch.zeros(1, 8, 64, 64), torch.zeros(1, 8, 16, 16))[0]
    assert seen.shape == (features.channels, 64, 64)
    here, same, other = seen[:, 32, 12], seen[:, 32, 20], seen[:, 32, 48]
    assert torch.dist(here, same) < 0.5 * torch.dist(here, other)
