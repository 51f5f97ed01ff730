import { Button } from "@mantine/core";
import { useDisclosure, useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconPhotoOff } from "@tabler/icons-react";
import { useMemo } from "react";
import { useLocation, useNavigate } from "react-router";
import type { Annotation } from "../../annotation/annotation";
import type { PageCommands } from "../../annotation/keys";
import { useKeys } from "../../annotation/use_keys";
import type { Model } from "../../api/types";
import { ImageCanvas } from "../../canvas/ImageCanvas";
import type { ImagePyramid } from "../../canvas/image_pyramid";
import { PageMessage } from "../../components/PageMessage";
import { texts } from "../../texts";
import { AnnotateHeader } from "./AnnotateHeader";
import styles from "./annotate.module.css";
import { CandidateStrip } from "./CandidateStrip";
import { KeysSheet } from "./KeysSheet";
import { NoticeBar } from "./NoticeBar";
import { ObjectsPanel } from "./ObjectsPanel";
import { StatusBar } from "./StatusBar";
import { ToolOptions } from "./ToolOptions";
import { ToolRail } from "./ToolRail";
import { UndecidedCard } from "./UndecidedCard";

interface WorkspaceProps {
  annotation: Annotation;
  projectId: string;
  model: Model | undefined;
  picture: { pyramid: ImagePyramid | null; error: Error | null; retry: () => void };
}

export function Workspace({ annotation, projectId, model, picture }: WorkspaceProps) {
  const narrow = useMediaQuery("(max-width: 899px)", window.innerWidth < 900);
  const [wideOpen, setWideOpen] = useLocalStorage({ key: "maskloop.objects", defaultValue: true });
  const [sheetOpen, sheet] = useDisclosure(false);
  const [keysOpen, keys] = useDisclosure(false);
  const panelOpen = narrow ? sheetOpen : wideOpen;
  const togglePanel = (): void => (narrow ? sheet.toggle() : setWideOpen(!wideOpen));

  const navigate = useNavigate();
  const { search } = useLocation();
  const { previous_id: previousId, next_id: nextId } = annotation.image;
  const page = useMemo<PageCommands>(() => {
    const open = (id: string | null): void => {
      if (id) void navigate({ pathname: `/projects/${projectId}/images/${id}`, search });
    };
    return {
      nextImage: () => open(nextId),
      previousImage: () => open(previousId),
      toggleKeys: keys.toggle,
    };
  }, [navigate, search, projectId, previousId, nextId, keys.toggle]);
  useKeys(annotation, page);

  return (
    <div className={styles.page}>
      <AnnotateHeader
        annotation={annotation}
        projectId={projectId}
        model={model}
        page={page}
        panelOpen={panelOpen}
        onTogglePanel={togglePanel}
      />
      <ToolRail annotation={annotation} />
      <main className={styles.stage}>
        {picture.error ? (
          <PageMessage
            icon={<IconPhotoOff />}
            title={texts.imageFailedTitle}
            text={picture.error.message}
            actions={<Button onClick={picture.retry}>{texts.tryAgain}</Button>}
          />
        ) : (
          <ImageCanvas annotation={annotation} pyramid={picture.pyramid} />
        )}
        <ToolOptions annotation={annotation} />
        <NoticeBar annotation={annotation} />
        <UndecidedCard annotation={annotation} pyramid={picture.pyramid} />
        <CandidateStrip annotation={annotation} pyramid={picture.pyramid} />
      </main>
      <ObjectsPanel annotation={annotation} opened={panelOpen} asSheet={narrow} onClose={togglePanel} />
      <StatusBar annotation={annotation} model={model} />
      <KeysSheet opened={keysOpen} onClose={keys.close} />
    </div>
  );
}
