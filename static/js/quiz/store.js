// What the server has not acknowledged yet, kept in localStorage: one entry per question, so that two tabs never
// overwrite each other's questions. An entry is {value, sequence, at}: value is the list of choices (or the
// prediction), at the local wall clock in milliseconds. The attempt key is never stored.

const PREFIX = "cchc:quiz:";
const KEEP_MS = 14 * 24 * 3600 * 1000;

class MemoryStorage {
  #map = new Map();
  get length() { return this.#map.size; }
  key(index) { return [...this.#map.keys()][index] ?? null; }
  getItem(key) { return this.#map.get(key) ?? null; }
  setItem(key, value) { this.#map.set(key, value); }
  removeItem(key) { this.#map.delete(key); }
}

/** localStorage, or memory where the browser refuses it (then the page says that a reload loses what is unsaved). */
function openStorage() {
  try {
    const probe = `${PREFIX}probe`;
    window.localStorage.setItem(probe, "1");
    window.localStorage.removeItem(probe);
    return window.localStorage;
  } catch {
    return new MemoryStorage();
  }
}

const storage = openStorage();
export const durable = !(storage instanceof MemoryStorage);

function keysWith(prefix) {
  const keys = [];
  for (let i = 0; i < storage.length; i += 1) {
    const key = storage.key(i);
    if (key?.startsWith(prefix)) keys.push(key);
  }
  return keys;
}

function parse(text) {
  try {
    const entry = JSON.parse(text);
    return Number.isInteger(entry?.sequence) ? entry : null;
  } catch {
    return null;
  }
}

/** True when any attempt has something unsaved in this browser. */
export function unsavedAnywhere() {
  return keysWith(PREFIX).some((key) => key.split(":")[3] === "q");
}

/** Deletes everything of every attempt: at logout. */
export function forgetAll() {
  keysWith(PREFIX).forEach((key) => storage.removeItem(key));
}

export class AttemptStore {
  #prefix;
  #overflow = new Map(); // entries that a full storage refused: they live as long as the page

  constructor(attemptId) {
    this.attemptId = attemptId;
    this.#prefix = `${PREFIX}${attemptId}:`;
  }

  #key(slot) {
    return `${this.#prefix}q:${slot}`;
  }

  get(slot) {
    if (this.#overflow.has(slot)) return this.#overflow.get(slot);
    const text = storage.getItem(this.#key(slot));
    return text === null ? null : parse(text);
  }

  put(slot, entry) {
    this.#overflow.delete(slot);
    try {
      storage.setItem(this.#key(slot), JSON.stringify(entry));
    } catch {
      this.#overflow.set(slot, entry);
    }
  }

  remove(slot) {
    this.#overflow.delete(slot);
    storage.removeItem(this.#key(slot));
  }

  /** Removes the entry only if it is still the one that was sent. */
  removeIf(slot, sequence) {
    if (this.get(slot)?.sequence === sequence) this.remove(slot);
  }

  slots() {
    const head = `${this.#prefix}q:`;
    const stored = keysWith(head).map((key) => key.slice(head.length));
    return [...new Set([...stored, ...this.#overflow.keys()])].filter((slot) => this.get(slot) !== null);
  }

  clear() {
    this.#overflow.clear();
    keysWith(this.#prefix).forEach((key) => storage.removeItem(key));
  }

  /** Tells the other tabs of this attempt; nothing stays in the storage, its event carries the message. */
  tell(message) {
    const key = `${this.#prefix}told`;
    try {
      storage.setItem(key, JSON.stringify({ ...message, once: Math.random() }));
      storage.removeItem(key);
    } catch {
      // A full storage: the other tabs learn of it from the server's refusal.
    }
  }

  /** What a storage event says: {message} told by another tab, {slot} whose entry it changed, or {}. */
  hear({ key, newValue }) {
    if (key === `${this.#prefix}told`) return newValue ? { message: JSON.parse(newValue) } : {};
    const head = `${this.#prefix}q:`;
    return key?.startsWith(head) ? { slot: key.slice(head.length) } : {};
  }

  /**
   * Runs `work` while no other tab of this attempt does. Web Locks where the page may use them (secure contexts),
   * else a lease in the storage; should two tabs send at once all the same, sequences make it harmless.
   */
  async exclusively(work) {
    const name = `${this.#prefix}flush`;
    if (navigator.locks) return navigator.locks.request(name, work);
    const me = Math.random().toString(36).slice(2);
    const read = () => {
      try {
        return JSON.parse(storage.getItem(name)) ?? {};
      } catch {
        return {};
      }
    };
    for (;;) {
      const lease = read();
      if (!(lease.until > Date.now()) || lease.until > Date.now() + 30000) {
        storage.setItem(name, JSON.stringify({ tab: me, until: Date.now() + 20000 }));
        await new Promise((done) => setTimeout(done, 30 + Math.random() * 40));
        if (read().tab === me) break;
      }
      await new Promise((done) => setTimeout(done, 300 + Math.random() * 300));
    }
    try {
      return await work();
    } finally {
      if (read().tab === me) storage.removeItem(name);
    }
  }
}

/** Drops entries of attempts long over, so that a shared office machine does not gather them. */
export function dropOld(now = Date.now()) {
  for (const key of keysWith(PREFIX)) {
    if (key.split(":")[3] !== "q") continue;
    const entry = parse(storage.getItem(key));
    if (!entry || now - entry.at > KEEP_MS) storage.removeItem(key);
  }
}
