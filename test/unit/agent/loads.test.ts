/** What an agent loads: it is in every Pod, so no schema library and no generated client may get into it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const top = join(import.meta.dirname, '../../..');

/** Everything that a module imports at run time, however far away; packages by their names. */
function reached(entry: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [join(top, entry)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const text = readFileSync(path, 'utf8');
    for (const name of namesIn(text))
      if (!name.startsWith('.')) found.add(name);
      else if (name.endsWith('.ts')) waiting.push(join(dirname(path), name));
  }
  return found;
}

/** Without those of types alone, which nothing loads. */
function namesIn(text: string): string[] {
  const whole = /^(?:import|export)\s(?!type\s)(?:[^;'"]*\sfrom\s)?['"]([^'"]+)['"]/gm;
  const parts = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [whole, parts].flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name));
}

test('an agent loads no schema library and no generated client, whatever its source', () => {
  const names = reached('src/cli/commands/agent.ts');
  assert.ok(names.has(join(top, 'src/agent/cluster/feed.ts')));
  assert.ok(names.has('pino'), 'the search sees packages');
  for (const name of ['zod', '@kubernetes/client-node']) assert.equal(names.has(name), false, name);
});
