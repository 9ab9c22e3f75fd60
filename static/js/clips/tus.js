// One upload on the server, by tus 1.0 (docs/api.md): begun, asked about, sent in pieces, given up.

const VERSION = "1.0.0";
const ANSWER_MS = 20_000;
const MOST_TRIES = 10;
const SILENCE_MS = 45_000; // of a piece on its way: longer than the server waits for its next bytes

/** No answer arrived: offline, cut or too slow. Whether the server has taken the bytes is unknown. */
export class NetworkError extends Error {}

/** The server has said no. `detail` is its sentence for people, "" where it gave none; `offset` null if it named none. */
export class Refusal extends Error {
  constructor(status, { code = "", detail = "" }, headers) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.retryAfter = Number(headers("Retry-After")) || 0;
    this.offset = wholeNumber(headers("Upload-Offset"));
  }
}

function wholeNumber(text) {
  return /^\d+$/.test(text ?? "") ? Number(text) : null;
}

function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

function commonHeaders() {
  return { "Tus-Resumable": VERSION, "Accept-Language": document.documentElement.lang, "X-CSRFToken": csrfToken() };
}

function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function readProblem(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** "sha256 …" of a piece; null where the browser has no means, as on pages without https. */
async function checksumOf(bytes) {
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", bytes);
  return digest ? `sha256 ${base64(new Uint8Array(digest))}` : null;
}

export class Tus {
  constructor(endpoint) {
    this.endpoint = endpoint;
  }

  /** Begins an upload; its address. */
  async begin({ clip, name, size }) {
    const encode = (text) => base64(new TextEncoder().encode(text));
    const metadata = `filename ${encode(name)},clip ${encode(clip)}`;
    const response = await this.#ask("POST", this.endpoint, { "Upload-Length": size, "Upload-Metadata": metadata });
    const address = response.headers.get("Location");
    if (!address) throw new NetworkError("no address");
    return new URL(address, location.href).pathname; // ours, whatever a proxy makes of the host's name
  }

  /** How many bytes the server has. */
  async look(url) {
    const offset = wholeNumber((await this.#ask("HEAD", url)).headers.get("Upload-Offset"));
    if (offset === null) throw new NetworkError("no offset");
    return offset;
  }

  /** Gives the upload up; one that the server has forgotten already is given up too. */
  async end(url) {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#ask("DELETE", url);
        return;
      } catch (error) {
        if ([404, 410].includes(error.status)) return;
        if (error.status !== 423 || tries === MOST_TRIES) throw error;
        // The server has not noticed yet that the last piece broke off.
        await new Promise((go) => setTimeout(go, 1000 * (error.retryAfter || 1)));
      }
    }
  }

  async #ask(method, url, headers = {}) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_MS);
    try {
      const response = await fetch(url, {
        method, headers: { ...commonHeaders(), ...headers }, cache: "no-store", redirect: "error", signal: abort.signal,
      });
      if (!response.ok) throw new Refusal(response.status, readProblem(await response.text()), (name) => response.headers.get(name));
      return response;
    } catch (error) {
      throw error instanceof Refusal ? error : new NetworkError(error.message);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a piece from `offset` on; the offset after it. `onBytes` hears how many of them have left. */
  async send(url, offset, piece, { onBytes, signal }) {
    const bytes = await piece.arrayBuffer();
    const checksum = await checksumOf(bytes);
    if (signal.aborted) throw new NetworkError("stopped");
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch tells nothing of what has left
      let silence = 0;
      const stop = () => request.abort();
      const alive = () => {
        clearTimeout(silence);
        silence = setTimeout(stop, SILENCE_MS);
      };
      const ended = () => {
        clearTimeout(silence);
        signal.removeEventListener("abort", stop);
      };
      request.open("PATCH", url);
      const headers = { ...commonHeaders(), "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
      if (checksum) headers["Upload-Checksum"] = checksum;
      Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value));
      request.upload.addEventListener("progress", ({ loaded }) => {
        alive();
        onBytes(loaded);
      });
      request.addEventListener("load", () => {
        ended();
        const header = (name) => request.getResponseHeader(name);
        const now = wholeNumber(header("Upload-Offset"));
        if (request.status === 204 && now !== null) resolve(now);
        else if (request.status === 204 || request.status === 200) reject(new NetworkError("no offset"));
        else reject(new Refusal(request.status, readProblem(request.responseText), header));
      });
      for (const way of ["error", "abort"]) {
        request.addEventListener(way, () => {
          ended();
          reject(new NetworkError(way));
        });
      }
      signal.addEventListener("abort", stop);
      alive();
      request.send(bytes);
    });
  }
}
