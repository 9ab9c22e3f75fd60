// Reads a prediction as people type it. The API takes plain ASCII digits only; this is where "２１", "1.234" and "22,88 %"
// become 21, 1234 and "22.88".

/** {ok, value}: value is an integer, a decimal string for perfect_percent, or null when the field is empty. */
export function readPrediction(text, asks, decimals) {
  const plain = text
    .normalize("NFKC") // full-width digits and signs to ASCII, odd spaces to ordinary ones
    .replace(/[\s\u200b\u2060\ufeff_]/g, "");
  if (plain === "") return { ok: true, value: null };
  return asks === "perfect_percent" ? readPercent(plain, decimals) : readInteger(plain);
}

function readInteger(plain) {
  const grouped = /^\d{1,3}([.,]\d{3})+$/.test(plain) ? plain.replace(/[.,]/g, "") : plain;
  const digits = grouped.replace(/^0+(?=\d)/, "");
  return /^\d{1,9}$/.test(digits) ? { ok: true, value: Number(digits) } : { ok: false, value: null };
}

function readPercent(plain, decimals) {
  const number = plain.replace(/%$/, "").replace(",", ".").replace(/^0+(?=\d)/, "");
  const match = /^(?:100(?:\.0{1,5})?|\d{1,2}(?:\.(\d{1,5}))?)$/.exec(number);
  if (!match || (match[1] ?? "").length > decimals) return { ok: false, value: null };
  return { ok: true, value: number };
}

/** Vietnamese spelling of a stored prediction: 1.234 or 22,88. */
export function showPrediction(value) {
  if (value === null || value === undefined) return "";
  const [whole, fraction] = String(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ".");
  return fraction ? `${grouped},${fraction}` : grouped;
}
