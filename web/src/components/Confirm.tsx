import { Button, Group, Modal, Text } from "@mantine/core";
import { texts } from "../texts";

interface ConfirmProps {
  opened: boolean;
  title: string;
  text: string;
  action: string;
  pending: boolean;
  /** Why it failed, when it did. */
  error: Error | null;
  /** False for what can be taken back. */
  danger?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is lost for good, or changes for everybody. */
export function Confirm(props: ConfirmProps) {
  const { opened, title, text, action, pending, error, danger = true, onConfirm, onClose } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <Text size="sm">{text}</Text>
      {error && (
        <Text size="sm" c="red" mt="sm" role="alert">
          {error.message}
        </Text>
      )}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose} data-autofocus>
          {texts.cancel}
        </Button>
        <Button {...(danger && { color: "red" })} loading={pending} onClick={onConfirm}>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
