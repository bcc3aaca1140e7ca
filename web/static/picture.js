// Steps of flow pictures lead to their line: on the page of a rule file there, elsewhere in the editor.
function go(step) {
  const file = step.closest("[data-file]")?.dataset.file;
  const lines = [...document.querySelectorAll(".source code")].map((code) => code.textContent);
  if (lines.length) location.hash = `L${lineAt(lines, Number(step.dataset.from))}`;
  else if (file) location.assign(`/editor?file=${encodeURIComponent(file)}&at=${step.dataset.from}`);
}

/** The number of the line at an offset, which counts UTF-16 code units as the text does here. */
function lineAt(lines, offset) {
  let end = 0;
  const number = lines.findIndex((line) => (end += line.length + 1) > offset);
  return number < 0 ? lines.length : number + 1;
}

document.addEventListener("click", (event) => {
  const step = event.target.closest?.(".picture [data-from]");
  if (step) go(step);
});
document.addEventListener("keydown", (event) => {
  const step = event.key === "Enter" && event.target.closest?.(".picture [data-from]");
  if (step) go(step);
});
