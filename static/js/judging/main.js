// The sheet. The plain form works without this file; with it, points are saved as they are given, marked as saved only
// after the server's answer, and kept in this browser until then: the queue is that of the quiz.

import { vietnamTime } from "../quiz/clock.js";
import { Saver } from "../quiz/saver.js";
import { AttemptStore, dropOld, durable } from "../quiz/store.js";
import { SheetApi } from "./api.js";
import { fromHundredths, hundredths, readPoints, showPoints } from "./points.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const config = JSON.parse($("#sheet-config").textContent);
const texts = $("#sheet-text").dataset;
const form = $("#sheet-form");
const live = $("#sheet-live");
const comment = $("#comment");
const criteria = new Map(config.criteria.map((criterion) => [String(criterion.position), criterion]));
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

const known = new Map(config.criteria.map((c) => [String(c.position), { sequence: c.sequence, value: c.value }]));
known.set("c", { sequence: config.comment.sequence, value: config.comment.value || null });
const urls = new Map(config.criteria.map((c) => [String(c.position), c.url]));
urls.set("c", config.comment.url);

dropOld();
const saver = new Saver({ api: new SheetApi(urls), store: new AttemptStore(`sheet-${config.sheet}`), known });
let leaving = false;

// ---- fields ------------------------------------------------------------------------------------------------------

const inputOf = (slot) => $(`#p${slot}`);
const faults = new Map(); // slot -> why what stands in its field cannot be points
const timers = new Map();

function show(slot, value) {
  if (slot === "c") comment.value = value ?? "";
  else {
    inputOf(slot).value = showPoints(value);
    read(slot);
  }
}

/** Reads a field and shows what is wrong with it; undefined when nothing can be saved of it. */
function read(slot) {
  if (slot === "c") return comment.value.trim() === "" ? null : comment.value;
  const criterion = criteria.get(slot);
  const { ok, value, fault } = readPoints(inputOf(slot).value, criterion);
  if (ok) faults.delete(slot);
  else faults.set(slot, fill(texts[fault], { maximum: showPoints(criterion.maximum), step: showPoints(criterion.step) }));
  inputOf(slot).toggleAttribute("aria-invalid", !ok);
  if (!ok) inputOf(slot).setAttribute("aria-invalid", "true");
  refresh(slot);
  return ok ? value : undefined;
}

function take(slot) {
  clearTimeout(timers.get(slot));
  timers.delete(slot);
  const value = read(slot);
  if (value !== undefined && value !== saver.value(slot)) saver.edit(slot, value);
}

function takeAll() {
  [...timers.keys()].forEach(take);
}

function takeSoon(slot) {
  clearTimeout(timers.get(slot));
  timers.set(slot, setTimeout(() => take(slot), 700));
}

form.addEventListener("input", ({ target }) => {
  const slot = target.closest("[data-slot]")?.dataset.slot;
  if (slot) takeSoon(slot);
});
form.addEventListener("change", ({ target }) => {
  const slot = target.closest("[data-slot]")?.dataset.slot;
  if (slot) take(slot);
});

/** Up or down by so many hundredths, within the criterion's frame; from an unreadable field from its start. */
function move(slot, amount) {
  const criterion = criteria.get(slot);
  const step = hundredths(criterion.step);
  const value = readPoints(inputOf(slot).value, criterion).value ?? null;
  const now = value === null ? (amount > 0 ? -step : hundredths(criterion.maximum) + step) : hundredths(value);
  const next = value === null ? now + Math.sign(amount) * step : now + amount;
  inputOf(slot).value = showPoints(fromHundredths(Math.min(hundredths(criterion.maximum), Math.max(0, next))));
  takeSoon(slot);
  read(slot);
}

form.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-step]");
  if (!button) return;
  const { slot } = button.closest("[data-slot]").dataset;
  move(slot, Number(button.dataset.step) * hundredths(criteria.get(slot).step));
});

// ---- keys --------------------------------------------------------------------------------------------------------

function tenth(criterion) {
  const step = hundredths(criterion.step);
  return Math.max(step, Math.round(hundredths(criterion.maximum) / 10 / step) * step);
}

function goTo(slot, by) {
  const slots = [...criteria.keys(), "c"];
  const next = slots[slots.indexOf(slot) + by];
  const field = next === "c" ? comment : next && inputOf(next);
  field?.focus();
  field?.select();
}

function togglePlay() {
  const video = $(".sheet__player video");
  if (video?.paused) video.play().catch(() => {});
  else video?.pause();
}

