// The choice between 720p and 480p stays on the page and at the same second. Without it each is a link of its own.

const SAVED = "clip-quality";

function startingQuality(heights) {
  const kept = Number(sessionStorage.getItem(SAVED));
  if (heights.includes(kept)) return kept;
  const saves = navigator.connection?.saveData || /(^|-)[23]g$/.test(navigator.connection?.effectiveType || "");
  return saves ? Math.min(...heights) : Math.max(...heights);
}

export function equip(player) {
  const video = player.querySelector("video");
  const buttons = [...player.querySelectorAll("[data-quality]")];
  const heights = buttons.map((button) => Number(button.dataset.quality));
  if (heights.length < 2) return;
  let chosen = 0;

  const choose = (height, source) => {
    if (height === chosen) return;
    const second = video.currentTime;
    const wasPlaying = !video.paused;
    const isFirst = chosen === 0;
    chosen = height;
    for (const button of buttons) button.setAttribute("aria-pressed", String(Number(button.dataset.quality) === height));
    // What plays already at the height that is wanted is not loaded again.
    if (isFirst && video.currentSrc.endsWith(source)) return;
    video.src = source;
    video.addEventListener("loadedmetadata", () => {
      video.currentTime = second;
      if (wasPlaying) video.play();
    }, { once: true });
  };

  for (const button of buttons) {
    button.setAttribute("role", "button");
    button.addEventListener("click", (event) => {
      event.preventDefault();
      sessionStorage.setItem(SAVED, button.dataset.quality);
      choose(Number(button.dataset.quality), button.getAttribute("href"));
    });
  }
  const first = startingQuality(heights);
  choose(first, buttons[heights.indexOf(first)].getAttribute("href"));
}

document.querySelectorAll("[data-player]").forEach(equip);
