"""Learning rates by step and by layer, and what decays."""

from copy import deepcopy

import pytest
import torch

from engine.errors import InvalidSetting
from engine.sam import Sam, architecture
from engine.sam.build import empty_sam
from engine.training.optimizer import Optimizers, OptimizerSettings, make_optimizer, rate_share, set_rate
from engine.training.schedule import Schedule
from tests.training.shapes import tiny_sam, tiny_vit


def test_rate_warms_up_and_steps_down() -> None:
    schedule = Schedule(8e-4, warmup_steps=250, milestones=(60_000, 86_666))
    assert schedule.rate(0, 90_000) == pytest.approx(8e-4 / 250)
    assert schedule.rate(124, 90_000) == pytest.approx(4e-4)
    assert schedule.rate(249, 90_000) == schedule.rate(250, 90_000) == schedule.rate(59_999, 90_000) == 8e-4
    assert schedule.rate(60_000, 90_000) == schedule.rate(86_665, 90_000) == pytest.approx(8e-5)
    assert schedule.rate(86_666, 90_000) == schedule.rate(89_999, 90_000) == pytest.approx(8e-6)


def test_rate_falls_linearly_at_the_end() -> None:
    schedule = Schedule(1e-3, warmup_steps=10, decay_steps=200)
    rates = [schedule.rate(step, 1000) for step in range(1000)]
    assert rates[10:801] == [1e-3] * 791
    assert rates[900] == pytest.approx(5e-4)
    assert rates[-1] == pytest.approx(1e-3 / 200)


@pytest.mark.parametrize(
    "values",
    [
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": 1.0, "warmup_steps": -1},
        {"learning_rate": 1.0, "factor": 0.0},
        {"learning_rate": 1.0, "milestones": (5, 5)},
    ],
)
def test_impossible_schedules_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting):
        Schedule(**values)  # pyright: ignore[reportArgumentType]


def test_vit_layers_learn_more_slowly_towards_the_input() -> None:
    model = tiny_vit()  # three blocks
    shares = {name: rate_share(name, model, 0.5) for name, _ in model.named_parameters()}
    assert shares["image_encoder.patch_embed.proj.weight"] == shares["image_encoder.pos_embed"] == 0.5**4
    assert shares["image_encoder.blocks.0.mlp.lin1.weight"] == 0.5**3
    assert shares["image_encoder.blocks.2.attn.rel_pos_h"] == 0.5
    assert shares["image_encoder.neck.0.weight"] == shares["mask_decoder.iou_token.weight"] == 1.0
    assert {share for name, share in shares.items() if not name.startswith("image_encoder.")} == {1.0}


def test_largest_encoder_spans_the_papers_range() -> None:
    model = empty_sam(architecture("vit_h"))
    assert rate_share("image_encoder.patch_embed.proj.weight", model, 0.8) == pytest.approx(0.8**33)
    assert rate_share("image_encoder.blocks.31.norm1.weight", model, 0.8) == pytest.approx(0.8)


def test_small_encoder_can_have_layer_decay_too() -> None:
    model = tiny_sam()
    order = ["stem.0", "stage4.0.norm", "down8.1", "stage16.0.norm", "stage32.0.qkv", "fuse16.norm", "neck.0"]
    shares = [rate_share(f"image_encoder.{name}.weight", model, 0.5) for name in order]
    assert shares == [0.5**8, 0.5**7, 0.5**6, 0.5**3, 0.5, 1.0, 1.0]


def test_every_parameter_is_in_one_group_and_only_matrices_decay() -> None:
    model = tiny_vit()
    optimizer = make_optimizer(model, OptimizerSettings(weight_decay=0.1, betas=(0.8, 0.9), layer_decay=0.5))
    grouped = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in model.parameters())
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    for group in optimizer.param_groups:
        assert group["betas"] == (0.8, 0.9)
        for parameter in group["params"]:
            name = names[id(parameter)]
            plain = parameter.ndim == 1 or "pos_embed" in name or "rel_pos" in name
            assert group["weight_decay"] == (0.0 if plain else 0.1), name
    set_rate(optimizer, 1e-3)
    assert {group["lr"] for group in optimizer.param_groups} == {1e-3 * 0.5**power for power in (0, 1, 2, 3, 4)}


