// The visible countdown, with spoken announcements at a few moments only: a clock read aloud each second is noise.

const SAY_AT = [600, 300, 60, 30];

function spell(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${two(hours)}:${rest}` : rest;
}

export class TimeLeft extends EventTarget {
  constructor({ clock, deadline, texts, live }) {
    super();
    Object.assign(this, { clock, deadline, texts, live, last: Infinity, timer: 0 });
    this.places = [...document.querySelectorAll("[data-time-left]")];
  }

  start() {
    this.timer = setInterval(() => this.tick(), 250);
    this.tick();
  }

  tick() {
    const seconds = Math.max(0, Math.ceil((this.deadline - this.clock.now()) / 1000));
    if (seconds === this.last) return;
    this.show(seconds);
    const passed = SAY_AT.filter((mark) => this.last > mark && seconds <= mark && seconds > 0).pop();
    if (passed && this.last !== Infinity) this.live.textContent = this.sentence(seconds);
    this.last = seconds;
    if (seconds === 0) {
      clearInterval(this.timer);
      this.live.textContent = this.texts.timeOver;
      this.dispatchEvent(new Event("over"));
    }
  }

  show(seconds) {
    const days = Math.floor(seconds / 86400);
    const text = days ? `${this.texts.days.replace("{n}", days)} ${spell(seconds % 86400)}` : spell(seconds);
    const level = seconds <= 60 ? "urgent" : seconds <= 300 ? "soon" : "calm";
    this.places.forEach((place) => {
      place.textContent = text;
      place.closest("[data-time-box]").dataset.level = level;
    });
  }

  sentence(seconds) {
    return seconds > 60
      ? this.texts.minutesLeft.replace("{n}", Math.round(seconds / 60))
      : this.texts.secondsLeft.replace("{n}", seconds);
  }
}
