"""Outcomes of simulations with figures that are made up, to see what is made of them."""

from engine.simulation.figures import Annotated, Found, Measured, Outcome, Retrained, Round
from engine.simulation.plan import Plan


def measured(one_click: float, clicks: float) -> Measured:
    return Measured(4, 20, {"1": one_click, "3": one_click + 0.1, "5": one_click + 0.2}, clicks, 0.25)


def outcome(*models: tuple[str, float, float, float]) -> Outcome:
    """A manual round for each (model, held-out mIoU after one click, clicks per mask, mIoU on scenes)."""
    return Outcome(
        Plan(),
        [
            Round(
                number,
                "manual",
                model,
                measured(one_click, clicks),
                {"1": scenes, "3": scenes, "5": scenes},
                Found(4, 12.5, {"0.5": 0.4, "0.75": 0.2}),
                Annotated(2, 10, clicks, 0.1, 8, 6),
                retrained=Retrained("run", "next", True, ["It is better."], 60.0),
            )
            for number, (model, one_click, clicks, scenes) in enumerate(models, 1)
        ],
    )
