/** How forms ask when something shall start by itself. */

import { NumberInput, TextInput } from "@mantine/core";
import { words } from "./words";

/** What a number field holds: empty while somebody types. */
export const numeric = (value: number | string): number | "" => (typeof value === "number" ? value : "");

interface CronInputProps {
  readonly value: string;
  readonly onChange: (cron: string) => void;
}

export function CronInput({ value, onChange }: CronInputProps) {
  return (
    <TextInput
      aria-label={words.cron}
      description={words.cronHint}
      inputWrapperOrder={["input", "description"]}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface CountInputProps {
  readonly label: string;
  readonly value: number | "";
  readonly onChange: (count: number | "") => void;
}

/** Every so many new images, or masks. */
export function CountInput({ label, value, onChange }: CountInputProps) {
  return (
    <NumberInput
      aria-label={label}
      description={label}
      inputWrapperOrder={["input", "description"]}
      min={1}
      allowDecimal={false}
      value={value}
      onChange={(count) => onChange(numeric(count))}
    />
  );
}
