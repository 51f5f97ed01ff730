import { Button } from "@mantine/core";
import { IconMapPinOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { Frame } from "../components/Frame";
import { PageMessage } from "../components/PageMessage";
import { texts } from "../texts";

export function NotFoundPage() {
  return (
    <Frame>
      <PageMessage
        icon={<IconMapPinOff />}
        title={texts.notFoundTitle}
        text={texts.notFoundText}
        actions={
          <Button component={Link} to="/projects">
            {texts.backToProjects}
          </Button>
        }
      />
    </Frame>
  );
}
