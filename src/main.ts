/** The program: `steward COMMAND …`. */
import process from 'node:process';
import { run } from './cli/run.ts';

// A reader that went away (`steward status | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void run(process.argv.slice(2), process.env).then((code) => {
  process.exitCode = code;
  return code;
});