form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    $("[data-submit]").click();
    return;
  }
  const slot = event.target.closest("[data-slot]")?.dataset.slot;
  if (!slot || slot === "c" || !event.target.matches(".criterion__points") || event.altKey || event.ctrlKey || event.metaKey) return;
  const criterion = criteria.get(slot);
  const acts = {
    ArrowUp: () => move(slot, hundredths(criterion.step)),
    ArrowDown: () => move(slot, -hundredths(criterion.step)),
    PageUp: () => move(slot, tenth(criterion)),
    PageDown: () => move(slot, -tenth(criterion)),
    Enter: () => {
      take(slot);
      goTo(slot, event.shiftKey ? -1 : 1);
    },
    " ": togglePlay,
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
});

// ---- marks and total ---------------------------------------------------------------------------------------------

const stateOf = (slot) => (faults.has(slot) ? { name: "rejected", text: faults.get(slot) } : saver.state(slot));

function markText(slot, state) {
  if (state.name === "saved") return state.savedAt ? fill(texts.savedAt, { time: vietnamTime(state.savedAt) }) : texts.saved;
  if (state.name === "rejected") return state.text;
  return state.name === "empty" && slot === "c" ? "" : texts[state.name];
}

const nameOf = (slot) => (slot === "c" ? texts.comment : fill(texts.criterion, { position: slot }));
const spoken = new Map();

function refresh(slot) {
  const state = stateOf(slot);
  const mark = $(`[data-mark="${slot}"]`);
  mark.dataset.state = state.name;
  $("span", mark).textContent = markText(slot, state);
  const sentence = `${nameOf(slot)}: ${markText(slot, state)}`;
  if (["saved", "waiting", "rejected"].includes(state.name) && spoken.has(slot) && spoken.get(slot) !== sentence) live.textContent = sentence;
  if (state.name !== "saving") spoken.set(slot, sentence);
  refreshTotal();
}

function refreshTotal() {
  const given = [...criteria.keys()].map((slot) => saver.value(slot)).filter((value) => value !== null);
  $("[data-total]").textContent = showPoints(fromHundredths(given.reduce((sum, value) => sum + hundredths(value), 0)));
}

saver.addEventListener("slot", ({ detail }) => refresh(detail.slot));
saver.addEventListener("adopt", ({ detail: { slot, value, foreign } }) => {
  show(slot, value);
  refresh(slot);
  if (foreign) live.textContent = `${nameOf(slot)}: ${texts.foreign}`;
});

// ---- network, end of the sheet -----------------------------------------------------------------------------------

function showNetwork(ok) {
  $("#offline-banner").hidden = ok && navigator.onLine;
  known.forEach((_, slot) => refresh(slot));
}
saver.addEventListener("network", ({ detail }) => showNetwork(detail.ok));
window.addEventListener("online", () => {
  showNetwork(true);
  saver.flush();
});
window.addEventListener("offline", () => showNetwork(false));

function lock(banner) {
  $$("input, textarea, button", form).forEach((field) => { field.disabled = true; });
  banner.hidden = false;
  banner.scrollIntoView({ block: "center" });
}
saver.addEventListener("closed", () => lock($("#closed-banner")));
saver.addEventListener("refused", () => lock($("#refused-banner")));

// ---- handing in: first everything out, then the page that shows what the server holds ------------------------------

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  [...known.keys()].forEach(take);
  const wrong = [...faults.keys()][0] ?? null;
  if (wrong !== null) return void inputOf(wrong).focus();
  const wantsEnd = event.submitter?.value === "submit";
  const missing = [...criteria.keys()].filter((slot) => saver.value(slot) === null);
  const note = $("#missing-note");
  note.textContent = wantsEnd && missing.length ? fill(note.dataset.text, { positions: missing.join(", ") }) : "";
  if (wantsEnd && missing.length) return void inputOf(missing[0]).focus();
  const all = await saver.flush();
  if (!wantsEnd || !all || saver.stopped) return;
  leaving = true;
  location.assign(config.submit_url);
});

// ---- life of the page --------------------------------------------------------------------------------------------

window.addEventListener("beforeunload", (event) => {
  takeAll();
  if (leaving || saver.stopped || saver.unsaved().length === 0) return;
  event.preventDefault();
  event.returnValue = "";
});
window.addEventListener("quiz:logout", () => {
  leaving = true;
  saver.finish();
});
document.addEventListener("visibilitychange", () => {
  takeAll();
  saver.flush();
});
window.addEventListener("pagehide", () => {
  takeAll();
  saver.flush();
});
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload(); // handed in meanwhile, or changed elsewhere
});

// A browser that kept a field over a reload knows less than the server.
known.forEach((held, slot) => show(slot, held.value));
saver.reconcile();
known.forEach((_, slot) => refresh(slot));
if (!durable) $("#memory-banner").hidden = false;
showNetwork(true);
saver.flush();
document.documentElement.classList.add("sheet-ready");
