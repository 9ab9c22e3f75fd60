// The quiz page. The plain form works without this file; with it, every answer is saved as it is chosen.

import { AttemptApi } from "./api.js";
import { ServerClock, pageInterval, vietnamTime } from "./clock.js";
import { readPrediction, showPrediction } from "./prediction.js";
import { Saver } from "./saver.js";
import { AttemptStore, dropOld, durable } from "./store.js";
import { Submission } from "./submission.js";
import { TimeLeft } from "./time-left.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const config = JSON.parse($("#quiz-config").textContent);
const texts = $("#quiz-text").dataset;
const form = $("#quiz-form");
const live = $("#quiz-live");

/** "Đã lưu lúc {time}" with its places filled. */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const clock = new ServerClock();
clock.learn(Date.parse(config.server_time), ...pageInterval());

const known = new Map(config.questions.map((q) => [String(q.position), { sequence: q.sequence, value: q.choices }]));
known.set("p", { sequence: config.prediction.sequence, value: config.prediction.value ?? null });

dropOld();
const store = new AttemptStore(config.attempt_id);
const api = new AttemptApi({ base: config.api_base, attemptId: config.attempt_id, attemptKey: config.attempt_key, clock });
const saver = new Saver({ api, store, known });
let leaving = false;

// ---- controls ----------------------------------------------------------------------------------------------------

const inputsOf = (slot) => $$(`input[name="q${slot}"]`, form);
const predictionInput = $("#prediction");
const predictionError = $("#prediction-error");
const predictionEcho = $("#prediction-echo");
let predictionUnreadable = false; // then the field shows something else than the server holds

function show(slot, value) {
  if (slot === "p") {
    predictionInput.value = showPrediction(value);
    showPredictionReading();
    return;
  }
  const chosen = new Set(value ?? []);
  inputsOf(slot).forEach((input) => { input.checked = chosen.has(Number(input.value)); });
}

function showPredictionReading() {
  const { ok, value } = readPrediction(predictionInput.value, config.prediction.asks, config.prediction.decimals);
  predictionError.hidden = ok;
  predictionInput.toggleAttribute("aria-invalid", !ok);
  predictionInput.closest(".field").classList.toggle("field--error", !ok);
  predictionUnreadable = !ok;
  refreshMark("p");
  predictionEcho.textContent = ok && value !== null ? fill(predictionEcho.dataset.text, { value: showPrediction(value) }) : "";
  return { ok, value };
}

function readChoices(slot) {
  return inputsOf(slot).filter((input) => input.checked).map((input) => Number(input.value)).sort((a, b) => a - b);
}

let predictionTimer = 0;
function takePrediction() {
  clearTimeout(predictionTimer);
  const { ok, value } = showPredictionReading();
  if (ok && !samePrediction(value, saver.value("p"))) saver.edit("p", value);
  return ok;
}

const samePrediction = (a, b) => (a === null || b === null ? a === b : Number(a) === Number(b));

form.addEventListener("change", ({ target }) => {
  const slot = target.closest("[data-slot]")?.dataset.slot;
  if (slot === "p") takePrediction();
  else if (slot) saver.edit(slot, readChoices(slot));
});
predictionInput.addEventListener("input", () => {
  clearTimeout(predictionTimer);
  predictionTimer = setTimeout(takePrediction, 900);
});
predictionInput.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return; // Enter in the field saves; it never submits the paper
  event.preventDefault();
  takePrediction();
});

// ---- marks, map, counts ------------------------------------------------------------------------------------------

function markText(state) {
  if (state.name === "saved") return Number.isFinite(state.savedAt) && state.savedAt ? fill(texts.savedAt, { time: vietnamTime(state.savedAt) }) : texts.saved;
  if (state.name === "rejected") return fill(texts.rejected, { reason: state.text }).trim();
  return texts[state.name];
}

const spoken = new Map(); // slot -> name of the state last told to a screen reader
const toSay = new Set();
let sayTimer = 0;

function say() {
  const saved = [...toSay].filter((slot) => stateOf(slot).name === "saved");
  const trouble = [...toSay].filter((slot) => ["waiting", "rejected"].includes(stateOf(slot).name));
  toSay.clear();
  const name = (slot) => (slot === "p" ? texts.predictionName : fill(texts.questionName, { position: slot }));
  const parts = [];
  if (saved.length === 1) parts.push(`${name(saved[0])}: ${markText(stateOf(saved[0]))}`);
  if (saved.length > 1) parts.push(fill(texts.savedMany, { count: saved.length }));
  if (trouble.length) parts.push(`${trouble.map(name).join(", ")}: ${markText(stateOf(trouble[0]))}`);
  if (parts.length) live.textContent = parts.join(". ");
}

