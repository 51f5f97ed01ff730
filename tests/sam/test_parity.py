"""The model's arithmetic and keys are the published ones: vectors written by the published package."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.sam import ARCHITECTURES, Sam, SamConfig, VitConfig, architecture, sam_from_state_dict
from engine.sam.build import empty_sam
from engine.sam.predictor import Predictor
from engine.sam.transforms import apply_boxes, apply_coords, resize_longest_side, resized_shape

TOLERANCE = 1e-4

Cases = dict[str, NDArray[np.generic]]


@pytest.fixture(scope="module")
def cases(shared_folder: Path) -> Cases:
    with np.load(shared_folder / "parity" / "small_cases.npz") as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def published(shared_folder: Path) -> Sam:
    """The small published model: its configuration and weights."""
    folder = shared_folder / "parity"
    c = json.loads((folder / "small_config.json").read_text())
    config = SamConfig(
        arch="small",
        encoder=VitConfig(
            embed_dim=c["embed_dim"],
            depth=c["depth"],
            num_heads=c["num_heads"],
            global_attn_indexes=tuple(c["global_attn_indexes"]),
            patch_size=c["patch_size"],
            window_size=c["window_size"],
            mlp_ratio=c["mlp_ratio"],
        ),
        image_size=c["image_size"],
        prompt_embed_dim=c["prompt_embed_dim"],
        mask_in_chans=c["mask_in_chans"],
        decoder_depth=c["decoder_depth"],
        decoder_mlp_dim=c["decoder_mlp_dim"],
        decoder_num_heads=c["decoder_num_heads"],
        num_multimask_outputs=c["num_multimask_outputs"],
        iou_head_depth=c["iou_head_depth"],
        iou_head_hidden_dim=c["iou_head_hidden_dim"],
    )
    with np.load(folder / "small_weights.npz") as stored:
        state = {key: torch.from_numpy(stored[key]) for key in stored.files}
    return sam_from_state_dict(state, config, "small_weights.npz")


def close(got: torch.Tensor, wanted: NDArray[np.generic]) -> bool:
    return bool(np.abs(got.numpy() - wanted).max() <= TOLERANCE)


@torch.no_grad()
def test_preprocessing_and_encoder_match(published: Sam, cases: Cases) -> None:
    resized = resize_longest_side(cases["image"].astype(np.uint8), published.image_size)
    model_input = published.preprocess(resized.float()[None])
    assert close(model_input, cases["model_input"])
    assert close(published.image_encoder(model_input), cases["image_embedding"])
    assert close(published.prompt_encoder.get_dense_pe(), cases["dense_pe"])


PROMPTS = {
    # name: (points used, box used, previous mask used, multimask output)
    "one_point": (1, False, False, True),
    "three_points": (3, False, False, False),
    "box": (0, True, False, False),
    "box_and_point": (1, True, False, True),
    "point_and_mask": (2, False, True, False),
}


@pytest.mark.parametrize("name", PROMPTS)
@torch.no_grad()
def test_prompts_decode_to_the_published_masks(published: Sam, cases: Cases, name: str) -> None:
    used, with_box, with_mask, multimask = PROMPTS[name]
    height, width = cases["image"].shape[:2]
    side = published.image_size
    points = None
    if used:
        coords = apply_coords(cases["points"][:used].astype(float), (height, width), side)
        points = (torch.from_numpy(coords)[None], torch.from_numpy(cases["labels"][:used])[None])
    box = None
    if with_box:
        box = torch.from_numpy(apply_boxes(cases["box"].astype(float), (height, width), side))[None]
    mask = torch.from_numpy(cases["mask_input"])[None] if with_mask else None

    sparse, dense = published.prompt_encoder(points, box, mask)
    low, iou = published.mask_decoder(
        torch.from_numpy(cases["image_embedding"]), published.prompt_encoder.get_dense_pe(), sparse, dense, multimask
    )
    full = published.postprocess_masks(low, resized_shape(height, width, side), (height, width))

    assert close(sparse, cases[f"{name}/sparse"])
    assert close(dense, cases[f"{name}/dense"])
    assert close(low[0], cases[f"{name}/low_res_logits"])
    assert close(iou[0], cases[f"{name}/iou"])
    assert close(full[0], cases[f"{name}/full_res_logits"])


@pytest.mark.parametrize("name", PROMPTS)
def test_predictor_goes_from_image_and_prompt_to_the_published_masks(published: Sam, cases: Cases, name: str) -> None:
    used, with_box, with_mask, multimask = PROMPTS[name]
    embedded = Predictor(published).embed(cases["image"].astype(np.uint8))
    low, iou = embedded.predict(
        cases["points"][None, :used].astype(float) if used else None,
        cases["labels"][None, :used].astype(np.int32) if used else None,
        cases["box"][None].astype(float) if with_box else None,
        torch.from_numpy(cases["mask_input"])[None] if with_mask else None,
        multimask_output=multimask,
    )
    logits = cases[f"{name}/full_res_logits"].astype(float)
    decided = np.abs(logits) > TOLERANCE

    assert close(low[0], cases[f"{name}/low_res_logits"])
    assert close(iou[0], cases[f"{name}/iou"])
    assert np.array_equal(embedded.masks(low)[0].numpy()[decided], (logits > 0)[decided])


@pytest.mark.parametrize("name", ["vit_b", "vit_l", "vit_h"])
def test_state_dict_has_the_official_keys_and_shapes(shared_folder: Path, name: str) -> None:
    official = json.loads((shared_folder / "parity" / "official_state_dict_shapes.json").read_text())[name]
    assert {key: list(value.shape) for key, value in empty_sam(architecture(name)).state_dict().items()} == official


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_configuration_survives_json(name: str) -> None:
    config = architecture(name)
    assert SamConfig.from_json(config.to_json()) == config


@torch.no_grad()
def test_prompts_of_several_images_decode_as_they_do_alone(published: Sam) -> None:
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(2, 32, 16, 16, generator=generator)
    points = (torch.rand(6, 2, 2, generator=generator) * 256, torch.ones(6, 2))
    sparse, dense = published.prompt_encoder(points, None, None)
    position = published.prompt_encoder.get_dense_pe()
    together, _ = published.mask_decoder(embeddings, position, sparse, dense, True)
    second, _ = published.mask_decoder(embeddings[1:], position, sparse[3:], dense[3:], True)
    assert torch.allclose(together[3:], second, atol=1e-4)
