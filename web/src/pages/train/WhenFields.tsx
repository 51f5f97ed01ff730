import { NumberInput, SegmentedControl, TextInput } from "@mantine/core";
import shared from "../batches/batches.module.css";
import type { FieldsProps } from "./NewRetrain";
import type { TrainForm } from "./train_form";
import { words } from "./words";

const numeric = (value: number | string): number | "" => (typeof value === "number" ? value : "");

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
          <TextInput
            aria-label={words.cron}
            description={words.cronHint}
            inputWrapperOrder={["input", "description"]}
            value={form.cron}
            onChange={(event) => change({ cron: event.currentTarget.value })}
          />
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
        <NumberInput
          aria-label={words.newMasks}
          description={words.newMasks}
          inputWrapperOrder={["input", "description"]}
          min={1}
          allowDecimal={false}
          value={form.newMasks}
          onChange={(value) => change({ newMasks: numeric(value) })}
        />
      )}
    </div>
  );
}
