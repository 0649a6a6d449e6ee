import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manual } from '../../../src/cli/help.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import { programOf, steward } from '../../../src/cli/program.ts';

const plugin = programOf('/usr/local/bin/kubectl-steward');

test('under the name kubectl-steward it is a plugin, else steward', () => {
  assert.equal(plugin.name, 'kubectl steward');
  for (const path of [undefined, '/usr/bin/steward', '/src/main.ts']) assert.equal(programOf(path), steward);
});

test('the plugin has the commands for a cluster, and no other', () => {
  const names = plugin.commands.map(({ name }) => name).sort();
  assert.deepEqual(names, 'diff get history pause pin reload resume undo wait watch'.split(' '));
  assert.throws(() => parseArguments(['agent'], {}, plugin), {
    message: /^kubectl steward: there is no command "agent"/,
  });
});

test('every command of the plugin is one of steward, with flags that it knows', () => {
  for (const { name, flags } of plugin.commands) {
    const known = steward.commands.find((one) => one.name === name)?.flags.map((flag) => flag.name);
    for (const flag of flags) assert.ok(known?.includes(flag.name), `${name} --${flag.name}`);
  }
});

test('its manual and its errors speak of it as people type it', () => {
  assert.match(manual(undefined, plugin), /USAGE\n {2}kubectl steward COMMAND/);
  assert.match(manual(plugin.commands[0], plugin), /^kubectl steward get: /);
  assert.throws(() => parseArguments(['reload'], {}, plugin), {
    message: /^kubectl steward reload: it needs NAME/,
  });
});

test('short names take their value behind them, with a sign, or with none between', () => {
  for (const args of [['-o', 'json'], ['-o=json'], ['-ojson']]) {
    const invocation = parseArguments(['get', 'web', '-n', 'shop', ...args], {}, plugin);
    if (invocation.kind !== 'run') throw new Error(invocation.kind);
    assert.deepEqual([invocation.flags.text('output'), invocation.flags.text('namespace')], ['json', 'shop']);
  }
});

test('reload without a name refuses what is about a cluster, when it was typed', async () => {
  const { reload } = await import('../../../src/cli/commands/reload.ts');
  const invocation = parseArguments(['reload', '--pod', 'web-0'], { STEWARD_NAMESPACE: 'shop' });
  if (invocation.kind !== 'run') throw new Error(invocation.kind);
  await assert.rejects(reload(invocation.flags, [], {}, 'steward'), {
    code: 'STEWARD_USAGE',
    message: 'steward reload --pod: it is about an NginxConfig in a cluster, and none is named',
  });
});
