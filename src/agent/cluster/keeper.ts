/**
 * What an agent keeps of the API on its own disk, for a start while the API is away: the last proven revision with the
 * places its files came from, and the policy. With it a certificate's renewal is still a proven reload, and a schedule
 * still comes, however long the API stays away.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstancePolicy } from '../../api/nginx-instance.ts';
import { encodeRevision } from '../../api/revision-data.ts';
import { trusted } from '../../kube/trusted.ts';
import { replaceFile } from '../../publish/durable.ts';
import { publishError } from '../../publish/publish-error.ts';
import type { Log } from '../ports.ts';
import type { Revision } from '../status.ts';
import { type RevisionContent, takeRevision, type Wanted } from './revision.ts';

type Kept = Extract<Wanted, { kind: 'revision' }>;

/** Port of the feed. */
export interface Keeper {
  /** The kept revision where it is still what the agent may start from; `proven`: the revision proven last. */
  revision(proven: Revision | undefined): Kept | undefined;
  policy(): InstancePolicy | undefined;
  keepRevision(wanted: Kept): void;
  keepPolicy(policy: InstancePolicy): void;
}

const mode = 0o600;

/** Keeps both as files in the publish directory, whose lock the agent holds. A full disk is told once and stops nothing. */
export function diskKeeper(directory: string, log: Log): Keeper {
  const revisionPath = join(directory, 'revision.json');
  const policyPath = join(directory, 'policy.json');
  let complaint: string | undefined;
  const write = (path: string, value: object): void => {
    try {
      replaceFile(path, Buffer.from(`${JSON.stringify(value)}\n`), mode, () => {});
      complaint = undefined;
    } catch (error) {
      const { message } = publishError(error, 'it cannot be kept for a start without the API', path);
      if (message !== complaint) log.warn({ reason: message }, 'what the API said is not kept');
      complaint = message;
    }
  };
  return {
    revision: (proven) => {
      const kept = trusted<Partial<RevisionContent & Revision>>(readJson(revisionPath), {});
      const { name, hash, number, entrypoint, encoding, data } = kept;
      if (name === undefined || hash === undefined || entrypoint === undefined) return undefined;
      if (encoding === undefined || data === undefined) return undefined;
      // Proven was another one, and this was noted before or after it: what it stands for is not known.
      if (proven !== undefined && proven.hash !== hash) return undefined;
      const taken = takeRevision({ hash, entrypoint, encoding, data }, { name, number });
      return taken.kind === 'revision' ? taken : undefined;
    },
    policy: () => {
      const policy = readJson(policyPath);
      return isPolicy(policy) ? policy : undefined;
    },
    keepRevision: ({ revision, entrypoint, files }) =>
      write(revisionPath, { ...revision, entrypoint, ...encodeRevision(files) }),
    keepPolicy: (policy) => write(policyPath, policy),
  };
}

function isPolicy(value: unknown): value is InstancePolicy {
  const { minIntervalMs, maxDraining, maxDrainWaitMs, timeoutMs } = trusted<Partial<InstancePolicy>>(
    value,
    {},
  );
  return [minIntervalMs, maxDraining, maxDrainWaitMs, timeoutMs].every((one) => typeof one === 'number');
}

/** Whatever is wrong with a kept file, it is as good as none: the API has the original. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
