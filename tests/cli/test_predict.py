from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.masks import rle
from engine.sam import Sam
from maskloop.cli import run
from tests.cli.conftest import Maskloop, sentence_of


def test_one_point_gives_three_masks_best_first(maskloop: Maskloop, photo: Path, weights: Path) -> None:
    result = maskloop("predict", photo, "--point", "30,20,1", "--model", weights, "--json")
    assert result.status == 0
    assert set(result.json) == {"masks", "model"}
    assert result.json["model"] == str(weights)
    scores = [mask["predicted_iou"] for mask in result.json["masks"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    for mask in result.json["masks"]:
        assert set(mask) == {"segmentation", "predicted_iou"}
        assert set(mask["segmentation"]) == {"size", "counts"}
        rle.validate(mask["segmentation"], 48, 64)


@pytest.mark.parametrize(
    "prompt",
    [
        ["--point", "30,20,1", "--point", "5,5,0"],
        ["--box", "10,10,50,40"],
        ["--point", "30.5,20,1", "--box", "10,10,50,40"],
    ],
)
def test_several_points_or_a_box_give_the_single_mask(
    photo: Path, weights: Path, prompt: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["predict", str(photo), *prompt, "--model", str(weights)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert run(["predict", str(photo), *prompt, "--multimask", "--model", str(weights)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_pixels_count_in_the_upright_image(tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    turned = Image.new("RGB", (64, 48))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    command = ["predict", str(tmp_path / "turned.jpg"), "--model", str(weights), "--point"]
    assert run([*command, "40,60,1"]) == 0
    assert run([*command, "60,40,1"]) == 2
    assert "48×64 pixels" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ([], "--point X,Y,1"),
        (["--point", "1,2"], "not X,Y,LABEL"),
        (["--point", "a,2,1"], "not X,Y,LABEL"),
        (["--point", "1,2,3"], "not X,Y,LABEL"),
        (["--point", "nan,2,1"], "not X,Y,LABEL"),
        (["--point", "64,2,1"], "outside the image, which has 64×48 pixels"),
        (["--point", "-1,2,1"], "outside the image"),
        (["--box", "1,2,3"], "not X0,Y0,X1,Y1"),
        (["--box", "9,9,3,3"], "X0 < X1"),
        (["--box", "0,0,65,20"], "reaches outside the image"),
        (["--point", "1,1,1", "--model", "unknown"], "There is no model 'unknown'"),
        (["--point", "1,1,1", "--model", "missing.pth"], "There is no file missing.pth"),
    ],
)
def test_a_prompt_that_cannot_be_is_refused_in_one_sentence(
    photo: Path, prompt: list[str], reason: str, capsys: pytest.CaptureFixture[str], settings: object
) -> None:
    assert run(["predict", str(photo), *prompt]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert reason in err
    assert len(err.splitlines()) == 1


def test_files_that_are_no_images_are_refused(maskloop: Maskloop, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    assert "not an image" in sentence_of(maskloop("predict", "text.jpg", "--point", "1,1,1"))
    assert "There is no file" in sentence_of(maskloop("predict", "missing.jpg", "--point", "1,1,1"))


def test_weights_of_no_known_architecture_name_the_keys(
    photo: Path, tiny_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(tiny_sam.state_dict(), tmp_path / "odd.pth")
    assert run(["predict", str(photo), "--point", "1,1,1", "--model", str(tmp_path / "odd.pth")]) == 2
    assert "image_encoder." in capsys.readouterr().err


def test_a_pth_without_a_description_is_known_by_its_shapes(
    photo: Path, small_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(small_sam.state_dict(), tmp_path / "unnamed.pth")
    assert run(["predict", str(photo), "--point", "1,1,1", "--model", str(tmp_path / "unnamed.pth")]) == 0
    assert "predicted IoU" in capsys.readouterr().out
