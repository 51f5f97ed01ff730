"""What a prompt's layers add to the image, as factors: the image itself is never written out.

A layer adds weightsᵀ @ rows to the image, with a few dozen rows, and normalises it. Normalising is linear up to one
factor per position: it centres and scales the channels, which the rows and the prepared embedding can be given instead,
and it divides each position by its standard deviation. That one follows from products between the rows, and from those
of the rows with the embedding, all of them thin.

Shapes: B prompts, P positions, C channels, h heads of width d, n rows.
"""

from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Addition(NamedTuple):
    """What one layer adds to the image: weightsᵀ @ rows."""

    weights: Tensor
    """B×n×P"""
    rows: Tensor
    """B×n×C"""
    values: Tensor
    """B×h×T×d: of the attention that the rows are made of. Rows of a mask prompt come after them."""


class Overlap(NamedTuple):
    """Prepared for one normalisation: how the embedding, as it arrives there, meets itself and what was added.

    All of it between centred channels, and doubled where two different things meet.
    """

    energy: Tensor
    """L×P for the L layers so far: the embedding with itself, then with the constant of each layer but the first."""
    values: tuple[Tensor, ...]
    """Per layer, h×d×P: with what a value adds."""
    mask: Tensor
    """F×P: with what each feature of a mask prompt adds."""


class ThinSum:
    """All that the layers have added so far, under their normalisations.

    Position p of the image is (…((E + a₀)·s₀ + a₁)·s₁ …) + constant, with the embedding E, the addition aᵢ of layer i,
    and the factor sᵢ of its normalisation; E and aᵢ have their channels centred and scaled already.
    """

    def __init__(self) -> None:
        self.additions: list[Addition] = []
        self.deviations: list[Tensor] = []
        """Per layer, what its normalisation divides each position by, B×1×P."""
        self.scales: list[Tensor] = []
        """And the inverse of that."""

    def products(self, vectors: Tensor, with_embedding: Tensor) -> Tensor:
        """Vectors B×m×C, and their products with the embedding B×m×P → those with the image, B×m×P."""
        result = with_embedding
        for addition, scale in zip(self.additions, self.scales, strict=True):
            result = (result + (vectors @ addition.rows.transpose(1, 2)) @ addition.weights) * scale
        return result

    def sums(self, attention: Tensor) -> tuple[Tensor, Tensor]:
        """Sums over positions, weighted by attention B×m×P: those of the additions B×m×C, and what the attention to
        the embedding is then, B×m×P."""
        total: Tensor | None = None
        for addition, scale in zip(reversed(self.additions), reversed(self.scales), strict=True):
            attention = attention * scale
            part = (attention @ addition.weights.transpose(1, 2)) @ addition.rows
            total = part if total is None else total + part
        assert total is not None
        return total, attention

    def add(self, addition: Addition, norm: nn.LayerNorm, overlap: Overlap) -> None:
        """One more layer: adds to the image, and normalises it."""
        centred = [*self.additions, addition]
        self.additions = [x._replace(rows=x.rows - x.rows.mean(dim=2, keepdim=True)) for x in centred]
        variance = (self._energy(overlap) / addition.rows.shape[2]).clamp(min=0)
        self.deviations.append((variance + norm.eps).sqrt())
        self.scales.append(1 / self.deviations[-1])
        self.additions = [x._replace(rows=x.rows * norm.weight) for x in self.additions]

    def factors(self) -> list[Tensor]:
        """Per layer, how much of what it added is left at each position, B×1×P; of the embedding, as of the first."""
        return list(accumulate(reversed(self.scales), torch.mul))[::-1]

    def _energy(self, overlap: Overlap) -> Tensor:
        """The sum of squares over the channels, B×1×P, while the last addition is not normalised yet."""
        left = [*self.factors(), None] if self.scales else [None]
        total: Tensor | None = None
        for i, one in enumerate(self.additions):
            for j, other in enumerate(self.additions[i:], start=i):
                gram = other.rows @ one.rows.transpose(1, 2)
                met = (gram if i == j else 2 * gram) @ one.weights
                if i == 0:
                    met = met + _overlap(other, overlap, j)
                # As a matrix product: sums across rows are slow in some runtimes.
                part = met.new_ones(1, met.shape[1]) @ (other.weights * met)
                if i == 0:
                    part = part + overlap.energy[j]
                for factor in (left[i], left[j]):
                    part = part if factor is None else part * factor
                total = part if total is None else total + part
        assert total is not None
        return total


def _overlap(addition: Addition, overlap: Overlap, layer: int) -> Tensor:
    """What the addition's rows have in common with the embedding, B×n×P."""
    of_values = shared_matmul(addition.values, overlap.values[layer]).flatten(1, 2)
    if of_values.shape[1] == addition.rows.shape[1]:
        return of_values
    return torch.cat([of_values, overlap.mask.expand(len(of_values), -1, -1)], dim=1)


def shared_matmul(many: Tensor, one: Tensor) -> Tensor:
    """B×h×T×n times h×n×m: the prompts' tokens side by side, so that the shared factor is not copied for each."""
    if len(many) == 1:
        return (many.squeeze(0) @ one)[None]
    rows = many.transpose(0, 1)
    return (rows.flatten(1, 2) @ one).unflatten(1, rows.shape[1:3]).transpose(0, 1)
