/** Misspelt directives: the known one that a typing mistake makes of the other. */
import { type DirectiveForms, knownDirectives } from '../language/directives.ts';

/** Shorter names are too close to each other. */
const shortestName = 5;

/** A known directive for which `fits` holds and that is one letter away: missing, added, changed, or two swapped. */
export function nearestName(name: string, fits: (forms: DirectiveForms) => boolean): string | undefined {
  if (name.length < shortestName) return undefined;
  for (const [known, forms] of knownDirectives) if (isOneLetterAway(name, known) && fits(forms)) return known;
  return undefined;
}

function isOneLetterAway(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false;
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const rest = one.slice(same);
  const otherRest = other.slice(same);
  if (rest === '' && otherRest === '') return false;
  return (
    rest.slice(1) === otherRest.slice(1) ||
    rest.slice(1) === otherRest ||
    rest === otherRest.slice(1) ||
    (rest[0] === otherRest[1] && rest[1] === otherRest[0] && rest.slice(2) === otherRest.slice(2))
  );
}
