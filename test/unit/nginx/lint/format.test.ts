import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../../src/nginx/lint/finding.ts';
import { formatJson, formatSarif, formatText } from '../../../../src/nginx/lint/format.ts';
import { lintRules } from '../../../../src/nginx/lint/rules.ts';

const findings: readonly Finding[] = [
  {
    file: '/src/conf.d/a b.conf',
    line: 3,
    column: 7,
    severity: 'error',
    rule: 'syntax',
    message: 'unexpected "\n"',
  },
  {
    file: '/etc/nginx/nginx.conf',
    line: 1,
    column: 1,
    severity: 'info',
    rule: 'keepalive-min-timeout',
    message: 'm',
  },
];

test('text is one line for each finding, whatever it quotes', () => {
  assert.equal(
    formatText(findings),
    '/src/conf.d/a b.conf:3:7: error: unexpected "\\n" [syntax]\n/etc/nginx/nginx.conf:1:1: info: m [keepalive-min-timeout]\n',
  );
  assert.equal(formatText([]), '');
});

test('JSON holds the findings', () => {
  assert.deepEqual(JSON.parse(formatJson(findings)), { findings });
});

test('SARIF has relative paths below the directory, and a description of every rule', () => {
  const log = JSON.parse(formatSarif(findings, { directory: '/src', version: '1.2.3' })) as Sarif;
  assert.equal(log.version, '2.1.0');
  const [run] = log.runs;
  assert.equal(run?.tool.driver.version, '1.2.3');
  assert.deepEqual(
    run?.tool.driver.rules.map(({ id }) => id),
    Object.keys(lintRules),
  );
  const [first, second] = run?.results ?? [];
  assert.equal(run?.tool.driver.rules[first?.ruleIndex ?? -1]?.id, 'syntax');
  assert.deepEqual([first?.level, second?.level], ['error', 'note']);
  assert.deepEqual(first?.locations[0]?.physicalLocation, {
    artifactLocation: { uri: 'conf.d/a%20b.conf', uriBaseId: 'DIRECTORY' },
    region: { startLine: 3, startColumn: 7 },
  });
  assert.deepEqual(second?.locations[0]?.physicalLocation.artifactLocation, {
    uri: 'file:///etc/nginx/nginx.conf',
  });
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly version: string; readonly rules: readonly { readonly id: string }[] };
    };
    readonly results: readonly {
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly { readonly physicalLocation: { readonly artifactLocation: object } }[];
    }[];
  }[];
}
