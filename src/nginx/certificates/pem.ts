/**
 * Splits PEM files as OpenSSL reads them for nginx: a block begins where a line does, text between blocks is nothing,
 * lines may end in CRLF or blanks, a byte order mark before the
 * first line is skipped, and a block that has no end is no block.
 */

export interface PemBlock {
  /** `CERTIFICATE`, `EC PRIVATE KEY`, … */
  readonly label: string;
  /** The whole block with plain line ends. May be a secret. */
  readonly text: string;
}

export interface Pem {
  readonly blocks: readonly PemBlock[];
  /** The file ends inside a block: it is half written, or was cut. */
  readonly isCutOff: boolean;
}

const certificateLabels = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']);

export function readPem(content: Uint8Array): Pem {
  // latin1 keeps one character per byte whatever the text around the blocks is written in.
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '');
  const blocks: PemBlock[] = [];
  let open: { label: string; lines: string[] } | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trimEnd();
    const begin = /^-----BEGIN (.+)-----$/.exec(line)?.[1];
    if (begin !== undefined) {
      open = { label: begin, lines: [line] };
    } else if (open !== undefined) {
      open.lines.push(line);
      if (line !== `-----END ${open.label}-----`) continue;
      blocks.push({ label: open.label, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    }
  }
  return { blocks, isCutOff: open !== undefined };
}

export function certificatesOf(pem: Pem): readonly PemBlock[] {
  return pem.blocks.filter((block) => certificateLabels.has(block.label));
}

/** The private key that nginx takes: the first one; what stands before it (EC PARAMETERS, certificates) is skipped. */
export function privateKeyOf(pem: Pem): PemBlock | undefined {
  return pem.blocks.find((block) => /(?:^| )PRIVATE KEY$/.test(block.label));
}

/** Whether a private key needs a password: by its label (PKCS#8), or by the header of the older formats. */
export function isEncrypted(key: PemBlock): boolean {
  return key.label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,\s*ENCRYPTED$/m.test(key.text);
}
