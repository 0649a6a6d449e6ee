/** `steward diff`: how two revisions differ, file by file. */
import type { NginxConfig } from '../../api/nginx-config.ts';
import type { NginxRevision } from '../../api/nginx-revision.ts';
import { StewardError } from '../../base/errors.ts';
import { called, findRevision, listRevisions, readConfig } from '../cluster/objects.ts';
import { print } from '../cluster/output.ts';
import { differences } from '../cluster/revision-diff.ts';
import type { Session } from '../cluster/session.ts';
import type { Line, Tone } from '../status/text.ts';

export async function diff(session: Session, name: string, wanted: readonly string[]): Promise<number> {
  const { output } = session;
  const [config, revisions] = await Promise.all([readConfig(session, name), listRevisions(session, name)]);
  const { from, to } = chosen(config, revisions, wanted);
  const found = differences(from, to);
  if (output.format === 'text' && output.isTerminal) {
    const same = found.length === 0 ? ': no difference' : '';
    output.complain(`${called(from)} → ${called(to)}${same}`);
  }
  const value = { from: from.metadata.name, to: to.metadata.name, files: found };
  if (output.format !== 'text') await print(output, value, () => []);
  // What goes into a file or to `patch` goes as it is.
  else if (!output.isTerminal) for (const { diff: text } of found) output.write(text);
  else await print(output, value, () => found.flatMap(({ diff: text }) => linesOf(text)));
  return found.length === 0 ? 0 : 1;
}

/** None named: the stable and the latest one; one named: that one and the latest. */
function chosen(
  config: NginxConfig,
  revisions: readonly NginxRevision[],
  [first, second]: readonly string[],
): { readonly from: NginxRevision; readonly to: NginxRevision } {
  const { name } = config.metadata;
  const { stableRevision, latestRevision } = config.status ?? {};
  const named = (wanted: string | undefined, what: string): NginxRevision => {
    if (wanted !== undefined) return findRevision(revisions, name, wanted);
    const there = revisions.map(({ metadata, status }) => `${status?.number ?? '?'} (${metadata.name})`);
    throw new StewardError('STEWARD_NOT_FOUND', `it has no ${what} revision yet`, {
      where: `NginxConfig ${name}`,
      fix: there.length === 0 ? 'There is none to compare.' : `There are: ${there.join(', ')}.`,
    });
  };
  return {
    from: named(first ?? stableRevision, 'stable'),
    to: named(second ?? latestRevision, 'latest'),
  };
}

function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => [{ text: harmless(line), tone: toneOf(line, index) }]);
}

function toneOf(line: string, index: number): Tone {
  if (index < 2 && /^(?:---|\+\+\+) /.test(line)) return 'strong';
  if (line.startsWith('@@')) return 'busy';
  if (line.startsWith('+')) return 'good';
  if (line.startsWith('-')) return 'bad';
  return line.startsWith('\\') ? 'quiet' : 'plain';
}

/** The tabs of a configuration stay; what would steer the terminal becomes a visible sign. */
function harmless(line: string): string {
  return line.replaceAll(
    /[^\P{Cc}\t]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    '\ufffd',
  );
}
