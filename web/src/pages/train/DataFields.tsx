import { Checkbox, Chip, Group, NumberInput, SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import shared from "../batches/batches.module.css";
import type { FieldsProps } from "./NewRetrain";
import { snapshotsQuery } from "./queries";
import { ALL_STAGES, type TrainForm } from "./train_form";
import { words } from "./words";

/** Which masks are trained on. */
export function DataFields({ projectId, form, change }: FieldsProps & { projectId: string }) {
  const snapshots = useQuery(snapshotsQuery(projectId)).data ?? [];
  const frozen = form.data === "snapshot" && form.when === "now";
  return (
    <>
      <div>
        <span className={shared.label}>{words.data}</span>
        {form.when === "now" && snapshots.length > 0 && (
          <SegmentedControl
            fullWidth
            mb={8}
            aria-label={words.data}
            value={form.data}
            onChange={(data) => change({ data: data as TrainForm["data"] })}
            data={(["now", "snapshot"] as const).map((value) => ({
              value,
              label: words.dataChoices[value],
            }))}
          />
        )}
        {frozen ? (
          <Select
            aria-label={words.snapshot}
            placeholder={words.snapshot}
            value={form.snapshotId}
            onChange={(snapshotId) => change({ snapshotId })}
            data={snapshots.map(({ id, number, name, counts }) => ({
              value: id,
              label: words.snapshotOption(number, name, counts.train.masks + counts.validation.masks),
            }))}
          />
        ) : (
          <Chip.Group
            multiple
            value={form.stages}
            onChange={(stages) => change({ stages: ALL_STAGES.filter((stage) => stages.includes(stage)) })}
          >
            <Group gap={6} role="group" aria-label={words.stages}>
              {ALL_STAGES.map((stage) => (
                <Chip key={stage} value={stage} size="xs" radius="sm">
                  {words.stageNames[stage]}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
        )}
      </div>
      {!frozen && (
        <>
          <Checkbox
            label={words.reviewedOnly}
            checked={form.reviewedOnly}
            onChange={(event) => change({ reviewedOnly: event.currentTarget.checked })}
          />
          <div className={shared.pair}>
            <NumberInput
              label={words.validationShare}
              suffix=" %"
              min={1}
              max={90}
              allowDecimal={false}
              value={form.validationShare}
              onChange={(value) => typeof value === "number" && change({ validationShare: value })}
            />
            <NumberInput
              label={words.minimumIou}
              placeholder="0"
              min={0}
              max={1}
              step={0.05}
              decimalScale={3}
              value={form.minimumIou}
              onChange={(value) => change({ minimumIou: typeof value === "number" ? value : "" })}
            />
          </div>
        </>
      )}
    </>
  );
}
