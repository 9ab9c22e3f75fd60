// The parts of a clip's page that change by themselves: fetched again while the server is at work on the file.

import { equip } from "./player.js";

const EVERY_MS = 2500;

export class Live {
  #timer = 0;
  #shown = new Map(); // id -> what the server last said of it

  constructor(url) {
    this.url = url;
    document.addEventListener("visibilitychange", () => document.hidden || this.watch());
    this.watch();
  }

  /** Goes on asking as long as something is under way. */
  watch() {
    clearTimeout(this.#timer);
    if (document.querySelector("[data-live][data-pending]")) this.#timer = setTimeout(() => document.hidden || this.refresh(), EVERY_MS);
  }

  async refresh() {
    clearTimeout(this.#timer);
    try {
      const response = await fetch(this.url, { headers: { "X-Background": "1" }, cache: "no-store", redirect: "error" });
      if (response.ok) this.#show(await response.text());
    } catch {
      // offline, or signed out: the next time
    }
    this.watch();
  }

  #show(html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    for (const part of fresh.content.querySelectorAll("[data-live]")) {
      const text = part.outerHTML;
      const present = document.getElementById(part.id);
      if (!present || this.#shown.get(part.id) === text) continue; // what plays goes on playing
      this.#shown.set(part.id, text);
      present.replaceWith(part);
      part.querySelectorAll("[data-player]").forEach(equip);
    }
  }
}
