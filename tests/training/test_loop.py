"""The loop steps as it says: learns, logs, stops before a bad step, and gives the same however a batch is divided."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]

from engine.errors import InvalidSetting
from engine.sam import SamConfig, TinyConfig
from engine.training.batch import Shard
from engine.training.distributed import Process
from engine.training.initialise import tie_position_lookup
from engine.training.loop import NonFiniteLoss, fresh_model, train
from engine.training.passes import passes
from engine.training.recipe import Phase, Recipe
from engine.training.schedule import Schedule
from engine.training.simulation import Rounds, Simulation
from engine.training.state import STATE
from tests.training.shapes import SIDE, Shapes, losses, tiny_recipe, tiny_sam, tiny_vit, vit_recipe

CPU = torch.device("cpu")


def test_one_image_is_learnt_by_heart(tmp_path: Path) -> None:
    """From a point or a box, each of its masks to an IoU over 0.95."""
    recipe = Recipe(
        arch=None,
        phases=(Phase(250, images=1, masks=3, simulation=Simulation(error_points=1, rounds_without_point=0)),),
        schedule=Schedule(4e-3, warmup_steps=20, decay_steps=100),
        precision="float32",
    )
    sam = tiny_sam()
    tie_position_lookup(sam)
    ious: list[torch.Tensor] = []

    def record(_: int, rounds: Rounds) -> None:
        ious.append(rounds.ious / rounds.count)

    train(recipe, Shapes(one=True), tmp_path, model=sam, device=CPU, on_step=record)
    assert float(ious[0].max()) < 0.3
    assert float(torch.stack(ious[-20:]).mean(0).min()) > 0.95


def test_division_into_passes_changes_nothing(tmp_path: Path) -> None:
    train(tiny_recipe(), Shapes(), tmp_path / "whole", model=tiny_sam(), device=CPU, log_every=1)
    parts = replace(tiny_recipe(), images_per_pass=3)  # four images: three and one
    train(parts, Shapes(), tmp_path / "parts", model=tiny_sam(), device=CPU, log_every=1)
    for step, loss in losses(tmp_path / "whole").items():
        assert losses(tmp_path / "parts")[step] == pytest.approx(loss, abs=2e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the compiler itself uses what torch deprecates
@pytest.mark.parametrize("kind", ["tiny", "vit"])
def test_a_compiled_model_learns_the_same(tmp_path: Path, kind: str) -> None:
    recipe, model = (tiny_recipe(), tiny_sam) if kind == "tiny" else (vit_recipe(), tiny_vit)
    recipe = replace(recipe, drop_path=0.0, decoder_dropout=0.0)  # compiled code draws other random numbers
    train(recipe, Shapes(), tmp_path / "plain", model=model(), device=CPU, log_every=1)
    train(recipe, Shapes(), tmp_path / "compiled", model=model(), device=CPU, log_every=1, compile_model=True)
    for step, loss in losses(tmp_path / "plain").items():
        assert losses(tmp_path / "compiled")[step] == pytest.approx(loss, abs=2e-3)


def test_passes_cover_every_row_once() -> None:
    batch = Shapes().batch(0, 5, 2, SIDE, Shard())
    divided = list(passes(batch, 2))
    assert [list(rows) for rows, _ in divided] == [[0, 1], [2, 3], [4]]
    assert torch.equal(torch.cat([part.images for _, part in divided]), batch.images)
    assert tuple(name for _, part in divided for name in part.ids) == batch.ids


def test_checkpointed_blocks_give_the_same_run(tmp_path: Path) -> None:
    """With dropout and stochastic depth, which are drawn again on the way back."""
    train(vit_recipe(), Shapes(), tmp_path / "kept", model=tiny_vit(), device=CPU, log_every=1)
    again = replace(vit_recipe(), checkpoint_blocks=True)
    train(again, Shapes(), tmp_path / "again", model=tiny_vit(), device=CPU, log_every=1)
    assert losses(tmp_path / "again") == losses(tmp_path / "kept")


def test_stochastic_depth_and_dropout_act_in_training_only(tmp_path: Path) -> None:
    plain = replace(vit_recipe(), drop_path=0.0, decoder_dropout=0.0)
    train(plain, Shapes(), tmp_path / "plain", model=tiny_vit(), device=CPU, log_every=1)
    for changed in ({"drop_path": 0.5}, {"decoder_dropout": 0.5}):
        out = tmp_path / next(iter(changed))
        model = train(replace(plain, **changed), Shapes(), out, model=tiny_vit(), device=CPU, log_every=1)
        assert losses(out)[0] != losses(tmp_path / "plain")[0]
        image = torch.rand(2, 3, SIDE, SIDE)
        with torch.no_grad():
            assert torch.equal(model.image_encoder(image), model.image_encoder(image))


def test_a_loss_that_is_no_number_names_the_image_and_spares_the_state(tmp_path: Path) -> None:
    whole = Shapes()

    class SpoiltLater:
        def batch(self, step: int, images: int, masks: int, window: int, shard: Shard):
            return (Shapes(spoiled=2) if step == 3 else whole).batch(step, images, masks, window, shard)

        def close(self) -> None: ...

    with pytest.raises(NonFiniteLoss, match=r"step 3 is nan, from shapes/3-2\. The weights are not touched"):
        train(tiny_recipe(), SpoiltLater(), tmp_path, model=tiny_sam(), device=CPU, save_every=0, log_every=1)
    state = torch.load(tmp_path / STATE, weights_only=True)
    assert state["step"] == 3
    assert all(bool(value.isfinite().all()) for value in state["model"].values())
    train(tiny_recipe(), whole, tmp_path, model=tiny_sam(), device=CPU, log_every=1)
    assert sorted(losses(tmp_path)) == list(range(6))


def test_gradients_without_end_stop_the_run_too(tmp_path: Path) -> None:
    sam = tiny_sam()
    sam.mask_decoder.iou_token.weight.register_hook(lambda gradient: gradient * torch.inf)
    with pytest.raises(NonFiniteLoss, match="gradients without end"):
        train(replace(tiny_recipe(), affinity_weight=0.0), Shapes(), tmp_path, model=sam, device=CPU)
    assert not (tmp_path / STATE).exists()


def test_figures_are_in_the_log_and_for_tensorboard(tmp_path: Path) -> None:
    train(tiny_recipe(), Shapes(), tmp_path, model=tiny_sam(), device=CPU, log_every=2)
    assert list(losses(tmp_path)) == [0, 2, 4]
    (events,) = (tmp_path / "tensorboard").iterdir()
    scalars = {(e.step, v.tag): v.simple_value for e in read_events(events) for v in e.summary.value}
    for step, loss in losses(tmp_path).items():
        for number, value in enumerate(loss):
            assert scalars[step, f"loss/round_{number}"] == pytest.approx(value)
    assert scalars[0, "learning_rate"] == pytest.approx(tiny_recipe().schedule.rate(0, 6))
    assert scalars[2, "masks_per_second"] > 0


def read_events(path: Path) -> list[Event]:
    """The records of a TensorBoard file: length, checksum, event, checksum."""
    content, events = path.read_bytes(), []
    while content:
        length = int.from_bytes(content[:8], "little")
        events.append(Event.FromString(content[12 : 12 + length]))
        content = content[16 + length :]
    return events


def test_recipe_that_does_not_fit_is_refused_before_data_are_asked_for(tmp_path: Path) -> None:
    class NoData(Shapes):
        def batch(self, *_: object, **__: object):
            raise AssertionError("data were read")

    recipe = tiny_recipe()
    cases = [
        (replace(recipe, drop_path=0.1), Process(), "drop_path is for ViT"),
        (replace(recipe, checkpoint_blocks=True), Process(), "checkpoint_blocks is for ViT"),
        (replace(recipe, decoder_depth=3), Process(), "2 decoder layers, the recipe 3"),
        (recipe, Process(0, 3), "4 images cannot be shared evenly by 3"),
        (replace(recipe, phases=(replace(recipe.phases[0], steps=9, window=128),)), Process(), "128 pixels"),
    ]
    for changed, process, complaint in cases:
        with pytest.raises(InvalidSetting, match=complaint):
            train(changed, NoData(), tmp_path, model=tiny_sam(), device=CPU, process=process)
    with pytest.raises(InvalidSetting, match="whole input"):
        windowed = replace(recipe, phases=(replace(recipe.phases[1], window=32),))
        train(windowed, NoData(), tmp_path, model=tiny_vit(), device=CPU)


def test_models_from_scratch_are_the_same_for_the_same_seed() -> None:
    config = SamConfig("tiny", TinyConfig(widths=(16, 16, 32, 32), depths=(1, 1, 1, 1)), image_size=64)
    recipe = replace(tiny_recipe(), decoder_depth=3)
    first, second, other = (fresh_model(config, recipe, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
    assert "mask_decoder.transformer.layers.2.norm1.weight" in first
