import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Feed, type FeedChange } from '../../../../src/agent/cluster/feed.ts';
import type { Keeper } from '../../../../src/agent/cluster/keeper.ts';
import type { Wanted } from '../../../../src/agent/cluster/revision.ts';
import type { Revision } from '../../../../src/agent/status.ts';
import { ApiError } from '../../../../src/kube/api.ts';
import { ownInstance, ownPod, settle, silentLog } from '../../../support/cluster-pod.ts';
import { configOf, revisionOf } from '../../../support/cluster-scene.ts';
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts';
import { MemoryApi } from '../../../support/memory-api.ts';
import { paths } from '../../../support/shop.ts';

type Kept = Extract<Wanted, { kind: 'revision' }>;

interface Stage {
  readonly api: MemoryApi;
  readonly feed: Feed;
  readonly clock: FakeClock;
  readonly changes: FeedChange[];
  readonly kept: Kept[];
  hasTree: boolean;
  proven: Revision | undefined;
}

const one = revisionOf('web', 'events {}', { number: 1 });
const two = revisionOf('web', 'events {} # two', { number: 2 });

async function withFeed(
  given: { readonly kept?: Kept; readonly hasTree?: boolean; readonly proven?: Revision },
  prepare: (api: MemoryApi) => void,
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const api = new MemoryApi();
  prepare(api);
  const clock = fakeClock();
  const kept: Kept[] = [];
  const keeper: Keeper = {
    revision: () => given.kept,
    policy: () => undefined,
    keepRevision: (wanted) => kept.push(wanted),
    keepPolicy: () => undefined,
  };
  const changes: FeedChange[] = [];
  const stage: { -readonly [Name in keyof Stage]?: Stage[Name] } = {
    hasTree: given.hasTree ?? false,
    proven: given.proven,
  };
  const feed = new Feed({
    ...{ api, clock, keeper, pod: ownPod, config: 'web', log: silentLog },
    random: () => 0.5,
    hasTree: () => stage.hasTree === true,
    proven: () => stage.proven,
  });
  feed.listen((change) => changes.push(change));
  const end = new AbortController();
  const ended = feed.run(end.signal);
  await settle();
  try {
    await work(
      Object.assign(stage, {
        hasTree: stage.hasTree === true,
        proven: stage.proven,
        api,
        feed,
        clock,
        changes,
        kept,
      }),
    );
  } finally {
    end.abort();
    await ended;
  }
}

function nameOf(wanted: Wanted): string | undefined {
  return wanted.kind === 'nothing' ? undefined : wanted.revision.name;
}

test('the revision that the instance names is fetched at once, verified, and told', async () => {
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, one);
    api.put(paths.instances, ownInstance(one, { number: 1 }));
  };
  await withFeed({}, prepare, async ({ feed, changes, api }) => {
    const wanted = feed.wanted();
    assert.equal(wanted.kind, 'revision');
    assert.deepEqual(wanted.kind === 'revision' && wanted.revision, {
      ...{ name: one.metadata.name, hash: one.spec.hash },
      number: 1,
    });
    assert.ok(changes.includes('revision'));
    assert.equal(
      api.asked.some((asked) => asked.includes('nginxconfigs')),
      false,
    );
  });
});

test('the same content under another number is told without being fetched again', async () => {
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, one);
    api.put(paths.instances, ownInstance(one, { number: 1 }));
  };
  await withFeed({}, prepare, async ({ feed, api, changes }) => {
    const asked = api.asked.length;
    changes.length = 0;
    api.put(paths.instances, ownInstance(one, { number: 5 }));
    await settle();
    const wanted = feed.wanted();
    assert.equal(wanted.kind === 'revision' && wanted.revision.number, 5);
    assert.ok(changes.includes('revision'));
    assert.equal(api.asked.length, asked);
  });
});

test('what the agent itself writes into the status is no news', async () => {
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, one);
    api.put(paths.instances, ownInstance(one));
  };
  await withFeed({}, prepare, async ({ feed, api, changes }) => {
    changes.length = 0;
    api.put(paths.instances, ownInstance(one, { status: { state: 'Proven' } }));
    await settle();
    assert.deepEqual(changes, []);
    assert.equal(feed.instance?.status?.state, 'Proven');
  });
});

test('an instance of another Pod, or of another NginxConfig, is as good as none, and it is said why', async () => {
  for (const foreign of [
    ownInstance(one, { owner: 'another' }),
    ownInstance(one, { spec: { config: 'other' } }),
  ]) {
    const prepare = (api: MemoryApi): void => {
      api.put(paths.revisions, one);
      api.put(paths.instances, foreign);
    };
    await withFeed({ hasTree: true }, prepare, async ({ feed }) => {
      assert.equal(feed.instance, undefined);
      assert.equal(feed.wanted().kind, 'nothing');
      assert.deepEqual(
        feed.conditions().map(({ type }) => type),
        ['InstanceIgnored'],
      );
    });
  }
});

test('without a tree and an instance the start revision is taken, and asked for until it is there', async () => {
  await withFeed(
    {},
    () => undefined,
    async ({ feed, api, clock, kept }) => {
      const nothing = feed.wanted();
      assert.match(nothing.kind === 'nothing' ? nothing.message : '', /there is no NginxConfig web/);
      api.put(paths.configs, configOf('web'));
      clock.advance(5000);
      await settle();
      const unrendered = feed.wanted();
      assert.match(unrendered.kind === 'nothing' ? unrendered.message : '', /no startRevision yet/);
      api.put(paths.revisions, one);
      api.put(paths.configs, configOf('web', { status: { startRevision: one.metadata.name } }));
      clock.advance(5000);
      await settle();
      assert.equal(nameOf(feed.wanted()), one.metadata.name);
      // Nothing is proven yet: a start without the API has nothing else.
      assert.deepEqual(kept.map(nameOf), [one.metadata.name]);
    },
  );
});

