// The three calls of an attempt and its reading, authorised by the attempt key alone: no cookie is sent, so an expired
// session or a different login in another tab never touches them.

const TIMEOUT_MS = 12000;

/** No answer arrived: offline, cut, refused or too slow. Whether the server acted is unknown. */
export class NetworkError extends Error {}

export class AttemptApi {
  constructor({ base, attemptId, attemptKey, clock }) {
    this.root = `${base}attempts/${attemptId}/`;
    this.key = attemptKey;
    this.clock = clock;
  }

  save(slot, entry) {
    if (slot === "p") return this.#call("PUT", "prediction", { value: entry.value, sequence: entry.sequence });
    return this.#call("PUT", `answers/${slot}`, { choices: entry.value, sequence: entry.sequence });
  }

  submit() {
    return this.#call("POST", "submit", {});
  }

  read() {
    return this.#call("GET", "");
  }

  /** {status, body, retryAfter}; every answer also teaches the clock. */
  async #call(method, path, body) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    const sentAt = performance.now();
    try {
      const response = await fetch(this.root + path, {
        method,
        headers: {
          "Attempt-Key": this.key,
          Accept: "application/json",
          "Accept-Language": document.documentElement.lang,
          ...(body ? { "Content-Type": "application/json" } : {}),
        },
        body: body ? JSON.stringify(body) : undefined,
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
        keepalive: method !== "GET",
        signal: abort.signal,
      });
      const receivedAt = performance.now();
      const data = await response.json().catch(() => null);
      if (response.ok && data === null) throw new NetworkError("cut answer"); // a success without its body proves nothing
      this.clock.learn(Date.parse(data?.server_time ?? data?.saved_at ?? ""), sentAt, receivedAt);
      return { status: response.status, body: data ?? {}, retryAfter: Number(response.headers.get("Retry-After")) || 0 };
    } catch (error) {
      throw error instanceof NetworkError ? error : new NetworkError(error.message);
    } finally {
      clearTimeout(timer);
    }
  }
}
