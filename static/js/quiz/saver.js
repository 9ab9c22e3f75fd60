// Saves each answer until the server has acknowledged it. Slots are "1".."15" for questions and "p" for the prediction; the
// judge's sheet (static/js/judging/) has slots and an api of its own.
//
// Events (detail): "slot" {slot}: its state changed · "adopt" {slot, value, foreign}: show this value · "network" {ok}:
// requests get through or not · "closed": the attempt has ended · "refused": the key is no longer valid.

import { NetworkError } from "./api.js";

const SETTLE_MS = 250; // arrow keys run through radio buttons: wait until the choice stands still
const FRESH_MS = 5000;
const LONGEST_WAIT_MS = 30000;
const PARALLEL = 3;

export function sameValue(a, b) {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

export class Saver extends EventTarget {
  #known = new Map(); // slot -> {sequence, value, savedAt}: what the server is known to hold
  #sending = new Map(); // slot -> sequence on its way
  #rejected = new Map(); // slot -> text of the server's refusal
  #editedAt = new Map();
  #failures = 0;
  #timer = 0;
  #run = null;
  #again = false;
  #lastRead = 0;
  stopped = false;

  constructor({ api, store, known }) {
    super();
    this.api = api;
    this.store = store;
    for (const [slot, held] of known) this.#known.set(slot, { savedAt: null, ...held });
    window.addEventListener("storage", (event) => {
      const { message, slot } = store.hear(event);
      if (message) this.#hear(message);
      if (slot) this.#otherTabChanged(slot);
    });
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Compares what waits in this browser with what the server held when it made the page. Call once, then flush. */
  reconcile() {
    for (const slot of this.store.slots()) {
      const entry = this.store.get(slot);
      const held = this.#known.get(slot);
      if (!held || entry.sequence <= held.sequence) this.store.remove(slot); // arrived after all, or another device is ahead
      else this.#tell("adopt", { slot, value: entry.value, foreign: false });
    }
  }

  value(slot) {
    return this.store.get(slot)?.value ?? this.#known.get(slot)?.value ?? null;
  }

  /** {name: empty|saving|waiting|saved|rejected, savedAt, text}; "saved" only after the server's acknowledgement. */
  state(slot) {
    const held = this.#known.get(slot);
    if (this.#rejected.has(slot)) return { name: "rejected", text: this.#rejected.get(slot) };
    if (this.store.get(slot)) return { name: this.#failures && !this.#sending.has(slot) ? "waiting" : "saving" };
    const blank = held.value === null || (Array.isArray(held.value) && held.value.length === 0);
    return blank ? { name: "empty" } : { name: "saved", savedAt: held.savedAt };
  }

  unsaved() {
    return this.store.slots();
  }

  edit(slot, value) {
    if (this.stopped) return;
    const sequence = Math.max(this.#known.get(slot).sequence, this.store.get(slot)?.sequence ?? 0, this.#sending.get(slot) ?? 0) + 1;
    this.#rejected.delete(slot);
    this.#editedAt.set(slot, performance.now());
    this.store.put(slot, { value, sequence, at: Date.now() });
    this.#tell("slot", { slot });
    this.#later(SETTLE_MS);
  }

  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), ms);
  }

  /** Tries once to send all that waits; resolves to true when nothing is left unsaved. */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#run) {
      this.#again = true;
      await this.#run;
      return this.unsaved().length === 0;
    }
    if (this.stopped || this.unsaved().length === 0) return this.unsaved().length === 0;
    this.#run = this.store.exclusively(() => this.#sendAll());
    let wait = 0;
    try {
      wait = await this.#run;
    } finally {
      this.#run = null;
    }
    if (wait && !this.stopped) this.#later(wait);
    return this.unsaved().length === 0;
  }

  /** Milliseconds to wait before the next try, 0 when everything went through. */
  async #sendAll() {
    let rounds = 0;
    do {
      this.#again = false;
      rounds += 1;
      const slots = this.store.slots();
      const waits = [];
      const lane = async () => {
        for (let slot = slots.shift(); slot !== undefined && !this.stopped; slot = slots.shift()) {
          const wait = await this.#send(slot);
          if (wait) {
            waits.push(wait);
            slots.length = 0;
          }
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, lane));
      if (waits.length) return Math.max(...waits);
      if (rounds > 8) return this.#failed(0); // never hammer a server that keeps disagreeing
    } while (!this.stopped && (this.#again || this.unsaved().length));
    return 0;
  }

  async #send(slot) {
    const entry = this.store.get(slot);
    if (!entry) return 0;
    if (!this.#known.has(slot)) {
      this.store.remove(slot);
      return 0;
    }
    this.#sending.set(slot, entry.sequence);
    this.#tell("slot", { slot });
    try {
      const answer = await this.api.save(slot, entry);
      return this.#settle(slot, entry, answer);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      return this.#failed(0);
    } finally {
      this.#sending.delete(slot);
      this.#tell("slot", { slot });
    }
  }

  #settle(slot, entry, { status, body, retryAfter }) {
    if (status === 429 || status >= 500) return this.#failed(retryAfter);
    if (this.#failures) {
      this.#failures = 0;
      this.#tell("network", { ok: true });
    }
    if (status === 200) this.#acknowledge(slot, entry, body);
    else if (status === 409 && body.code === "stale_sequence") this.#overtaken(slot, entry, body);
    else if (status === 409) this.#stop("closed");
    else if (status === 401 || status === 403 || status === 404) this.#stop("refused");
    else {
      this.store.removeIf(slot, entry.sequence);
      this.#rejected.set(slot, body.detail ?? "");
    }
    return 0;
  }

  #acknowledge(slot, entry, body) {
    const held = { sequence: body.sequence, value: entry.value, savedAt: Date.parse(body.saved_at) };
    this.#known.set(slot, held);
    this.store.tell({ slot, held });
    this.store.removeIf(slot, entry.sequence);
  }

  /** The server holds a newer answer. It wins, unless this user has chosen something since, here and now. */
  #overtaken(slot, entry, body) {
    const held = { sequence: body.sequence, value: body.choices ?? body.value ?? null, savedAt: null };
    this.#known.set(slot, held);
    const latest = this.store.get(slot);
    const changedSince = latest && latest.sequence !== entry.sequence;
    const fresh = performance.now() - (this.#editedAt.get(slot) ?? -Infinity) < FRESH_MS;
    if (latest && (changedSince || fresh) && !sameValue(latest.value, held.value)) {
      this.store.put(slot, { ...latest, sequence: Math.max(latest.sequence, body.sequence + 1) });
      return;
    }
    this.store.tell({ slot, held });
    this.store.remove(slot);
    this.#tell("adopt", { slot, value: held.value, foreign: !sameValue(entry.value, held.value) });
  }

  #failed(retryAfterSeconds) {
    this.#failures += 1;
    this.#tell("network", { ok: false });
    const backoff = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** Math.min(this.#failures, 6));
    return Math.max(backoff * (0.5 + Math.random() / 2), retryAfterSeconds * 1000 * (1 + Math.random() / 2));
  }

  #stop(reason) {
    if (this.stopped) return;
    this.stopped = true;
    if (reason === "closed") this.store.clear();
    this.#tell(reason);
  }

  /** The attempt is over for this page (submitted): forget what this browser kept of it. */
  finish() {
    this.stopped = true;
    clearTimeout(this.#timer);
    this.store.clear();
    this.store.tell({ finished: true });
  }

  #hear(message) {
    if (message.finished) {
      this.stopped = true;
      this.#tell("closed");
      return;
    }
    const { slot, held } = message;
    const mine = this.#known.get(slot);
    if (!mine || held.sequence < mine.sequence) return;
    this.#known.set(slot, held);
    if (!this.store.get(slot)) this.#tell("adopt", { slot, value: held.value, foreign: false });
    this.#tell("slot", { slot });
  }

  #otherTabChanged(slot) {
    if (!this.#known.has(slot)) return;
    const entry = this.store.get(slot);
    if (entry) this.#tell("adopt", { slot, value: entry.value, foreign: false });
    this.#tell("slot", { slot });
  }

  /** Back after a while: ask the server what it holds (another device may have answered) and what time it is. */
  async refresh() {
    if (this.stopped || performance.now() - this.#lastRead < 20000) return;
    this.#lastRead = performance.now();
    try {
      const { status, body } = await this.api.read();
      if (status === 409 || (status === 200 && body.state !== "in_progress")) this.#stop("closed");
      else if (status === 401 || status === 403 || status === 404) this.#stop("refused");
      else if (status === 200) this.#takeOver(body);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
    }
  }

  #takeOver(attempt) {
    const held = attempt.questions.map((q) => [String(q.position), { sequence: q.answer.sequence, value: q.answer.choices }]);
    held.push(["p", { sequence: attempt.prediction.sequence, value: attempt.prediction.value }]);
    for (const [slot, server] of held) {
      const mine = this.#known.get(slot);
      if (!mine || server.sequence <= mine.sequence) continue;
      this.#known.set(slot, { ...server, savedAt: null });
      const entry = this.store.get(slot);
      if (entry && entry.sequence <= server.sequence) this.store.remove(slot);
      if (!this.store.get(slot)) this.#tell("adopt", { slot, value: server.value, foreign: true });
      this.#tell("slot", { slot });
    }
  }
}
