import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Certificates } from '../../../../src/agent/certificates.ts';
import type { Wanted } from '../../../../src/agent/cluster/revision.ts';
import { revisionGatherer } from '../../../../src/agent/cluster/revision-gatherer.ts';
import type { PublishedOptions } from '../../../../src/agent/published.ts';
import type { RevisionFile } from '../../../../src/api/revision-data.ts';
import { openPublisher } from '../../../../src/publish/publisher.ts';
import { silentLog } from '../../../support/cluster-pod.ts';
import { fakeClock } from '../../../support/fake-clock.ts';

const directory = mkdtempSync(join(tmpdir(), 'steward-gatherer-'));
const publisher = await openPublisher(join(directory, 'published'));
const clock = fakeClock();
after(() => {
  publisher.close();
  rmSync(directory, { recursive: true });
});

type Look = Awaited<ReturnType<PublishedOptions['gather']>>;

async function gather(wanted: Wanted): Promise<Look> {
  const gatherer = revisionGatherer({
    ...{ clock, publisher, entry: 'nginx.conf', serverPrefix: '/etc/nginx' },
    ...{ emergLog: '/run/nginx/steward/emerg.log', defaultErrorLog: '/var/log/nginx/error.log' },
    certificates: new Certificates(clock, silentLog),
    mounts: () => '',
    root: () => undefined,
    wanted: () => wanted,
  });
  return gatherer.gather();
}

const revision = { name: 'web-a', hash: 'a', number: 3 };

function wanted(files: Readonly<Record<string, string>>, entrypoint = 'nginx.conf'): Wanted {
  const all: RevisionFile[] = Object.entries(files).map(([path, text]) => ({
    ...{ path, content: Buffer.from(text), origin: `ConfigMap web key ${path}` },
  }));
  return { kind: 'revision', revision, entrypoint, files: all };
}

function candidateOf(look: Look): Extract<Look, { kind: 'seen' }>['candidate'] {
  assert.equal(look.kind, 'seen');
  assert.ok(look.kind === 'seen');
  return look.candidate;
}

test('a revision becomes a candidate that knows where it came from', async () => {
  const { refusals, revision: from, tree } = candidateOf(await gather(wanted({ 'nginx.conf': 'events {}' })));
  assert.deepEqual([refusals, from], [[], revision]);
  assert.equal(tree.get('nginx.conf')?.mode, 0o644);
});

test("nginx's place is the ConfigMap, its key and the author's line, also of a template", async () => {
  const one = wanted({ 'nginx.conf': 'events {}\n', 'conf.d/a.conf': 'x 1;\nx 2;\nx 3;\n' });
  assert.ok(one.kind === 'revision');
  const templateLines = Uint32Array.of(7, 9, 9);
  const files = one.files.map((file) => (file.path === 'conf.d/a.conf' ? { ...file, templateLines } : file));
  const candidate = candidateOf(await gather({ ...one, files }));
  const current = join(publisher.directory, 'current');
  assert.equal(candidate.source(`${current}/nginx.conf`, 1), 'ConfigMap web key nginx.conf:1');
  assert.equal(candidate.source(`${current}/conf.d/a.conf`, 2), 'ConfigMap web key conf.d/a.conf:9');
  assert.equal(candidate.source('/etc/nginx/mime.types', 2), undefined);
});

test('what lint refuses is refused with the place', async () => {
  const { refusals } = candidateOf(await gather(wanted({ 'nginx.conf': 'events {}\nhttp {\n' })));
  assert.match(refusals[0] ?? '', /ConfigMap web key nginx\.conf:/);
});

test('another entry file than that of the Pod is refused: what nginx was started with does not change', async () => {
  const look = await gather(wanted({ 'main.conf': 'events {}' }, 'main.conf'));
  const candidate = candidateOf(look);
  assert.match(candidate.refusals[0] ?? '', /--entrypoint main\.conf/);
  assert.deepEqual(candidate.revision, revision);
});

test('a path that cannot be written is refused', async () => {
  const { refusals } = candidateOf(await gather(wanted({ 'nginx.conf': 'events {}', '../x': '' })));
  assert.match(refusals[0] ?? '', /"\.\." is no name in a path/);
});

test('what was refused as it was read is refused, and the same refusal is the same candidate', async () => {
  const refused: Wanted = { kind: 'refused', revision, message: 'its content has another hash' };
  const [one, other] = [candidateOf(await gather(refused)), candidateOf(await gather(refused))];
  assert.deepEqual(one.refusals, ['its content has another hash']);
  assert.equal(one.key, other.key);
});

test('nothing wanted is nothing to look at, and no error', async () => {
  const look = await gather({ kind: 'nothing', message: 'not yet' });
  assert.deepEqual(look, { kind: 'unreadable', message: 'not yet', watch: [], isAwaited: true });
});
