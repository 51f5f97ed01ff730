import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

// Cross-origin isolation is what lets WebAssembly use threads; the API sends the same two headers.
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const proxy = { "/api": process.env.MASKLOOP_API ?? "http://127.0.0.1:8631" };

export default defineConfig({
  plugins: [react()],
  resolve: {
    // The build of onnxruntime-web that takes its WebAssembly files as URLs, so that they are hashed assets of ours.
    conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions],
  },
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  worker: { format: "es" },
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      input: { index: "index.html", service_worker: "src/offline/service_worker.ts" },
      // A service worker keeps its address, and lies at the root, because its folder is what it may answer for.
      output: {
        entryFileNames: ({ name }) =>
          name === "service_worker" ? "service_worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
  server: { headers: isolation, proxy },
  preview: { headers: isolation, proxy },
});
