// A clip's page: picking or dropping its file, sending it, and what becomes of it on the server.

import { Kept, markOf } from "./kept.js";
import { Live } from "./live.js";
import { NetworkError, Refusal, Tus } from "./tus.js";
import { Uploader } from "./uploader.js";
import { fill, percent, size, time } from "./words.js";

const config = JSON.parse(document.getElementById("upload-config").textContent);
const live = new Live(config.progress);
document.addEventListener("click", ({ target }) => target.closest("[data-print-receipt]") && window.print());

const box = document.getElementById("uploader");
if (box) equipUploads(box);

function equipUploads(root) {
  const $ = (selector) => root.querySelector(selector);
  const part = (name) => $(`[data-part="${name}"]`);
  const texts = document.getElementById("upload-text").dataset;
  const input = $("#clip-upload");
  const kept = new Kept(`${config.owner}:${config.clip}`);
  const tus = new Tus(config.endpoint);
  const uploader = new Uploader({ tus, clip: config.clip, kept });
  let other = null; // a file that was picked while another one is unfinished
  let elsewhere = config.unfinished.find((each) => each.offset > 0 && each.url !== kept.get()?.url) ?? null;
  let lock = null;
  let spoken = "";

  // The server knows better how far it is, and whether it has ended meanwhile.
  const known = config.unfinished.find((each) => each.url === kept.get()?.url);
  if (known) kept.note(known.offset);
  else kept.forget();

  function say(text) {
    if (text === spoken) return;
    spoken = text;
    $("[data-said]").textContent = text;
  }

  function showProblem(title, text) {
    $("[data-problem-title]").textContent = title;
    $("[data-problem-text]").textContent = text;
    part("problem").hidden = !text;
  }

  // ---- what is seen ------------------------------------------------------------------------------------------

  function show() {
    const running = uploader.isActive || uploader.state === "paused";
    const unfinished = kept.get() ?? elsewhere;
    part("run").hidden = !running;
    part("pick").hidden = running || Boolean(unfinished && kept.get()) || Boolean(other);
    part("kept").hidden = running || !unfinished || Boolean(other);
    part("other").hidden = running || !other;
    if (running) showRun();
    else if (unfinished) showKept(unfinished);
  }

  function showKept(entry) {
    const values = { name: entry.name, size: size(entry.size), percent: percent(entry.offset ?? 0, entry.size) };
    const isHere = entry !== elsewhere;
    $("[data-kept-text]").textContent = fill(isHere ? texts.kept : texts.keptElsewhere, values);
    $("[data-kept-pick]").hidden = !isHere;
  }

  function showRun() {
    const { file, sent, state } = uploader;
    const share = percent(sent, file.size);
    $("[data-run-name]").textContent = file.name;
    $("[data-run-size]").textContent = size(file.size);
    $("[data-run-bar]").value = share;
    $("[data-run-percent]").textContent = `${share}%`;
    $("[data-run-words]").textContent = words();
    $("[data-run-pause]").hidden = state === "paused";
    $("[data-run-resume]").hidden = state !== "paused";
    part("run").dataset.state = state;
    if (state === "sending") say(`${Math.floor(share / 25) * 25}%`);
    else say(words());
  }

  function words() {
    const { file, sent, state, speed, url } = uploader;
    if (state === "paused") return fill(texts.paused, { hours: config.hours });
    if (state === "starting") return url ? texts.checking : texts.starting;
    if (state === "waiting") return waitingWords();
    const said = [fill(texts.sending, { sent: size(sent), size: size(file.size) })];
    if (speed) {
      said.push(fill(texts.speed, { speed: size(speed) }));
      said.push(fill(texts.left, { time: time((file.size - sent) / speed, texts) }));
    }
    return said.join(" · ");
  }

  function waitingWords() {
    if (!navigator.onLine) return texts.offline;
    const left = { time: time(Math.max(1, (uploader.waitUntil - performance.now()) / 1000), texts) };
    const status = uploader.waitsFor?.status;
    return fill(status === 429 ? texts.busy : status === 507 ? texts.full : texts.waiting, left);
  }

  // ---- picking -----------------------------------------------------------------------------------------------

  async function take(file) {
    showProblem("", "");
    other = null;
    if (uploader.isActive) return;
    if (!file.size) return refuse(texts.empty);
    if (file.size > config.max_bytes) return refuse(fill(texts.tooLarge, { size: size(file.size), limit: size(config.max_bytes) }));
    let mark;
    try {
      mark = await markOf(file);
    } catch {
      return refuse(texts.unreadable);
    }
    const unfinished = kept.get();
    if (unfinished && (unfinished.size !== file.size || unfinished.mark !== mark)) {
      other = { file, mark };
      const values = { kept: unfinished.name, keptSize: size(unfinished.size), name: file.name, size: size(file.size) };
      $("[data-other-text]").textContent = fill(texts.other, values);
      show();
      return;
    }
    uploader.start(file, mark, unfinished);
  }

  function refuse(text) {
    showProblem(texts.stopped, text);
    show();
  }

  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // the same file can be picked again
    if (file) take(file);
  });

  for (const name of ["dragenter", "dragover"]) {
    root.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      part("pick").classList.add("dropzone--over");
    });
  }
  root.addEventListener("dragleave", ({ relatedTarget }) => root.contains(relatedTarget) || part("pick").classList.remove("dropzone--over"));
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    part("pick").classList.remove("dropzone--over");
    const files = [...event.dataTransfer.files];
    if (files.length > 1) refuse(texts.many);
    else if (files.length) take(files[0]);
  });
  // A file that misses the field must not replace the page.
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  }

  // ---- buttons -----------------------------------------------------------------------------------------------

  /** Ends an upload on the server; false when the server could not be told. */
  async function drop(url) {
    try {
      await tus.end(url);
    } catch (error) {
      if (error.code !== "upload_finished") {
        showProblem(texts.stopped, sentenceOf(error));
        return false;
      }
    }
    return true;
  }

  async function dropUnfinished() {
    const unfinished = kept.get() ?? elsewhere;
    if (!unfinished || !(await drop(unfinished.url))) return;
    if (unfinished === elsewhere) elsewhere = null;
    else kept.forget();
    say(texts.cancelled);
    live.refresh();
    show();
  }

  $("[data-kept-drop]").addEventListener("click", () => window.confirm(texts.confirmCancel) && dropUnfinished());
  $("[data-other-take]").addEventListener("click", async () => {
    const { file, mark } = other;
    if (!(await drop(kept.get().url))) return;
    kept.forget();
    other = null;
    uploader.start(file, mark);
  });
  $("[data-run-pause]").addEventListener("click", () => {
    uploader.pause();
    $("[data-run-resume]").focus();
  });
  $("[data-run-resume]").addEventListener("click", () => {
    showProblem("", "");
    uploader.resume();
    $("[data-run-pause]").focus();
  });
  $("[data-run-cancel]").addEventListener("click", async () => {
    if (!window.confirm(texts.confirmCancel)) return;
    try {
      await uploader.cancel();
      showProblem("", "");
      say(texts.cancelled);
    } catch (error) {
      if (error.code === "upload_finished") uploader.resume();
      else showProblem(texts.stopped, sentenceOf(error));
    }
  });

  // ---- what happens ------------------------------------------------------------------------------------------

  function sentenceOf(error) {
    if (error instanceof NetworkError) return texts.offline;
    if (!(error instanceof Refusal)) return texts.unreadable;
    if ([401, 403].includes(error.status)) return texts.signedOut;
    return error.detail || fill(texts.unknown, { status: error.status });
  }

  async function stayAwake() {
    try {
      if (uploader.isActive) lock ??= await navigator.wakeLock?.request("screen");
      else {
        await lock?.release();
        lock = null;
      }
    } catch {
      lock = null; // on battery, or hidden
    }
  }

  let state = uploader.state;
  uploader.addEventListener("change", () => {
    if (uploader.state !== state) {
      state = uploader.state;
      stayAwake();
    }
    show();
  });
  uploader.addEventListener("done", () => {
    showProblem("", "");
    say(texts.done);
    live.refresh();
  });
  uploader.addEventListener("stopped", ({ detail: { error, gone } }) => {
    showProblem(texts.stopped, gone ? texts.gone : sentenceOf(error));
    show();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!uploader.isActive) return;
    event.preventDefault();
    event.returnValue = "";
  });

  show();
  document.documentElement.classList.add("upload-ready");
}
