import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "./styles.css";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { keepForOffline } from "./offline/register";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
if (import.meta.env.PROD) {
  // Without it the page works as before, only not when it is reloaded offline.
  window.addEventListener("load", () => void keepForOffline().catch(() => undefined));
}
