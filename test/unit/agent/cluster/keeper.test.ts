import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskKeeper } from '../../../../src/agent/cluster/keeper.ts';
import type { Wanted } from '../../../../src/agent/cluster/revision.ts';
import type { Log } from '../../../../src/agent/ports.ts';
import { type RevisionFile, revisionHash } from '../../../../src/api/revision-data.ts';
import { silentLog } from '../../../support/cluster-pod.ts';

const files = [
  { path: 'nginx.conf', content: Buffer.from('events {}'), origin: 'ConfigMap web key nginx.conf' },
  { path: 'bytes', content: Buffer.from([0, 255, 1]), origin: 'ConfigMap web key bytes' },
];
const revision = { name: 'web-a', hash: revisionHash(files, 'nginx.conf'), number: 4 };
const wanted: Extract<Wanted, { kind: 'revision' }> = {
  ...{ kind: 'revision', revision, entrypoint: 'nginx.conf', files },
};

function withDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'steward-keeper-'));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('a kept revision comes back whole, with the places its files came from', () => {
  withDirectory((directory) => {
    diskKeeper(directory, silentLog).keepRevision(wanted);
    const kept = diskKeeper(directory, silentLog).revision(revision);
    assert.deepEqual(kept?.revision, revision);
    const byPath = (all: readonly RevisionFile[] = []): unknown =>
      Object.fromEntries(
        all.map((one) => [one.path, [Buffer.from(one.content).toString('hex'), one.origin]]),
      );
    assert.deepEqual(byPath(kept?.files), byPath(files));
    assert.equal(statSync(join(directory, 'revision.json')).mode & 0o777, 0o600);
  });
});

test('one that is not what was proven last is not taken', () => {
  withDirectory((directory) => {
    const keeper = diskKeeper(directory, silentLog);
    keeper.keepRevision(wanted);
    assert.equal(keeper.revision({ name: 'web-b', hash: 'b' }), undefined);
    assert.equal(keeper.revision(undefined)?.revision.name, 'web-a');
  });
});

test('a file that was changed, or is none of ours, is as good as none', () => {
  withDirectory((directory) => {
    const keeper = diskKeeper(directory, silentLog);
    assert.deepEqual([keeper.revision(undefined), keeper.policy()], [undefined, undefined]);
    const changed = { ...revision, entrypoint: 'nginx.conf', encoding: 'Plain', data: '[]' };
    for (const text of ['', 'null', '[]', '{}', '{"name":1}', JSON.stringify(changed)]) {
      writeFileSync(join(directory, 'revision.json'), text);
      writeFileSync(join(directory, 'policy.json'), text);
      assert.deepEqual([keeper.revision(undefined), keeper.policy()], [undefined, undefined], text);
    }
  });
});

test('a policy comes back', () => {
  withDirectory((directory) => {
    const policy = { minIntervalMs: 1, maxDraining: 2, maxDrainWaitMs: 3, timeoutMs: 4, probe: 'http://a' };
    diskKeeper(directory, silentLog).keepPolicy(policy);
    assert.deepEqual(diskKeeper(directory, silentLog).policy(), policy);
  });
});

test('a disk that takes nothing is told once and stops nothing', () => {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => warnings.push(message) };
  const keeper = diskKeeper('/nonexistent/published', log);
  keeper.keepPolicy({ minIntervalMs: 1, maxDraining: 2, maxDrainWaitMs: 3, timeoutMs: 4 });
  keeper.keepPolicy({ minIntervalMs: 2, maxDraining: 2, maxDrainWaitMs: 3, timeoutMs: 4 });
  assert.equal(warnings.length, 1);
});
