/** NginxConfigs and ConfigMaps as values, for what the controller decides without a server. */
import { type NginxConfig, nginxConfig } from '../../src/api/nginx-config.ts';
import type { ConfigMapContent } from '../../src/controller/gather.ts';

type Text = Readonly<Record<string, string>>;

/** An NginxConfig `web` with the defaults that the server fills in. */
export function configOf(spec: unknown): NginxConfig {
  const metadata = { name: 'web', namespace: 'shop', generation: 1 };
  return nginxConfig.parse({ apiVersion: 'nginx-steward.io/v1alpha1', kind: 'NginxConfig', metadata, spec });
}

/** By name; an argument is a ConfigMap with its version, such as `configMap('site', '7', {'a.conf': '…'})`. */
export function contentsOf(...all: readonly ConfigMapContent[]): ReadonlyMap<string, ConfigMapContent> {
  return new Map(all.map((one) => [one.name, one]));
}

export function configMapOf(
  name: string,
  data: Text,
  { version = '1', labels = {}, binaryData }: { version?: string; labels?: Text; binaryData?: Text } = {},
): ConfigMapContent {
  return {
    ...{ name, resourceVersion: version, labels, data },
    ...(binaryData !== undefined && { binaryData }),
  };
}
