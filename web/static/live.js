// Keeps a page marked with `data-live` current: fetches it again and swaps the content, unless somebody is in it.
const PAUSE = 2000;

function isBusy(main) {
  const selection = window.getSelection();
  return main.contains(document.activeElement) || (selection !== null && !selection.isCollapsed);
}

function swap(main, text) {
  const next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  if (next !== null && next.innerHTML !== main.innerHTML) main.replaceWith(document.adoptNode(next));
}

async function refresh() {
  const main = document.querySelector("main[data-live]");
  if (main === null) return;
  if (!document.hidden && !isBusy(main)) {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected) return location.reload(); // The session is over.
      if (answer.ok) swap(main, await answer.text());
    } catch {
      // The server is away for a moment, for a restart say: the next round asks again.
    }
  }
  setTimeout(refresh, PAUSE);
}

setTimeout(refresh, PAUSE);
