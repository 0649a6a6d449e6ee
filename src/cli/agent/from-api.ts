/** What an agent with `--config` has that one from files has not; loaded by it alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Feed } from '../../agent/cluster/feed.ts';
import type { OwnPod } from '../../agent/cluster/instance.ts';
import { InstanceRequests } from '../../agent/cluster/instance-requests.ts';
import { type InstanceRules, instanceRules } from '../../agent/cluster/instance-rules.ts';
import { instanceStatus } from '../../agent/cluster/instance-status.ts';
import { diskKeeper } from '../../agent/cluster/keeper.ts';
import { nginxVersion } from '../../agent/cluster/nginx-version.ts';
import { Reporter } from '../../agent/cluster/reporter.ts';
import { revisionGatherer } from '../../agent/cluster/revision-gatherer.ts';
import type { AgentPorts } from '../../agent/context.ts';
import type { PublishedOptions } from '../../agent/published.ts';
import type { Rules } from '../../agent/rules.ts';
import type { AgentStatus } from '../../agent/status.ts';
import type { Store } from '../../agent/store.ts';
import type { TreeCheckOptions } from '../../agent/tree-candidate.ts';
import { StewardError } from '../../base/errors.ts';
import { createApi } from '../../kube/http.ts';
import { inCluster } from '../../kube/in-cluster.ts';
import type { FlagValues } from '../parse.ts';
import { version } from '../version.ts';

export interface FromApiOptions extends Pick<AgentPorts, 'clock' | 'log' | 'random'> {
  readonly flags: FlagValues;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: string;
  readonly store: Store;
  /** Until a policy is known. */
  readonly baseRules: Rules;
  readonly check: TreeCheckOptions;
}

export interface FromApi extends Pick<AgentPorts, 'tokens' | 'findings' | 'changed'> {
  readonly gatherer: Pick<PublishedOptions, 'gather' | 'describe'>;
  readonly rules: () => Rules;
  readonly listen: (...told: Parameters<AgentPorts['watch']>) => void;
  /** Watches and reports until `signal` is aborted. */
  readonly run: (status: () => AgentStatus, signal: AbortSignal) => Promise<void>;
}

/** What was proven is kept on disk this much later (milliseconds): the verdict is told first. */
const keepAfterMs = 50;

export function fromApi(options: FromApiOptions): FromApi {
  const { flags, env, config, store, clock, log, random, check } = options;
  const directory = flags.required('credentials-dir');
  const cluster = inCluster({ directory, env });
  const api = createApi({ ...cluster, userAgent: `nginx-steward-agent/${version}` });
  const pod = ownPod(flags, env, directory);
  const { publisher } = check;
  const feed = new Feed({
    ...{ api, pod, config, clock, random, log },
    keeper: diskKeeper(publisher.directory, log),
    hasTree: () => publisher.current() !== undefined,
    proven: () => store.get().proven?.revision,
  });
  const requests = new InstanceRequests({ instance: () => feed.instance, store, clock });
  const rules = followedRules(feed, options.baseRules, pod);
  let isKeeping = false;
  let poke = (): void => {};
  return {
    tokens: requests,
    findings: () => [...rules().conditions, ...feed.conditions()],
    changed: () => {
      poke();
      if (isKeeping) return;
      isKeeping = true;
      clock.after(keepAfterMs, () => {
        isKeeping = false;
        feed.keep();
      });
    },
    gatherer: revisionGatherer({ ...check, wanted: () => feed.wanted() }),
    rules: () => rules().rules,
    listen: (notice, wake) =>
      feed.listen((change) => {
        // A revision is whole when it comes.
        if (change === 'revision') notice('swap');
        else wake();
        poke();
      }),
    run: async (status, signal) => {
      const versions = nginxVersions(() => poke());
      const reporter = new Reporter({
        ...{ api, pod, clock, random, log },
        instance: () => feed.instance,
        status: (previous) => {
          const agent = status();
          return instanceStatus({
            agent,
            acknowledged: requests.acknowledged(),
            nginxVersion: versions(agent.master),
            previous,
            now: clock.now(),
          });
        },
      });
      poke = () => reporter.poke();
      await Promise.all([feed.run(signal), reporter.run(signal)]);
      api.close();
    },
  };
}

/** The rules of the present policy, made anew when it changes. */
function followedRules(feed: Feed, base: Rules, pod: OwnPod): () => InstanceRules {
  let made: { readonly policy: Feed['policy']; readonly rules: InstanceRules } | undefined;
  return () => {
    const { policy } = feed;
    if (made === undefined || made.policy !== policy)
      made = { policy, rules: instanceRules(base, policy, pod.uid) };
    return made.rules;
  };
}

/** The version of the master's program, once it is known. */
function nginxVersions(found: () => void): (master: AgentStatus['master']) => string | undefined {
  let looked = '';
  let known: string | undefined;
  const learn = async (program: string): Promise<void> => {
    known = await nginxVersion(program);
    found();
  };
  return (master) => {
    if (master === undefined) return known;
    const id = `${master.pid} ${master.commandLine}`;
    if (id !== looked) {
      looked = id;
      void learn(`/proc/${master.pid}/exe`);
    }
    return known;
  };
}

function ownPod(flags: FlagValues, env: FromApiOptions['env'], credentials: string): OwnPod {
  const given = (flag: string, variable: string): string | undefined => flags.text(flag) ?? env[variable];
  const name = given('pod-name', 'POD_NAME');
  const uid = given('pod-uid', 'POD_UID');
  const namespace = given('namespace', 'POD_NAMESPACE') ?? namespaceIn(credentials);
  if (name !== undefined && uid !== undefined && namespace !== undefined) return { name, uid, namespace };
  const [missing, variable, field] =
    name === undefined
      ? ['pod-name', 'POD_NAME', 'metadata.name']
      : uid === undefined
        ? ['pod-uid', 'POD_UID', 'metadata.uid']
        : ['namespace', 'POD_NAMESPACE', 'metadata.namespace'];
  throw new StewardError('STEWARD_USAGE', `--config needs --${missing} as well`, {
    where: 'steward agent',
    fix: `Give the container the environment variable ${variable} by fieldRef ${field}.`,
  });
}

/** The kubelet writes it beside the token. */
function namespaceIn(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, 'namespace'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
