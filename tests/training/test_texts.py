"""Masks that are large enough come with the CLIP embedding of their picture, whoever computes the batch."""

import pytest
import torch

from engine.errors import InvalidSetting
from engine.text.clip import Clip, load_clip
from engine.training.batch import Batch, Shard
from engine.training.texts import TextSettings, WithTexts
from tests.text.tiny_clip import write_tiny_clip

pytest.importorskip("transformers", reason="needs the extra `text`")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return load_clip(write_tiny_clip(tmp_path_factory.mktemp("clip")))


class Squares:
    """Images of 64 pixels with masks of 16, 8 and no cells along each side; a pure function of the step."""

    closed = False

    def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
        pixels = torch.rand(images, 3, 64, 64, generator=torch.Generator().manual_seed(step)) * 255
        targets = torch.zeros(images, masks, 16, 16, dtype=torch.bool)
        targets[:, 0] = True
        targets[:, 1, :8, :8] = True
        present = torch.tensor([[True, True, False]]).expand(images, 3)
        rows = slice(shard.rows(images).start, shard.rows(images).stop)
        own = tuple(f"squares {row}" for row in shard.rows(images))
        origin = torch.zeros(images, 2)
        return Batch(pixels[rows], torch.ones_like(pixels[rows, :1]), targets[rows], present[rows], origin[rows], own)

    def close(self) -> None:
        self.closed = True


def batch(clip: Clip, settings: TextSettings, step: int = 0, shard: Shard | None = None) -> Batch:
    return WithTexts(Squares(), clip, settings, seed=3).batch(step, 4, 3, 64, shard or Shard())


def test_only_masks_of_more_pixels_than_the_square_get_an_embedding(clip: Clip) -> None:
    given = batch(clip, TextSettings(smallest_side=32))
    assert given.texts is not None
    assert given.text_present is not None
    # 64×64 pixels are more than 32×32; 32×32 are not.
    assert given.text_present.tolist() == [[True, False, False]] * 4
    assert torch.allclose(given.texts.norm(dim=-1), given.text_present.float(), atol=1e-5)
    smaller = batch(clip, TextSettings(smallest_side=31))
    assert smaller.text_present is not None
    assert smaller.text_present.tolist() == [[True, True, False]] * 4


def test_embeddings_are_those_of_each_masks_own_crop(clip: Clip) -> None:
    plain = TextSettings(smallest_side=1, enlarge=(1.0, 1.0), blank=0.0)
    given = batch(clip, plain)
    assert given.texts is not None
    quarter = torch.nn.functional.avg_pool2d(
        torch.nn.functional.interpolate(given.images[..., :32, :32], (64, 64), mode="bilinear"), 2
    )
    # The object fills its crop, so all of CLIP's patches are read.
    wanted = clip.embed_crops(quarter, torch.ones(4, 1, 32, 32))
    assert torch.nn.functional.cosine_similarity(given.texts[:, 1], wanted).min() > 0.98


def test_two_processes_together_see_what_one_sees(clip: Clip) -> None:
    settings = TextSettings(smallest_side=1, probability=0.5)
    whole = batch(clip, settings, step=7)
    parts = [batch(clip, settings, step=7, shard=Shard(rank, 2)) for rank in range(2)]
    assert whole.texts is not None
    assert whole.text_present is not None
    assert torch.equal(
        torch.cat([part.text_present for part in parts if part.text_present is not None]), whole.text_present
    )
    texts = torch.cat([part.texts for part in parts if part.texts is not None])
    assert torch.allclose(texts, whole.texts, atol=1e-5)
    assert 0 < int(whole.text_present.sum()) < 8


def test_steps_differ_and_repeat(clip: Clip) -> None:
    settings = TextSettings(smallest_side=1)
    first, again, other = (batch(clip, settings, step=step).texts for step in (1, 1, 2))
    assert first is not None
    assert again is not None
    assert other is not None
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_closing_closes_the_data(clip: Clip) -> None:
    data = Squares()
    WithTexts(data, clip, TextSettings(), seed=0).close()
    assert data.closed


@pytest.mark.parametrize(
    "setting", [{"smallest_side": -1}, {"enlarge": (0.5, 2.0)}, {"enlarge": (2.0, 1.0)}, {"blank": 2.0}]
)
def test_impossible_settings_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting):
        TextSettings(**setting)  # pyright: ignore[reportArgumentType]
