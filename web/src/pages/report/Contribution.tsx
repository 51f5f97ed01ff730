import { useQuery } from "@tanstack/react-query";
import { pointsText } from "../train/words";
import { contributionQuery } from "./queries";
import { words } from "./words";

/** What became of the person's own masks; nothing until a model that they trained has gone live. */
export function Contribution({ className }: { className?: string | undefined }) {
  const found = useQuery(contributionQuery()).data?.latest;
  if (!found) return null;
  const { masks, model_name: model, points } = found;
  return (
    <span className={className} data-testid="contribution">
      {points === null
        ? words.contributionPlain(masks, model)
        : words.contribution(masks, model, pointsText(points / 100))}
    </span>
  );
}
