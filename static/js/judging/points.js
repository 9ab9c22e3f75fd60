// Points as people type them: "7,5", "7.5", "７". The server takes "7.5" only. Sums go by hundredths: no binary fractions.

/** {ok, value, fault}: value is a string such as "7.5", or null for an empty field; fault names what is wrong. */
export function readPoints(text, { maximum, step }) {
  const plain = text.normalize("NFKC").replace(/[\s\u200b\u2060\ufeff]/g, "").replace(",", ".");
  if (plain === "") return { ok: true, value: null };
  if (!/^[0-9]{1,3}(\.[0-9]{1,2})?$/.test(plain)) return { ok: false, fault: "notANumber" };
  const amount = hundredths(plain);
  if (amount > hundredths(maximum)) return { ok: false, fault: "above" };
  if (amount % hundredths(step)) return { ok: false, fault: "offStep" };
  return { ok: true, value: fromHundredths(amount) };
}

export function hundredths(value) {
  return Math.round(Number(value) * 100);
}

export function fromHundredths(amount) {
  return String(amount / 100);
}

/** "7.5" as the page's language writes it: "7,5". */
export function showPoints(value) {
  if (value === null || value === undefined) return "";
  return document.documentElement.lang === "en" ? String(value) : String(value).replace(".", ",");
}
