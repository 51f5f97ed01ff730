import { useSearchParams } from "react-router";
import type { ImageFilter } from "../../api/queries";
import { texts } from "../../texts";
import { cleanTag } from "./tags";

export const FILTERS: { value: ImageFilter; label: string }[] = [
  { value: "all", label: texts.filterAll },
  { value: "annotated", label: texts.filterAnnotated },
  { value: "unannotated", label: texts.filterUnannotated },
  { value: "finished", label: texts.filterFinished },
  { value: "skipped", label: texts.filterSkipped },
];

interface Listing {
  filter: ImageFilter;
  /** Null: whatever their tags. */
  tag: string | null;
  /** From 0. */
  page: number;
}

interface ListingControls extends Listing {
  setFilter: (filter: ImageFilter) => void;
  setTag: (tag: string | null) => void;
  setPage: (page: number) => void;
}

/** Filter, tag and page live in the address, so that going back returns to the same place. */
export function useListing(): ListingControls {
  const [search, setSearch] = useSearchParams();
  const wanted = search.get("show");
  const filter = FILTERS.find(({ value }) => value === wanted)?.value ?? "all";
  const tag = cleanTag(search.get("tag") ?? "") || null;
  const page = Math.max(Number.parseInt(search.get("page") ?? "1", 10) - 1 || 0, 0);
  const change = (next: Listing): void => {
    const query = new URLSearchParams();
    if (next.filter !== "all") query.set("show", next.filter);
    if (next.tag !== null) query.set("tag", next.tag);
    if (next.page > 0) query.set("page", String(next.page + 1));
    setSearch(query, { replace: true });
  };
  return {
    filter,
    tag,
    page,
    setFilter: (chosen) => change({ filter: chosen, tag, page: 0 }),
    setTag: (chosen) => change({ filter, tag: chosen, page: 0 }),
    setPage: (chosen) => change({ filter, tag, page: chosen }),
  };
}
