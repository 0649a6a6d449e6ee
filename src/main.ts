/** The program: `steward COMMAND …`, and under its other name `kubectl steward COMMAND …`. */
import process from 'node:process';
import { programOf } from './cli/program.ts';
import { run } from './cli/run.ts';

// A reader that went away is no error: what was begun is done, and its exit code stays the truth (`steward reload | head`).
// Only what prints for ever ends with its reader.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (process.argv[2] === 'status' || process.argv[2] === 'watch') process.exit(0);
});

void run(process.argv.slice(2), process.env, programOf(process.argv[1])).then((code) => {
  process.exitCode = code;
  return code;
});
