// The choice between 720p and 480p stays on the page and at the same second. Without it each is a link of its own.
// What cannot be played is said in words; an address that has ended meanwhile (S3) is asked for again once.

const SAVED = "clip-quality";

function startingQuality(heights) {
  const kept = Number(sessionStorage.getItem(SAVED));
  if (heights.includes(kept)) return kept;
  const saves = navigator.connection?.saveData || /(^|-)[23]g$/.test(navigator.connection?.effectiveType || "");
  return saves ? Math.min(...heights) : Math.max(...heights);
}

/** Play on from where it was, once what is being loaded is there. */
function resume(video, second, wasPlaying) {
  video.addEventListener("loadedmetadata", () => {
    video.currentTime = second;
    if (wasPlaying) video.play();
  }, { once: true });
}

function watchForTrouble(player, video) {
  const words = player.querySelector("[data-player-error]");
  if (!words) return;
  let renewed = false;
  const place = { second: 0, playing: false };
  const tell = () => {
    const nothingLoads = video.networkState === HTMLMediaElement.NETWORK_NO_SOURCE;
    if (!video.error && !nothingLoads) return;
    if (place.second > 0 && !renewed) {
      renewed = true;
      resume(video, place.second, place.playing);
      video.load();
      return;
    }
    words.hidden = false;
  };
  video.addEventListener("error", tell);
  for (const source of video.querySelectorAll("source")) source.addEventListener("error", () => setTimeout(tell));
  video.addEventListener("loadeddata", () => { words.hidden = true; });
  video.addEventListener("timeupdate", () => {
    if (video.error || video.currentTime === 0) return;
    Object.assign(place, { second: video.currentTime, playing: !video.paused });
    renewed = false;
  });
  tell();
}

export function equip(player) {
  const video = player.querySelector("video");
  watchForTrouble(player, video);
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
    resume(video, second, wasPlaying);
    video.src = source;
  };

  for (const button of buttons) {
    button.setAttribute("role", "button");
    button.addEventListener("click", (event) => {
      event.preventDefault();
      sessionStorage.setItem(SAVED, button.dataset.quality);
      choose(Number(button.dataset.quality), button.getAttribute("href"));
    });
    button.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
  }
  const first = startingQuality(heights);
  choose(first, buttons[heights.indexOf(first)].getAttribute("href"));
}

document.querySelectorAll("[data-player]").forEach(equip);