def test_one_step_moves_a_weight_as_adamw_does() -> None:
    """First step of AdamW: the weight shrinks by rate·decay and moves by the rate against the gradient's sign."""
    model = tiny_vit()
    optimizer = make_optimizer(model, OptimizerSettings(weight_decay=0.1, layer_decay=0.5))
    set_rate(optimizer, 1e-2)
    weight = model.get_parameter("image_encoder.blocks.2.mlp.lin1.weight")
    before = weight.detach().clone()
    weight.grad = torch.full_like(weight, -3.0)
    optimizer.step()
    assert torch.allclose(weight, before * (1 - 5e-3 * 0.1) + 5e-3, atol=1e-6)


def test_muon_steps_the_matrices_of_linear_layers_and_adamw_the_rest() -> None:
    model = tiny_sam()
    optimizer = make_optimizer(model, OptimizerSettings(weight_decay=0.1, layer_decay=0.5, method="muon", momentum=0.9))
    adamw, muon = optimizer.parts
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    by_adamw, by_muon = (
        {names[id(parameter)] for group in part.param_groups for parameter in group["params"]} for part in (adamw, muon)
    )
    assert by_adamw.isdisjoint(by_muon) and by_adamw | by_muon == set(names.values())
    assert "image_encoder.stage32.0.qkv.weight" in by_muon
    # No matrices of hidden layers: biases, convolutions, embeddings, and the few rows that say the IoUs.
    assert {
        "image_encoder.stage32.0.qkv.bias",
        "image_encoder.neck.0.weight",
        "mask_decoder.iou_token.weight",
        "mask_decoder.iou_prediction_head.layers.2.weight",
    } <= by_adamw
    assert {group["momentum"] for group in muon.param_groups} == {0.9}
    set_rate(optimizer, 1e-3)
    assert {group["lr"] for group in muon.param_groups} >= {1e-3, 0.5e-3}


def test_a_step_of_muon_moves_all_directions_of_a_matrix_alike() -> None:
    """However uneven a gradient, its step is nearly orthogonal, with the root mean square of a step of AdamW (0.2)."""
    model = tiny_sam()
    optimizer = make_optimizer(model, OptimizerSettings(weight_decay=0.0, method="muon"))
    set_rate(optimizer, 1e-2)
    weight = model.get_parameter("image_encoder.stage32.0.qkv.weight")
    before = weight.detach().clone()
    generator = torch.Generator().manual_seed(0)
    scales = torch.logspace(0, -1, weight.shape[1])
    weight.grad = torch.randn(weight.shape, generator=generator) * scales
    optimizer.step()
    moved = (weight.detach() - before) / 1e-2
    assert float(torch.linalg.svdvals(weight.grad).min() / torch.linalg.svdvals(weight.grad).max()) < 0.1
    sizes = torch.linalg.svdvals(moved)
    assert float(sizes.min() / sizes.max()) > 0.4
    assert float(moved.square().mean().sqrt()) == pytest.approx(0.2, rel=0.25)


def test_both_optimizers_are_saved_and_taken_up() -> None:
    settings = OptimizerSettings(method="muon")

    def moved(optimizer: Optimizers, model: Sam) -> None:
        generator = torch.Generator().manual_seed(1)
        for parameter in model.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        set_rate(optimizer, 1e-3)
        optimizer.step()
        optimizer.zero_grad()
        assert all(parameter.grad is None for parameter in model.parameters())

    model, again = tiny_sam(), tiny_sam()
    optimizer, resumed = make_optimizer(model, settings), make_optimizer(again, settings)
    moved(optimizer, model)
    again.load_state_dict(model.state_dict())
    resumed.load_state_dict(deepcopy(optimizer.state_dict()))
    moved(optimizer, model)
    moved(resumed, again)
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), again.parameters(), strict=True))
    alone = make_optimizer(tiny_sam(), OptimizerSettings())
    with pytest.raises(ValueError):
        alone.load_state_dict(optimizer.state_dict())
    with pytest.raises(ValueError):
        resumed.load_state_dict(alone.state_dict())


@pytest.mark.parametrize(
    "values",
    [{"momentum": 1.0}, {"weight_decay": -1.0}, {"betas": (0.9, 1.0)}, {"layer_decay": 0.0}, {"gradient_clip": 0.0}],
)
def test_impossible_settings_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting):
        OptimizerSettings(**values)  # pyright: ignore[reportArgumentType]
