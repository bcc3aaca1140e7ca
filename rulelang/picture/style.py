"""The style sheet of pictures, light and dark: `python -m rulelang.picture.style` prints it for web/static/flow.css."""

from __future__ import annotations

CSS = """\
.flow {
  font: 13px/1.4 system-ui, sans-serif; max-width: none; background: var(--flow-back);
  --flow-back: #fff; --flow-line: #667; --flow-text: #1a1c22; --flow-box: #fff; --flow-faint: #5c6070;
  --flow-done: #1a7f45; --flow-waiting: #9a5b00; --flow-failed: #b3261e;
  --flow-wait: #eef3fb; --flow-decision: #f6f1e4; --flow-end: #eceef2;
}
@media (prefers-color-scheme: dark) {
  .flow {
    --flow-back: #16181d; --flow-line: #8b90a0; --flow-text: #e7e9ef; --flow-box: #1f2229; --flow-faint: #a6abba;
    --flow-done: #58c98a; --flow-waiting: #e8b25c; --flow-failed: #f2857c;
    --flow-wait: #1d2a3d; --flow-decision: #332e20; --flow-end: #2a2d36;
  }
}
.flow text { fill: var(--flow-text); }
.flow .detail, .flow text.label { fill: var(--flow-faint); font-size: 12px; }
.flow text.label { paint-order: stroke; stroke: var(--flow-back); stroke-width: 6px; stroke-linejoin: round; }
.flow .frame { fill: var(--flow-box); stroke: var(--flow-line); stroke-width: 1.2; }
.flow .wait .frame, .flow .goal .frame { fill: var(--flow-wait); }
.flow .decision .frame, .flow .parallel .frame, .flow .loop .frame { fill: var(--flow-decision); }
.flow .start .frame, .flow .end .frame, .flow .stop .frame { fill: var(--flow-end); }
.flow .node.label .frame, .flow .jump .frame { stroke-dasharray: 4 3; }
.flow .edge { fill: none; stroke: var(--flow-line); stroke-width: 1.2; }
.flow .arrow { fill: var(--flow-line); }
.flow .node:focus { outline: none; }
.flow .node:focus-visible .frame { stroke: var(--flow-text); stroke-width: 3; }
.flow .done .frame { stroke: var(--flow-done); stroke-width: 2.4; }
.flow .edge.done, .flow .edge.waiting, .flow .edge.failed { stroke: var(--flow-done); stroke-width: 2.4; }
.flow .arrow.done, .flow .arrow.waiting, .flow .arrow.failed { fill: var(--flow-done); }
.flow .waiting .frame { stroke: var(--flow-waiting); stroke-width: 2.4; stroke-dasharray: 6 3; }
.flow .failed .frame { stroke: var(--flow-failed); stroke-width: 3; }
.flow .skipped { opacity: 0.55; }
.flow .skipped .frame { stroke-dasharray: 2 3; }
"""

if __name__ == "__main__":
    print(CSS, end="")
