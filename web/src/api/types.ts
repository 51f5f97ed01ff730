/** Short names for the shapes of the API, generated from its OpenAPI document. */

import type { components } from "./schema";

/** As the client types what it receives and sends: its mapped types turn tuples into arrays. */
type Travelling<T> = T extends readonly (infer Item)[]
  ? Travelling<Item>[]
  : T extends object
    ? { [Key in keyof T]: Travelling<T[Key]> }
    : T;

export type Schemas = Travelling<components["schemas"]>;

export type Assignment = Schemas["Assignment"];
export type EmbeddingState = Schemas["EmbeddingState"];
export type Image = Schemas["Image"];
export type ImageDetail = Schemas["ImageDetail"];
export type ImagePage = Schemas["ImagePage"];
export type ImportedImage = Schemas["ImportedImage"];
export type Label = Schemas["Label"];
export type Mask = Schemas["Mask"];
export type MaskBody = Schemas["MaskBody"];
export type Me = Schemas["Me"];
export type Model = Schemas["Model"];
export type OwnFigures = Schemas["OwnFigures"];
export type Problem = Schemas["Problem"];
export type Progress = Schemas["Progress"];
export type ProjectSummary = Schemas["ProjectSummary"];
export type Turn = Schemas["Turn"];
