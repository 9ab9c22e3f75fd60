// A button that copies the text of a field: <button data-copy="id of the field" data-copied="what to say then">.
// Without a clipboard (http, old browsers) the text is selected and copied the old way; failing that it stays selected.

async function copy(field) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      // refused, for example in a frame: try the old way
    }
  }
  field.focus();
  field.select();
  field.setSelectionRange(0, field.value.length);
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const said = document.getElementById(button.dataset.said);
  button.addEventListener("click", async () => {
    const done = await copy(document.getElementById(button.dataset.copy));
    if (!said) return;
    said.textContent = done ? button.dataset.copied : button.dataset.failed;
  });
}
