/** Waits for real: five minutes in which nothing happens, longer than load balancers and the runner's own limit like to wait. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { withoutControlPlane } from '../../support/control-plane.ts';
import { type KubeStage, startKubeStage } from '../../support/kube-stage.ts';

const quietMs = 300_000;
const limit = { timeout: quietMs + 90_000 };

describe('a quiet watch', { skip: withoutControlPlane }, () => {
  let stage: KubeStage;
  before(async () => {
    stage = await startKubeStage();
  });
  after(() => stage.stop());

  test('after five minutes without an event, an edit is told in under two seconds', limit, async () => {
    const web = await stage.follow('quiet', 1);
    const end = performance.now() + quietMs;
    let longestSilence = 0;
    while (performance.now() < end) {
      await pause(500);
      longestSilence = Math.max(longestSilence, performance.now() - web.reflector.lastProgress());
    }
    assert.equal(web.told.length, 1);
    // What liveness relies on: bookmarks, or else a watch begun again, are progress.
    assert.ok(longestSilence < 190_000, `${longestSilence} ms`);
    assert.equal(stage.faulty.seen.filter(({ isWatch }) => !isWatch).length, 1);
    await web.edit('m0', 'after');
    await web.sees('m0', 'after', 2000);
    await web.stop();
  });
});
