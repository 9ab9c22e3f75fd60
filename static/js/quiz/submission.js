// Handing in: first everything unsaved goes out, then what is missing is said, then the person confirms, then POST
// submit, repeated until an answer arrives (the server gives the same receipt however often it is asked).

import { NetworkError } from "./api.js";
import { showPrediction } from "./prediction.js";

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Submission {
  done = false;
  busy = false;
  #attempt = 0;

  constructor(parts) {
    Object.assign(this, parts);
    this.dialog.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-dialog]");
      if (button?.dataset.dialog === "close") this.#close();
      if (button?.dataset.dialog === "confirm") this.#send();
    });
    this.dialog.addEventListener("cancel", (event) => {
      if (this.busy) event.preventDefault();
      else this.#attempt += 1;
    });
    this.list = this.dialog.querySelector("[data-missing]");
    this.list.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      this.#close();
      this.#goTo(link.hash);
    });
  }

  #step(name) {
    this.dialog.querySelectorAll("[data-step]").forEach((part) => { part.hidden = part.dataset.step !== name; });
    if (!this.dialog.open) {
      if (this.dialog.showModal) this.dialog.showModal();
      else this.dialog.setAttribute("open", "");
    }
    this.dialog.querySelector(`[data-step="${name}"] [data-focus]`)?.focus();
  }

  #close() {
    this.#attempt += 1;
    if (this.dialog.close) this.dialog.close();
    else this.dialog.removeAttribute("open");
  }

  #goTo(hash) {
    const target = document.getElementById(hash.slice(1));
    target.scrollIntoView({ block: "start" });
    target.querySelector("input:not([type=hidden])")?.focus({ preventScroll: true });
  }

  /** Opens the dialog; keeps trying to save what is unsaved until it is through or the person goes back. */
  async start() {
    if (this.saver.stopped) return;
    if (!this.collect()) {
      this.#goTo("#du-doan");
      return;
    }
    const mine = ++this.#attempt;
    this.#step("saving");
    while (!(await this.saver.flush())) {
      if (mine !== this.#attempt || this.saver.stopped) return;
      await wait(1500);
      if (mine !== this.#attempt) return;
    }
    if (mine !== this.#attempt || this.saver.stopped) return;
    const unanswered = this.config.questions.map((q) => q.position).filter((position) => !(this.saver.value(String(position)) ?? []).length);
    const predictionMissing = this.config.prediction.required && this.saver.value("p") === null;
    if (unanswered.length || predictionMissing) this.#showMissing(unanswered, predictionMissing);
    else this.#confirm();
  }

  #confirm() {
    const prediction = this.saver.value("p");
    const line = this.dialog.querySelector("[data-prediction-line]");
    line.hidden = prediction === null;
    line.querySelector("[data-prediction]").textContent = showPrediction(prediction);
    this.#step("confirm");
  }

  #showMissing(unanswered, predictionMissing) {
    const link = (href, text) => {
      const item = document.createElement("li");
      const anchor = document.createElement("a");
      anchor.href = href;
      anchor.textContent = text;
      item.append(anchor);
      return item;
    };
    this.list.replaceChildren(
      ...unanswered.map((position) => link(`#cau-${position}`, this.texts.questionName.replace("{position}", position))),
      ...(predictionMissing ? [link("#du-doan", this.texts.predictionName)] : []),
    );
    this.#step("missing");
  }

  async #send() {
    if (this.busy) return;
    this.busy = true;
    this.#step("sending");
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#post();
      if (answer && answer.status < 500 && answer.status !== 429) return this.#answered(answer);
      this.#step("retrying");
      const backoff = Math.min(15000, 1000 * 2 ** Math.min(tries, 4));
      await wait(Math.max(backoff * (0.5 + Math.random() / 2), (answer?.retryAfter ?? 0) * 1000 * (1 + Math.random() / 2)));
    }
  }

  async #post() {
    try {
      return await this.api.submit();
    } catch (error) {
      if (error instanceof NetworkError) return null;
      throw error;
    }
  }

  #answered({ status, body }) {
    this.busy = false;
    if (status === 422) {
      this.#showMissing(body.unanswered ?? [], Boolean(body.prediction_missing));
      return;
    }
    if (status === 200 || status === 409) {
      this.done = true;
      this.saver.finish();
      this.#step("done");
      this.onDone();
      return;
    }
    this.dialog.querySelector("[data-refusal]").textContent = body.detail ?? "";
    this.#step("refused");
  }
}
