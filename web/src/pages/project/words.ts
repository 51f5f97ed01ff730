/** What choosing images and tagging them says. */

const plural = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

export const words = {
  /** The filter. */
  anyTag: "Any tag",
  onlyTagged: "Only images tagged",
  tagOption: (tag: string, images: number) => `${tag} (${images.toLocaleString("en")})`,
  noSuchTag: "No image has such a tag.",
  /** Where no image passes both filters; `passing` as in “No image of this project is …”. */
  noneTagged: (tag: string, passing: string | null) =>
    `No image of this project is ${passing ? `${passing} and ` : ""}tagged “${tag}”. Choose another tag or filter.`,
  tagsOf: (tags: readonly string[]) => `Tags: ${tags.join(", ")}`,

  select: (name: string) => `Select ${name}`,
  selection: "Selected images",
  selected: (count: number) => `${plural(count, "image")} selected`,
  selectPage: "Select all on this page",
  clear: "Clear the selection",
  tag: "Tag…",
  tagHint: "Add and remove tags (T)",
  selectPageHint: "Ctrl+A",
  clearHint: "Clear the selection (Esc)",

  title: (images: number) => `Tag ${plural(images, "image")}`,
  add: "Add",
  addHint: "Enter or a comma ends a tag. Upper and lower case are one.",
  addPlaceholder: "night, camera 2, …",
  remove: "Remove",
  removeOption: (tag: string, images: number, all: number) =>
    images === all ? tag : `${tag} (${images.toLocaleString("en")} of ${all.toLocaleString("en")})`,
  apply: "Apply",
  /** Said when a change is through. */
  changed: (images: number) =>
    images === 0
      ? "The images had these tags already."
      : `The tags of ${plural(images, "image")} are changed.`,
};
