import { expect, it } from "vitest";
import { cleanTag, cleanTags, tagsOn } from "./tags";

it("a tag is cleaned as the server cleans it", () => {
  expect(cleanTag("  Camera \t 2 ")).toBe("camera 2");
  expect(cleanTags(["Night", "night ", " ", "rain"])).toEqual(["night", "rain"]);
});

it("the tags on chosen images are counted, by name", () => {
  expect(tagsOn([{ tags: ["rain"] }, { tags: ["night", "rain"] }, { tags: [] }])).toEqual([
    { tag: "night", images: 1 },
    { tag: "rain", images: 2 },
  ]);
});
