/**
 * Changes a publish directory as an agent does, in a process of its own that a test can end in the middle:
 * `node publish-scenario.ts DIRECTORY SCENARIO STEP` kills itself before step number STEP; without one it goes to the end
 * and prints how many steps there are.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { treeToken } from '../../src/base/tree-token.ts';
import { openPublisher } from '../../src/publish/publisher.ts';
import { emptyState, loadState, type State, saveState } from '../../src/publish/state.ts';
import { type Tree, treeHash } from '../../src/publish/tree.ts';

export const scenarios = ['first', 'change', 'put-back', 'mend', 'collect'] as const;
export type Scenario = (typeof scenarios)[number];

export function scenarioTree(body: string): Tree {
  return new Map([
    ['nginx.conf', { content: Buffer.from(`include ${treeToken}/conf.d/site.conf; # ${body}`), mode: 0o644 }],
    ['conf.d/site.conf', { content: Buffer.from(body), mode: 0o600 }],
  ]);
}

export const trees = { good: scenarioTree('good'), next: scenarioTree('next'), old: scenarioTree('old') };
export const hashes = {
  good: treeHash(trees.good),
  next: treeHash(trees.next),
  old: treeHash(trees.old),
};
export const provenGood: State = {
  ...emptyState,
  proven: { tree: hashes.good, key: 'good', at: 1 },
  ready: true,
};

/** What stands on disk before a scenario begins. */
export async function prepareScenario(directory: string, scenario: Scenario): Promise<void> {
  if (scenario === 'first') return;
  const publisher = await openPublisher(directory);
  for (const name of ['old', 'good'] as const) {
    await publisher.write(hashes[name], trees[name]);
    publisher.makeCurrent(hashes[name]);
  }
  const state = join(directory, 'state.json');
  saveState(state, provenGood);
  if (scenario === 'put-back') {
    await publisher.write(hashes.next, trees.next);
    saveState(state, { ...provenGood, attempt: { tree: hashes.next, step: 'staged', at: 2 } });
    publisher.makeCurrent(hashes.next);
  }
  if (scenario === 'mend') damage(directory);
  publisher.close();
}

function damage(directory: string): void {
  writeFileSync(join(directory, 'revisions', hashes.good, 'conf.d/site.conf'), 'evil');
  writeFileSync(join(directory, 'revisions', hashes.good, 'conf.d/more.conf'), 'evil');
}

/** Plays a scenario from wherever an earlier attempt at it ended. */
export async function playScenario(
  directory: string,
  scenario: Scenario,
  onStep: (name: string) => void = () => {},
): Promise<void> {
  const publisher = await openPublisher(directory, { onStep });
  const path = join(directory, 'state.json');
  const save = (state: State): void => saveState(path, state, onStep);
  const { state } = loadState(path);
  switch (scenario) {
    case 'first':
    case 'change':
      await publisher.write(hashes.next, trees.next);
      save({ ...state, attempt: { tree: hashes.next, step: 'staged', at: 2 } });
      publisher.makeCurrent(hashes.next);
      save({ ...emptyState, proven: { tree: hashes.next, key: 'next', at: 3 }, ready: true });
      break;
    case 'put-back':
      save({ ...state, attempt: { tree: hashes.good, step: 'putting-back', at: 3 } });
      publisher.makeCurrent(hashes.good);
      save(provenGood);
      break;
    case 'mend':
      await publisher.write(hashes.good, trees.good);
      break;
    case 'collect':
      publisher.collect(new Set([hashes.good]), 0);
      break;
    default:
      scenario satisfies never;
  }
  publisher.close();
}

if (import.meta.main) {
  const [directory = '', name, last] = process.argv.slice(2);
  const scenario = scenarios.find((one) => one === name);
  if (scenario === undefined) throw new Error(`no scenario ${name ?? ''}`);
  let count = 0;
  await playScenario(directory, scenario, () => {
    count += 1;
    if (String(count) === last) process.kill(process.pid, 'SIGKILL');
  });
  process.stdout.write(`${count}\n`);
}
