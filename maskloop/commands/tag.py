"""`maskloop tag`: Words on images, to choose them by: list them, add and remove them."""

from typing import Annotated

import typer

from engine.errors import InvalidInput
from engine.flow import tags as flow
from engine.flow.batch_order import BatchOrder, Selection
from engine.flow.batches import chosen_images
from engine.flow.sign_in import create_owner_if_none
from engine.store.tables import JobKind
from engine.store.unit_of_work import unit_of_work
from maskloop.batch_lookup import project_named
from maskloop.commands.batch_options import AnnotatedOption, NamedOption, ProjectOption, TagOption
from maskloop.commands.options import DataOption, JsonOption, counted, print_json
from maskloop.commands.store import open_store

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Words on images, to choose them by: list them, add and remove them.",
)


@app.command("list")
def list_all(project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the tags of a project, and how many images have each.

    Example: maskloop tag list --project street
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        counts = flow.list_tags(uow, project_named(uow, project).id)
    if as_json:
        print_json([{"tag": count.tag, "images": count.images} for count in counts])
    elif not counts:
        print("No image has a tag yet: maskloop tag change --add TAG")
    else:
        width = max(len(count.tag) for count in counts)
        for count in counts:
            print(f"{count.tag:{width}}  {counted(count.images, 'image')}")


@app.command()
def change(
    project: ProjectOption = None,
    add: Annotated[list[str] | None, typer.Option(metavar="TAG", help="A tag to add; may be repeated")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="TAG", help="A tag to remove; may be repeated")] = None,
    annotated: AnnotatedOption = None,
    named: NamedOption = None,
    tag: TagOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add tags to a project's images, or to some of them, and take others off: of all of them, or of none.

    Example: maskloop tag change --project street --named cam2_ --add night --remove day
    """
    open_store(data)
    selection = Selection(annotated=annotated, name_contains=named, tag=tag)
    with unit_of_work() as uow:
        chosen = project_named(uow, project)
        # What a batch with this selection would work on; an export needs no model.
        images = chosen_images(uow, chosen.id, BatchOrder(kind=JobKind.EXPORT, selection=selection))
        if not images:
            raise InvalidInput(f"No image of {chosen.name} passes this selection.")
        owner = create_owner_if_none(uow)
        changed = flow.change_tags(uow, owner, chosen.id, images, add=add or (), remove=remove or ())
    if as_json:
        print_json({"images": len(images), "changed": changed})
    elif changed:
        print(f"The tags of {counted(changed, 'image')} changed.")
    else:
        print(f"{counted(len(images), 'image')} had these tags already.")
