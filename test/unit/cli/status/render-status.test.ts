import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import type { AgentStatus } from '../../../../src/agent/status.ts';
import { renderStatus } from '../../../../src/cli/status/render-status.ts';
import { widthOf } from '../../../../src/cli/status/text.ts';
import { applied, certificate, full, now, proven, statuses } from '../../../support/statuses.ts';

const screen = (status: AgentStatus, columns = 80): string =>
  renderStatus(status, { columns, colour: false, now }).join('\n');

for (const [state, status] of Object.entries(statuses))
  test(`the first line of ${state} begins with that word, and a program may rely on it`, () => {
    const [first = ''] = renderStatus(status, { columns: 80, colour: false, now });
    assert.equal(first.split(' ')[0], state);
  });

const says: readonly (readonly [sentence: string, status: AgentStatus, expected: RegExp])[] = [
  ['a hash is short', statuses.Proving, /^Proving {2}c0ffee5eed12 is being tried$/m],
  ['what is proven has its age', proven, /^proven {4}5f0c3a91b2de 2 min ago, as wanted$/m],
  ['what is wanted is named while it differs', statuses.Pending, /^wanted {4}c0ffee5eed12$/m],
  [
    'a waiting change has its countdown',
    statuses.Pending,
    /^pending {3}max-draining, at the latest in 9 min$/m,
  ],
  ['a draining worker is counted', proven, /2 workers, 1 draining/],
  ['an agent that is not ready says so', statuses.PutBackFailed, /not\s+ready/],
  ['two masters are not "no master"', statuses.Blocked, /^master {4}none that may be signalled$/m],
  [
    "nginx's line stands with its source",
    full,
    /nginx \[emerg\] limit_req[\s\S]+key\n +at \/etc\/steward\/site\/nginx\.conf:12/,
  ],
  ['what was put back says so', full, /put back, and proven/],
  ['what could not be put back says so', statuses.PutBackFailed, /could not be put back/],
  [
    'an attempt has its sum and its phases',
    proven,
    /12:29:00Z {2}change {2}Applied {2}108 ms {2}check 2\.3 · publish 0\.8/,
  ],
  ['another certificate served is said', full, /5 days left +NOT served[^\n]*\n +127\.0\.0\.1:8443 serves/],
  ['an expired certificate is said', full, /old\/tls\.crt +expired/],
  ['a schedule has its next time', full, /reopen-logs +@daily +next in 11 h, 00:00:00Z/],
  ['a request has its verdict and value', full, /reload +annotation {2}Applied {2}2026-11-24 noon/],
  ['polling is said', { ...proven, watch: { mode: 'poll', directories: 1 } }, /polls 1 directory/],
  ['a condition has its reason', full, /ColdStartAtRisk \(CertificatePair\)/],
];
for (const [sentence, status, expected] of says)
  test(sentence, () => {
    assert.match(screen(status), expected);
  });

test('a section without anything to say is not there', () => {
  const text = screen({ ...proven, attempts: [] });
  for (const title of [
    'conditions',
    'last attempts',
    'certificates',
    'findings',
    'not watched',
    'schedules',
    'requests',
  ])
    assert.doesNotMatch(text, new RegExp(`^${title}$`, 'm'));
});

test('what the headline says is not said again below it', () => {
  assert.equal(screen(statuses.Refused).split('nginx kept the old').length, 2);
});

test('of many reasons the headline says the first, the attempt more', () => {
  const message = Array.from({ length: 9 }, (_, n) => `reason ${n}`).join('\n');
  const text = screen({
    ...statuses.Refused,
    message,
    attempts: [{ ...applied, verdict: 'RefusedByLint', message }],
  });
  assert.match(text, /^Refused {2}reason 0\n/);
  assert.match(text, /reason 5\n +and 3 more/);
});

test('of many certificates those that expire first are shown, and how many more there are', () => {
  const certificates = Array.from({ length: 20 }, (_, n) =>
    certificate({ path: `/tls/${n}`, daysLeft: 100 - n }),
  );
  const text = screen({ ...proven, certificates });
  assert.match(text, /certificates\n {2}\/tls\/19 /);
  assert.match(text, /and 12 more/);
});

test('colours change nothing else', () => {
  for (const status of [full, ...Object.values(statuses)]) {
    const coloured = renderStatus(status, { columns: 80, colour: true, now }).join('\n');
    assert.equal(stripVTControlCharacters(coloured), screen(status));
  }
});

test('no line is wider than the terminal, whatever stands in it', () => {
  const words = fc.string({
    unit: fc.constantFrom('a', ' ', '語', 'é', '🦊', '\n', '/', 'e\u0301', '\u202e'),
    maxLength: 120,
  });
  fc.assert(
    fc.property(words, fc.integer({ min: 40, max: 130 }), (text, columns) => {
      const lines = renderStatus(
        {
          ...full,
          message: text,
          findings: [text],
          attempts: [{ ...applied, message: text, lines: [{ level: 'emerg', text, source: text }] }],
          certificates: [certificate({ path: text, names: [text], problem: text })],
          unwatched: [{ path: text, reason: text }],
          conditions: [{ type: text, reason: text, message: text }],
        },
        { columns, colour: false, now },
      );
      for (const line of lines) assert.ok(widthOf(line) <= columns, JSON.stringify(line));
    }),
    { numRuns: 60 },
  );
});

test('what others wrote cannot steer the terminal', () => {
  const evil = 'a\x1b]0;owned\x07\x1b[2J\u009b31mb\u202e';
  const text = screen({
    ...full,
    message: evil,
    attempts: [{ ...applied, message: evil, lines: [{ level: 'emerg', text: evil, source: evil }] }],
    unwatched: [{ path: evil, reason: evil }],
    certificates: [certificate({ path: evil, names: [evil] })],
  });
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u);
});
