/** What an agent may answer, one of each state; tests change what they are about. */
import type { AgentState, AgentStatus, Attempt, CertificateStatus } from '../../src/agent/status.ts';

export const now = Date.parse('2026-11-24T12:31:10.000Z');

export function secondsAgo(seconds: number): string {
  return new Date(now - seconds * 1000).toISOString();
}

const good = '5f0c3a91b2de77aa01c4';
const next = 'c0ffee5eed1234567890';

export const applied: Attempt = {
  at: secondsAgo(130),
  trigger: 'change',
  hash: good,
  verdict: 'Applied',
  message: '2 new workers run, 2 old ones are draining or gone',
  lines: [],
  milliseconds: { settle: 0.02, check: 2.31, publish: 0.82, signal: 0.2, verify: 104.6 },
};

export const rejected: Attempt = {
  at: secondsAgo(8),
  trigger: 'change',
  hash: next,
  verdict: 'Rejected',
  message: 'nginx kept the old configuration: all 2 workers are still there, and no new one came',
  lines: [
    {
      level: 'emerg',
      text: 'limit_req "one" uses the "$binary_remote_addr" key while previously it used the "$remote_addr" key',
      at: { file: '/var/lib/nginx-steward/current/nginx.conf', line: 12 },
      source: '/etc/steward/site/nginx.conf:12',
    },
  ],
  milliseconds: { check: 1.9, publish: 0.8, signal: 0.1, verify: 3.4 },
  putBack: 'proven',
};

export function certificate(changes: Partial<CertificateStatus> = {}): CertificateStatus {
  return {
    path: '/etc/tls/site/tls.crt',
    keyPath: '/etc/tls/site/tls.key',
    subject: 'CN=example.org',
    names: ['example.org', 'www.example.org'],
    notAfter: '2027-02-21T00:00:00.000Z',
    daysLeft: 88,
    fingerprint: 'AB:CD',
    served: 'yes',
    ...changes,
  };
}

export const proven: AgentStatus = {
  version: '0.1.0',
  startedAt: secondsAgo(3 * 3600),
  mode: 'published',
  state: 'Proven',
  message: `nginx runs ${good}`,
  started: true,
  ready: true,
  master: {
    pid: 4711,
    commandLine: 'nginx: master process nginx -c /var/lib/nginx-steward/current/nginx.conf -g daemon off;',
    startedAt: secondsAgo(3 * 3600 + 20 * 60),
    workers: { running: 2, draining: 1 },
  },
  wanted: { hash: good },
  proven: { hash: good, at: secondsAgo(130) },
  attempts: [applied],
  findings: [],
  certificates: [],
  certificateCount: 0,
  conditions: [],
  watch: { mode: 'inotify', directories: 4 },
  unwatched: [],
  acknowledged: [],
  schedules: [],
};

const { master: _master, proven: _proven, wanted: _wanted, ...nothingYet } = proven;

/** One answer for each state. */
export const statuses: Readonly<Record<AgentState, AgentStatus>> = {
  Starting: {
    ...nothingYet,
    state: 'Starting',
    message: 'looking at the sources',
    started: false,
    ready: false,
    attempts: [],
  },
  WaitingForMaster: {
    ...nothingYet,
    state: 'WaitingForMaster',
    message: 'no nginx master process is to be seen',
    ready: false,
    wanted: { hash: good },
    attempts: [],
  },
  Proving: {
    ...proven,
    state: 'Proving',
    message: `${next} is being tried`,
    wanted: { hash: next },
  },
  Proven: proven,
  Pending: {
    ...proven,
    state: 'Pending',
    message: '5 generations still drain',
    wanted: { hash: next },
    pending: {
      reason: 'max-draining',
      message: '5 generations still drain',
      until: new Date(now + 9 * 60_000).toISOString(),
    },
  },
  Refused: {
    ...proven,
    state: 'Refused',
    message: rejected.message,
    wanted: { hash: next },
    pending: { reason: 'backoff', message: 'tried again later', until: new Date(now + 4200).toISOString() },
    attempts: [rejected, applied],
  },
  Unproven: {
    ...proven,
    state: 'Unproven',
    message: 'the master was still at work after 60 s',
    wanted: { hash: next },
    attempts: [
      {
        ...applied,
        at: secondsAgo(5),
        verdict: 'Unproven',
        message: 'the master was still at work after 60 s',
      },
      applied,
    ],
  },
  PutBackFailed: {
    ...proven,
    state: 'PutBackFailed',
    message: 'the last good state is staged, and nginx is not proven to run it',
    ready: false,
    attempts: [{ ...rejected, verdict: 'Degraded', putBack: 'failed' }, applied],
  },
  Blocked: {
    ...nothingYet,
    state: 'Blocked',
    message: 'two nginx masters run here: 4711 and 4800; choose one with --master-match',
    ready: false,
  },
};

/** With something in every section. */
export const full: AgentStatus = {
  ...statuses.Refused,
  certificates: [
    certificate(),
    certificate({
      path: '/etc/tls/a-rather-long-directory-name/of-some-volume/tls.crt',
      daysLeft: 5,
      notAfter: '2026-11-29T13:00:00.000Z',
      served: 'no',
      reason: '127.0.0.1:8443 serves 11:22:33',
    }),
    certificate({
      path: '/etc/tls/old/tls.crt',
      daysLeft: -3,
      notAfter: '2026-11-21T00:00:00.000Z',
      served: 'unknown',
      reason: 'not looked at yet',
      problem:
        'certificate /etc/tls/old/tls.crt with key /etc/tls/old/tls.key: it expired on 2026-11-21T00:00:00.000Z',
    }),
  ],
  conditions: [
    {
      type: 'ColdStartAtRisk',
      reason: 'CertificatePair',
      message:
        'a restart of nginx would fail: /etc/tls/site/tls.crt and /etc/tls/site/tls.key do not belong together',
    },
  ],
  findings: ['nginx.conf:3:1: warning: worker_shutdown_timeout is not set [worker-shutdown-timeout]'],
  unwatched: [{ path: '/usr/share/nginx/geo.mmdb', reason: 'only nginx sees it' }],
  acknowledged: [
    {
      action: 'reload',
      origin: 'annotation',
      value: '2026-11-24 noon',
      verdict: 'Applied',
      at: secondsAgo(1800),
    },
    { action: 'reopen-logs', origin: 'schedule', verdict: 'Reopened', at: secondsAgo(90_000) },
  ],
  schedules: [
    { action: 'reload', cron: 'TZ=Europe/Berlin 0 3 * * * ~5m', next: '2026-11-25T02:00:00.000Z' },
    { action: 'reopen-logs', cron: '@daily', next: '2026-11-25T00:00:00.000Z' },
  ],
};
