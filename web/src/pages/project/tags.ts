/** Tags as the server keeps them, and as chosen images have them. */

import type { Image } from "../../api/types";

/** Letters of a tag, and tags of an image, at most. */
export const TAG_LENGTH = 50;
export const MOST_TAGS = 50;

/** Single spaces, lower case: Night and night are one. */
export function cleanTag(text: string): string {
  return text.trim().replace(/\s+/g, " ").toLowerCase();
}

/** Clean tags, each once, in the order given. */
export function cleanTags(texts: readonly string[]): string[] {
  return [...new Set(texts.map(cleanTag))].filter(Boolean);
}

/** The tags on these images, by name, and on how many of them each is. */
export function tagsOn(images: Iterable<Pick<Image, "tags">>): { tag: string; images: number }[] {
  const counts = new Map<string, number>();
  for (const image of images) {
    for (const tag of image.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts]
    .map(([tag, count]) => ({ tag, images: count }))
    .sort((one, other) => (one.tag < other.tag ? -1 : 1));
}
