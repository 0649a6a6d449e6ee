/** Bundles the program into dist/steward.cjs: one CommonJS file (docs/decisions/0001 says why). */
import { chmodSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const top = fileURLToPath(new URL('..', import.meta.url));
const outfile = `${top}dist/steward.cjs`;

const result = await build({
  absWorkingDir: top,
  entryPoints: ['src/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  banner: { js: '#!/usr/bin/env node' },
  // White space costs memory; names are kept for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  // An uncaught error shows the line that it came from.
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
});
chmodSync(outfile, 0o755);
const [output] = Object.values(result.metafile.outputs);
process.stderr.write(`build: dist/steward.cjs, ${Math.round((output?.bytes ?? 0) / 1024)} KiB\n`);
