import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.sam import Sam, SamConfig, TinyConfig, VitConfig, build_sam, sam_from_state_dict
from engine.sam.reassociated import TwoStepDecoder

GRID = 8
LABELS = {"one point": [[1, -1]], "point and box": [[0, 2, 3]], "many points": [[1, 0, 1, 1, 0, 1, 0, -1]]}


def random_sam(**changes: int) -> Sam:
    """Every weight random, norms and biases too: nothing is hidden by a zero or a one."""
    config = SamConfig("vit_t", TinyConfig(), image_size=16 * GRID, **changes)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(5)
        sam = build_sam(config)
        for parameter in sam.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return sam


def plain_decode(
    sam: Sam, embedding: Tensor, coords: Tensor, labels: Tensor, masks: Tensor | None
) -> tuple[Tensor, Tensor]:
    encoder = sam.prompt_encoder
    sparse = encoder.embed_points(coords, labels)
    dense = encoder.no_mask(len(coords)) if masks is None else encoder.embed_masks(masks)
    return sam.mask_decoder.predict_masks(embedding, encoder.get_dense_pe(), sparse, dense)


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("with_mask", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 3])
@torch.no_grad()
def test_two_steps_equal_the_plain_decoder(labels: list[list[int]], batch: int, with_mask: bool, depth: int) -> None:
    sam = random_sam(decoder_depth=depth)
    generator = torch.Generator().manual_seed(batch)
    embedding = torch.randn(1, 256, GRID, GRID, generator=generator)
    kinds = torch.tensor(labels).expand(batch, -1)
    coords = torch.rand(*kinds.shape, 2, generator=generator) * 16 * GRID
    masks = torch.randn(batch, 1, 4 * GRID, 4 * GRID, generator=generator) * 5 if with_mask else None
    expected_logits, expected_iou = plain_decode(sam, embedding, coords, kinds, masks)

    decoder = TwoStepDecoder(sam)
    logits, iou = decoder.decode(decoder.prepare(embedding), coords, kinds, masks)

    torch.testing.assert_close(logits, expected_logits, atol=1e-4, rtol=0)
    torch.testing.assert_close(iou, expected_iou, atol=1e-4, rtol=0)
    assert expected_logits.std() > 0.1


@pytest.fixture(scope="module")
def published(shared_folder: Path) -> Sam:
    """The small model that the published package wrote its vectors with."""
    values = json.loads((shared_folder / "parity" / "small_config.json").read_text())
    fields = VitConfig.__dataclass_fields__.keys() & values.keys()
    encoder = VitConfig(**{name: values.pop(name) for name in fields})
    with np.load(shared_folder / "parity" / "small_weights.npz") as stored:
        state = {key: torch.from_numpy(stored[key]) for key in stored.files}
    return sam_from_state_dict(state, SamConfig("small", encoder, **values), "small_weights.npz")


@torch.no_grad()
def test_two_steps_equal_the_published_vectors(shared_folder: Path, published: Sam) -> None:
    cases = np.load(shared_folder / "parity" / "small_cases.npz")
    embedding = torch.from_numpy(cases["image_embedding"])
    decoder = TwoStepDecoder(published)
    prepared = decoder.prepare(embedding)
    masks = torch.from_numpy(cases["mask_input"])[None]
    for name in ("one_point", "three_points", "box", "box_and_point", "point_and_mask"):
        sparse = torch.from_numpy(cases[f"{name}/sparse"])
        logits, iou = decoder.decode_tokens(prepared, sparse, masks if name == "point_and_mask" else None)
        expected, expected_iou = cases[f"{name}/low_res_logits"], cases[f"{name}/iou"]
        chosen = slice(1, None) if len(expected) == 3 else slice(0, 1)
        np.testing.assert_allclose(logits[0, chosen].numpy(), expected, atol=1e-4)
        np.testing.assert_allclose(iou[0, chosen].numpy(), expected_iou, atol=1e-4)
        agreement = ((logits[0, chosen].numpy() > 0) == (expected > 0)).mean()
        assert agreement >= 0.999
