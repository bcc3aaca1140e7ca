// Keeps a page marked with `data-live` current: fetches it again and swaps the content, unless somebody is in it.
const PAUSE = 2000;

async function refresh() {
  const main = document.querySelector("main[data-live]");
  if (!main) return;
  const busy = main.contains(document.activeElement) || String(window.getSelection());
  if (!document.hidden && !busy) {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.querySelector("main");
        if (next && next.innerHTML !== main.innerHTML) main.replaceWith(document.adoptNode(next));
      }
    } catch {
      // The server is away for a moment, for a restart say: the next round asks again.
    }
  }
  setTimeout(refresh, PAUSE);
}

setTimeout(refresh, PAUSE);
