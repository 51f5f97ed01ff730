import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";
import { actAs } from "./api/client";
import { meQuery } from "./api/queries";
import { createQueryClient } from "./api/query_client";
import type { Me } from "./api/types";
import { openImages } from "./document/open_images";
import { AnnotatePage } from "./pages/annotate/AnnotatePage";
import { BatchesPage } from "./pages/batches/BatchesPage";
import { BatchPage } from "./pages/batches/BatchPage";
import { CrashPage } from "./pages/CrashPage";
import { ComparePage } from "./pages/compare/ComparePage";
import { ModelPage } from "./pages/models/ModelPage";
import { ModelsPage } from "./pages/models/ModelsPage";
import { NotFoundPage } from "./pages/NotFoundPage";
import { ProjectPage } from "./pages/project/ProjectPage";
import { ProjectsPage } from "./pages/projects/ProjectsPage";
import { ReportPage } from "./pages/report/ReportPage";
import { ReviewPage } from "./pages/review/ReviewPage";
import { SignInPage } from "./pages/SignInPage";
import { RunPage } from "./pages/train/RunPage";
import { TrainPage } from "./pages/train/TrainPage";
import { closings, leavings, saveQueue, watchSaving } from "./saving";
import { theme } from "./theme";

const queryClient = createQueryClient();

const router = createBrowserRouter([
  {
    errorElement: <CrashPage />,
    children: [
      { path: "/", element: <Navigate to="/projects" replace /> },
      { path: "/sign-in", element: <SignInPage /> },
      { path: "/projects", element: <ProjectsPage /> },
      { path: "/projects/:projectId", element: <ProjectPage /> },
      { path: "/projects/:projectId/batches", element: <BatchesPage /> },
      { path: "/projects/:projectId/batches/:batchId", element: <BatchPage /> },
      { path: "/projects/:projectId/train", element: <TrainPage /> },
      { path: "/projects/:projectId/train/:runId", element: <RunPage /> },
      { path: "/projects/:projectId/train/:runId/compare", element: <ComparePage /> },
      { path: "/projects/:projectId/loop", element: <ReportPage /> },
      { path: "/projects/:projectId/review", element: <ReviewPage /> },
      { path: "/models", element: <ModelsPage /> },
      { path: "/models/:modelId", element: <ModelPage /> },
      { path: "/projects/:projectId/images/:imageId", element: <AnnotatePage /> },
      { path: "*", element: <NotFoundPage /> },
    ],
  },
]);

export function App() {
  useEffect(() => watchSaving(saveQueue), []);
  useEffect(
    () =>
      saveQueue.subscribe(() => {
        // Counts and overlays on the other pages follow what was saved.
        if (saveQueue.getState().phase === "saved") {
          void queryClient.invalidateQueries({ queryKey: ["projects"] });
        }
      }),
    [],
  );
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Resume />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** Whoever is signed in: what they left unsaved in this browser is sent, whatever page they open. */
function Resume() {
  // Read from the cache itself: signing in empties it, and a query that is observed would be the one that is gone.
  const userId = useSyncExternalStore(
    (changed) => queryClient.getQueryCache().subscribe(changed),
    () => queryClient.getQueryData<Me>(meQuery().queryKey)?.id,
  );
  useEffect(() => {
    if (!userId) return;
    actAs(userId);
    const sendLeft = (): void => {
      void closings.sendLeft(userId);
      void openImages.elsewhere().then((shown) => leavings.sendLeft(shown));
    };
    void saveQueue.resume(userId);
    sendLeft();
    window.addEventListener("online", sendLeft);
    window.addEventListener("focus", sendLeft);
    return () => {
      window.removeEventListener("online", sendLeft);
      window.removeEventListener("focus", sendLeft);
    };
  }, [userId]);
  return null;
}