function stateOf(slot) {
  return slot === "p" && predictionUnreadable ? { name: "rejected", text: "" } : saver.state(slot);
}

function refreshMark(slot) {
  const state = stateOf(slot);
  const mark = $(`[data-mark="${slot}"]`);
  mark.dataset.state = state.name;
  $("span", mark).textContent = markText(state);
  const dot = $(`[data-map="${slot}"]`);
  if (dot) {
    dot.dataset.state = state.name;
    dot.setAttribute("aria-label", `${slot === "p" ? texts.predictionName : fill(texts.questionName, { position: slot })}: ${markText(state)}`);
  }
  if (spoken.has(slot) && spoken.get(slot) !== state.name && state.name !== "saving") {
    toSay.add(slot);
    clearTimeout(sayTimer);
    sayTimer = setTimeout(say, 600);
  }
  if (state.name !== "saving") spoken.set(slot, state.name);
  else if (!spoken.has(slot)) spoken.set(slot, "");
  refreshCounts();
}

function refreshCounts() {
  const saved = config.questions.filter((q) => saver.state(String(q.position)).name === "saved").length;
  $$("[data-saved-count]").forEach((element) => { element.textContent = saved; });
  const unsaved = saver.unsaved().length;
  $$("[data-unsaved-count]").forEach((element) => { element.textContent = unsaved; });
}

saver.addEventListener("slot", ({ detail }) => refreshMark(detail.slot));
saver.addEventListener("adopt", ({ detail: { slot, value, foreign } }) => {
  show(slot, value);
  refreshMark(slot);
  if (foreign) live.textContent = `${slot === "p" ? texts.predictionName : fill(texts.questionName, { position: slot })}: ${texts.foreign}`;
});

// ---- network, end of the attempt ---------------------------------------------------------------------------------

const offlineBanner = $("#offline-banner");
function showNetwork(ok) {
  const cut = !ok || !navigator.onLine;
  offlineBanner.hidden = !cut;
  document.documentElement.classList.toggle("is-offline", cut);
  known.forEach((_, slot) => refreshMark(slot));
}
saver.addEventListener("network", ({ detail }) => showNetwork(detail.ok));
window.addEventListener("online", () => {
  showNetwork(true);
  saver.flush();
});
window.addEventListener("offline", () => showNetwork(false));

function leave(delay = 0) {
  leaving = true;
  setTimeout(() => location.replace(config.attempt_url), delay);
}
function lock(notice) {
  $$("fieldset.question, fieldset.prediction", form).forEach((fieldset) => { fieldset.disabled = true; });
  $$("[data-submit]").forEach((button) => { button.disabled = true; });
  notice.hidden = false;
}
saver.addEventListener("closed", () => {
  if (submission.done) return;
  lock($("#closed-banner"));
  leave(1500);
});
saver.addEventListener("refused", () => lock($("#refused-banner")));

const timeLeft = new TimeLeft({ clock, deadline: Date.parse(config.deadline), texts, live: $("#quiz-time-live") });
timeLeft.addEventListener("over", () => {
  takePrediction();
  saver.flush();
  lock($("#over-banner"));
  // What is on its way may still arrive within the grace period; then thousands of pages do not return at one instant.
  leave(config.grace_seconds * 1000 + 1000 + Math.random() * 5000);
});

const submission = new Submission({
  dialog: $("#quiz-dialog"), api, saver, config, texts, clock,
  collect: takePrediction,
  onDone: () => leave(),
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.value === "submit") submission.start();
  else saver.flush();
});

// ---- life of the page --------------------------------------------------------------------------------------------

window.addEventListener("beforeunload", (event) => {
  if (leaving || saver.stopped || (saver.unsaved().length === 0 && !submission.busy)) return;
  event.preventDefault();
  event.returnValue = "";
});
window.addEventListener("quiz:logout", () => {
  leaving = true;
  saver.finish();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    takePrediction();
    saver.flush();
  } else {
    saver.flush().then(() => saver.refresh());
  }
});
window.addEventListener("pagehide", () => saver.flush());
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) saver.refresh();
});

known.forEach((held, slot) => show(slot, held.value));
saver.reconcile();
known.forEach((_, slot) => refreshMark(slot));
if (!durable) $("#memory-banner").hidden = false;
showNetwork(true);
saver.flush();
timeLeft.start();
document.documentElement.classList.add("quiz-ready");
