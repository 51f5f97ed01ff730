from sqlalchemy import Engine

from engine.flow.demo import create_demo_project
from engine.flow.projects import delete_project, list_projects
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import make_owner


def test_the_demo_project_is_made_once_even_if_it_was_deleted(sqlite_database: Engine) -> None:
    assert create_demo_project() is None, "there is no owner yet"
    owner = make_owner()
    project = create_demo_project()
    assert project is not None
    assert create_demo_project() is None
    with unit_of_work() as uow:
        (summary,) = list_projects(uow)
        assert summary.image_count == 6
        delete_project(uow, owner, project.id)
    assert create_demo_project() is None
