"""What the head that predicts the IoU sees, and what it should have said."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.sam import Sam
from engine.training.batch import Batch
from engine.training.losses import mask_iou
from engine.training.passes import half_precision
from engine.training.prompts import PromptDraws
from engine.training.randomness import step_generator
from engine.training.simulation import Simulation, run_rounds


@dataclass(frozen=True)
class Answers:
    """N answers to simulated prompts.

    Attributes:
        tokens: N×C, the IoU token behind the transformer.
        ious: N×K, the true IoU of each mask token's mask.
        images: N, the number of the image each is of, so that images can be held out.
        first: N, whether it is the answer to the first prompt.
    """

    tokens: Tensor
    ious: Tensor
    images: Tensor
    first: Tensor


def collect_answers(sam: Sam, batches: Iterable[Batch], simulation: Simulation, seed: int) -> Answers:
    """Play `simulation` on every batch without learning anything; masks that a batch lacks are left out."""
    tokens: list[Tensor] = []
    ious: list[Tensor] = []
    images: list[Tensor] = []
    first: list[Tensor] = []
    heard: list[Tensor] = []
    device = sam.device
    hook = sam.mask_decoder.iou_prediction_head.register_forward_pre_hook(
        lambda _module, inputs: heard.append(inputs[0].float())
    )
    was_training = sam.training
    sam.eval()
    try:
        for number, batch in enumerate(batches):
            present = batch.present.flatten().to(device)
            count, masks = batch.targets.shape[:2]
            generator = step_generator(seed, number, "predicted IoU")
            draws = PromptDraws.draw(count, masks, simulation.error_points, generator).rows(range(count), device)
            seen: list[Tensor] = []

            def observe(logits: Tensor, target: Tensor, seen: list[Tensor] = seen) -> None:
                seen.append(mask_iou(logits, target[:, None].expand_as(logits)))

            heard.clear()
            with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, half_precision("auto", device)):
                pixels = (batch.images.to(device) - sam.pixel_mean) / sam.pixel_std * batch.valid.to(device)
                embeddings = sam.image_encoder(pixels.contiguous(memory_format=torch.channels_last)).float()
                run_rounds(
                    sam,
                    embeddings,
                    batch.targets.to(device),
                    batch.present.to(device),
                    batch.origin.to(device),
                    simulation,
                    simulation.plan(generator),
                    draws,
                    observe=observe,
                )
            of_image = (number * count + torch.arange(count, device=device)).repeat_interleave(masks)
            tokens += [token[present] for token in heard]
            ious += [iou[present] for iou in seen]
            images += [of_image[present]] * len(seen)
            first += [torch.full_like(of_image[present], index == 0, dtype=torch.bool) for index in range(len(seen))]
    finally:
        hook.remove()
        sam.train(was_training)
    return Answers(torch.cat(tokens).clone(), torch.cat(ious).clone(), torch.cat(images), torch.cat(first))
