// Sends a file until the server has all of it: in pieces, through whatever comes between. The server's offset is the
// truth; after anything unclear it is asked first.
//
// Events: "change": state or numbers are new · "done" · "stopped" (detail: the Refusal or Error that ended it; "gone" in
// it when the server no longer knows the upload).
// States: idle, starting, sending, waiting, paused, done.

import { NetworkError, Refusal } from "./tus.js";

const MEBIBYTE = 1024 * 1024;
const SMALLEST = MEBIBYTE / 4;
const LARGEST = 8 * MEBIBYTE;
const PIECE_SECONDS = 4; // what a piece should take: a cut one is sent anew
const SPEED_MS = 8000; // over which the speed is measured
const LONGEST_WAIT = 30;
// The server says it of itself or of this moment; the same piece can be right later.
const PASSING = new Set([408, 423, 425, 429, 460, 500, 502, 503, 504, 507]);
const GONE = new Set([404, 410]);

export class Uploader extends EventTarget {
  state = "idle";
  file = null;
  url = null;
  sent = 0; // with what has left of the piece on its way
  waitUntil = 0; // performance.now() of the next try
  waitsFor = null; // the Refusal that makes it wait, or null for the network
  #offset = null; // what the server is known to have; null: ask
  #piece = MEBIBYTE;
  #failures = 0;
  #abort = null;
  #wake = null;
  #samples = [];

  constructor({ tus, clip, kept }) {
    super();
    this.tus = tus;
    this.clip = clip;
    this.kept = kept;
    window.addEventListener("online", () => this.#wake?.());
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake?.());
  }

  get isActive() {
    return ["starting", "sending", "waiting"].includes(this.state);
  }

  /** Bytes a second over the last seconds; 0 while too little is known. */
  get speed() {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || last.at - first.at < 1000) return 0;
    return Math.max(0, (1000 * (last.sent - first.sent)) / (last.at - first.at));
  }

  /** Begins with a file, or goes on with what is kept of it. */
  start(file, mark, kept = null) {
    this.file = file;
    this.mark = mark;
    this.url = kept?.url ?? null;
    this.sent = kept?.offset ?? 0;
    this.resume();
  }

  resume() {
    if (this.isActive || !this.file) return;
    this.#offset = null;
    this.#failures = 0;
    this.#abort = new AbortController();
    this.#run(this.#abort.signal);
  }

  pause() {
    if (!this.isActive) return;
    this.#abort.abort();
    this.#wake?.();
    this.#become("paused");
  }

  /** Gives it up here and on the server. Raises Refusal or NetworkError when the server does not hear it. */
  async cancel() {
    this.pause();
    if (this.url) await this.tus.end(this.url);
    this.#end("idle");
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }

  #end(state) {
    this.kept.forget();
    this.file = null;
    this.url = null;
    this.sent = 0;
    this.#become(state);
  }

  async #run(signal) {
    this.#samples = [];
    while (!signal.aborted) {
      try {
        if (await this.#step(signal)) return;
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#passes(error)) {
          this.#stop(error);
          return;
        }
        await this.#wait(error, signal);
      }
    }
  }

  /** One request. True when the server has everything. */
  async #step(signal) {
    if (!this.url) {
      this.#become("starting");
      const { name, size } = this.file;
      const url = await this.tus.begin({ clip: this.clip, name, size });
      if (!this.file) { // cancelled meanwhile
        this.tus.end(url).catch(() => {});
        return true;
      }
      this.url = url;
      this.kept.set({ url: this.url, name, size, mark: this.mark, offset: 0 });
      this.#offset = 0;
      if (signal.aborted) return true;
    } else if (this.#offset === null) {
      this.#become("starting");
      this.#reached(await this.tus.look(this.url));
      if (signal.aborted) return true;
    }
    if (this.#offset >= this.file.size) {
      this.#end("done");
      this.dispatchEvent(new Event("done"));
      return true;
    }
    await this.#send(signal);
    return false;
  }

  async #send(signal) {
    if (this.state !== "sending") this.#become("sending");
    const offset = this.#offset;
    const piece = this.file.slice(offset, offset + this.#piece);
    this.#offset = null;
    const began = performance.now();
    const now = await this.tus.send(this.url, offset, piece, { signal, onBytes: (count) => this.#left(offset + count) });
    this.#reached(now);
    if (now > offset) this.#failures = 0;
    const rate = piece.size / Math.max(0.05, (performance.now() - began) / 1000);
    this.#piece = Math.round(Math.min(LARGEST, Math.max(SMALLEST, Math.min(rate * PIECE_SECONDS, this.#piece * 2))));
  }

  #reached(offset) {
    this.#offset = offset;
    this.kept.note(offset);
    this.#left(offset);
  }

  #left(sent) {
    const at = performance.now();
    if (sent < this.sent) this.#samples = [];
    this.sent = sent;
    this.#samples.push({ at, sent });
    while (this.#samples.length > 2 && at - this.#samples[0].at > SPEED_MS) this.#samples.shift();
    this.dispatchEvent(new Event("change"));
  }

  /** Whether to try again after it, once some time has gone. */
  #passes(error) {
    if (error instanceof NetworkError) return true;
    if (!(error instanceof Refusal)) return false;
    return PASSING.has(error.status) || error.code === "wrong_offset";
  }

  async #wait(error, signal) {
    this.#failures += 1;
    this.#offset = null;
    if (error instanceof NetworkError || error.status === 408) this.#piece = Math.max(SMALLEST, this.#piece / 2);
    if (error.code === "wrong_offset" && this.#failures === 1) return; // another tab was ahead: ask where to go on
    const backoff = Math.min(LONGEST_WAIT, 2 ** Math.min(this.#failures - 1, 6)) * (0.5 + Math.random() / 2);
    const seconds = Math.max(backoff, (error.retryAfter ?? 0) * (1 + Math.random() / 2));
    this.waitsFor = error instanceof Refusal ? error : null;
    this.waitUntil = performance.now() + 1000 * seconds;
    this.#samples = [];
    this.#become("waiting");
    const tick = setInterval(() => this.dispatchEvent(new Event("change")), 1000);
    await new Promise((go) => {
      const timer = setTimeout(go, 1000 * seconds);
      const isFree = () => signal.aborted || !this.waitsFor; // a server that said when to come is obeyed
      this.#wake = () => {
        if (!isFree()) return;
        clearTimeout(timer);
        go();
      };
    });
    clearInterval(tick);
    this.#wake = null;
  }

  #stop(error) {
    const gone = error instanceof Refusal && GONE.has(error.status);
    const waitsForSignIn = error instanceof Refusal && [401, 403].includes(error.status);
    if (waitsForSignIn) this.#become("paused");
    else if (gone) this.#end("idle");
    else this.#become("idle");
    this.dispatchEvent(new CustomEvent("stopped", { detail: { error, gone, waitsForSignIn } }));
  }
}
