/** Every English sentence and label of the page. */

import type { EmbeddingState } from "./api/types";

const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export function ordinal(n: number): string {
  const tens = n % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${ending}`;
}

export const texts = {
  product: "maskloop",
  loading: "Loading",
  tryAgain: "Try again",
  cancel: "Cancel",
  close: "Close",
  signOut: "Sign out",
  lightMode: "Use light colours",
  darkMode: "Use dark colours",

  offlineTitle: "The server cannot be reached",
  offlineText:
    "Check that maskloop is running and that this computer is connected. This page tries again by itself.",
  errorTitle: "Something went wrong",
  notFoundTitle: "There is nothing here",
  notFoundText: "The address may be old, or what it showed was deleted.",
  backToProjects: "Back to the projects",
  crashText: "The page stopped working. Reload it; everything that was saved is safe.",
  reload: "Reload",

  signInTitle: "Sign in to maskloop",
  signingIn: "Signing in…",
  notSignedInTitle: "You are not signed in",
  notSignedInText:
    "Open the sign-in link that maskloop printed when it started. On the computer that runs it, “maskloop link” prints a new one.",
  linkInvalidTitle: "This sign-in link no longer works",
  linkInvalidText:
    "A link works once and for a limited time. On the computer that runs maskloop, “maskloop link” prints a new one.",
  alreadySignedIn: "You are still signed in on this browser.",
  goToProjects: "Go to the projects",

  projects: "Projects",
  newProject: "New project",
  projectName: "Name",
  create: "Create",
  noProjectsTitle: "No projects yet",
  noProjectsText:
    "A project holds images and the masks made on them. Create one, then drop photographs onto its page.",
  preparingDemo: "On first start a demo project with a few scenes appears here within a minute.",
  imageCount: (count: number) => plural(count, "image"),
  maskCount: (count: number) => plural(count, "mask"),
  annotatedOf: (annotated: number, total: number) =>
    total === 0
      ? "no images yet"
      : `${annotated.toLocaleString("en")} of ${total.toLocaleString("en")} annotated`,

  upload: "Add images",
  dropHere: "Drop the images to add them to this project",
  uploads: "Uploads",
  uploadsDone: (done: number, total: number) =>
    `${done.toLocaleString("en")} of ${plural(total, "file")} done`,
  uploadWaiting: "waiting",
  uploadStored: "added",
  uploadDuplicate: "already in this project",
  uploadCancelled: "cancelled",
  uploadFailed: (reason: string) => reason || "The upload failed.",
  uploadOffline: "The server could not be reached. Try again when it is back.",
  uploadsRetry: "Retry failed",
  uploadsClear: "Clear",
  uploadsCancel: "Cancel the rest",
  noImagesTitle: "No images yet",
  noImagesText:
    "Drop photographs anywhere on this page, or choose them. JPEG, PNG, WebP, TIFF, BMP and GIF are read.",
  noMatchTitle: "No image matches",
  noMatchText: (filter: string) => `No image of this project is ${filter}. Choose another filter.`,
  filterAll: "All",
  filterAnnotated: "Annotated",
  filterUnannotated: "Not annotated",
  annotate: "Annotate",
  exportSa1b: "Export",
  exportMasks: "Masks (SA-1B JSON)",
  exportWithImages: "Masks and images",
  projectMenu: "More",
  rename: "Rename",
  renameTitle: "Rename the project",
  save: "Save",
  deleteProject: "Delete project",
  deleteProjectTitle: (name: string) => `Delete “${name}”?`,
  deleteProjectText: (images: number, masks: number) =>
    `${plural(images, "image")} and ${plural(masks, "mask")} go with it. This cannot be undone.`,
  deleteImage: "Delete image",
  deleteImageTitle: (name: string) => `Delete “${name}”?`,
  deleteImageText: (masks: number) =>
    masks === 0
      ? "The image is removed from the project."
      : `${plural(masks, "mask")} on it will be deleted as well.`,
  delete: "Delete",
  embeddingProgress: (done: number, total: number) =>
    `${done.toLocaleString("en")} of ${total.toLocaleString("en")} images ready for clicking`,
  embeddingFailures: (count: number) => `${plural(count, "image")} could not be made ready`,
  retry: "Retry",
  details: "Details",
  embeddingBadge: {
    none: "not embedded",
    queued: "waiting",
    running: "embedding",
    done: "",
    failed: "failed",
  } satisfies Record<EmbeddingState["state"], string>,
  pageOf: (first: number, last: number, total: number) =>
    `${first.toLocaleString("en")}–${last.toLocaleString("en")} of ${total.toLocaleString("en")}`,

  back: "Back to the project",
  previousImage: "Previous image",
  nextImage: "Next image",
  imageOf: (index: number, total: number) => `${index.toLocaleString("en")} / ${total.toLocaleString("en")}`,
  stageManual: "manual",
  stages: { manual: "manual", semi_automatic: "semi-automatic", automatic: "automatic" },
  tools: { point: "Point", box: "Box", pan: "Pan" },
  toolRail: "Tools",
  canvasLabel: "Image. Click an object to make a mask.",
  undo: "Undo",
  redo: "Redo",
  fitView: "Fit the image",
  hideMasks: "Hide masks",
  contoursOnly: "Contours only",
  allKeys: "All keys",
  objects: "Objects",
  hideObjects: "Hide the objects panel",
  showObjects: "Show the objects panel",
  noMasksTitle: "No masks yet",
  noMasksText: "Click an object in the image. Right-click what does not belong to it, then press Enter.",
  objectName: (number: number) => `Object ${number}`,
  deleteMask: (name: string) => `Delete ${name}`,
  detailArea: "Area",
  detailIou: "Predicted IoU",
  detailStability: "Stability",
  detailPrompts: "Prompts",
  detailTime: "Active time",
  detailAuthor: "Author",
  pixels: (count: number) => `${count.toLocaleString("en")} px`,
  promptCount: (points: number, box: boolean) =>
    [points > 0 || !box ? plural(points, "click") : "", box ? "box" : ""].filter(Boolean).join(" + "),
  seconds: (ms: number) => `${(ms / 1000).toFixed(1)} s`,
  selectAnObject: "Select an object to see where it came from.",
  candidates: "Candidates",
  candidate: (rank: number, iou: number) => `Candidate ${rank}, predicted IoU ${iou.toFixed(2)}`,
  accept: "Accept",
  drop: "Drop",
  finishFirst: "Accept or drop the object being made first.",
  nothingToErase: "There is nothing to erase. Click an object, or press R on a mask to open it.",
  emptyMask: "This mask is empty. Add a point on the object, or drop it with Esc.",
  decodeFailed: (reason: string) => `The click could not be answered. ${reason}`,
  undecidedOf: (place: number, count: number) =>
    count > 1 ? `${place} of ${count.toLocaleString("en")}` : "",
  conflictTitle: "Someone else changed this mask",
  conflictText: (name: string) => `${name} changed it while you did. Which version should stay?`,
  refusedTitle: "This mask was not stored",
  refusedText: (reason: string) => `${reason} Your version is kept in this browser.`,
  theirs: (name: string) => `${name}’s version`,
  yours: "Your version",
  versionDeleted: "deleted",
  keepTheirs: "Keep theirs",
  keepYours: "Keep yours",
  keepBoth: "Keep both",
  sendAgain: "Send again",
  discardYours: "Discard yours",
  dismiss: "Dismiss",

  saved: "saved",
  saving: (count: number) => `saving ${count.toLocaleString("en")}…`,
  offlineUnsaved: (count: number, kept: boolean) =>
    `offline – ${count.toLocaleString("en")} ${kept ? "kept in this browser" : "unsaved; keep this page open"}`,
  signedOutUnsaved: (count: number, kept: boolean) =>
    `signed out – ${count.toLocaleString("en")} ${kept ? "kept in this browser" : "unsaved; sign in in another tab"}`,
  undecided: (count: number) => `${plural(count, "mask")} to decide on`,
  model: (name: string) => `model ${name}`,
  position: (x: number, y: number) => `x ${x}  y ${y}`,
  onThisMask: (ms: number) => `${(ms / 1000).toFixed(1)} s on this mask`,
  modelPreparing: "the model is being prepared…",
  modelLoading: "loading the model…",
  embeddingReady: "embedding ready",
  embeddingServer: "embedding ready – decoded on the server",
  embeddingServerWhy: (reason: string) => `This browser cannot decode by itself: ${reason}`,
  embeddingAsking: "embedding…",
  embeddingQueued: (position: number) =>
    position <= 0 ? "embedding… next in line" : `embedding… ${ordinal(position + 1)} in line`,
  embeddingRunning: "embedding…",
  embeddingFailed: (reason: string) => `embedding failed${reason ? `: ${reason}` : ""}`,
  imageFailedTitle: "The image could not be shown",

  keysTitle: "Keys",
  keyGroups: { make: "Make a mask", view: "See", move: "Move on" },
  keys: {
    click: "Foreground point",
    altClick: "Background point",
    pointTool: "Point tool",
    boxTool: "Box tool: drag a box",
    nextCandidate: "Next candidate",
    accept: "Accept",
    drop: "Drop the object, or deselect",
    undo: "Undo",
    redo: "Redo",
    delete: "Delete the selected mask",
    hide: "Hide masks",
    contours: "Contours only",
    wheel: "Zoom to the cursor",
    pan: "Pan",
    fit: "Fit the image",
    nextImage: "Next image",
    previousImage: "Previous image",
    keys: "Show all keys",
  },
} as const;
