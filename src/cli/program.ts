/** Under which name the program was started, and the commands that it has under that name. Pure. */
import { basename } from 'node:path';
import { clusterCommands, clusterReload } from './flags/cluster.ts';
import type { Command } from './flags/flag.ts';
import { commands } from './flags.ts';

export interface Program {
  /** As people type it. */
  readonly name: 'steward' | 'kubectl steward';
  readonly commands: readonly Command[];
}

export const steward: Program = { name: 'steward', commands };

/** kubectl finds a program of this name and runs it for `kubectl steward`. */
const pluginName = 'kubectl-steward';

/** `path` is that of the program itself (`argv[1]`), with its links not followed. */
export function programOf(path: string | undefined): Program {
  if (path === undefined || basename(path) !== pluginName) return steward;
  return { name: 'kubectl steward', commands: [...clusterCommands, clusterReload] };
}
