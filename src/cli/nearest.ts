/** The name that somebody probably meant. Pure. */

/** `: did you mean "agent"?`, or nothing where no name is near. */
export function suggestion(wrong: string, names: readonly string[]): string {
  const [nearest] = names
    .map((name) => ({ name, far: distance(wrong, name) }))
    .sort((a, b) => a.far - b.far)
    .filter(({ name, far }) => far <= Math.max(2, name.length / 3));
  return nearest === undefined ? '' : `: did you mean "${nearest.name}"?`;
}

/** Nearest first. */
export function byDistance(wrong: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, far: distance(wrong, name) }))
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const above = row;
    row = [i + 1];
    for (const [j, other] of Array.from(b).entries())
      row.push(
        Math.min((above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1, (above[j] ?? 0) + (letter === other ? 0 : 1)),
      );
  }
  return row.at(-1) ?? 0;
}
