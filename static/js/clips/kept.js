// What this browser remembers of an upload that has not ended: its address, and how to know the file again. The file
// itself cannot be kept; after a reload its owner picks it again.

const PREFIX = "cchc:upload:";
const SAMPLES = 8;
const SAMPLE_BYTES = 16 * 1024;

/** A mark of a file's content from samples all over it. Phones change names and times of a file that is picked again. */
export async function markOf(file) {
  let a = 0x9e3779b9 ^ file.size;
  let b = 0x85ebca6b;
  const last = Math.max(0, file.size - SAMPLE_BYTES);
  for (let number = 0; number < SAMPLES; number += 1) {
    const start = Math.floor((last * number) / (SAMPLES - 1));
    for (const byte of new Uint8Array(await file.slice(start, start + SAMPLE_BYTES).arrayBuffer())) {
      a = Math.imul(a ^ byte, 2654435761);
      b = Math.imul(b ^ byte, 1597334677);
    }
  }
  return `${(a >>> 0).toString(16)}-${(b >>> 0).toString(16)}`;
}

export class Kept {
  #memory = null; // where the browser refuses to keep anything

  constructor(clip) {
    this.key = PREFIX + clip;
  }

  /** {url, name, size, mark, offset}, or null. */
  get() {
    try {
      const entry = JSON.parse(localStorage.getItem(this.key));
      return typeof entry?.url === "string" && Number.isInteger(entry.size) ? entry : this.#memory;
    } catch {
      return this.#memory;
    }
  }

  set(entry) {
    this.#memory = entry;
    try {
      localStorage.setItem(this.key, JSON.stringify(entry));
    } catch {
      // full or forbidden: it lasts as long as the page
    }
  }

  note(offset) {
    const entry = this.get();
    if (entry) this.set({ ...entry, offset });
  }

  forget() {
    this.#memory = null;
    try {
      localStorage.removeItem(this.key);
    } catch {
      // nothing was kept either
    }
  }
}
