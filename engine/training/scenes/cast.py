"""Who may appear where: things with their relative frequencies, by kind of place."""

from collections.abc import Callable

import numpy as np

from engine.training.scenes import buildings, creatures, faces, food, household, nature, simple, vehicles
from engine.training.scenes.canvas import Part

Maker = Callable[[np.random.Generator], Part]
Cast = tuple[tuple[float, Maker], ...]

OUTDOORS: Cast = (
    (2.0, creatures.person),
    (1.5, vehicles.car_side),
    (0.8, vehicles.car_front),
    (1.2, vehicles.car_angled),
    (0.5, vehicles.bus),
    (0.5, vehicles.lorry),
    (0.5, vehicles.bicycle),
    (0.4, vehicles.boat),
    (0.3, vehicles.aeroplane),
    (1.0, buildings.house),
    (0.8, buildings.facade),
    (0.4, buildings.fence),
    (0.6, buildings.street_lamp),
    (2.0, nature.tree),
    (1.2, nature.bush),
    (0.8, nature.rock),
    (0.5, nature.flower),
    (1.5, creatures.quadruped),
    (0.6, creatures.bird),
    (0.5, simple.sign),
    (0.5, simple.thin),
    (0.4, nature.mushroom),
    (0.6, simple.body),
)

INDOORS: Cast = (
    (1.0, household.table),
    (1.0, household.chair),
    (0.7, household.sofa),
    (0.9, household.cabinet),
    (0.6, household.shelf),
    (0.8, household.picture),
    (0.6, household.lamp),
    (0.3, household.curtain),
    (0.5, household.keyboard),
    (0.3, household.clock),
    (1.2, simple.bottle),
    (0.8, simple.plate),
    (1.0, simple.cuboid),
    (0.8, nature.fruit),
    (0.5, nature.flower),
    (1.0, creatures.person),
    (0.6, creatures.quadruped),
    (1.0, simple.body),
    (0.3, simple.sign),
    (0.2, simple.thin),
    (0.3, food.pizza),
    (0.3, food.cake),
    (0.3, food.sandwich),
    (0.3, food.doughnut),
    (0.6, food.bowl),
)

ANYTHING: Cast = (
    (4.0, simple.body),
    (0.8, simple.thin),
    (0.4, creatures.fish),
    (0.5, faces.portrait),
    (0.5, faces.muzzle),
    *((weight * 0.3, make) for weight, make in (*OUTDOORS, *INDOORS)),
)

# Things that come in groups.
ALIKE: tuple[Maker, ...] = (
    nature.fruit,
    nature.rock,
    nature.flower,
    simple.body,
    simple.body,
    simple.cuboid,
    simple.bottle,
    creatures.person,
    creatures.bird,
    creatures.fish,
    household.clock,
    nature.mushroom,
    vehicles.car_side,
    simple.sign,
    nature.bush,
    food.doughnut,
    faces.muzzle,
)

# Things worth a picture of their own.
CLOSE: Cast = (
    (2.0, vehicles.car_angled),
    (1.5, vehicles.car_side),
    (1.5, vehicles.car_front),
    (0.6, vehicles.bus),
    (0.6, vehicles.lorry),
    (1.6, creatures.person),
    (1.8, creatures.quadruped),
    (0.8, creatures.bird),
    (0.4, creatures.fish),
    (2.0, buildings.facade),
    (0.8, buildings.house),
    (0.8, household.cabinet),
    (0.6, household.shelf),
    (0.6, household.sofa),
    (0.5, household.table),
    (0.6, nature.flower),
    (0.5, vehicles.bicycle),
    (0.4, vehicles.boat),
    (0.4, vehicles.aeroplane),
    (0.5, simple.plate),
    (0.6, simple.bottle),
    (0.3, household.clock),
    (0.3, household.keyboard),
    (0.8, simple.body),
    (1.5, faces.portrait),
    (1.5, faces.muzzle),
    (0.6, food.pizza),
    (0.5, food.cake),
    (0.5, food.sandwich),
    (0.3, food.doughnut),
    (0.5, food.bowl),
)

# What stands in a row at the horizon, and what hangs on or leans against a wall.
SKYLINE: Cast = (
    (3.0, buildings.facade),
    (2.0, buildings.house),
    (4.0, nature.tree),
    (1.5, nature.bush),
    (0.6, buildings.fence),
    (0.6, buildings.street_lamp),
    (0.5, nature.rock),
)

WALL: Cast = (
    (2.0, household.picture),
    (1.2, household.shelf),
    (1.5, household.cabinet),
    (0.8, household.curtain),
    (0.5, household.clock),
    (0.5, household.lamp),
)
