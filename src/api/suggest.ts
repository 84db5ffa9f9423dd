/** The candidate that `word` was probably meant to be: at most a third of its letters differ. Undefined when none is near. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const meant = plain(word);
  let best: { name: string; distance: number } | undefined;
  for (const name of candidates) {
    const allowed = Math.min(Math.max(1, Math.floor(name.length / 3)), (best?.distance ?? Infinity) - 1);
    const distance = editDistance(meant, plain(name), allowed);
    if (distance !== undefined) best = { name, distance };
  }
  return best?.name;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[-_]/g, '').slice(0, 64);
}

/** Letters to add, take away or replace; undefined when they are more than `allowed`, found out as early as that shows. */
function editDistance(a: string, b: string, allowed: number): number | undefined {
  if (Math.abs(a.length - b.length) > allowed) return undefined;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > allowed) return undefined;
    row = next;
  }
  const distance = row[b.length] ?? 0;
  return distance <= allowed ? distance : undefined;
}
