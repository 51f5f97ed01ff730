import { ActionIcon, Button, Popover, SegmentedControl, Slider, Tooltip } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { type ColourBy, preferences } from "../../annotation/preferences";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./ViewOptions.module.css";

const COLOURINGS = Object.entries(texts.colourings).map(([value, label]) => ({ value, label }));

/** How the image and the masks look; changes nothing of either. */
export function ViewOptions() {
  const { fillOpacity, colourBy, brightness, contrast } = useObservable(preferences, (values) => values);
  const adjusted = brightness !== 1 || contrast !== 1;
  return (
    <Popover position="right-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label={texts.viewOptions} position="right">
          <ActionIcon
            size={34}
            radius="sm"
            variant={adjusted ? "light" : "subtle"}
            color={adjusted ? "azure" : "gray"}
            aria-label={texts.viewOptions}
          >
            <IconAdjustmentsHorizontal size={19} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown className={styles.options}>
        <Row label={texts.colourBy}>
          <SegmentedControl
            size="xs"
            fullWidth
            data={COLOURINGS}
            value={colourBy}
            onChange={(value) => preferences.update({ colourBy: value as ColourBy })}
          />
        </Row>
        <Row label={texts.fillOpacity} value={`${Math.round(fillOpacity * 100)} %`}>
          <Slider
            {...{ size: "sm", label: null, min: 0.05, max: 1, step: 0.05, value: fillOpacity }}
            thumbLabel={texts.fillOpacity}
            onChange={(value) => preferences.update({ fillOpacity: value })}
          />
        </Row>
        <Row label={texts.brightness} value={`${Math.round(brightness * 100)} %`}>
          <Slider
            {...{ size: "sm", label: null, min: 0.3, max: 3, step: 0.05, value: brightness }}
            thumbLabel={texts.brightness}
            onChange={(value) => preferences.update({ brightness: value })}
          />
        </Row>
        <Row label={texts.contrast} value={`${Math.round(contrast * 100)} %`}>
          <Slider
            {...{ size: "sm", label: null, min: 0.3, max: 3, step: 0.05, value: contrast }}
            thumbLabel={texts.contrast}
            onChange={(value) => preferences.update({ contrast: value })}
          />
        </Row>
        <Button
          size="compact-xs"
          variant="default"
          disabled={!adjusted}
          onClick={() => preferences.update({ brightness: 1, contrast: 1 })}
        >
          {texts.imageAsItIs}
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}

function Row({ label, value, children }: { label: string; value?: string; children: ReactNode }) {
  return (
    <div className={`${styles.row} numbers`}>
      <span>{label}</span>
      <span className="faint">{value}</span>
      <div className={styles.control}>{children}</div>
    </div>
  );
}
