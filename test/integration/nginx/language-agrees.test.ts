/** Our reading of the configuration language against the real nginx: the same texts, the same errors, on the same lines. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { diskFiles } from '../../../src/nginx/language/config-files.ts';
import { readConfiguration } from '../../../src/nginx/language/read-configuration.ts';
import { lint } from '../../../src/nginx/lint/lint.ts';
import { corpusCase, corpusWord } from '../../support/configuration-corpus.ts';
import {
  installedNginx,
  type NginxBuild,
  nginxBuilds,
  nginxCommand,
  testDirectory,
} from '../../support/nginx.ts';

const seed = Number(process.env['STEWARD_TEST_SEED'] ?? 20_261);
/** nginx -t takes 5 ms, with the Lua module 20: several at a time use the waiting of each. */
const atOnce = 4;
/** Of the made configurations; the two releases read the language alike, so a part is enough for the second. */
const casesFor = (build: NginxBuild): number => (build === installedNginx ? 2400 : 900);

/** What nginx says of the text itself, before it asks what the words mean. */
const syntaxMessages = [
  /unexpected ".?.?" in \//s,
  /unexpected end of file/,
  /too long parameter/,
  /is not terminated by ";"/,
  /has no opening "\{"/,
  /too long lua code block/,
  /Lua code block missing the closing long bracket/,
];

type Answer =
  | { readonly kind: 'fine' }
  | { readonly kind: 'syntax' | 'meaning'; readonly line: number; readonly message: string };

for (const build of nginxBuilds) {
  test(`${build.name}: agrees on what is a syntax error, and on its line`, {
    timeout: 220_000,
  }, async (context) => {
    const { path, remove } = testDirectory();
    const counts = { fine: 0, syntax: 0, meaning: 0 };
    const disagreements: string[] = [];
    const cases = casesFor(build);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < cases) {
        const index = next++;
        const { text, hasLua, mutations } = corpusCase(seed, index);
        const file = join(path, `${index}.conf`);
        writeFileSync(file, text);
        const theirs = await askNginx(build, file, hasLua);
        counts[theirs.kind]++;
        const ours = firstSyntaxError(file);
        if (!agrees(theirs, ours, hasLua))
          disagreements.push(
            `case ${index} (${mutations.join(', ')}): nginx ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}`,
          );
      }
    };
    try {
      await Promise.all(Array.from({ length: atOnce }, work));
    } finally {
      if (process.env['STEWARD_TEST_KEEP'] === undefined) remove();
    }
    context.diagnostic(JSON.stringify(counts));
    assert.deepEqual(disagreements, []);
    // A corpus that nginx refuses for other reasons would prove little.
    assert.ok(counts.fine > cases / 12 && counts.syntax > cases / 3, JSON.stringify(counts));
    assert.ok(counts.fine + counts.syntax > cases / 2, JSON.stringify(counts));
  });

  test(`${build.name}: reads quotes and escapes as we do`, async () => {
    const { path, remove } = testDirectory();
    try {
      for (let index = 0; index < 150; index++) {
        const word = corpusWord(seed, index);
        const file = join(path, `${index}.conf`);
        writeFileSync(file, `events {} ${word} ;\n`);
        const theirs = await askNginx(build, file, false);
        const configuration = readConfiguration(diskFiles(), file);
        const name = configuration.entry.directives[1]?.name;
        // What stands behind the first word does not matter to nginx any more: it does not know the directive.
        if (name === undefined) assert.equal(theirs.kind, 'syntax', word);
        else if (theirs.kind !== 'fine')
          assert.ok(theirs.message.includes(`unknown directive "${name}"`), `${word}: ${theirs.message}`);
      }
    } finally {
      remove();
    }
  });

  test(`${build.name}: takes a byte order mark for a part of the first word`, async () => {
    const { path, remove } = testDirectory();
    try {
      const file = join(path, 'nginx.conf');
      for (const text of ['\ufeffevents {}\n', '\ufeff# comment\nevents {}\n']) {
        writeFileSync(file, text);
        assert.equal((await askNginx(build, file, false)).kind, 'meaning');
        const found = lint(readConfiguration(diskFiles(), file));
        assert.ok(found.some(({ rule, severity }) => rule === 'byte-order-mark' && severity === 'error'));
      }
    } finally {
      remove();
    }
  });
}

/**
 * Where nginx stops for another reason, only what comes before that place can be compared. Of long Lua code without any
 * string, comment or brace, lua-nginx-module does not count the lines: everything behind it is "earlier" in its messages.
 */
function agrees(theirs: Answer, ours: { readonly line: number } | undefined, hasLua: boolean): boolean {
  if (theirs.kind === 'fine') return ours === undefined;
  if (theirs.kind === 'meaning') return ours === undefined || ours.line >= theirs.line;
  return ours !== undefined && (ours.line === theirs.line || (hasLua && ours.line > theirs.line));
}

function firstSyntaxError(file: string): { readonly line: number; readonly message: string } | undefined {
  const found = lint(readConfiguration(diskFiles(), file)).find(({ rule }) => rule === 'syntax');
  return found && { line: found.line, message: found.message };
}

async function askNginx(build: NginxBuild, file: string, hasLua: boolean): Promise<Answer> {
  const globals = `${hasLua ? build.luaModules : ''}error_log stderr; pid /tmp/steward-corpus.pid;`;
  const [program = '', ...args] = nginxCommand({ build }, ['-t', '-q', '-c', file, '-g', globals]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let written = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    written += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code === 0) return { kind: 'fine' };
  // A message may go over several lines: it quotes what it read.
  const message = /\[emerg\].*?(?=\n(?:\d{4}\/|nginx: )|$)/s.exec(written)?.[0] ?? written;
  const line = Number(new RegExp(`in ${file}:(\\d+)`).exec(message)?.[1] ?? Number.NaN);
  const isSyntax = syntaxMessages.some((pattern) => pattern.test(message));
  return { kind: isSyntax ? 'syntax' : 'meaning', line: isSyntax || line > 0 ? line : 0, message };
}
