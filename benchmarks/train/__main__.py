"""`python -m benchmarks.train`: see the package."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from benchmarks.train.per_mask import run_per_mask
from engine.sam import Sam, architecture, build_sam
from engine.training.prompts import PromptDraws
from engine.training.randomness import step_generator
from engine.training.simulation import Simulation, run_rounds

TOLERANCE = 1e-3
"""Largest relative difference of a round's loss: sums in another order."""


def main() -> int:
    parser = _parser()
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("there is no GPU here for --device cuda")
    device = torch.device(options.device)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    sam = build_sam(replace(architecture("vit_t"), image_size=options.image_size)).to(device).train()
    simulation = Simulation()
    generator = step_generator(0, 0, "benchmark")
    plan = simulation.plan(generator)
    draws = PromptDraws.draw(options.images, options.masks, simulation.error_points, generator)
    draws = draws.rows(range(options.images), device)
    embeddings, targets = _images(options.images, options.masks, sam, device)
    present = torch.ones(options.images, options.masks, device=device)
    origin = torch.zeros(options.images, 2, device=device)

    def at_once(leaf: Tensor, *, compiled: bool = False) -> Tensor:
        return run_rounds(
            sam,
            leaf,
            targets,
            present,
            origin,
            simulation,
            plan,
            draws,
            backward=Tensor.backward,
            compiled=compiled,
        ).losses

    def one_by_one(leaf: Tensor) -> Tensor:
        return run_per_mask(sam, leaf, targets, simulation, plan, draws)

    ways: dict[str, Callable[[Tensor], Tensor]] = {"one by one": one_by_one, "at once": at_once}
    if options.compile:
        ways["compiled"] = partial(at_once, compiled=True)
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    worst = 0.0
    for _ in range(options.repeats + 1):  # the first one warms up
        played = {way: _timed(play, embeddings, sam) for way, play in ways.items()}
        _, losses, gradient = played["one by one"]
        for way, (taken, others, other_gradient) in played.items():
            seconds[way].append(taken)
            worst = max(worst, float(((others - losses) / losses).abs().max()))
            worst = max(worst, float((other_gradient - gradient).norm() / gradient.norm()))
    masks = options.images * options.masks
    rates = {way: masks / statistics.median(taken[1:]) for way, taken in seconds.items()}
    ratios = {way: round(rate / rates["one by one"], 2) for way, rate in rates.items() if way != "one by one"}
    figures = {
        "device": _name(device),
        "threads": options.threads,
        "image_size": options.image_size,
        "images": options.images,
        "masks_per_image": options.masks,
        "rounds": len(plan),
        "masks_per_second": {way: round(rate, 2) for way, rate in rates.items()},
        "ratios": ratios,
        "largest_relative_difference": float(f"{worst:.1e}"),
    }
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        rounds = f"{len(plan)} rounds, forward and backward"
        print(f"{figures['device']}, {masks} masks of {options.images} images at {options.image_size} px, {rounds}")
        for way, rate in rates.items():
            times = f", {ratios[way]:.1f} times as many" if way in ratios else ""
            print(f"  {way:<12}{rate:>10.2f} masks/s{times}")
        print(f"  losses and gradients differ by {worst:.1e} at most")
    if not worst <= TOLERANCE:
        print(f"The losses or gradients differ by more than {TOLERANCE}.", file=sys.stderr)
        return 1
    return 0


def _timed(play: Callable[[Tensor], Tensor], embeddings: Tensor, sam: Sam) -> tuple[float, Tensor, Tensor]:
    """Seconds, losses by round, and the gradient at the embeddings."""
    sam.zero_grad()
    leaf = embeddings.clone().requires_grad_()
    _wait(leaf.device)
    began = time.perf_counter()
    losses = play(leaf)
    _wait(leaf.device)
    taken = time.perf_counter() - began
    assert leaf.grad is not None
    return taken, losses, leaf.grad


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _images(images: int, masks: int, sam: Sam, device: torch.device) -> tuple[Tensor, Tensor]:
    """Embeddings of noise and random rectangles: the time does not depend on what is seen."""
    generator = torch.Generator().manual_seed(0)
    side = sam.config.embedding_side
    embeddings = torch.randn(images, sam.config.prompt_embed_dim, side, side, generator=generator)
    targets = torch.zeros(images, masks, 4 * side, 4 * side, dtype=torch.bool)
    for mask in targets.flatten(0, 1):
        x, y, width, height = torch.randint(2 * side, (4,), generator=generator).tolist()
        mask[y : y + height + 2, x : x + width + 2] = True
    return embeddings.to(device), targets.to(device)


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.train",
        description="Masks per second of the vectorised simulation and of a loop over masks, same losses.",
    )
    parser.add_argument("--images", type=_positive, default=2, help="images (default: 2)")
    parser.add_argument("--masks", type=_positive, default=16, help="masks of each image (default: 16)")
    parser.add_argument("--image-size", type=_positive, default=256, help="model input in pixels (default: 256)")
    parser.add_argument("--repeats", type=_positive, default=3, help="of each way, after one to warm up (default: 3)")
    parser.add_argument("--threads", type=_positive, default=torch.get_num_threads(), help="of torch on the CPU")
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cuda" if torch.cuda.is_available() else "cpu", help="cpu or cuda"
    )
    parser.add_argument("--compile", action="store_true", help="also compiled; takes a minute or two to begin")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
