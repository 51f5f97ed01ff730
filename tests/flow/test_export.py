import io
import json
import uuid
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from pycocotools import mask as coco_mask

from engine.errors import NotFound
from engine.flow.annotate import delete_mask, put_mask
from engine.flow.export import export_sa1b, stream_zip
from engine.flow.import_image import import_image, prepare_image
from engine.masks import rle
from engine.store.tables import Image, Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.pictures import picture
from tests.flow.masks import HEIGHT, WIDTH, mask_content, rectangle

IMAGE_KEYS = {"image_id", "width", "height", "file_name"}
ANNOTATION_TYPES = {
    "id": int,
    "segmentation": dict,
    "bbox": list,
    "area": int,
    "predicted_iou": float,
    "stability_score": float,
    "crop_box": list,
    "point_coords": list,
}


def exported(project: Project, with_images: bool = False) -> dict[str, bytes]:
    with unit_of_work(read_only=True) as uow:
        archive = b"".join(stream_zip(export_sa1b(uow, project.id, with_images)))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_export_has_sa1b_keys_and_types(project: Project, image: Image, owner: User) -> None:
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(), None)
        put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(predicted_iou=None, stability_score=None), None)
    files = exported(project)
    assert list(files) == ["bird-0.json"]
    record = json.loads(files["bird-0.json"])
    assert set(record) == {"image", "annotations"}
    assert set(record["image"]) == IMAGE_KEYS
    assert (record["image"]["width"], record["image"]["height"]) == (WIDTH, HEIGHT)
    assert record["image"]["file_name"] == "bird-0.png"
    assert len({annotation["id"] for annotation in record["annotations"]}) == 2
    for annotation in record["annotations"]:
        assert {key: type(value) for key, value in annotation.items()} == ANNOTATION_TYPES
        assert annotation["id"] < 2**53
        assert annotation["bbox"] == [10, 5, 20, 8]
        assert annotation["crop_box"] == [0, 0, WIDTH, HEIGHT]
        assert annotation["point_coords"] == [[15.5, 8.0]]
    assert [annotation["predicted_iou"] for annotation in record["annotations"]] == [0.93, 1.0]


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_pycocotools_reads_the_exported_masks(project: Project, image: Image, owner: User) -> None:
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(), None)
    (annotation,) = json.loads(exported(project)["bird-0.json"])["annotations"]
    assert np.array_equal(coco_mask.decode(annotation["segmentation"]), rle.decode(rectangle()))
    assert coco_mask.area(annotation["segmentation"]) == annotation["area"]
    assert coco_mask.toBbox(annotation["segmentation"]).tolist() == annotation["bbox"]


def test_deleted_masks_stay_out_and_images_without_masks_stay_in(project: Project, image: Image, owner: User) -> None:
    with unit_of_work() as uow:
        mask, _ = put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(), None)
        delete_mask(uow, owner, image.id, mask.id, 1)
    assert json.loads(exported(project)["bird-0.json"])["annotations"] == []


def test_ids_stay_the_same_from_one_export_to_the_next(project: Project, image: Image, owner: User) -> None:
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(), None)
    assert exported(project) == exported(project)


def test_images_of_one_name_get_files_of_their_own(project: Project, owner: User) -> None:
    for seed, name in enumerate(["a/bird.png", "b/bird.png", "Bird.PNG", "bird-2.png"]):
        prepared = prepare_image(name, picture(seed=seed))
        with unit_of_work() as uow:
            import_image(uow, project, prepared, owner)
    files = exported(project, with_images=True)
    names = [name for name in files if name.endswith(".json")]
    assert len({name.casefold() for name in names}) == 4
    for name in names:
        shown = PillowImage.open(io.BytesIO(files[json.loads(files[name])["image"]["file_name"]]))
        assert shown.size == (WIDTH, HEIGHT)


def test_images_come_as_they_were_annotated(project: Project, owner: User, tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[274] = 6
    prepared = prepare_image("phone.tif", picture(kind="TIFF", exif=exif))
    with unit_of_work() as uow:
        import_image(uow, project, prepared, owner)
    files = exported(project, with_images=True)
    record = json.loads(files["phone.json"])["image"]
    assert record["file_name"] == "phone.png"
    shown = PillowImage.open(io.BytesIO(files["phone.png"]))
    assert shown.size == (record["width"], record["height"]) == (HEIGHT, WIDTH)


def test_an_unknown_project_is_not_found(owner: User) -> None:
    with pytest.raises(NotFound), unit_of_work() as uow:
        export_sa1b(uow, uuid.uuid4())
