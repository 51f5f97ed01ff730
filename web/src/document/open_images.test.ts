import { expect, it, vi } from "vitest";
import { OpenImages } from "./open_images";

/** Locks and a channel that several pages of one browser share. */
class Browser {
  readonly #held: { name: string }[] = [];
  readonly #channels: { onmessage: ((event: MessageEvent) => void) | null }[] = [];

  page(): OpenImages {
    const channel = {
      onmessage: null,
      postMessage: (data: unknown) => {
        for (const other of this.#channels) {
          if (other !== channel) other.onmessage?.(new MessageEvent("message", { data }));
        }
      },
    };
    this.#channels.push(channel);
    const request = async (name: string, _: LockOptions, hold: () => Promise<void>): Promise<void> => {
      const lock = { name };
      this.#held.push(lock);
      await hold();
      this.#held.splice(this.#held.indexOf(lock), 1);
    };
    return new OpenImages(
      { request, query: async () => ({ held: this.#held }) } as unknown as LockManager,
      channel,
    );
  }
}

it("knows what other pages show, and not what it shows itself", async () => {
  const browser = new Browser();
  const [one, two] = [browser.page(), browser.page()];
  const close = one.open("a");
  two.open("a");
  two.open("b");
  expect(await one.elsewhere()).toEqual(["a", "b"]);
  expect(await two.elsewhere()).toEqual(["a"]);
  expect(two.isElsewhere("a")).toBe(true);
  close();
  expect(two.isElsewhere("a")).toBe(false);
  expect(await two.elsewhere()).toEqual([]);
});

it("hears of an image that another page opens", async () => {
  const browser = new Browser();
  const [one, two] = [browser.page(), browser.page()];
  one.open("a");
  two.open("a");
  await vi.waitFor(() => expect(one.isElsewhere("a")).toBe(true));
});

it("knows of no other page where the browser has no locks", async () => {
  const alone = new OpenImages(undefined, undefined);
  alone.open("a");
  expect(await alone.elsewhere()).toEqual([]);
  expect(alone.isElsewhere("a")).toBe(false);
});
