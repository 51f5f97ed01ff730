"""What can be said to `maskloop batch start`, and how it is read."""

import ast
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from engine.errors import InvalidInput

KindArgument = Annotated[str, typer.Argument(metavar="KIND", help="automatic, prefill, embed or export")]
BatchArgument = Annotated[str, typer.Argument(metavar="BATCH", help="Its id as listed, or the beginning of it")]
ProjectOption = Annotated[str | None, typer.Option(metavar="NAME", help="The project [the only one there is]")]
NameOption = Annotated[str | None, typer.Option(metavar="TEXT", help="A name to know the batch by")]
ModelNameOption = Annotated[str | None, typer.Option(metavar="NAME", help="A registered model [the live one]")]
AnnotatedOption = Annotated[
    bool | None, typer.Option("--annotated/--unannotated", help="Only images with masks, or only those without")
]
NotDoneOption = Annotated[bool, typer.Option("--not-done", help="Leave out what this kind did with this model before")]
NamedOption = Annotated[str | None, typer.Option(metavar="TEXT", help="Only images whose name contains this")]
TagOption = Annotated[str | None, typer.Option(metavar="TAG", help="Only images with this tag")]
ImagesOfOption = Annotated[str | None, typer.Option(metavar="BATCH", help="The images of this earlier batch")]
LimitOption = Annotated[int | None, typer.Option(metavar="N", help="Only the first N images, in order of import")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the kind; may be repeated")
]
PriorityOption = Annotated[str | None, typer.Option(metavar="P", help="low, normal or high")]
AtOnceOption = Annotated[int | None, typer.Option(metavar="N", help="Images worked on at the same time, at most")]
ReviewOption = Annotated[
    bool | None, typer.Option("--review/--no-review", help="Whether masks wait for review [as the project says]")
]
AtOption = Annotated[str | None, typer.Option(metavar="TIME", help="Start once at this time: 2030-01-31T22:00")]
CronOption = Annotated[str | None, typer.Option(metavar="EXPR", help='Start again and again: "0 2 * * 1-5"')]
ZoneOption = Annotated[str | None, typer.Option(metavar="ZONE", help="Time zone of --cron: Europe/Berlin [UTC]")]
NewImagesOption = Annotated[int | None, typer.Option(metavar="N", help="Start whenever there are N new images")]
EstimateOption = Annotated[bool, typer.Option("--estimate", help="Say what it would cost, and start nothing")]
FollowOption = Annotated[bool, typer.Option("--follow", help="Show a bar until it is over; Ctrl-C leaves it running")]


def read_settings(pairs: list[str] | None) -> dict[str, Any]:
    """KEY=VALUE texts as values: numbers and true/false as such, the rest as text. Raises InvalidInput."""
    settings: dict[str, Any] = {}
    for pair in pairs or []:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise InvalidInput(f"--set takes KEY=VALUE, as in points_per_side=16, not {pair!r}.")
        settings[key.strip()] = _value(text.strip())
    return settings


def in_words(settings: Mapping[str, Any]) -> str:
    """Settings as one would give them: pred_iou_thresh=0.31, box_nms_thresh=0.7."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def read_time(text: str) -> datetime:
    """A moment; without a time zone it is this machine's. Raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no time. Write it as 2030-01-31T22:00.") from error
    return moment.astimezone()


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
