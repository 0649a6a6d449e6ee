/** A load in a process of its own: `load-process.ts PORT CONNECTIONS`; runs until its standard input ends, then prints JSON. */
import process from 'node:process';
import { startLoad } from '../support/load.ts';
import { until } from '../support/nginx.ts';

const [port = '', connections = ''] = process.argv.slice(2);
const load = startLoad({ port: Number(port), connections: Number(connections) });
// A connection that is opened during a reload may be one of the new workers', and is not closed by it: all are there before.
await until('every connection was used', () => load.soFar().requests >= 20 * Number(connections));
process.stdout.write('running\n');
process.stdin.resume().once('end', () => {
  void load.stop().then((result) => process.stdout.write(JSON.stringify(result)));
});
