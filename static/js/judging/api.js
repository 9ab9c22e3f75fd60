// Saves one criterion's points or the comment. The session's cookie authorises it; what the server holds comes back as
// `value`, as the queue of static/js/quiz/saver.js expects it.

import { NetworkError } from "../quiz/api.js";

const TIMEOUT_MS = 12000;

function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]").value;
}

export class SheetApi {
  /** `urls`: slot → address. Slots are positions of criteria, and "c" for the comment. */
  constructor(urls) {
    this.urls = urls;
  }

  async save(slot, entry) {
    const body = slot === "c" ? { comment: entry.value ?? "" } : { points: entry.value };
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(this.urls.get(slot), {
        method: "PUT",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          "Accept-Language": document.documentElement.lang,
          "X-CSRFToken": csrfToken(),
        },
        body: JSON.stringify({ ...body, sequence: entry.sequence }),
        cache: "no-store",
        redirect: "error",
        keepalive: true,
        signal: abort.signal,
      });
      const data = await response.json().catch(() => null);
      if (response.ok && data === null) throw new NetworkError("cut answer"); // a success without its body proves nothing
      return { status: response.status, body: data ?? {}, retryAfter: Number(response.headers.get("Retry-After")) || 0 };
    } catch (error) {
      throw error instanceof NetworkError ? error : new NetworkError(error.message);
    } finally {
      clearTimeout(timer);
    }
  }
}
