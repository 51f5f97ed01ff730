/** Half precision to and from single: embeddings and server logits travel as float16, little endian. */

const widths = new Float32Array(65536);
let filled = false;

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function halfToFloat(half: Uint16Array): Float32Array {
  if (!filled) {
    for (let bits = 0; bits < 65536; bits++) widths[bits] = halfValue(bits);
    filled = true;
  }
  const single = new Float32Array(half.length);
  for (let i = 0; i < half.length; i++) single[i] = widths[half[i] as number] as number;
  return single;
}

const scratch = new DataView(new ArrayBuffer(4));

/** Rounds to nearest; ties and values past the largest half follow the nearest representable, then infinity. */
function halfBits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | Math.round(magnitude * 2 ** 24);
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const fraction = Math.round((magnitude / 2 ** exponent - 1) * 1024);
  // A fraction that rounds up to 1024 carries into the exponent, which is what the addition does.
  return sign | (((exponent + 15) << 10) + fraction);
}

export function floatToHalf(single: Float32Array): Uint16Array {
  const half = new Uint16Array(single.length);
  for (let i = 0; i < single.length; i++) half[i] = halfBits(single[i] as number);
  return half;
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 8192) {
    parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
  }
  return btoa(parts.join(""));
}
