/** Of `steward agent`: where its configuration comes from the API. */
import type { Flag } from './flag.ts';

export const agentApiFlags: readonly Flag[] = [
  {
    name: 'config',
    kind: 'text',
    placeholder: 'NAME',
    help: "Instead of --source: the NginxConfig whose revisions this Pod runs, of the Pod's own namespace. Give the container STEWARD_CONFIG by fieldRef `metadata.labels['nginx-steward.io/config']`.",
  },
  {
    name: 'namespace',
    kind: 'text',
    placeholder: 'NAME',
    help: "With --config: the Pod's namespace. Default: POD_NAMESPACE of the environment, else the file `namespace` in --credentials-dir.",
  },
  {
    name: 'pod-name',
    kind: 'text',
    placeholder: 'NAME',
    help: "With --config: the Pod's name. Default: POD_NAME of the environment (fieldRef `metadata.name`).",
  },
  {
    name: 'pod-uid',
    kind: 'text',
    placeholder: 'UID',
    help: "With --config: the Pod's uid. Default: POD_UID of the environment (fieldRef `metadata.uid`).",
  },
  {
    name: 'credentials-dir',
    kind: 'text',
    placeholder: 'DIR',
    default: '/var/run/secrets/kubernetes.io/serviceaccount',
    help: 'With --config: where the `token` for the API server and its `ca.crt` are mounted. A newer token is taken as soon as it is there.',
  },
];
