"""A retraining run in this process: from stored masks to a candidate with its curve."""

from engine.flow.retrain import curve_of
from engine.flow.run_retrain import run_retrain
from engine.store.tables import Model, ModelState, Project, RetrainState, User
from engine.store.unit_of_work import unit_of_work
from tests.flow.retraining import annotated_project, start, stored


def test_masks_become_a_candidate_with_its_curve(owner: User, project: Project, model: Model) -> None:
    annotated_project(owner, project)
    run = start(owner, project)
    run_retrain(run.id)
    done = stored(run)
    assert (done.state, done.error) == (RetrainState.FINISHED, None)
    assert (done.step, done.steps) == (4, 4)
    with unit_of_work(read_only=True) as uow:
        assert done.model_id is not None
        candidate = uow.session.get_one(Model, done.model_id)
        points = curve_of(uow, run.id)
    assert (candidate.name, candidate.parent_id, candidate.arch) == ("Birds v1", model.id, model.arch)
    assert candidate.state is ModelState.CANDIDATE
    assert candidate.weights_sha256 != model.weights_sha256
    assert candidate.metrics["training"]["snapshot"] == 1
    assert [point.step for point in points] == [0, 1, 2, 3]
    assert all(len(point.values["iou"]) == 2 and point.values["loss"] > 0 for point in points)
