/** The look: quiet greys, one blue for controls, small and dense. */

import { ActionIcon, Button, createTheme, Modal, SegmentedControl, Tooltip } from "@mantine/core";
import { texts } from "./texts";

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'DejaVu Sans Mono', monospace",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: "600" },
  primaryColor: "azure",
  primaryShade: { light: 6, dark: 6 },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  colors: {
    azure: [
      "#eaf2ff",
      "#d3e2fb",
      "#a5c3f4",
      "#75a2ee",
      "#4f87e8",
      "#3a76e6",
      "#2e6ad8",
      "#205bc4",
      "#1650b0",
      "#05459c",
    ],
    dark: [
      "#d5d8de",
      "#aeb3bd",
      "#888e9b",
      "#646a78",
      "#3c414d",
      "#2b2f39",
      "#21252d",
      "#191c22",
      "#14161b",
      "#0e1014",
    ],
  },
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: "sm", withItemsBorders: false } }),
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, withArrow: false, fz: "xs" } }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        closeButtonProps: { "aria-label": texts.close },
        overlayProps: { backgroundOpacity: 0.45 },
        transitionProps: { duration: 90 },
        styles: { title: { fontWeight: 600 } },
      },
    }),
  },
});
