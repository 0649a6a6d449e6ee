/**
 * Bundles the program into dist: `steward.cjs`, and beside it in `parts` what only some commands load (docs/decisions/0001
 * says why). CommonJS has no code splitting in the bundler, so it splits ES modules first and each of them is turned into
 * CommonJS afterwards.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const top = fileURLToPath(new URL('..', import.meta.url));
const directory = `${top}dist`;

const modules = await build({
  absWorkingDir: top,
  entryPoints: { steward: 'src/main.ts' },
  outdir: directory,
  outExtension: { '.js': '.cjs' },
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
});

rmSync(directory, { recursive: true, force: true });
let bytes = 0;
for (const file of modules.outputFiles) {
  const isProgram = relative(directory, file.path) === 'steward.cjs';
  const { code } = await transform(file.text, {
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    // `import()` of a part becomes `require`: loading an ES module would load what CommonJS spares us.
    supported: { 'dynamic-import': false },
    ...(isProgram && { banner: '#!/usr/bin/env node' }),
    // White space costs memory; names are kept for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    // An uncaught error shows the line that it came from.
    lineLimit: 160,
    legalComments: 'none',
  });
  mkdirSync(dirname(file.path), { recursive: true });
  writeFileSync(file.path, code);
  bytes += code.length;
}
chmodSync(`${directory}/steward.cjs`, 0o755);
process.stderr.write(
  `build: dist/steward.cjs and ${modules.outputFiles.length - 1} parts, ${Math.round(bytes / 1024)} KiB\n`,
);
