import { ActionIcon, Tooltip } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconArrowsMaximize,
  IconBrush,
  IconCirclePlus,
  IconContrast,
  IconEraser,
  IconEye,
  IconEyeOff,
  IconHandStop,
  IconPointerBolt,
  IconPolygon,
  IconSquarePlus,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ActionName } from "../../annotation/actions";
import type { Annotation } from "../../annotation/annotation";
import { keymap } from "../../annotation/keymap";
import { preferences } from "../../annotation/preferences";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import type { ToolName } from "../../tools/tool";
import styles from "./annotate.module.css";
import { ViewOptions } from "./ViewOptions";

const TOOLS: readonly { name: ToolName; icon: TablerIcon; action: ActionName | null }[] = [
  { name: "point", icon: IconCirclePlus, action: "pointTool" },
  { name: "box", icon: IconSquarePlus, action: "boxTool" },
  { name: "brush", icon: IconBrush, action: "brushTool" },
  { name: "eraser", icon: IconEraser, action: "eraserTool" },
  { name: "polygon", icon: IconPolygon, action: "polygonTool" },
  { name: "pan", icon: IconHandStop, action: null },
];

export function ToolRail({ annotation }: { annotation: Annotation }) {
  const { shown, editor } = annotation;
  const tool = useObservable(shown, (state) => (state.spaceHeld ? "pan" : state.tool));
  const masksHidden = useObservable(shown, (state) => state.masksHidden);
  const contoursOnly = useObservable(shown, (state) => state.contoursOnly);
  const preview = useObservable(preferences, (chosen) => chosen.preview);
  const canUndo = useObservable(editor, () => editor.canUndo);
  const canRedo = useObservable(editor, () => editor.canRedo);
  useObservable(keymap, (chosen) => chosen);
  return (
    <nav className={styles.tools} aria-label={texts.toolRail}>
      {TOOLS.map(({ name, icon, action }) => (
        <RailButton
          key={name}
          label={texts.tools[name]}
          shortcut={action ? keymap.shown(action) : texts.spaceKey}
          icon={icon}
          pressed={tool === name}
          onClick={() => annotation.chooseTool(name)}
        />
      ))}
      <div className={styles.divider} />
      <RailButton
        label={texts.undo}
        shortcut={keymap.shown("undo")}
        icon={IconArrowBackUp}
        disabled={!canUndo}
        onClick={() => annotation.undo()}
      />
      <RailButton
        label={texts.redo}
        shortcut={keymap.shown("redo")}
        icon={IconArrowForwardUp}
        disabled={!canRedo}
        onClick={() => editor.redo()}
      />
      <div className={styles.divider} />
      <RailButton
        label={texts.hideMasks}
        shortcut={keymap.shown("hide")}
        icon={masksHidden ? IconEyeOff : IconEye}
        pressed={masksHidden}
        onClick={() => shown.update({ masksHidden: !masksHidden })}
      />
      <RailButton
        label={texts.contoursOnly}
        shortcut={keymap.shown("contours")}
        icon={IconContrast}
        pressed={contoursOnly}
        onClick={() => shown.update({ contoursOnly: !contoursOnly })}
      />
      <RailButton
        label={texts.preview}
        shortcut={keymap.shown("preview")}
        icon={IconPointerBolt}
        pressed={preview}
        onClick={() => preferences.update({ preview: !preview })}
      />
      <ViewOptions />
      <RailButton
        label={texts.fitView}
        shortcut={keymap.shown("fit")}
        icon={IconArrowsMaximize}
        onClick={() => annotation.fitView()}
      />
    </nav>
  );
}

interface RailButtonProps {
  label: string;
  shortcut: string;
  icon: TablerIcon;
  pressed?: boolean;
  disabled?: boolean;
  onClick: () => void;
}

function RailButton({ label, shortcut, icon: Icon, pressed, disabled = false, onClick }: RailButtonProps) {
  return (
    <Tooltip label={`${label}  ·  ${shortcut}`} position="right">
      <ActionIcon
        size={34}
        radius="sm"
        variant={pressed ? "light" : "subtle"}
        color={pressed ? "azure" : "gray"}
        aria-label={label}
        aria-pressed={pressed}
        disabled={disabled}
        onClick={onClick}
      >
        <Icon size={19} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}
