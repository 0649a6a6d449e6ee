/** What the templates of an NginxConfig see: ConfigMaps in their order, later ones winning, and inline values over all. */
import type { NginxConfig } from '../api/nginx-config.ts';
import { StewardError } from '../base/errors.ts';
import { checkValues, mergeValues, parseValues, type Values } from '../render/values.ts';
import { bytesOf, type ConfigMaps, lookUp } from './config-map.ts';
import type { Problem } from './refusal.ts';

export async function gatherValues(
  config: NginxConfig,
  contents: ConfigMaps,
): Promise<{ readonly values: Values; readonly problems: readonly Problem[] }> {
  const { inline, configMaps = [] } = config.spec.values ?? {};
  const field = `NginxConfig ${config.metadata.name} spec.values`;
  const all: Values[] = [];
  const problems: Problem[] = [];
  const take = async (read: () => Values | Promise<Values>): Promise<void> => {
    try {
      all.push(await read());
    } catch (error) {
      if (!(error instanceof StewardError)) throw error;
      problems.push({ reason: 'ValuesError', error });
    }
  };
  for (const [index, reference] of configMaps.entries()) {
    const found = lookUp(reference, `${field}.configMaps[${index}]`, contents);
    if (found.kind === 'absent') {
      problems.push(...found.problems);
      continue;
    }
    const where = `ConfigMap ${reference.name} key ${reference.key}`;
    await take(() => parseValues(textOf(bytesOf(found.configMap, reference.key), where), where));
  }
  if (inline !== undefined) await take(() => checkValues(inline, `${field}.inline`));
  return { values: mergeValues(...all), problems };
}

function textOf(content: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new StewardError('STEWARD_VALUES', 'it is not UTF-8 text', { where });
  }
}
