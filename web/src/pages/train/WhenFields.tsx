import { NumberInput, SegmentedControl } from "@mantine/core";
import shared from "../batches/batches.module.css";
import { CountInput, CronInput, numeric } from "../batches/WhenInputs";
import type { FieldsProps } from "./NewRetrain";
import type { TrainForm } from "./train_form";
import { words } from "./words";

/** Now, every so often, or when people have made enough. */
export function WhenFields({ form, change }: FieldsProps) {
  return (
    <div>
      <span className={shared.label}>{words.when}</span>
      <SegmentedControl
        fullWidth
        mb={8}
        aria-label={words.when}
        value={form.when}
        onChange={(when) => change({ when: when as TrainForm["when"] })}
        data={(["now", "cron", "masks"] as const).map((value) => ({ value, label: words.whens[value] }))}
      />
      {form.when === "cron" && (
        <div className={shared.form}>
          <CronInput value={form.cron} onChange={(cron) => change({ cron })} />
          <NumberInput
            label={words.minimumMasks}
            min={1}
            allowDecimal={false}
            value={form.minimumMasks}
            onChange={(value) => change({ minimumMasks: numeric(value) })}
          />
        </div>
      )}
      {form.when === "masks" && (
        <CountInput
          label={words.newMasks}
          value={form.newMasks}
          onChange={(newMasks) => change({ newMasks })}
        />
      )}
    </div>
  );
}
