// Every page: marks the document as scripted, runs countdowns, guards logout. Nothing here is needed to use a page.

import { ServerClock, pageInterval } from "./quiz/clock.js";
import { forgetAll, unsavedAnywhere } from "./quiz/store.js";

document.documentElement.classList.add("js");

/** "2 ngày 03:04:05"; below a day only "03:04:05". */
export function spell(seconds, daysText) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const clock = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  const days = Math.floor(whole / 86400);
  return days ? `${daysText.replace("{n}", days)} ${clock}` : clock;
}

function runCountdown(element) {
  const clock = new ServerClock();
  clock.learn(Date.parse(element.dataset.serverTime), ...pageInterval());
  const until = Date.parse(element.dataset.countdown);
  if (Number.isNaN(until) || !clock.known) return;
  let timer = 0;
  const tick = () => {
    const left = (until - clock.now()) / 1000;
    if (left > 0) {
      element.textContent = spell(left, element.dataset.days || "{n} d");
      return;
    }
    clearInterval(timer);
    element.textContent = element.dataset.over || "";
    // Spread over some seconds: a whole province waits for the same instant.
    if ("reload" in element.dataset) setTimeout(() => location.reload(), 1000 + Math.random() * 7000);
  };
  timer = setInterval(tick, 1000);
  tick();
}

function guardLogout(form) {
  form.addEventListener("submit", (event) => {
    if (unsavedAnywhere() && !window.confirm(form.dataset.unsaved)) {
      event.preventDefault();
      return;
    }
    window.dispatchEvent(new Event("quiz:logout"));
    forgetAll();
  });
}

/** On a phone, navigation and tabs scroll sideways: the present place must not lie outside. */
function showPresent(link) {
  const strip = link.closest(".mainnav, .tabs");
  if (strip) strip.scrollLeft = link.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
}

document.querySelectorAll(".mainnav [aria-current], .tabs [aria-current]").forEach(showPresent);
document.querySelectorAll("[data-countdown]").forEach(runCountdown);
document.querySelectorAll("form[data-logout]").forEach(guardLogout);
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
document.querySelector("[data-error-summary]")?.focus();
