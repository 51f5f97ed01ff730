"""published checkpoint → registered model, at a person's request."""

from engine.errors import Unreachable
from engine.flow.download import Progress, download
from engine.flow.model_origin import origin_of_file
from engine.flow.published import published
from engine.flow.register_model import add_model, prepare_model
from engine.settings import get_settings
from engine.store.tables import Model
from engine.store.unit_of_work import unit_of_work


def pull_model(name: str, registered_as: str, progress: Progress) -> Model:
    """Fetch a published checkpoint and register it as a candidate; nothing is registered unless all of it worked.

    The file is deleted once the weights are in the blob store. Raises what `download` and `add_model` raise.
    """
    checkpoint = published(name)
    file = get_settings().data / "downloads" / checkpoint.file_name
    try:
        download(checkpoint.url, file, checkpoint.sha256_prefix, progress)
    except Unreachable as error:
        raise Unreachable(
            f"{error} A file that was fetched elsewhere, from {checkpoint.url}, is registered by: "
            f"maskloop models add {checkpoint.file_name} --arch {checkpoint.arch} --name '{registered_as}'"
        ) from error
    prepared = prepare_model(file, checkpoint.arch)
    origin = origin_of_file(file)
    with unit_of_work() as uow:
        model = add_model(uow, prepared, registered_as, origin=origin)
    file.unlink()
    return model
