// The signed-in session: a warning before it ends, and what was typed kept until its owner has signed in again.
// Passwords, codes and files are never kept, nor anything of the quiz, which saves by itself and needs no session.

const PREFIX = "cchc:draft:";
const CHECK_MS = 10_000;
const NEVER = new Set(["password", "hidden", "file", "submit", "button", "image", "reset"]);
const SECRET = /one-time-code|password/;

const box = document.querySelector("[data-session]");
const here = box ? `${PREFIX}${box.dataset.owner}:${location.pathname}${location.search}` : "";

function drafts() {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  } catch {
    return []; // the browser keeps nothing for pages
  }
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, draft) {
  try {
    sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // full or forbidden: what was typed is still on the page
  }
}

function forgetDrafts() {
  drafts().forEach((key) => sessionStorage.removeItem(key));
}

// --- What was typed -------------------------------------------------------------------------------------

function mayKeep(form) {
  return form?.method === "post" && !("noDraft" in form.dataset) && !form.querySelector("input[type=password]");
}

function fields() {
  return [...document.querySelectorAll("main input, main textarea, main select")].filter(
    (field) => field.name && mayKeep(field.form) && !NEVER.has(field.type) && !SECRET.test(field.autocomplete),
  );
}

const isTick = (field) => field.type === "checkbox" || field.type === "radio";

function typed() {
  return fields().map((field, place) => {
    if (isTick(field)) return { place, name: field.name, now: field.checked, then: field.defaultChecked };
    if (field.tagName !== "SELECT") return { place, name: field.name, now: field.value, then: field.defaultValue };
    const chosen = (which) => [...field.options].filter((option) => option[which]).map((option) => option.value);
    const then = chosen("defaultSelected");
    if (!then.length && !field.multiple && field.options.length) then.push(field.options[0].value); // as browsers do
    return { place, name: field.name, now: chosen("selected").join("\n"), then: then.join("\n") };
  }).filter((entry) => entry.now !== entry.then);
}

function keep(held) {
  const entries = typed();
  if (entries.length) write(here, { held, entries });
}

function putBack(entries) {
  const present = fields();
  for (const { place, name, now } of entries) {
    const field = present[place];
    if (field?.name !== name) continue;
    if (isTick(field)) field.checked = now;
    else if (field.tagName === "SELECT") for (const option of field.options) option.selected = now.split("\n").includes(option.value);
    else field.value = now;
  }
  document.querySelector("[data-draft-note]").hidden = false;
}

/** Drafts of a form that was sent are done with, unless the answer was to sign in first. */
function sortDrafts() {
  for (const key of drafts()) {
    const draft = read(key);
    if (!box) write(key, { ...draft, held: true });
    else if (!draft?.held || !key.startsWith(`${PREFIX}${box.dataset.owner}:`)) sessionStorage.removeItem(key);
    else if (key === here) {
      putBack(draft.entries);
      sessionStorage.removeItem(key);
    }
  }
}

// --- The clock ------------------------------------------------------------------------------------------

let end = 0;
let over = false;
let warned = false;

function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

async function ask(method) {
  const headers = method === "POST" ? { "X-CSRFToken": csrfToken() } : { "X-Background": "1" };
  const answer = await fetch(box.dataset.url, { method, headers });
  if (!answer.ok && answer.status !== 401) throw new Error(String(answer.status));
  const { signed_in: signedIn, seconds } = await answer.json();
  if (signedIn) end = Date.now() + seconds * 1000;
  else announceEnd();
}

function warnBefore() {
  return Number(box.dataset.warn) * 1000;
}

async function look() {
  if (over) return;
  if (end - Date.now() > warnBefore()) {
    if (warned) box.close();
    warned = false;
    return;
  }
  try {
    await ask("GET"); // another tab may have been used
  } catch {
    return; // no network: the next look will tell
  }
  const left = end - Date.now();
  if (over || left > warnBefore()) return;
  box.querySelector("[data-left]").textContent = String(Math.max(1, Math.ceil(left / 60_000)));
  if (!warned) box.showModal();
  warned = true;
}

function announceEnd() {
  over = true;
  keep(true);
  document.addEventListener("input", () => keep(true));
  box.querySelectorAll("[data-while]").forEach((part) => { part.hidden = part.dataset.while !== "over"; });
  if (!box.open) box.showModal();
}

async function goOn() {
  try {
    await ask("POST");
  } catch {
    return;
  }
  if (!over) {
    warned = false;
    box.close();
  }
}

if (!document.body.classList.contains("quiz-page")) {
  sortDrafts();
  if (box) {
    end = Date.now() + Number(box.dataset.seconds) * 1000;
    box.querySelector("[data-go-on]").addEventListener("click", goOn);
    box.querySelector("[data-dismiss]").addEventListener("click", () => box.close());
    document.addEventListener("submit", ({ target }) => {
      const token = target.elements?.csrfmiddlewaretoken;
      if (token && csrfToken()) token.value = csrfToken(); // signing in again in another tab has changed it
      if (mayKeep(target)) keep(over);
    }, true);
    setInterval(look, CHECK_MS);
    look();
  }
}
window.addEventListener("quiz:logout", forgetDrafts);
