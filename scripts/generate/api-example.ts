/** What stands at the top of the API reference. Tests apply it to a real server. */

export const exampleConfig = `apiVersion: nginx-steward.io/v1alpha1
kind: NginxConfig
metadata:
  name: web
  namespace: shop
spec:
  files:
    # One key of a ConfigMap; the suffix makes it a template, and falls away.
    - path: nginx.conf.liquid
      configMap: { name: web, key: nginx.conf }
    # All keys of a ConfigMap, into one directory.
    - path: snippets
      configMap: { name: web-snippets, optional: true }
    # All ConfigMaps with a label, into one directory.
    - path: conf.d
      configMapSelector:
        matchLabels: { shop.example/part: web }
    # The content itself.
    - path: conf.d/health.conf
      inline: |
        server {
          listen 127.0.0.1:8080;
          location = /healthz { return 200; }
        }
  values:
    inline: { workers: 4, upstreams: [10.0.0.1, 10.0.0.2] }
    configMaps:
      - { name: web-values, key: values.yaml, optional: true }
  reload:
    minInterval: 1s
    maxDraining: 4
    maxDrainWait: 10m
    timeout: 60s
    settle: 2s
  schedules:
    - { action: ReopenLogs, cron: '@daily' }
    - { action: Reload, cron: 0 3 * * *, timeZone: Europe/Berlin, jitter: 5m }
  rollout:
    maxConcurrent: 25%
    probe: http://127.0.0.1:8080/healthz
    progressDeadline: 10m
  revisionHistoryLimit: 5
`;

/** How a Pod opts in. */
export const exampleLabel = `metadata:
  labels:
    nginx-steward.io/config: web
`;

/** What a revision's data looks like before it is compressed. */
export const exampleData = `[
  {
    "path": "nginx.conf",
    "origin": "ConfigMap web key nginx.conf",
    "text": "worker_processes 4;\\n…",
    "lines": [1, 1, 0]
  },
  { "path": "snippets/logo.gif", "origin": "ConfigMap web-snippets key logo.gif", "base64": "R0lGODlh…" }
]
`;
