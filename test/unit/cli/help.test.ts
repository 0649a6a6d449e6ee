import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands, environmentName } from '../../../src/cli/flags.ts';
import { manual } from '../../../src/cli/help.ts';

test('the manual names every command and what may be relied on', () => {
  const text = manual();
  for (const { name } of commands) assert.ok(text.includes(`  ${name} `), name);
  assert.match(text, /CONTRACT/);
});

test("a command's page names each flag, its variable, its default and every exit code", () => {
  for (const command of commands) {
    const text = manual(command);
    for (const flag of command.flags) {
      assert.ok(text.includes(`--${flag.name}`));
      assert.ok(text.replaceAll(/\s+/g, ' ').includes(environmentName(flag)), flag.name);
      if (flag.default !== undefined) assert.ok(text.includes(flag.default));
    }
    for (const [code] of command.exits) assert.match(text, new RegExp(`^  ${code}  `, 'm'));
  }
});

test('no line is wider than a terminal of 100 columns', () => {
  const lines = [manual(), ...commands.map((command) => manual(command))].join('\n').split('\n');
  for (const line of lines) assert.ok(line.length <= 110, line);
});
