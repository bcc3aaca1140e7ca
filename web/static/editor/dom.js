// Making elements. Text is always set as text: nothing that comes from the server is read as HTML.

/** An element with properties, `data`, `aria` and `on` listeners, and children; strings become text, null nothing. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { data = {}, aria = {}, on = {}, ...plain } = properties;
  for (const [name, value] of Object.entries(plain)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  for (const [name, value] of Object.entries(data)) element.dataset[name] = value;
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** The element of the page with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Calls `work` once things have been quiet for `pause` milliseconds; `cancel` forgets a call that is due. */
export function debounced(work, pause) {
  let timer = 0;
  const later = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), pause);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** Calls an asynchronous `work(signal, …)` so that only the latest call matters: earlier ones are cut off. */
export function latest(work) {
  let running = null;
  return async (...values) => {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      return await work(mine.signal, ...values);
    } catch (error) {
      if (mine.signal.aborted) return undefined;
      throw error;
    }
  };
}

/** "1 mistake", "3 mistakes". */
export function counted(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}
