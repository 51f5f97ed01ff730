import uuid
from http import HTTPStatus

from fastapi import APIRouter

from api.deps import ReadWork, SignedIn, Work
from api.schemas import ProjectChange, ProjectName, ProjectSummary
from engine.flow import projects as flow
from engine.store.tables import ImageOrder

router = APIRouter(prefix="/projects", tags=["projects"])


@router.get("")
def list_projects(uow: ReadWork) -> list[ProjectSummary]:
    return [ProjectSummary.model_validate(summary) for summary in flow.list_projects(uow)]


@router.post("", status_code=HTTPStatus.CREATED)
def create_project(body: ProjectName, user: SignedIn, uow: Work) -> ProjectSummary:
    project = flow.create_project(uow, user, body.name)
    return ProjectSummary.model_validate(flow.summarize_project(uow, project.id))


@router.get("/{project_id}")
def get_project(project_id: uuid.UUID, uow: ReadWork) -> ProjectSummary:
    return ProjectSummary.model_validate(flow.summarize_project(uow, project_id))


@router.patch("/{project_id}")
def change_project(project_id: uuid.UUID, body: ProjectChange, user: SignedIn, uow: Work) -> ProjectSummary:
    if body.name is not None:
        flow.rename_project(uow, user, project_id, body.name)
    if body.image_order is not None:
        flow.order_images(uow, user, project_id, ImageOrder(body.image_order))
    return ProjectSummary.model_validate(flow.summarize_project(uow, project_id))


@router.delete("/{project_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_project(project_id: uuid.UUID, user: SignedIn, uow: Work) -> None:
    flow.delete_project(uow, user, project_id)
