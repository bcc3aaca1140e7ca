// Tab lists: the arrow keys move between tabs, the tab that is chosen is remembered.

/** Makes a tab list work; gives a function that chooses a tab by the id of its panel. */
export function tabs(list, chosen = () => {}) {
  const all = [...list.querySelectorAll('[role="tab"]')];
  const key = `rulelang:tab:${list.dataset.tabs}`;

  function choose(tab, focus = false) {
    for (const other of all) {
      const isIt = other === tab;
      other.setAttribute("aria-selected", String(isIt));
      other.tabIndex = isIt ? 0 : -1;
      panelOf(other).hidden = !isIt;
    }
    if (focus) tab.focus();
    localStorage.setItem(key, tab.id);
    chosen(panelOf(tab).id);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    choose(all[(next + all.length) % all.length], true);
  });
  const before = all.find((tab) => tab.id === localStorage.getItem(key));
  if (before) choose(before);
  return (panel) => choose(all.find((tab) => panelOf(tab).id === panel));
}

function panelOf(tab) {
  return document.getElementById(tab.getAttribute("aria-controls"));
}
