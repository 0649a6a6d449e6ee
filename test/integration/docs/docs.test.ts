/**
 * The documentation, run: every `sh` block of a page, in order, in one shell; a `text` block right behind one is what it
 * prints (`…` stands for anything). Blocks of other kinds are not commands.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { builtProgram } from '../../support/agent.ts';
import { testDirectory } from '../../support/nginx.ts';

const top = fileURLToPath(new URL('../../../', import.meta.url));
const pages = [
  'README.md',
  ...readdirSync(join(top, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Step {
  readonly script: string;
  readonly printed: string | undefined;
  readonly line: number;
}

function stepsOf(page: string): Step[] {
  const text = readFileSync(join(top, page), 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap((block, index) => {
    if (block[1] !== 'sh') return [];
    const next = blocks[index + 1];
    const isBehind =
      next?.[1] === 'text' && text.slice(block.index + block[0].length, next.index).trim() === '';
    return [
      {
        script: block[2] ?? '',
        printed: isBehind ? next[2] : undefined,
        line: text.slice(0, block.index).split('\n').length,
      },
    ];
  });
}

for (const page of pages) {
  const steps = stepsOf(page);
  if (steps.length === 0) continue;
  test(`every command in ${page} does what the page says`, () => {
    const { path: directory, remove } = testDirectory();
    let takeAway = (): void => {};
    try {
      takeAway = layOverSystem(directory);
      const bin = join(directory, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'steward'), `#!/bin/sh\nexec '${process.execPath}' '${builtProgram}' "$@"\n`);
      chmodSync(join(bin, 'steward'), 0o755);
      const mark = (index: number): string => `\nprintf '\\036%d\\n' ${index}\n`;
      const script = steps.map((step, index) => mark(index) + step.script).join('');
      const result = spawnSync('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${script}`], {
        cwd: directory,
        encoding: 'utf8',
        timeout: 120_000,
        env: {
          ...process.env,
          PATH: `${bin}:${process.env['PATH'] ?? ''}:/usr/sbin`,
          HOME: directory,
          NO_COLOR: '1',
        },
      });
      assert.equal(result.status, 0, `${page}:\n${result.stdout}${result.stderr}`);
      const outputs = result.stdout
        .split('\u001e')
        .slice(1)
        .map((part) => part.slice(part.indexOf('\n') + 1));
      for (const [index, step] of steps.entries()) {
        if (step.printed === undefined) continue;
        const pattern = step.printed
          .trimEnd()
          .split('…')
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('[\\s\\S]*?');
        assert.match((outputs[index] ?? '').trimEnd(), new RegExp(`^${pattern}$`), `${page}:${step.line}`);
      }
    } finally {
      endAllNginx();
      takeAway();
      remove();
    }
  });
}

/**
 * The pages use real paths (/etc, /var, /run): in this mount namespace each is laid over, and what a page writes there is
 * gone with it.
 */
function layOverSystem(directory: string): () => void {
  const over = join(directory, 'over');
  mkdirSync(over);
  run('mount', '-t', 'tmpfs', 'tmpfs', over);
  const names = ['etc', 'var', 'run'];
  for (const name of names) {
    const [upper, work] = [join(over, name), join(over, `${name}-work`)];
    for (const made of [upper, work]) mkdirSync(made);
    const options = `lowerdir=/${name},upperdir=${upper},workdir=${work}`;
    run('mount', '-t', 'overlay', 'overlay', '-o', options, `/${name}`);
  }
  return () => {
    for (const name of names) run('umount', '-l', `/${name}`);
    run('umount', '-l', over);
  };
}

/** What a page that failed has left running: this namespace of processes is the test's own. */
function endAllNginx(): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('nginx: '))
        process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

function run(command: string, ...args: string[]): void {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(result.status, 0, `${command} ${args.join(' ')}: ${result.stderr}`);
}
