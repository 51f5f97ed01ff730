import uuid
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.blob_response import binary
from api.deps import ReadWork, SignedIn, Work
from api.represent_retrain import snapshot_schemas
from api.retrain_schemas import Snapshot, SnapshotDiff
from engine.flow import snapshots as flow
from engine.flow.snapshot_diff import diff
from engine.flow.snapshot_order import SnapshotOrder

router = APIRouter(prefix="/snapshots", tags=["retraining"])


@router.get("")
def list_snapshots(uow: ReadWork, project_id: uuid.UUID | None = None) -> list[Snapshot]:
    """All snapshots, or those that a project has part in, the newest first."""
    return snapshot_schemas(uow, flow.list_snapshots(uow, project_id))


@router.post("", status_code=HTTPStatus.CREATED)
def create_snapshot(body: SnapshotOrder, user: SignedIn, uow: Work) -> Snapshot:
    """Freeze the masks of some projects as they are now. An image keeps its side of the split for ever."""
    return snapshot_schemas(uow, [flow.create_snapshot(uow, user, body)])[0]


@router.get("/{snapshot_id}")
def get_snapshot(snapshot_id: uuid.UUID, uow: ReadWork) -> Snapshot:
    return snapshot_schemas(uow, [flow.get_snapshot(uow, snapshot_id)])[0]


@router.get("/{snapshot_id}/diff")
def diff_snapshots(
    snapshot_id: uuid.UUID, to: Annotated[uuid.UUID, Query(description="The later snapshot")], uow: ReadWork
) -> SnapshotDiff:
    """What is new, changed and gone in another snapshot."""
    return SnapshotDiff.model_validate(diff(flow.get_snapshot(uow, snapshot_id), flow.get_snapshot(uow, to)))


@router.get("/{snapshot_id}/manifest", response_class=Response, responses=binary("application/jsonl"))
def snapshot_manifest(snapshot_id: uuid.UUID, uow: ReadWork) -> Response:
    """The list of masks: a line of JSON per image, as docs/data.md describes."""
    snapshot = flow.get_snapshot(uow, snapshot_id)
    headers = {"Content-Disposition": f'attachment; filename="snapshot-{snapshot.number}.jsonl"'}
    return Response(flow.read_manifest(snapshot), headers=headers, media_type="application/jsonl")
