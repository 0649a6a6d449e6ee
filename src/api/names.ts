/** The names by which everything in the cluster is found. Plain data: the agent takes them without a schema library. */

export const group = 'nginx-steward.io';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

/** Plural names, as paths of the API have them. */
export const plurals = {
  NginxConfig: 'nginxconfigs',
  NginxRevision: 'nginxrevisions',
  NginxInstance: 'nginxinstances',
} as const;

export type Kind = keyof typeof plurals;

/** On a Pod: the NginxConfig whose revisions it runs. On revisions and instances: likewise. */
export const configLabel = `${group}/config`;

/** On an NginxConfig or a Pod: any new value asks once. */
export const reloadAnnotation = `${group}/reload`;
export const reopenLogsAnnotation = `${group}/reopen-logs`;

/** On an NginxRevision: somebody took it back (`steward undo`); the reason, for people. */
export const withdrawnAnnotation = `${group}/withdrawn`;

/** Who writes which fields (server-side apply). A name that begins with `kubectl` would be stripped by Flux. */
export const fieldManagers = {
  controller: 'nginx-steward-controller',
  agent: 'nginx-steward-agent',
  cli: 'nginx-steward-cli',
} as const;
