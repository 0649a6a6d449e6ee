/**
 * `npm run bench [-- --json] [-- --only WORD]`: every figure of the documentation, as ratios against the floor and the
 * usual alternatives measured in the same run. Exit 1 where a target is missed.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { insidePod, runAgainInsidePod } from '../support/pod.ts';
import { memoryAndStart, stormOfEdits } from './agent-costs.ts';
import { editToAnswer } from './edit-to-answer.ts';
import type { Figure } from './figure.ts';
import { knownRejected } from './known-rejected.ts';
import { lintSpeed } from './lint-speed.ts';
import { lostRequests } from './lost-requests.ts';

if (!insidePod()) runAgainInsidePod();

const measurements: Readonly<Record<string, () => Promise<Figure | readonly Figure[]>>> = {
  edit: editToAnswer,
  rejected: knownRejected,
  storm: stormOfEdits,
  memory: memoryAndStart,
  lint: lintSpeed,
  lost: lostRequests,
};

const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
if (only !== undefined && !(only in measurements)) {
  process.stderr.write(`bench: --only ${only}: one of ${Object.keys(measurements).join(', ')}\n`);
  process.exit(2);
}
// Trees on tmpfs: what is measured is steward, not this machine's disk.
spawnSync('mount', ['-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', '/tmp']);

const figures: Figure[] = [];
for (const [name, measure] of Object.entries(measurements)) {
  if (only !== undefined && name !== only) continue;
  process.stderr.write(`bench: ${name} …\n`);
  figures.push(...[await measure()].flat());
}
if (args.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ node: process.version, figures }, null, 2)}\n`);
} else {
  process.stdout.write('| what | measured | target | |\n|---|---|---|---|\n');
  for (const { what, measured, target, reached } of figures) {
    process.stdout.write(`| ${what} | ${measured} | ${target} | ${reached ? 'reached' : 'MISSED'} |\n`);
  }
}
process.exit(figures.every((figure) => figure.reached) ? 0 : 1);
