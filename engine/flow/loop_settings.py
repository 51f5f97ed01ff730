"""How a project judges and promotes its candidates: gate, benchmark, and who promotes."""

from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from engine.errors import InvalidInput
from engine.evaluation.gate import GateRules
from engine.flow.batches import require_manager
from engine.flow.projects import get_project
from engine.store.tables import Event, LoopSettings, User
from engine.store.unit_of_work import UnitOfWork

_DEFAULT = GateRules()

CLICKS = (1, 3, 5)
"""The numbers of clicks that candidates are measured after."""

# Training run S sees scenes from S · 10⁹ on, and none comes near the 900 millionth.
_FIRST_SCENE = 900_000_000


class GateSettings(BaseModel):
    """The rules of the gate, with the defaults of `engine.evaluation.gate.GateRules`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clicks: list[Literal[1, 3, 5]] = Field(
        default=[1, 3, 5], min_length=1, max_length=3, description="mIoU after so many clicks is judged"
    )
    better_at: int = Field(default=_DEFAULT.better_at, ge=0, le=6, description="Figures that must be better at least")
    better_on: Literal["either", "validation", "benchmark", "both"] = Field(
        default=_DEFAULT.better_on, description="The set on which they must be: one of the two, a certain one, or each"
    )
    largest_loss: float = Field(
        default=_DEFAULT.largest_loss, ge=0, le=100, description="Points a figure may lose at most, on both sets"
    )
    certain: bool = Field(
        default=_DEFAULT.certain,
        description="Better means that the 95 % interval of the difference lies above zero, not just the difference",
    )

    def rules(self) -> GateRules:
        """The same as the gate takes them."""
        return GateRules(
            tuple(sorted(set(self.clicks))), self.better_at, self.better_on, self.largest_loss, self.certain
        )


class BenchmarkSettings(BaseModel):
    """The fixed set of every round: generated scenes, and the images of a folder on the workers' machines if named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenes: int = Field(default=24, ge=0, le=1000, description="Generated scenes, always the same")
    seed: int = Field(default=_FIRST_SCENE, ge=0, lt=2**53, description="Of the first scene; the others follow")
    folder: Annotated[str, Field(max_length=4096)] | None = Field(
        default=None, description="A folder with images/ and annotations/ (SA-1B's form) to measure on as well"
    )
    folder_images: int | None = Field(
        default=None, ge=1, le=100_000, description="At most so many of its images, spread evenly over their sources"
    )
    held_out_images: int = Field(
        default=200, ge=1, le=100_000, description="At most so many of the snapshot's held-out images are measured"
    )
    noc: bool = Field(default=True, description="Count the clicks to an IoU of 0.90, up to 20; takes most of the time")

    @model_validator(mode="after")
    def _holds_something(self) -> "BenchmarkSettings":
        if not self.scenes and self.folder is None:
            raise ValueError("a benchmark needs scenes or a folder")
        return self


class ProjectLoop(BaseModel):
    """All of it, for one project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: GateSettings = GateSettings()
    auto_promote: bool = Field(default=False, description="A candidate that passes the gate goes live by itself")
    benchmark: BenchmarkSettings = BenchmarkSettings()


def loop_settings(uow: UnitOfWork, project_id: UUID | None) -> ProjectLoop:
    """A project's settings, the defaults where nobody changed them; `project_id` None for a run of several projects."""
    stored = None if project_id is None else uow.session.get(LoopSettings, project_id)
    if stored is None:
        return ProjectLoop()
    return ProjectLoop(
        gate=GateSettings.model_validate(stored.gate),
        auto_promote=stored.auto_promote,
        benchmark=BenchmarkSettings.model_validate(stored.benchmark),
    )


def set_loop_settings(uow: UnitOfWork, user: User, project_id: UUID, wanted: ProjectLoop) -> ProjectLoop:
    """Replace a project's settings; candidates that were judged before keep their verdicts.

    Raises NotAllowed for an annotator, NotFound, InvalidInput when the benchmark's folder is not of the form.
    """
    require_manager(user)
    get_project(uow, project_id)
    if wanted.benchmark.folder is not None:
        _require_form(Path(wanted.benchmark.folder))
    stored = uow.session.get(LoopSettings, project_id) or LoopSettings(project_id=project_id)
    stored.gate = wanted.gate.model_dump(mode="json")
    stored.auto_promote = wanted.auto_promote
    stored.benchmark = wanted.benchmark.model_dump(mode="json")
    uow.session.add(stored)
    subject: dict[str, Any] = {"project_id": str(project_id), **wanted.model_dump(mode="json")}
    uow.session.add(Event(user_id=user.id, kind="loop.settings_changed", subject=subject))
    uow.session.flush()
    return wanted


def _require_form(folder: Path) -> None:
    try:
        holds = all((folder / part).is_dir() for part in ("images", "annotations"))
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be looked into: {error.strerror}.") from error
    if not holds:
        raise InvalidInput(f"{folder} must hold the folders images/ and annotations/.")


def read_project_loop(values: dict[str, Any]) -> ProjectLoop:
    """Settings from plain values. Raises InvalidInput naming the first that cannot be, or those that there are."""
    try:
        return ProjectLoop.model_validate(values)
    except ValidationError as error:
        raise InvalidInput(_sentence(error.errors()[0])) from error


def _sentence(problem: ErrorDetails) -> str:
    place = ".".join(str(part) for part in problem["loc"]) or "settings"
    if problem["type"] == "extra_forbidden":
        return f"There is no setting {place}. There are {', '.join(setting_names())}."
    if problem["type"] == "model_type":
        own = [name for name in setting_names() if name.startswith(f"{place}.")]
        return f"{place} is several settings. Set one of them: {', '.join(own)}."
    if problem["type"] == "value_error":
        return f"{place} cannot be so: {problem['ctx']['error']}." if "ctx" in problem else f"{place} cannot be so."
    return f"{place} cannot be {problem['input']!r}: {problem['msg'].replace('Input should', 'it should')}."


def setting_names() -> list[str]:
    """What can be set, as `gate.better_at`."""
    names: list[str] = []
    for name, field in ProjectLoop.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            names += [f"{name}.{each}" for each in part.model_fields]
        else:
            names.append(name)
    return names
