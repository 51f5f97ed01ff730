import { Button } from "@mantine/core";
import { useDisclosure, useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconPhotoOff } from "@tabler/icons-react";
import type { Annotation } from "../../annotation/annotation";
import { useKeys } from "../../annotation/use_keys";
import { usePageCommands } from "../../annotation/use_page_commands";
import type { Assignment, Model } from "../../api/types";
import { ImageCanvas } from "../../canvas/ImageCanvas";
import type { ImagePyramid } from "../../canvas/image_pyramid";
import { PageMessage } from "../../components/PageMessage";
import { texts } from "../../texts";
import { AnnotateHeader } from "./AnnotateHeader";
import { AssignmentBar } from "./AssignmentBar";
import styles from "./annotate.module.css";
import { CandidateStrip } from "./CandidateStrip";
import { EndCard } from "./EndCard";
import { KeysSheet } from "./KeysSheet";
import { LabelCard } from "./LabelCard";
import { LabelInHand } from "./LabelInHand";
import { NoticeBar } from "./NoticeBar";
import { ObjectsPanel } from "./ObjectsPanel";
import { SkipCard } from "./SkipCard";
import { StatusBar } from "./StatusBar";
import { ToolOptions } from "./ToolOptions";
import { ToolRail } from "./ToolRail";
import { TourCard } from "./TourCard";
import { UndecidedCard } from "./UndecidedCard";

interface WorkspaceProps {
  annotation: Annotation;
  projectId: string;
  userId: string;
  model: Model | undefined;
  assignment: Assignment;
  assignmentChanged: () => Promise<unknown>;
  picture: { pyramid: ImagePyramid | null; error: Error | null; retry: () => void };
}

export function Workspace(props: WorkspaceProps) {
  const { annotation, projectId, userId, model, picture, assignment, assignmentChanged } = props;
  const narrow = useMediaQuery("(max-width: 899px)", window.innerWidth < 900);
  const [wideOpen, setWideOpen] = useLocalStorage({ key: "maskloop.objects", defaultValue: true });
  const [sheetOpen, sheet] = useDisclosure(false);
  const [keysOpen, keys] = useDisclosure(false);
  const panelOpen = narrow ? sheetOpen : wideOpen;
  const togglePanel = (): void => (narrow ? sheet.toggle() : setWideOpen(!wideOpen));

  const commands = usePageCommands({
    ...{ annotation, projectId, userId, assignmentChanged },
    toggleKeys: keys.toggle,
  });
  const { page, card, closeCard } = commands;
  useKeys(annotation, page);

  return (
    <div className={styles.page}>
      <AnnotateHeader
        annotation={annotation}
        projectId={projectId}
        model={model}
        page={page}
        assignment={assignment}
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
        <AssignmentBar
          assignment={assignment}
          userId={userId}
          onNext={page.nextImage}
          onReopen={commands.reopen}
        />
        <NoticeBar annotation={annotation} />
        {card === "skip" && <SkipCard onSkip={commands.skip} onClose={closeCard} />}
        {card === "label" && <LabelCard annotation={annotation} onClose={closeCard} />}
        {card === "end" && <EndCard projectId={projectId} onClose={closeCard} />}
        <UndecidedCard annotation={annotation} pyramid={picture.pyramid} />
        <TourCard annotation={annotation} />
        <LabelInHand annotation={annotation} />
        <CandidateStrip annotation={annotation} pyramid={picture.pyramid} />
      </main>
      <ObjectsPanel annotation={annotation} opened={panelOpen} asSheet={narrow} onClose={togglePanel} />
      <StatusBar annotation={annotation} projectId={projectId} model={model} />
      <KeysSheet opened={keysOpen} onClose={keys.close} />
    </div>
  );
}