test('an agent with a tree never takes the start revision, and one with an instance does not', async () => {
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, one);
    api.put(paths.revisions, two);
    api.put(paths.configs, configOf('web', { status: { startRevision: two.metadata.name } }));
  };
  await withFeed({ hasTree: true }, prepare, async ({ feed, clock, api }) => {
    clock.advance(60_000);
    await settle();
    assert.equal(feed.wanted().kind, 'nothing');
    assert.equal(
      api.asked.some((asked) => asked.includes('nginxconfigs')),
      false,
    );
  });
  const prepareBoth = (api: MemoryApi): void => {
    prepare(api);
    api.put(paths.instances, ownInstance(one));
  };
  await withFeed({}, prepareBoth, async ({ feed }) => {
    assert.equal(nameOf(feed.wanted()), one.metadata.name);
  });
});

test('a start revision that leads to no tree is followed when another one comes', async () => {
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, one);
    api.put(paths.revisions, two);
    api.put(paths.configs, configOf('web', { status: { startRevision: one.metadata.name } }));
  };
  await withFeed({}, prepare, async ({ feed, api, clock }) => {
    assert.equal(nameOf(feed.wanted()), one.metadata.name);
    api.put(paths.configs, configOf('web', { status: { startRevision: two.metadata.name } }));
    clock.advance(5000);
    await settle();
    assert.equal(nameOf(feed.wanted()), two.metadata.name);
  });
});

test('what is kept is wanted until the API says otherwise; its absence and return change nothing', async () => {
  const hash = one.spec.hash;
  const kept: Kept = {
    ...{ kind: 'revision', revision: { name: one.metadata.name, hash, number: 1 } },
    ...{ entrypoint: 'nginx.conf', files: [] },
  };
  const unreachable = new ApiError(0, 'Unreachable', 'no answer');
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, one);
    api.put(paths.instances, ownInstance(one, { number: 1 }));
    api.refuse = () => unreachable;
  };
  await withFeed(
    { kept, hasTree: true, proven: kept.revision },
    prepare,
    async ({ feed, api, clock, changes }) => {
      assert.equal(feed.wanted(), kept);
      clock.advance(120_000);
      await settle();
      assert.equal(feed.wanted(), kept);
      assert.deepEqual(
        feed.conditions().map(({ type }) => type),
        ['ApiUnavailable'],
      );
      assert.equal(changes.length, 0);
      api.refuse = () => undefined;
      clock.advance(60_000);
      await settle();
      assert.equal(feed.instance?.metadata.uid, 'instance-uid');
      assert.equal(feed.wanted(), kept);
      assert.equal(changes.includes('revision'), false);
    },
  );
});

test('an instance that goes away leaves what is wanted as it is', async () => {
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, one);
    api.put(paths.instances, ownInstance(one));
  };
  await withFeed({ hasTree: true }, prepare, async ({ feed, api }) => {
    api.remove(paths.instances, 'web-0');
    await settle();
    assert.equal(feed.instance, undefined);
    assert.equal(nameOf(feed.wanted()), one.metadata.name);
  });
});

test('a revision that cannot be had leaves the one before, says why, and is asked for again', async () => {
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, one);
    api.put(paths.instances, ownInstance(one));
  };
  await withFeed({ hasTree: true }, prepare, async ({ feed, api, clock }) => {
    api.put(paths.instances, ownInstance(two));
    await settle();
    assert.equal(nameOf(feed.wanted()), one.metadata.name);
    assert.match(feed.conditions()[0]?.message ?? '', /there is no NginxRevision/);
    api.put(paths.revisions, two);
    clock.advance(1000);
    await settle();
    assert.equal(nameOf(feed.wanted()), two.metadata.name);
    assert.deepEqual(feed.conditions(), []);
  });
});

test('content that is not what its hash says is refused, until it is made anew', async () => {
  const wrong = { ...two, spec: { ...two.spec, data: one.spec.data } };
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, wrong);
    api.put(paths.instances, ownInstance(two));
  };
  await withFeed({ hasTree: true }, prepare, async ({ feed, api, clock }) => {
    const refused = feed.wanted();
    assert.equal(refused.kind, 'refused');
    assert.match(refused.kind === 'refused' ? refused.message : '', /its content has the hash/);
    api.put(paths.revisions, two);
    clock.advance(15_000);
    await settle();
    assert.equal(feed.wanted().kind, 'revision');
  });
});

test('a revision is kept once it is proven, and once only', async () => {
  const prepare = (api: MemoryApi): void => {
    api.put(paths.revisions, two);
    api.put(paths.instances, ownInstance(two));
  };
  const provenBefore = { name: one.metadata.name, hash: one.spec.hash };
  await withFeed({ hasTree: true, proven: provenBefore }, prepare, async (stage) => {
    stage.feed.keep();
    assert.deepEqual(stage.kept, []);
    stage.proven = { name: two.metadata.name, hash: two.spec.hash };
    stage.feed.keep();
    stage.feed.keep();
    assert.deepEqual(stage.kept.map(nameOf), [two.metadata.name]);
  });
});
