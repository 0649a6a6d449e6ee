import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createRenderer } from '../../../src/render/render.ts';
import { parseValues } from '../../../src/render/values.ts';

interface Block {
  readonly kind: string;
  readonly text: string;
}

/** The fenced blocks of a page; those inside a list are indented. */
function blocksOf(page: string): readonly Block[] {
  const fenced = page.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm);
  return Array.from(fenced, ([, indent = '', kind = '', text = '']) => ({
    kind,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

test('every example of docs/templates.md gives what the page says', async () => {
  const page = readFileSync(new URL('../../../docs/templates.md', import.meta.url), 'utf8');
  const renderer = createRenderer();
  const origin = 'nginx.conf.liquid';
  let values = {};
  let rendered: string | undefined;
  let compared = 0;
  for (const { kind, text } of blocksOf(page)) {
    if (kind === 'yaml') {
      values = await parseValues(text, 'values.yaml');
    } else if (kind === 'liquid') {
      const file = { path: origin, content: Buffer.from(text), mode: 0o644, origin };
      const result = await renderer.render([file], values, { treeToken: '/tree' });
      rendered =
        result.kind === 'rendered'
          ? Buffer.from(result.files[0]?.content ?? []).toString()
          : result.problems.map((problem) => `${problem.message}\n`).join('');
    } else if (kind === 'nginx' || kind === 'text') {
      assert.equal(rendered, text);
      compared++;
    }
  }
  assert.equal(compared, 7);
});
