import uuid

import pytest

from engine.errors import InvalidInput, NotAllowed, NotFound
from engine.flow.labels import LabelContent, list_labels, set_labels
from engine.store.tables import Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import make_user


def store(user: User, project: Project, *labels: LabelContent) -> None:
    with unit_of_work() as uow:
        set_labels(uow, user, project.id, labels)


def stored(project: Project) -> list[tuple[str, str]]:
    with unit_of_work(read_only=True) as uow:
        return [(label.name, label.colour) for label in list_labels(uow, project.id)]


GULL, TERN = LabelContent("gull", "#56b4e9"), LabelContent("tern", "#e69f00")


def test_a_list_keeps_its_order_and_is_replaced_as_a_whole(owner: User, project: Project) -> None:
    assert stored(project) == []
    store(owner, project, TERN, GULL)
    assert stored(project) == [("tern", "#e69f00"), ("gull", "#56b4e9")]
    store(owner, project, GULL, LabelContent("tern", "#000000"))
    assert stored(project) == [("gull", "#56b4e9"), ("tern", "#000000")]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([LabelContent("", "#000000")], "printable"),
        ([LabelContent(" gull", "#000000")], "spaces"),
        ([LabelContent("a\x00b", "#000000")], "printable"),
        ([LabelContent("x" * 201, "#000000")], "printable"),
        ([GULL, LabelContent("Gull", "#000000")], "twice"),
        ([LabelContent("gull", "red")], "#rrggbb"),
    ],
)
def test_a_list_that_makes_no_sense_changes_nothing(
    owner: User, project: Project, labels: list[LabelContent], sentence: str
) -> None:
    store(owner, project, TERN)
    with pytest.raises(InvalidInput, match=sentence):
        store(owner, project, *labels)
    assert stored(project) == [("tern", "#e69f00")]


def test_annotators_use_labels_and_do_not_change_them(owner: User, project: Project) -> None:
    with pytest.raises(NotAllowed):
        store(make_user("Anna"), project, GULL)
    with pytest.raises(NotFound), unit_of_work() as uow:
        set_labels(uow, owner, uuid.uuid4(), [GULL])
