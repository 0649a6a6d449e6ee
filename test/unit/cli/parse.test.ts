import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StewardError } from '../../../src/base/errors.ts';
import { commands, environmentName } from '../../../src/cli/flags.ts';
import { type FlagValues, parseArguments, parseDuration } from '../../../src/cli/parse.ts';

function flagsOf(args: readonly string[], env: Record<string, string> = {}): FlagValues {
  const invocation = parseArguments(args, env);
  if (invocation.kind !== 'run') throw new Error(invocation.kind);
  return invocation.flags;
}

function refusal(args: readonly string[], env: Record<string, string> = {}): StewardError {
  try {
    parseArguments(args, env);
  } catch (error) {
    if (error instanceof StewardError) return error;
    throw error;
  }
  throw new Error(`${args.join(' ')} was taken`);
}

test('a flag wins over its environment variable, which wins over the default', () => {
  assert.equal(flagsOf(['agent']).required('publish-dir'), '/var/lib/nginx-steward');
  const env = { STEWARD_PUBLISH_DIR: '/from/env' };
  assert.equal(flagsOf(['agent'], env).required('publish-dir'), '/from/env');
  assert.equal(flagsOf(['agent', '--publish-dir', '/from/flag'], env).required('publish-dir'), '/from/flag');
  assert.equal(flagsOf(['agent', '--publish-dir=/from/flag'], env).required('publish-dir'), '/from/flag');
});

test('a repeatable flag keeps every value in order, and takes lines from the environment', () => {
  assert.deepEqual(flagsOf(['agent', '--source', '/a', '--source=/b=c']).list('source'), ['/a', '/b=c']);
  assert.deepEqual(flagsOf(['agent'], { STEWARD_SOURCE: '/a\n/b=c\n' }).list('source'), ['/a', '/b=c']);
});

test('a switch needs no value', () => {
  assert.equal(flagsOf(['status', '-w']).isOn('watch'), true);
  assert.equal(flagsOf(['status']).isOn('watch'), false);
  assert.equal(flagsOf(['status', '--watch=false']).isOn('watch'), false);
});

test('a wrong name gets the nearest right one', () => {
  assert.match(refusal(['agnet']).message, /did you mean "agent"/);
  assert.match(refusal(['agent', '--publishdir', 'x']).message, /did you mean "--publish-dir"/);
  assert.equal(refusal(['agent', '--publishdir', 'x']).code, 'STEWARD_USAGE');
});

test('every wrong value is one error that names its flag', () => {
  const wrong: readonly (readonly [string, string])[] = [
    ['--min-interval', 'soon'],
    ['--max-draining', 'many'],
    ['--master-match', '('],
    ['--log-level', 'loud'],
    ['--through-proc-root=maybe', ''],
    ['--publish-dir', ''],
  ];
  for (const [flag, value] of wrong) {
    const error = refusal(value === '' && flag.includes('=') ? ['agent', flag] : ['agent', flag, value]);
    assert.ok(error.message.startsWith(flag.split('=')[0] ?? ''), error.message);
  }
  assert.match(refusal(['agent', '--min-interval']).message, /needs a value/);
  assert.match(refusal(['agent'], { STEWARD_MIN_INTERVAL: 'soon' }).message, /--min-interval/);
});

test('operands are counted', () => {
  assert.match(refusal(['lint']).message, /needs PATH/);
  assert.match(refusal(['reload', 'web', 'now']).message, /one argument too many/);
});

test('help is found wherever it is asked for', () => {
  for (const args of [[], ['--help'], ['-h'], ['help']]) assert.equal(parseArguments(args, {}).kind, 'help');
  for (const args of [
    ['agent', '--help'],
    ['help', 'agent'],
    ['agent', '--source', 'x', '-h'],
  ]) {
    const invocation = parseArguments(args, {});
    assert.equal(invocation.kind === 'help' ? invocation.command?.name : undefined, 'agent');
  }
});

test('durations are numbers with a unit', () => {
  assert.deepEqual(
    ['200ms', '1s', '1.5s', '10m', '2h', '1d'].map((text) => parseDuration(text, 'x')),
    [200, 1000, 1500, 600_000, 7_200_000, 86_400_000],
  );
  for (const text of ['', '1', 's', '-1s', '1 s', '1w', '1e3s'])
    assert.throws(() => parseDuration(text, 'x'), StewardError);
});

test('every default is a value that its flag takes', () => {
  for (const command of commands)
    for (const flag of command.flags)
      if (flag.default !== undefined)
        flagsOf([
          command.name,
          `--${flag.name}`,
          flag.default,
          ...Array.from({ length: command.operands?.least ?? 0 }, () => 'x'),
        ]);
});

test('no two flags of a command share a name or a variable', () => {
  for (const command of commands) {
    const names = command.flags.flatMap((flag) => [flag.name, environmentName(flag)]);
    assert.equal(new Set(names).size, names.length, command.name);
  }
});

test('names that every object has are words like any other', () => {
  for (const word of ['constructor', 'toString', '__proto__', 'valueOf']) {
    const invocation = parseArguments(['lint', word], {});
    assert.deepEqual(invocation.kind === 'run' && invocation.operands, [word]);
    assert.throws(() => parseArguments([word], {}), { code: 'STEWARD_USAGE' });
  }
});

test('whatever is typed is taken or refused with an error for people', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('agent', 'lint', '--source', '--', '-o', '--probe=x'))),
      (args) => {
        try {
          parseArguments(args, {});
        } catch (error) {
          assert.ok(error instanceof StewardError);
        }
      },
    ),
  );
});
