/** Whether this browser has a graphics card to compute on. */

/** What is read of WebGPU, which the compiler's library does not have yet. */
interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}
interface Adapter {
  readonly info?: { readonly isFallbackAdapter?: boolean };
  /** Where browsers said it before `info`. */
  readonly isFallbackAdapter?: boolean;
}

/** A fallback adapter is the processor pretending; WebAssembly does that better. */
export async function hasGraphicsCard(
  gpu = (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu,
): Promise<boolean> {
  if (!gpu) return false;
  try {
    const adapter = await gpu.requestAdapter();
    return adapter !== null && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false);
  } catch {
    // Some browsers have the interface and refuse to use it.
    return false;
  }
}
