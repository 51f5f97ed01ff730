"""The rounds are the paper's, and what is learnt from them is the picture."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch

from engine.errors import InvalidSetting
from engine.sam.prompt_encoder import BOX_TOP_LEFT, FOREGROUND, PADDING
from engine.training.batch import Batch, Shard
from engine.training.prompts import PromptDraws
from engine.training.randomness import step_generator
from engine.training.simulation import Rounds, Simulation, run_rounds
from tests.training.shapes import SIDE, Shapes, tiny_sam


def test_paper_simulation_has_eleven_rounds_and_ends_without_a_point() -> None:
    generator = torch.Generator().manual_seed(0)
    plans = [Simulation().plan(generator) for _ in range(200)]
    assert Simulation().rounds == 11
    assert all(len(plan) == 11 and sum(plan) == 9 and plan[0] and not plan[-1] for plan in plans)
    # The other one is at a random place: before, between or after the eight points.
    assert {plan.index(False) for plan in plans} == set(range(1, 10))


def test_rounds_without_points_can_be_left_out() -> None:
    generator = torch.Generator().manual_seed(0)
    assert Simulation(error_points=2, rounds_without_point=0).plan(generator) == [True, True, True]
    assert Simulation(error_points=1, rounds_without_point=1).plan(generator) == [True, True, False]


@pytest.mark.parametrize(
    "values", [{"box_probability": 1.5}, {"error_points": -1}, {"box_noise": -0.1}, {"central_points": 2}]
)
def test_impossible_simulation_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting):
        Simulation(**values)  # pyright: ignore[reportArgumentType]


def play(simulation: Simulation, *, batch: Batch | None = None, backward: Callable[..., None] | None = None) -> Rounds:
    """All rounds of one batch on seeded random weights."""
    batch = batch or Shapes().batch(0, 2, 3, SIDE, Shard())
    sam = tiny_sam().train()
    with torch.no_grad():
        embeddings = sam.image_encoder(sam.preprocess(batch.images))
    generator = step_generator(0, 0, "simulation")
    plan = simulation.plan(generator)
    draws = PromptDraws.draw(len(batch.images), batch.targets.shape[1], simulation.error_points, generator)
    return run_rounds(
        sam, embeddings, batch.targets, batch.present, batch.origin, simulation, plan, draws, backward=backward
    )


def test_each_round_gets_the_best_predicted_logits_and_one_more_point(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.sam.mask_decoder import MaskDecoder
    from engine.sam.prompt_encoder import PromptEncoder

    tokens: list[list[list[int]]] = []
    fed: list[torch.Tensor] = []
    answers: list[tuple[torch.Tensor, torch.Tensor]] = []
    embed_points, embed_masks = PromptEncoder.embed_points, PromptEncoder.embed_masks
    predict_masks = MaskDecoder.predict_masks

    def points(self: PromptEncoder, coords: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        tokens.append(labels.tolist())
        return embed_points(self, coords, labels)

    def masks(self: PromptEncoder, logits: torch.Tensor) -> torch.Tensor:
        fed.append(logits)
        return embed_masks(self, logits)

    def predict(self: MaskDecoder, *args: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        answers.append(predict_masks(self, *args))
        return answers[-1]

    monkeypatch.setattr(PromptEncoder, "embed_points", points)
    monkeypatch.setattr(PromptEncoder, "embed_masks", masks)
    monkeypatch.setattr(MaskDecoder, "predict_masks", predict)
    play(Simulation(error_points=3, rounds_without_point=2))

    lengths = [len(prompt[0]) for prompt in tokens]
    assert len(lengths) == 6
    assert (lengths[0], lengths[-2], lengths[-1]) == (2, 5, 5)
    assert sum(later == earlier + 1 for earlier, later in pairwise(lengths)) == 3
    assert {tuple(prompt[:2]) for prompt in tokens[0]} <= {(FOREGROUND, PADDING), (BOX_TOP_LEFT, 3)}
    first_logits, first_iou = answers[0]
    best = 1 + first_iou[:, 1:].argmax(1)  # of the three, never the single mask
    assert torch.equal(fed[0][:, 0], first_logits[torch.arange(6), best])
    for answer, given in zip(answers[1:], fed[1:], strict=False):
        assert torch.equal(given, answer[0][:, :1])  # several prompts: the single mask alone
    assert not any(given.requires_grad for given in fed)


def test_parts_of_a_batch_add_up_to_the_whole() -> None:
    batch = Shapes().batch(3, 2, 3, SIDE, Shard())
    rounds = play(Simulation(error_points=1), batch=batch)
    assert float(rounds.count) == int(batch.present.sum())
    assert float(rounds.by_image.sum()) == pytest.approx(float(rounds.losses.sum()), rel=1e-5)


def test_absent_masks_add_nothing() -> None:
    batch = Shapes().batch(0, 2, 3, SIDE, Shard())
    batch.present[:] = False
    rounds = play(Simulation(error_points=1), batch=batch)
    assert float(rounds.losses.abs().sum()) == float(rounds.ious.sum()) == float(rounds.count) == 0


def test_single_mask_is_trained_on_one_prompt_only_when_asked() -> None:
    plain = play(Simulation(error_points=0, rounds_without_point=0))
    both = play(
        Simulation(error_points=0, rounds_without_point=0, single_mask_for_points=True, single_mask_for_boxes=True)
    )
    boxes = play(Simulation(error_points=0, rounds_without_point=0, single_mask_for_boxes=True))
    assert float(plain.losses) < float(boxes.losses) < float(both.losses)


def test_window_sees_its_own_part_of_the_position_code() -> None:
    """A window at an origin gets the codes that the whole input has there."""
    from engine.training.simulation import _window_pe

    whole = torch.arange(2 * 8 * 8.0).reshape(1, 2, 8, 8)
    parts = _window_pe(whole, torch.tensor([[0.0, 0.0], [16.0, 48.0]]), 4)
    assert torch.equal(parts, torch.stack([whole[0, :, :4, :4], whole[0, :, 3:7, 1:5]]))
    assert _window_pe(whole, torch.zeros(2, 2), 8) is whole
