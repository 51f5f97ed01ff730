"""The learning rate over the steps of a run."""

from dataclasses import dataclass
from itertools import pairwise

from engine.errors import InvalidSetting


@dataclass(frozen=True)
class Schedule:
    """A linear warm-up to `learning_rate`, then steps down, a linear fall at the end, or neither.

    Attributes:
        learning_rate: after the warm-up.
        warmup_steps: of the linear warm-up; the paper's 250.
        milestones: steps from which the rate is multiplied by `factor`, once more at each.
        factor: the paper divides by 10.
        decay_steps: last steps, over which the rate falls linearly to zero.
    """

    learning_rate: float
    warmup_steps: int = 250
    milestones: tuple[int, ...] = ()
    factor: float = 0.1
    decay_steps: int = 0

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise InvalidSetting(f"learning_rate is above 0, not {self.learning_rate}.")
        if self.warmup_steps < 0 or self.decay_steps < 0 or not 0 < self.factor <= 1:
            raise InvalidSetting("warmup_steps and decay_steps must not be negative; factor is in (0, 1].")
        if any(later <= earlier for earlier, later in pairwise(self.milestones)):
            raise InvalidSetting(f"milestones must rise: {', '.join(map(str, self.milestones))} do not.")

    def check(self, steps: int) -> None:
        """Raise InvalidSetting where this does not fit into a run of `steps` steps."""
        if self.warmup_steps + self.decay_steps > steps:
            raise InvalidSetting(
                f"{self.warmup_steps} warm-up and {self.decay_steps} decay steps do not fit into {steps} steps."
            )
        if self.milestones and not self.warmup_steps <= self.milestones[0] <= self.milestones[-1] < steps:
            raise InvalidSetting(
                f"The milestones {', '.join(map(str, self.milestones))} are not between the {self.warmup_steps} "
                f"warm-up steps and the end, step {steps}."
            )

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step (counted from 0) of a run of `steps`."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        stepped = self.learning_rate * self.factor ** sum(step >= milestone for milestone in self.milestones)
        return stepped * min(1.0, (steps - step) / self.decay_steps) if self.decay_steps else stepped
