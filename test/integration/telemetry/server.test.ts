/** What anybody who reaches the port can and cannot do. */
import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { startServer, type TelemetryServer } from '../../../src/telemetry/server.ts';

interface Told {
  ready: boolean;
  refreshed: number;
  metrics: () => Promise<string>;
}

async function withServer(
  work: (server: TelemetryServer, url: string, told: Told) => Promise<void>,
  listen = '127.0.0.1:0',
): Promise<void> {
  const told: Told = { ready: true, refreshed: 0, metrics: async () => 'a_metric 1\n' };
  const server = await startServer({
    listen,
    answers: {
      startup: () => ({ ok: true, why: 'nginx may start' }),
      ready: () => ({ ok: told.ready, why: told.ready ? 'proven' : 'not proven\nyet' }),
      healthy: () => ({ ok: true, why: 'the loop turned' }),
      status: () => ({ state: 'Proven' }),
      metrics: () => told.metrics(),
      refresh: () => {
        told.refreshed += 1;
      },
    },
  });
  try {
    await work(server, `http://${server.address}`, told);
  } finally {
    await server.close();
  }
}

/** Sends bytes and resolves with everything that comes back until the connection ends. */
function exchange(server: TelemetryServer, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket: Socket = connect(Number(server.address.split(':').at(-1)), '127.0.0.1', () => {
      socket.write(text);
    });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

test('each page answers with its type, and health with one line of why', async () => {
  await withServer(async (_, url, told) => {
    for (const [path, type, text] of [
      ['/metrics', 'text/plain; version=0.0.4; charset=utf-8', 'a_metric 1\n'],
      ['/metrics?debug=1', 'text/plain; version=0.0.4; charset=utf-8', 'a_metric 1\n'],
      ['/startupz', 'text/plain; charset=utf-8', 'nginx may start\n'],
      ['/readyz', 'text/plain; charset=utf-8', 'proven\n'],
      ['/healthz', 'text/plain; charset=utf-8', 'the loop turned\n'],
      ['/status', 'application/json; charset=utf-8', '{"state":"Proven"}\n'],
    ] as const) {
      const answer = await fetch(url + path);
      assert.deepEqual(
        [answer.status, answer.headers.get('content-type'), await answer.text()],
        [200, type, text],
      );
    }
    // What tells of the master looks at it first; the others cost nothing.
    assert.equal(told.refreshed, 4);
    told.ready = false;
    const answer = await fetch(`${url}/readyz`);
    assert.deepEqual([answer.status, await answer.text()], [503, 'not proven yet\n']);
  });
});

test('HEAD tells the length and sends nothing', async () => {
  await withServer(async (server) => {
    const answer = await exchange(server, 'HEAD /metrics HTTP/1.1\r\nhost: a\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /content-length: 11/i);
    assert.ok(answer.endsWith('\r\n\r\n'));
  });
});

test('nothing can be changed through the port', async () => {
  await withServer(async (_, url) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      for (const path of ['/reload', '/status', '/reopen-logs']) {
        const answer = await fetch(url + path, { method });
        assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD']);
      }
    }
    for (const path of ['/', '/reload', '/metrics/', '//status', '/%73tatus'])
      assert.equal((await fetch(url + path)).status, 404, path);
  });
});

test('a page that fails is a 500 and the server goes on', async () => {
  await withServer(async (_, url, told) => {
    told.metrics = () => Promise.reject(new Error('broken'));
    assert.equal((await fetch(`${url}/metrics`)).status, 500);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });
});

test('headers without end, and what is no HTTP, cost one connection and no more', async () => {
  await withServer(async (server, url) => {
    const long = await exchange(
      server,
      `GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    assert.match(long, /^HTTP\/1\.1 431 /);
    assert.match(await exchange(server, 'bonjour\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });
});

test('a connection answers one request and ends', async () => {
  await withServer(async (server) => {
    const request = 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n';
    const answers = await exchange(server, request + request);
    assert.equal(answers.match(/HTTP\/1\.1 200 /g)?.length, 1);
  });
});

test('closing does not wait for connections that say nothing', async () => {
  await withServer(async (server) => {
    const silent = exchange(server, '');
    await server.close();
    assert.equal(await silent, '');
  });
});

test('IPv6 addresses and all addresses can be listened at', async () => {
  for (const listen of ['[::1]:0', ':0'])
    await withServer(async (_, url) => {
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
    }, listen);
});

test('an address in use is an error that names the flag', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  try {
    await assert.rejects(
      withServer(async () => {}, `127.0.0.1:${port}`),
      { code: 'STEWARD_LISTEN', message: new RegExp(`--listen 127\\.0\\.0\\.1:${port}: .*another process`) },
    );
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});
