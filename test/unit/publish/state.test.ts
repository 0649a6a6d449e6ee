import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyState, loadState, parseState, type State, saveState } from '../../../src/publish/state.ts';

const hash = 'a1b2c3d4e5f6a7b8c9d0';
const full: State = {
  version: 1,
  proven: { tree: hash, key: 'k', at: 1, revision: { name: 'web-a', hash: 'a', number: 3 } },
  provenBefore: { tree: hash, key: 'j', at: 0 },
  attempt: { tree: hash, step: 'staged', at: 2 },
  generations: [{ tree: hash, workers: [{ pid: 7, startTime: 123 }] }],
  acknowledged: { reload: 'one', reopenLogs: '' },
  ready: true,
  master: { pid: 1, startTime: 99 },
  requests: {
    instance: 'uid',
    noted: [
      { action: 'Reload', origin: 'Pod', token: 'x', at: 4 },
      { action: 'Reload', origin: 'Config', token: 'y', at: 5, verdict: 'Applied' },
    ],
  },
};

function withDirectory(work: (path: string, directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'steward-state-'));
  try {
    work(join(directory, 'state.json'), directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('what was saved is loaded again, readable for its owner alone, and leaves nothing beside it', () => {
  withDirectory((path, directory) => {
    assert.deepEqual(loadState(path), { state: emptyState });
    saveState(path, { ...emptyState, ready: true });
    saveState(path, full);
    assert.deepEqual(loadState(path), { state: full });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(directory), ['state.json']);
  });
});

test('any JSON is a state or is none, without an exception, and what is taken over survives a second reading', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(full)), (value, field) => {
      const state = parseState(JSON.stringify({ ...full, [field]: value }));
      if (state !== undefined) assert.deepEqual(parseState(JSON.stringify(state)), state);
    }),
  );
});

for (const [what, change] of Object.entries({
  'a newer version': { version: 2 },
  'a tree that leads out of the directory': { proven: { tree: '../../etc', key: 'k', at: 1 } },
  'a tree before that leads out': { provenBefore: { tree: '/etc', key: 'k', at: 1 } },
  'a step that is unknown': { attempt: { tree: hash, step: 'dancing', at: 1 } },
  'a pid that is none': { master: { pid: -1, startTime: 1 } },
  'generations that are no list': { generations: {} },
  'a generation without workers': { generations: [{ tree: hash }] },
  'no acknowledgements': { acknowledged: null },
  'readiness that is no yes or no': { ready: 'yes' },
}))
  test(`${what} is not taken over`, () => {
    assert.equal(parseState(JSON.stringify({ ...full, ...change })), undefined);
  });

test('fields that are unknown are left behind', () => {
  const text = JSON.stringify({ ...full, more: 1, master: { pid: 1, startTime: 99, more: 1 } });
  assert.deepEqual(parseState(text), full);
});

for (const text of ['', '{', 'null', '[]', '"x"', '\0\0\0', JSON.stringify(full).slice(0, 40)])
  test(`a file that holds ${JSON.stringify(text.slice(0, 20))} is kept aside, said, and replaced`, () => {
    withDirectory((path) => {
      writeFileSync(path, text);
      const { state, problem } = loadState(path);
      assert.deepEqual(state, emptyState);
      assert.match(problem ?? '', /state\.json: .*not a state.*kept as .*state\.json\.bad.*proven anew/);
      assert.equal(readFileSync(`${path}.bad`, 'utf8'), text);
      saveState(path, full);
      assert.deepEqual(loadState(path), { state: full });
    });
  });

test('a link or a directory in its place is moved aside unread', () => {
  withDirectory((path, directory) => {
    const outside = join(directory, 'outside');
    writeFileSync(outside, JSON.stringify(full));
    symlinkSync(outside, path);
    assert.match(loadState(path).problem ?? '', /kept as/);
    saveState(path, full);
    assert.equal(readFileSync(outside, 'utf8'), JSON.stringify(full));
    rmSync(path);
    rmSync(`${path}.bad`);
    mkdirSync(path);
    assert.match(loadState(path).problem ?? '', /not a regular file.*kept as/);
    saveState(path, full);
    assert.deepEqual(loadState(path), { state: full });
  });
});

test('a file that is far too large is not read', () => {
  withDirectory((path) => {
    writeFileSync(path, ' '.repeat(5 * 1024 * 1024));
    assert.match(loadState(path).problem ?? '', /far too large/);
  });
});

test('a link where the new state is written first is not followed', () => {
  withDirectory((path, directory) => {
    const outside = join(directory, 'outside');
    writeFileSync(outside, 'precious');
    symlinkSync(outside, `${path}.tmp`);
    saveState(path, full);
    assert.equal(readFileSync(outside, 'utf8'), 'precious');
    assert.deepEqual(loadState(path), { state: full });
    assert.ok(!existsSync(`${path}.tmp`));
  });
});

test('a state of an agent from before there was an API is taken over', () => {
  const { requests: _requests, proven: _proven, ...rest } = full;
  const old = { ...rest, proven: { tree: hash, key: 'k', at: 1 } };
  assert.deepEqual(parseState(JSON.stringify(old)), old);
});
