import { ActionIcon, Button, CloseButton, Menu, TextInput, Tooltip, UnstyledButton } from "@mantine/core";
import { IconArrowsSort, IconFocus2, IconHistory, IconSearch } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import type { Annotation } from "../../annotation/annotation";
import { keymap } from "../../annotation/keymap";
import { EVERYTHING, listed, type Sorting } from "../../annotation/listing";
import { type DocumentMask, isWaiting } from "../../document/editor";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import { DeletedMasks } from "./DeletedMasks";
import { MaskDetails } from "./MaskDetails";
import { maskWords } from "./mask_name";
import { ObjectList } from "./ObjectList";
import styles from "./ObjectsPanel.module.css";

interface ObjectsPanelProps {
  annotation: Annotation;
  opened: boolean;
  /** Over the canvas instead of beside it. */
  asSheet: boolean;
  onClose: () => void;
}

const SORTINGS = Object.keys(texts.sortings) as Sorting[];

export function ObjectsPanel({ annotation, opened, asSheet, onClose }: ObjectsPanelProps) {
  const masks = useObservable(annotation.editor, (state) => state.masks);
  const selectedId = useObservable(annotation.shown, (state) => state.selectedId);
  const acceptKey = useObservable(keymap, () => keymap.shown("accept"));
  const solo = useObservable(annotation.shown, (state) => state.solo);
  const [listing, setListing] = useState(EVERYTHING);
  const [deleted, setDeleted] = useState(false);
  const rows = useMemo(() => listed(masks.values(), listing, maskWords), [masks, listing]);
  const waiting = useMemo(() => rows.filter(isWaiting), [rows]);
  useEffect(() => annotation.listMasks(rows), [annotation, rows]);
  if (!opened) return null;
  return (
    <aside className={styles.panel} data-sheet={asSheet} aria-label={texts.objects}>
      <div className={`${styles.title} numbers`}>
        <span className={styles.heading}>
          {deleted ? texts.deletedMasks : `${texts.objects} `}
          {!deleted && (
            <span className="faint">
              {rows.length === masks.size ? masks.size : texts.someOf(rows.length, masks.size)}
            </span>
          )}
        </span>
        {masks.size > 0 && !deleted && (
          <Tooltip label={[texts.actions.solo, keymap.shown("solo")].filter(Boolean).join("  ·  ")}>
            <ActionIcon
              size="sm"
              aria-label={texts.actions.solo}
              aria-pressed={solo}
              variant={solo ? "light" : "subtle"}
              onClick={() => annotation.shown.update({ solo: !solo })}
            >
              <IconFocus2 size={15} />
            </ActionIcon>
          </Tooltip>
        )}
        <Tooltip label={deleted ? texts.backToObjects : texts.deletedMasks}>
          <ActionIcon
            size="sm"
            aria-label={texts.deletedMasks}
            aria-pressed={deleted}
            variant={deleted ? "light" : "subtle"}
            onClick={() => setDeleted(!deleted)}
          >
            <IconHistory size={15} />
          </ActionIcon>
        </Tooltip>
        {asSheet && <CloseButton size="sm" aria-label={texts.hideObjects} onClick={onClose} />}
      </div>
      {masks.size > 0 && !deleted && (
        <div className={styles.filter}>
          <TextInput
            size="xs"
            className={styles.search}
            aria-label={texts.filterObjects}
            placeholder={texts.filterObjects}
            leftSection={<IconSearch size={13} />}
            value={listing.search}
            onChange={(event) => setListing({ ...listing, search: event.currentTarget.value })}
            rightSection={
              listing.search && (
                <CloseButton
                  size="xs"
                  aria-label={texts.clearFilter}
                  onClick={() => setListing({ ...listing, search: "" })}
                />
              )
            }
          />
          <Menu position="bottom-end" shadow="md">
            <Menu.Target>
              <UnstyledButton className={styles.sort} aria-label={texts.sortObjects}>
                <IconArrowsSort size={14} />
                {texts.sortings[listing.sorting]}
              </UnstyledButton>
            </Menu.Target>
            <Menu.Dropdown>
              {SORTINGS.map((sorting) => (
                <Menu.Item key={sorting} onClick={() => setListing({ ...listing, sorting })}>
                  {texts.sortings[sorting]}
                </Menu.Item>
              ))}
              <Menu.Divider />
              <Menu.Item
                color="red"
                disabled={rows.length === 0}
                onClick={() => annotation.deleteMasks(rows)}
              >
                {texts.deleteListed(rows.length)}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      )}
      {waiting.length > 0 && !deleted && (
        <Waiting annotation={annotation} masks={waiting} all={rows.length === masks.size} />
      )}
      {deleted ? (
        <DeletedMasks annotation={annotation} />
      ) : rows.length > 0 ? (
        <ObjectList annotation={annotation} rows={rows} selectedId={selectedId} />
      ) : (
        <div className={styles.list}>
          <p className={styles.empty}>
            <strong>{masks.size === 0 ? texts.noMasksTitle : texts.noMatchTitleObjects}</strong>
            <br />
            {masks.size === 0 ? texts.noMasksText(acceptKey) : texts.noMatchTextObjects}
          </p>
        </div>
      )}
      <MaskDetails annotation={annotation} mask={selectedId ? masks.get(selectedId) : undefined} />
    </aside>
  );
}

interface WaitingProps {
  annotation: Annotation;
  masks: readonly DocumentMask[];
  /** Whether the list is not filtered. */
  all: boolean;
}

/** What batches found here and nobody has kept: to be decided on one by one, or at once. */
function Waiting({ annotation, masks, all }: WaitingProps) {
  const keepKey = useObservable(keymap, () => keymap.shown("keep"));
  const deleteKey = useObservable(keymap, () => keymap.shown("delete"));
  return (
    <section className={`${styles.waiting} numbers`} aria-label={texts.waits} data-testid="waiting-masks">
      <span>{texts.toReview(masks.length)}</span>
      <Button size="compact-xs" onClick={() => annotation.keepMasks(masks)}>
        {all ? texts.keepAll : texts.keepListed}
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => annotation.deleteMasks(masks)}>
        {all ? texts.deleteAll : texts.deleteThose}
      </Button>
      <p className={styles.keys}>{texts.waitingHint(keepKey, deleteKey)}</p>
    </section>
  );
}
