// What the pages can do without a script they do without one. This adds two comforts:
// `t` changes between light and dark, and the empty list turns into the first session by itself.

const THEME = "sentrial.theme";
const root = document.documentElement;

/** @param {string | null} theme */
function show(theme) {
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
}

function change() {
  const shown = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const theme = shown === "dark" ? "light" : "dark";
  show(theme);
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // A browser that keeps nothing still changes this page.
  }
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "t" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) change();
}

/** Ask for the list until there is a session in it. */
async function awaitFirst(address) {
  try {
    const answer = await fetch(address, { headers: { accept: "application/json" } });
    if (answer.ok && (await answer.json()).items.length > 0) return location.reload();
  } catch {
    // The server was stopped, perhaps to be started again.
  }
  setTimeout(awaitFirst, 2000, address);
}

try {
  show(localStorage.getItem(THEME));
} catch {
  // No storage: the system's choice holds.
}
addEventListener("keydown", onKey);
addEventListener("DOMContentLoaded", () => {
  const waiting = document.querySelector("[data-awaits]");
  if (waiting instanceof HTMLElement) awaitFirst(waiting.dataset.awaits);
});
