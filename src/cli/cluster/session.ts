/** One command against a cluster: what it works with, and where its errors end. */
import process from 'node:process';
import { type Clock, systemClock } from '../../base/clock.ts';
import { StewardError } from '../../base/errors.ts';
import type { Api } from '../../kube/api.ts';
import type { FlagValues } from '../parse.ts';
import { version } from '../version.ts';
import type { Output } from './output.ts';

/** For messages: which cluster it is. */
interface Place {
  readonly server: string;
  readonly context: string;
}

export interface Session {
  readonly api: Api;
  readonly namespace: string;
  readonly place: Place;
  /** As people type it: `steward` or `kubectl steward`. */
  readonly program: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly output: Output;
}

/** Where the cluster, a right or an object in it is not to be had. */
const notToBeHad = 5;

/** Connects, runs `act` and returns its exit code; every error for people but wrong usage ends here with exit code 5. */
export async function inCluster(
  flags: FlagValues,
  program: string,
  output: Output,
  act: (session: Session) => Promise<number>,
): Promise<number> {
  let api: Api | undefined;
  try {
    const session = await connect(flags, program, output);
    ({ api } = session);
    return await act(session);
  } catch (error) {
    if (!(error instanceof StewardError) || error.code === 'STEWARD_USAGE') throw error;
    output.complain(`${error.code}: ${error.message}\n${error.fix}`);
    return notToBeHad;
  } finally {
    api?.close();
  }
}

async function connect(flags: FlagValues, program: string, output: Output): Promise<Session> {
  // Large: nothing but a command against a cluster loads it.
  const { kubeconfigApi } = await import('../../kube/kubeconfig.ts');
  const { api, namespace, server, context } = kubeconfigApi({
    kubeconfig: flags.text('kubeconfig'),
    context: flags.text('context'),
    namespace: flags.text('namespace'),
    userAgent: `nginx-steward-cli/${version} (${process.platform})`,
  });
  return {
    api,
    namespace,
    place: { server, context },
    program,
    clock: systemClock,
    random: Math.random,
    output,
  };
}
