/** Leader election on a real Lease: between processes, one of which is frozen, and through steps of the clocks. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { after, afterEach, before, describe, test } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import { type LeaderOptions, lead } from '../../../src/kube/leader.ts';
import { leases } from '../../../src/kube/resource.ts';
import { remove } from '../../../src/kube/write.ts';
import { withoutControlPlane } from '../../support/control-plane.ts';
import { type KubeStage, quietLog, startKubeStage } from '../../support/kube-stage.ts';
import { until } from '../../support/nginx.ts';
import {
  configMap,
  createObject,
  patchObject,
  readObject,
  type StoredObject,
} from '../../support/objects.ts';

const quick = { leaseMs: 1500, renewWithinMs: 1000, everyMs: 150 };

interface Lease extends StoredObject {
  readonly spec: {
    readonly holderIdentity: string;
    readonly leaseTransitions: number;
    readonly renewTime: string;
  };
}

describe('leader election', { skip: withoutControlPlane }, () => {
  let stage: KubeStage;
  const children = new Set<ChildProcess>();
  before(async () => {
    stage = await startKubeStage();
    await stage.plane.namespace('web');
    await createObject(stage.plane.api, 'web', configMap('written', {}));
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
    await stage.tidy();
  });
  after(() => stage.stop());

  const leaseOf = async (name: string) =>
    await readObject<Lease>(stage.plane.api, { resource: leases, namespace: 'web', name });

  /** A candidate in this process. */
  function candidate(name: string, identity: string, options: Partial<LeaderOptions> = {}) {
    const end = new AbortController();
    const api = options.api ?? stage.plane.api;
    const led = lead({
      ...{ api, namespace: 'web', name, identity, clock: systemClock, log: quietLog, signal: end.signal },
      ...quick,
      ...options,
    });
    const seen: { leads: boolean; lost: string | undefined } = { leads: false, lost: undefined };
    const follow = async (): Promise<void> => {
      const { lost } = await led;
      seen.leads = true;
      seen.lost = await lost;
      seen.leads = false;
    };
    const ended = follow().catch(() => undefined);
    return {
      seen,
      stop: async () => {
        end.abort();
        await ended;
      },
    };
  }

  /** A candidate in a process of its own. */
  function candidateProcess(name: string, identity: string) {
    const program = join(import.meta.dirname, '../../support/kube-candidate.ts');
    const args = [program, stage.plane.kubeconfig, 'web', name, identity];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.add(child);
    let written = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      written += chunk;
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    return { child, ended, says: (word: string) => written.includes(`"${word}"`) };
  }

  const writer = async () => {
    const answer = await stage.plane.api.request({
      method: 'GET',
      path: '/api/v1/namespaces/web/configmaps/written',
    });
    return (answer as { data?: { by?: string } }).data?.by;
  };

  test('one of two leads; when it ends it gives the lease back and the other leads at once', async () => {
    const one = candidate('handed', 'one');
    await until('one leads', () => one.seen.leads);
    const two = candidate('handed', 'two', { leaseMs: 60_000, renewWithinMs: 50_000 });
    await until('the lease was renewed', async () => {
      const { acquireTime, renewTime } = ((await leaseOf('handed'))?.spec ?? {}) as Record<string, string>;
      return acquireTime !== renewTime;
    });
    assert.equal(two.seen.leads, false);
    const start = performance.now();
    await one.stop();
    await until('two leads', () => two.seen.leads);
    assert.ok(performance.now() - start < 1000);
    assert.equal(one.seen.lost, 'ended');
    const { spec } = (await leaseOf('handed')) as Lease;
    assert.deepEqual([spec.holderIdentity, spec.leaseTransitions], ['two', 1]);
    await two.stop();
  });

  test('of many that begin together, one leads', async () => {
    const all = Array.from({ length: 8 }, (_, number) => candidate('crowded', `c${number}`));
    await until('one leads', () => all.some(({ seen }) => seen.leads));
    const before = (await leaseOf('crowded'))?.metadata.resourceVersion;
    await until('the lease was renewed some times', async () => {
      const now = await leaseOf('crowded');
      return Number(now?.metadata.resourceVersion) > Number(before) + 8;
    });
    assert.equal(all.filter(({ seen }) => seen.leads).length, 1);
    await Promise.all(all.map(({ stop }) => stop()));
  });

  test('a leader that is frozen is followed by the other; awake again, its stale write is refused and it ends', async () => {
    const one = candidateProcess('frozen', 'one');
    await until('one writes', async () => (await writer()) === 'one');
    const two = candidateProcess('frozen', 'two');
    one.child.kill('SIGSTOP');
    await until('two writes', async () => (await writer()) === 'two');
    one.child.kill('SIGCONT');
    await until('one knows', () => one.says('lost') || one.says('overwrote'));
    assert.ok(one.says('lost'), 'a stale write got through');
    assert.equal(await one.ended, 0);
    for (let number = 0; number < 10; number += 1) assert.equal(await writer(), 'two');
    assert.equal((await leaseOf('frozen'))?.spec.holderIdentity, 'two');
    assert.equal(two.says('lost'), false);
    // Ended in good order, it leaves the lease free.
    two.child.kill('SIGTERM');
    assert.equal(await two.ended, 0);
    assert.equal((await leaseOf('frozen'))?.spec.holderIdentity, '');
  });

  test('a leader that was killed is followed when its lease ran out, not before', async () => {
    const one = candidateProcess('killed', 'one');
    await until('one leads', () => one.says('leading'));
    one.child.kill('SIGKILL');
    await one.ended;
    const renewed = (await leaseOf('killed'))?.spec.renewTime ?? '';
    const two = candidate('killed', 'two');
    await until('two leads', () => two.seen.leads);
    const waited = Date.now() - Date.parse(renewed);
    assert.ok(waited > 2900 && waited < 6000, `${waited} ms`);
    await two.stop();
  });

  test('clocks that step by hours, forward and back, move no leadership', async () => {
    let [mine, theirs] = [0, 0];
    const one = candidate('stepped', 'one', { clock: { ...systemClock, now: () => Date.now() + mine } });
    await until('one leads', () => one.seen.leads);
    const two = candidate('stepped', 'two', { clock: { ...systemClock, now: () => Date.now() + theirs } });
    const hour = 3_600_000;
    for (const [here, there] of [
      [5 * hour, 0],
      [-5 * hour, 0],
      [0, 50 * hour],
      [0, -50 * hour],
    ] as const) {
      [mine, theirs] = [here, there];
      const { metadata } = (await leaseOf('stepped')) as Lease;
      await until('it was renewed with this clock', async () => {
        const now = await leaseOf('stepped');
        return Number(now?.metadata.resourceVersion) > Number(metadata.resourceVersion) + 1;
      });
      assert.deepEqual([one.seen.leads, two.seen.leads], [true, false]);
    }
    await one.stop();
    await until('two leads', () => two.seen.leads);
    await two.stop();
  });

  test('a leader whose API server is gone keeps on for a while, then has lost, before its lease runs out', async () => {
    const api = stage.client();
    const one = candidate('cut-off', 'one', { api });
    await until('one leads', () => one.seen.leads);
    await stage.faulty.refuse();
    const start = performance.now();
    await until('it has lost', () => one.seen.lost !== undefined);
    const waited = performance.now() - start;
    assert.ok(waited > 700 && waited < quick.leaseMs, `${waited} ms`);
    assert.match(one.seen.lost ?? '', /could not be renewed|not renewed in time/);
    await stage.faulty.heal();
    await one.stop();

    // The same where the server takes the request and does not answer.
    const two = candidate('cut-off', 'two', { api });
    await until('two leads', () => two.seen.leads);
    stage.faulty.fault({ kind: 'hang' });
    await until('it has lost', () => two.seen.lost !== undefined, 4000);
    await stage.faulty.heal();
    await two.stop();
    api.close();
  });

  test('trouble shorter than the lease, a foreign edit and a lost answer change no leader', async () => {
    const api = stage.client();
    const one = candidate('troubled', 'one', { api });
    await until('one leads', () => one.seen.leads);
    const version = async () => Number((await leaseOf('troubled'))?.metadata.resourceVersion);
    const renews = async () => {
      const before = await version();
      await until('it is renewed', async () => (await version()) > before);
    };
    stage.faulty.fault({ kind: 'status', code: 500 }, undefined, 2);
    await renews();
    const target = { resource: leases, namespace: 'web', name: 'troubled' };
    await patchObject(stage.plane.api, target, { metadata: { annotations: { by: 'hand' } } });
    await renews();
    await renews();
    // Written, but the answer never came: the next write meets a version that it does not know, of its own.
    stage.faulty.fault({ kind: 'lost-answer' }, ({ method }) => method === 'PUT', 1);
    await renews();
    await renews();
    assert.equal(one.seen.leads, true);
    assert.equal((await leaseOf('troubled'))?.spec.leaseTransitions, 0);
    await one.stop();
    api.close();
  });

  test('a lease that somebody deletes is noticed: never two that lead for long', async () => {
    const one = candidate('deleted', 'one');
    await until('one leads', () => one.seen.leads);
    const two = candidate('deleted', 'two');
    await remove(stage.plane.api, { resource: leases, namespace: 'web', name: 'deleted' }, {});
    await until('one of them leads', () => two.seen.leads || one.seen.lost !== undefined);
    await until('and the other does not', () => one.seen.leads !== two.seen.leads, quick.leaseMs);
    await one.stop();
    await two.stop();
  });
});
