/** An agent that is killed before any of its steps: what nginx finds, and what the next agent makes of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPublisher } from '../../../src/publish/publisher.ts';
import { loadState } from '../../../src/publish/state.ts';
import { placeTree } from '../../../src/publish/tree.ts';
import { testDirectory } from '../../support/nginx.ts';
import {
  hashes,
  playScenario,
  prepareScenario,
  type Scenario,
  scenarios,
  type scenarioTree,
  trees,
} from '../../support/publish-scenario.ts';

const program = fileURLToPath(new URL('../../support/publish-scenario.ts', import.meta.url));

/** How many steps it took, undefined when it was killed. */
function play(directory: string, scenario: Scenario, step?: number): number | undefined {
  const args = [program, directory, scenario, ...(step === undefined ? [] : [String(step)])];
  const result = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (result.signal === 'SIGKILL') return undefined;
  assert.equal(result.status, 0, result.stderr);
  return Number(result.stdout);
}

/** Which tree nginx would read, each file of it held against what it must be. */
function treeThatNginxReads(directory: string): keyof typeof trees {
  const link = readlinkSync(join(directory, 'current'));
  const found = Object.entries(hashes).find(([, hash]) => link === `revisions/${hash}`);
  assert.ok(found, `current names ${link}`);
  const [name, hash] = found as [keyof typeof trees, string];
  assertWhole(directory, hash, trees[name]);
  return name;
}

function assertWhole(directory: string, hash: string, tree: ReturnType<typeof scenarioTree>): void {
  const root = join(directory, 'revisions', hash);
  for (const [path, { content }] of placeTree(tree, root))
    assert.equal(readFileSync(join(root, path), 'utf8'), Buffer.from(content).toString());
}

const allowed: Readonly<Record<Scenario, readonly (keyof typeof trees)[]>> = {
  first: ['next'],
  change: ['good', 'next'],
  'put-back': ['next', 'good'],
  mend: ['good'],
  collect: ['good'],
};

for (const scenario of scenarios)
  test(`killed before any step of ${scenario}, current is one complete tree, and the next agent finishes the work`, async () => {
    const { path: parent, remove } = testDirectory();
    const directory = join(parent, 'published');
    const begin = async (): Promise<void> => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      await prepareScenario(directory, scenario);
    };
    try {
      await begin();
      const steps = play(directory, scenario);
      assert.ok(steps !== undefined && steps >= 2, `${steps} steps`);
      for (let step = 1; step <= steps; step += 1) {
        await begin();
        assert.equal(play(directory, scenario, step), undefined, `it was not killed before step ${step}`);
        if (scenario !== 'mend' && (scenario !== 'first' || existsSync(join(directory, 'current'))))
          assert.ok(allowed[scenario].includes(treeThatNginxReads(directory)), `before step ${step}`);
        const { state, problem } = loadState(join(directory, 'state.json'));
        assert.equal(problem, undefined, `before step ${step}`);
        if (scenario !== 'first') assert.ok(state.proven, `what is proven was forgotten before step ${step}`);
        const publisher = await openPublisher(directory);
        for (const hash of readdirSync(join(directory, 'revisions')))
          if (scenario !== 'mend') assert.deepEqual(publisher.verify(hash), [], `before step ${step}`);
        publisher.close();
        await playScenario(directory, scenario);
        assert.equal(treeThatNginxReads(directory), allowed[scenario].at(-1), `after step ${step}`);
        const left = readdirSync(directory).filter(
          (name) => !['current', 'revisions', 'state.json'].includes(name),
        );
        assert.deepEqual(left, [], `left behind after step ${step}`);
        for (const hash of readdirSync(join(directory, 'revisions'))) assert.match(hash, /^[0-9a-f]+$/);
      }
    } finally {
      remove();
    }
  });
