/** What the tools can do to one annotation. */

import type { ImagePoint, ScreenPoint } from "../geometry/points";
import { imagePoint } from "../geometry/points";
import { panBy, toScreen, type View } from "../geometry/view";
import type { ToolCommands } from "../tools/tool";
import { distance } from "../tools/tool";
import type { Annotation } from "./annotation";
import { preferences } from "./preferences";

export function toolCommands(annotation: Annotation): ToolCommands {
  const { image, making, shown } = annotation;
  const onScreen = (view: View | null, point: ImagePoint): ScreenPoint =>
    toScreen(view ?? { zoom: 1, originX: 0, originY: 0 }, point);
  return {
    imageSize: image,
    toScreen: (point) => onScreen(annotation.view.getState(), point),
    addPoint: (point) => making.addPoint(point),
    pointNear: (screen, reach) => {
      const view = annotation.view.getState();
      const found = (making.draft?.prompt.points ?? []).map(({ at, label }, index) => {
        const middle = onScreen(view, imagePoint(at.x + 0.5, at.y + 0.5));
        return { index, label, away: distance(middle, screen) };
      });
      // Of two that are equally near the newest, which lies on top.
      const [nearest] = found
        .filter(({ away }) => away <= reach)
        .sort((a, b) => a.away - b.away || b.index - a.index);
      return nearest ?? null;
    },
    movePoint: (index, at, continued) => making.movePoint(index, at, continued),
    deletePoint: (index) => making.deletePoint(index),
    selectPoint: (selectedPoint) => shown.update({ selectedPoint }),
    setBox: (box) => making.setBox(box),
    showRubberBand: (rubberBand) => shown.update({ rubberBand }),
    showBrush: (brushAt) => shown.update({ brushAt }),
    paint: (mode, from, to) => making.paint(mode, from, to, preferences.getState().brushDiameter),
    endStroke: () => making.endStroke(),
    cancelStroke: () => making.cancelStroke(),
    showPolygon: (mode, vertices, end) =>
      shown.update({ polygon: vertices.length > 0 ? { mode, vertices, end } : null }),
    fillPolygon: (mode, vertices) => making.fillPolygon(mode, vertices),
    pan: (dx, dy) => annotation.changeView((view) => panBy(view, dx, dy)),
  };
}
