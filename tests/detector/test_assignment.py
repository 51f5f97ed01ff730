import torch

from engine.detector.assignment import assign, detection_loss
from engine.detector.config import BoxHeadConfig
from engine.detector.head import HeadOutput, positions

CONFIG = BoxHeadConfig(in_channels=8, side=8, image_size=128, width=16, levels=2)
WHERE = positions(CONFIG)


def test_a_box_is_answered_for_around_its_centre_on_the_level_of_its_size() -> None:
    boxes = torch.tensor([[20.0, 20.0, 60.0, 60.0], [0.0, 0.0, 128.0, 128.0]])
    assigned = assign(WHERE, boxes)
    for index, stride in ((0, 16), (1, 32)):
        chosen = WHERE.centres[assigned == index]
        assert len(chosen) > 0
        assert set(WHERE.strides[assigned == index].tolist()) == {stride}
        middle = (boxes[index, :2] + boxes[index, 2:]) / 2
        assert (chosen - middle).abs().max() < 1.5 * stride


def test_of_two_boxes_at_one_place_the_smaller_is_answered_for() -> None:
    assigned = assign(WHERE, torch.tensor([[10.0, 10.0, 70.0, 70.0], [20.0, 20.0, 60.0, 60.0]]))
    at_centre = assigned[(WHERE.centres == 40).all(dim=1)]
    assert at_centre.tolist() == [1]


def test_no_boxes_leave_every_position_without() -> None:
    assert assign(WHERE, torch.empty(0, 4)).eq(-1).all()


def exact_output(box: torch.Tensor, logits_there: float) -> HeadOutput:
    """Every position answers with the box, and those that answer for it with that score."""
    distances = torch.cat([WHERE.centres - box[:2], box[2:] - WHERE.centres], dim=1).clamp(min=0.1)
    scores = torch.where(assign(WHERE, box[None]) == 0, logits_there, -12.0)
    return HeadOutput(scores[None], distances[None])


def test_the_right_answer_costs_next_to_nothing_and_a_wrong_one_more() -> None:
    box = torch.tensor([20.0, 20.0, 60.0, 60.0])
    right = detection_loss(exact_output(box, 12.0), WHERE, [box[None]], [(128, 128)])
    unsure = detection_loss(exact_output(box, -3.0), WHERE, [box[None]], [(128, 128)])
    elsewhere = detection_loss(exact_output(box + 6, 12.0), WHERE, [box[None]], [(128, 128)])
    assert right < 0.01
    assert unsure > 0.5
    assert elsewhere > 0.3


def test_positions_on_padding_do_not_count() -> None:
    output = HeadOutput(torch.where(WHERE.centres[:, 1] > 64, 5.0, -12.0)[None], torch.ones(1, len(WHERE.centres), 4))
    nothing = [torch.empty(0, 4)]
    assert detection_loss(output, WHERE, nothing, [(64, 128)]) < 0.01
    assert detection_loss(output, WHERE, nothing, [(128, 128)]) > 1
