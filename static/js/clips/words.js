// Sizes and times as people say them, in the page's language.

const UNITS = ["byte", "KB", "MB", "GB", "TB"];

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** 1536 as "1,5 KB". */
export function size(bytes) {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  const digits = unit && amount < 100 ? 1 : 0;
  return `${amount.toLocaleString(document.documentElement.lang || "vi", { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}

/** 130 as "3 phút"; rounded up, and the coarser the longer it is. */
export function time(seconds, texts) {
  if (seconds < 60) return fill(texts.seconds, { n: seconds < 10 ? Math.max(1, Math.ceil(seconds)) : Math.ceil(seconds / 5) * 5 });
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return fill(texts.minutes, { n: minutes });
  return fill(texts.hours, { h: Math.floor(minutes / 60), n: minutes % 60 });
}

/** A whole number that never says 100 before all of it is there. */
export function percent(part, whole) {
  return whole ? Math.floor((100 * part) / whole) : 0;
}
