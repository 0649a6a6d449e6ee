/** The demo, as a newcomer runs it: it measures for itself, and here its story must come out as it is told. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const demo = fileURLToPath(new URL('../../demo/demo.ts', import.meta.url));

test('the demo tells its story within a minute, loses no request and leaves nothing behind', async () => {
  const temporary = mkdtempSync('/tmp/steward-test-demo-');
  const start = performance.now();
  const child = spawn(process.execPath, [demo], {
    env: { ...process.env, NO_COLOR: '1', TMPDIR: temporary, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  assert.equal(code, 0, output);
  assert.ok(performance.now() - start < 60_000);
  const told = [
    /A good change[\s\S]*Applied/,
    /A syntax error[\s\S]*RefusedByLint.*nginx\.conf:\d+:\d+/,
    /Rejected[\s\S]*limit_req "guard" uses the "\$server_name" key[\s\S]*put back, proven/,
    /nginx -t\s+exit 0[\s\S]*nginx -s reload\s+exit 0/,
    /half a pair:.*tls\.crt.*tls\.key[\s\S]*served meanwhile: first\.example[\s\S]*second\.example is served/,
    /scheduled reload\s+Applied/,
    /requests during all this: 0 lost/,
    /nginx_steward_reloads_total\{trigger="certificate",verdict="Applied"\} 1/,
  ];
  for (const part of told) assert.match(output, part);
  assert.deepEqual(readdirSync(temporary), []);
  rmSync(temporary, { recursive: true });
});
