import { VisuallyHidden } from "@mantine/core";
import type { Line } from "./layout";

interface ChartTableProps {
  title: string;
  along: string;
  alongText: (x: number) => string;
  lines: readonly Line[];
  format: (value: number) => string;
}

/** What a chart shows, for who cannot see it. */
export function ChartTable({ title, along, alongText, lines, format }: ChartTableProps) {
  const places = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  return (
    <VisuallyHidden>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{along}</th>
            {lines.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {places.map((place) => (
            <tr key={place}>
              <th scope="row">{alongText(place)}</th>
              {lines.map(({ name, points }) => {
                const found = points.find(({ x }) => x === place);
                return <td key={name}>{found ? format(found.y) : ""}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </VisuallyHidden>
  );
}
