// The server's clock, estimated in the browser.
//
// The user's own clock is never trusted: offsets are kept against performance.now(). The HTTP Date header is not used
// either, because deadlines are decided by the database's clock, which server_time and saved_at report.

/** Interval of performance.now() in which the server rendered this page. */
export function pageInterval() {
  const [entry] = performance.getEntriesByType("navigation");
  if (entry && entry.responseStart > 0) return [entry.requestStart, entry.responseStart];
  return [0, performance.now()];
}

export class ServerClock {
  #low = -Infinity; // the offset (server - performance.now()) lies in [low, high], in milliseconds
  #high = Infinity;

  get known() {
    return Number.isFinite(this.#low);
  }

  /** The server said `serverMs` at some instant between `sentAt` and `receivedAt` (performance.now()). */
  learn(serverMs, sentAt, receivedAt) {
    if (!Number.isFinite(serverMs)) return;
    const low = serverMs - receivedAt;
    const high = serverMs - sentAt;
    if (high < this.#low) return; // an old stamp, repeated by an idempotent answer: says nothing new
    if (low > this.#high) {
      // performance.now() stood still while the machine slept
      this.#low = low;
      this.#high = high;
      return;
    }
    this.#low = Math.max(low, this.#low);
    this.#high = Math.min(high, this.#high);
  }

  /** Milliseconds since 1970 by the server's clock, best estimate. */
  now() {
    return performance.now() + (this.#low + this.#high) / 2;
  }
}

/** "08:31:05" in Vietnam's time, which has had no daylight saving since 1975; `withDate` adds ", 07/06/2023". */
export function vietnamTime(ms, withDate = false) {
  const at = new Date(ms + 7 * 3600 * 1000);
  const two = (n) => String(n).padStart(2, "0");
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  return withDate ? `${time}, ${two(at.getUTCDate())}/${two(at.getUTCMonth() + 1)}/${at.getUTCFullYear()}` : time;
}
