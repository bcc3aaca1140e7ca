// Which lines something happened on: the marks beside the text.

const WORST = { part: 2, none: 1, all: 0 };

/** From coverage of the open file to marks by line: a Map of line to {kind: "all" | "part" | "none", title}. */
export function marksOf(coverage, path, lineOf) {
  const marks = new Map();
  const add = (place, kind, title) => {
    if (place.path !== path) return;
    const line = lineOf(place.from);
    const before = marks.get(line);
    const worse = before && WORST[before.kind] > WORST[kind] ? before.kind : kind;
    marks.set(line, { kind: before ? worse : kind, title: before ? `${before.title}; ${title}` : title });
  };
  for (const [place, hits] of steps(coverage)) add(place, hits ? "all" : "none", hits ? `made ${times(hits)}` : "never made");
  for (const branch of coverage.branches) {
    if (branch.from === undefined) continue;
    const both = branch.true && branch.false;
    const kind = both ? "all" : branch.true || branch.false ? "part" : "none";
    add(branch, kind, `held ${times(branch.true)}, did not hold ${times(branch.false)}`);
  }
  return marks;
}

/** Each step once, with how often it was made. */
function steps(coverage) {
  const found = new Map();
  for (const step of coverage.steps) {
    if (step.from === undefined) continue;
    const key = `${step.rule} ${step.id}`;
    const before = found.get(key);
    found.set(key, [step, (before?.[1] ?? 0) + (step.what === "made" || before === undefined ? step.hits : 0)]);
  }
  return found.values();
}

function times(number) {
  return number === 1 ? "once" : number === 0 ? "never" : `${number} times`;
}

/** "12 of 14 steps, 3 of 4 conditions both ways". */
export function coverageText(coverage) {
  const all = [...steps(coverage)];
  const made = all.filter(([, hits]) => hits > 0).length;
  const both = coverage.branches.filter((branch) => branch.true && branch.false).length;
  const conditions = coverage.branches.length ? `, ${both} of ${coverage.branches.length} conditions both ways` : "";
  return `${made} of ${all.length} steps${conditions}`;
}
