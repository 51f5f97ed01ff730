import { Checkbox, MultiSelect, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { modelsQuery } from "../../api/queries";
import shared from "../batches/batches.module.css";
import { numeric } from "../batches/WhenInputs";
import type { FieldsProps } from "./NewRetrain";
import { snapshotsQuery } from "./queries";
import styles from "./train.module.css";
import { wrongOverride } from "./train_form";
import { words } from "./words";

/** What is right as it is for most; folded away until it is wanted. */
export function MoreFields({ projectId, form, change }: FieldsProps & { projectId: string }) {
  const models = useQuery(modelsQuery()).data ?? [];
  const snapshots = useQuery(snapshotsQuery(projectId)).data ?? [];
  const wrong = wrongOverride(form.overrides);
  return (
    <details className={styles.more}>
      <summary>{words.more}</summary>
      <div className={styles.fields}>
        <div className={shared.pair}>
          <NumberInput
            label={words.steps}
            placeholder={words.fromRecipe}
            min={1}
            allowDecimal={false}
            value={form.steps}
            onChange={(value) => change({ steps: numeric(value) })}
          />
          <NumberInput
            label={words.learningRate}
            placeholder={words.fromRecipe}
            min={0}
            max={1}
            step={0.00001}
            value={form.learningRate}
            onChange={(value) => change({ learningRate: numeric(value) })}
          />
          <Select
            label={words.baseModel}
            placeholder={words.liveModel}
            clearable
            value={form.baseModelId}
            onChange={(baseModelId) => change({ baseModelId })}
            data={models
              .filter(({ arch }) => arch !== "box_head")
              .map(({ id, name }) => ({ value: id, label: name }))}
          />
          <TextInput
            label={words.name}
            placeholder={words.nameHint}
            maxLength={100}
            value={form.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
          />
        </div>
        <Checkbox
          label={words.newMasksOnly}
          checked={form.newMasksOnly}
          onChange={(event) => change({ newMasksOnly: event.currentTarget.checked })}
        />
        {form.kind === "promptable" && (
          <>
            <Checkbox
              label={words.replayScenes}
              checked={form.replayScenes ?? form.replaySnapshotIds.length === 0}
              onChange={(event) => change({ replayScenes: event.currentTarget.checked })}
            />
            {snapshots.length > 0 && (
              <MultiSelect
                label={words.replaySnapshots}
                value={form.replaySnapshotIds}
                onChange={(replaySnapshotIds) => change({ replaySnapshotIds })}
                data={snapshots.map(({ id, number, name, counts }) => ({
                  value: id,
                  label: words.snapshotOption(number, name, counts.train.masks),
                }))}
              />
            )}
          </>
        )}
        <Textarea
          label={words.overrides}
          description={words.overridesHint}
          error={wrong === null ? null : words.overrideWrong(wrong)}
          autosize
          minRows={2}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12.5 } }}
          value={form.overrides}
          onChange={(event) => change({ overrides: event.currentTarget.value })}
        />
      </div>
    </details>
  );
}
