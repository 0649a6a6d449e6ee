/**
 * The Pod's annotations as the kubelet writes them into a downward API volume: one `key="value"` a line, the value quoted
 * as Go's `%q` quotes (Kubernetes' pkg/fieldpath, FormatMap). So a Pod can be told to reload without any credentials.
 */
import { StewardError } from '../../base/errors.ts';

/** Any new value asks for one reload. */
export const reloadAnnotation = 'nginx-steward.io/reload';
/** Any new value asks nginx to open its logs again. */
export const reopenLogsAnnotation = 'nginx-steward.io/reopen-logs';

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/**
 * Reads the file's text.
 *
 * @param where its path, for errors
 * @throws StewardError STEWARD_ANNOTATIONS naming the line.
 */
export function parseAnnotations(text: string, where: string): ReadonlyMap<string, string> {
  const annotations = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const match = /^(?<key>[^=\s]+)="(?<quoted>(?:[^"\\]|\\.)*)"$/.exec(line);
    const value = unquote(match?.groups?.['quoted']);
    const key = match?.groups?.['key'];
    if (key === undefined || value === undefined)
      throw new StewardError('STEWARD_ANNOTATIONS', 'the line is not of the form key="value"', {
        where: `${where}:${index + 1}`,
      });
    annotations.set(key, value);
  }
  return annotations;
}

/** The text that Go quoted; undefined when it holds an escape that Go does not write. */
function unquote(quoted: string | undefined): string | undefined {
  if (quoted === undefined) return undefined;
  const bytes: Uint8Array[] = [];
  const parts =
    /(?<plain>[^\\]+)|\\x(?<byte>[0-9a-f]{2})|\\u(?<short>[0-9a-f]{4})|\\U(?<long>[0-9a-f]{8})|\\(?<simple>[^xuU])/gy;
  let end = 0;
  for (const part of quoted.matchAll(parts)) {
    const { plain, byte, short, long, simple } = part.groups ?? {};
    const code = short ?? long;
    // A byte that is no UTF-8 is quoted by itself, so the text is put together as bytes.
    if (byte !== undefined) bytes.push(Uint8Array.of(Number.parseInt(byte, 16)));
    else {
      const text = plain ?? (code === undefined ? simpleEscapes[simple ?? ''] : codePoint(code));
      if (text === undefined) return undefined;
      bytes.push(Buffer.from(text));
    }
    end = part.index + part[0].length;
  }
  return end === quoted.length ? Buffer.concat(bytes).toString('utf8') : undefined;
}

function codePoint(hex: string): string | undefined {
  const value = Number.parseInt(hex, 16);
  return value <= 0x10ffff ? String.fromCodePoint(value) : undefined;
}
