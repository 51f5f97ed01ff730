import uuid

from fastapi import APIRouter

from api.deps import ReadWork, SignedIn, Work
from api.registry_schemas import Contribution, LoopReport, OwnContribution, Reference
from api.represent_registry import round_schema
from engine.flow.contribution import latest_contribution
from engine.flow.loop_report import report
from engine.flow.loop_settings import ProjectLoop, loop_settings, set_loop_settings
from engine.flow.projects import get_project

router = APIRouter(tags=["loop"])


@router.get("/projects/{project_id}/loop-settings")
def get_loop_settings(project_id: uuid.UUID, uow: ReadWork) -> ProjectLoop:
    """Gate, benchmark, and whether what passes goes live by itself."""
    get_project(uow, project_id)
    return loop_settings(uow, project_id)


@router.put("/projects/{project_id}/loop-settings")
def put_loop_settings(project_id: uuid.UUID, body: ProjectLoop, user: SignedIn, uow: Work) -> ProjectLoop:
    """Replace them; what was judged before keeps its verdict."""
    return set_loop_settings(uow, user, project_id, body)


@router.get("/projects/{project_id}/loop-report")
def get_loop_report(project_id: uuid.UUID, uow: ReadWork) -> LoopReport:
    """What the loop came to, round by round, and the paper's figures to hold it against."""
    return LoopReport(rounds=[round_schema(each) for each in report(uow, project_id)], reference=Reference())


@router.get("/me/contribution")
def get_contribution(user: SignedIn, uow: ReadWork) -> OwnContribution:
    """The newest model that one's own masks trained, and how much better it is than the one before."""
    found = latest_contribution(uow, user)
    return OwnContribution(latest=None if found is None else Contribution.model_validate(found))
