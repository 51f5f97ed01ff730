"""`maskloop models promote|rollback|delete|compare`: which model is live, and whether another one is better."""

from typing import Annotated

import typer

from engine.errors import Conflict, InvalidInput
from engine.flow.comparison import Sort, list_comparison
from engine.flow.delete_model import delete_model
from engine.flow.models import find_model
from engine.flow.promotion import promote as promote_model
from engine.flow.promotion import rollback as roll_back
from engine.flow.registry import Entry, get_entry
from engine.flow.sign_in import create_owner_if_none
from engine.store.tables import ModelState
from engine.store.unit_of_work import unit_of_work
from maskloop.commands.options import DataOption, JsonOption, print_json
from maskloop.commands.store import open_store

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A name that `maskloop models list` shows")]


def promote(
    name: NameArgument,
    force: Annotated[bool, typer.Option("--force", help="Although the gate refused it")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a model live: annotators work with it from their next image on.

    Images are embedded anew, first those that people open next. Nothing is restarted, and pages that are open go on
    with the model they began with. A detector takes the place of the one before. A model that the gate refused is
    promoted only with --force.

    Example: maskloop models promote 'street v4'
    """
    open_store(data)
    with unit_of_work() as uow:
        entry = get_entry(uow, find_model(uow, name).id)
        if not force:
            _require_not_refused(entry)
        run_id = None if entry.run is None else entry.run.id
        model = promote_model(uow, entry.model.id, create_owner_if_none(uow), run_id=run_id)
    _say(model.name, "live", as_json=as_json)


def rollback(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make the model live again that the live one replaced; once more goes back one further.

    Example: maskloop models rollback
    """
    open_store(data)
    with unit_of_work() as uow:
        model = roll_back(uow, create_owner_if_none(uow))
    _say(model.name, "live", as_json=as_json)


def delete(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Delete a model that nothing needs, with its weights and embeddings; what needs it is said otherwise.

    Example: maskloop models delete 'street v3'
    """
    open_store(data)
    with unit_of_work() as uow:
        delete_model(uow, create_owner_if_none(uow), find_model(uow, name).id)
    _say(name, "deleted", as_json=as_json)


def compare(
    name: NameArgument,
    sort: Annotated[Sort, typer.Option(help="Masks it improved most first, spoilt most first, or either")] = Sort.LOSS,
    clicks: Annotated[int, typer.Option(metavar="N", help="Masks after 1, 3 or 5 clicks")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=0, max=500, help="So many masks")] = 10,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a retrained model against the one it was trained from: figures, verdict, and single held-out masks.

    For any two models on a folder of images: maskloop evaluate --images DIR --compare A B

    Example: maskloop models compare 'street v4' --sort gain
    """
    if clicks not in (1, 3, 5):
        raise InvalidInput("--clicks is 1, 3 or 5: candidates are measured after so many.")
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        run = get_entry(uow, find_model(uow, name).id).run
        if run is None or run.evaluation is None:
            raise InvalidInput(
                f"{name} was not compared with anything here: no retraining run made it, or its evaluation is not over."
            )
        evaluation, verdict = run.evaluation, run.verdict
        has_masks = evaluation["comparison"] is not None and limit > 0
        page = list_comparison(uow, run.id, sort, clicks, 0, limit) if has_masks else None
    if as_json:
        masks = [] if page is None else page.items
        print_json(
            {
                "run": run.number,
                "evaluation": evaluation,
                "verdict": verdict,
                "masks": [
                    {
                        "mask_id": str(each.mask_id),
                        "image_id": str(each.image_id),
                        "base_iou": each.base_iou,
                        "candidate_iou": each.candidate_iou,
                    }
                    for each in masks
                ],
            }
        )
        return
    from maskloop.candidate_tables import print_candidate

    print_candidate(evaluation, verdict, page, clicks)


def _require_not_refused(entry: Entry) -> None:
    """Raises Conflict, with the gate's reasons, for a model that it refused and that is not live already."""
    verdict = None if entry.run is None else entry.run.verdict
    if verdict is None or verdict["passed"] or entry.model.state is ModelState.LIVE:
        return
    reasons = " ".join(verdict["reasons"])
    raise Conflict(f"The gate refused {entry.model.name}: {reasons} To make it live all the same, add --force.")


def _say(name: str, state: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "state": state})
    else:
        print(f"{name} is {state}.")
