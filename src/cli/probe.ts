/** `--probe URL`: one GET in the Pod after each applied change. */
import type { ClientRequest, IncomingMessage } from 'node:http';

const limitMs = 5000;

/** Resolves with why not, or undefined when the answer was 2xx. Redirects are not followed. */
export async function probe(url: string, signal: AbortSignal): Promise<string | undefined> {
  const { get } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  return new Promise((resolve) => {
    const onAnswer = (answer: IncomingMessage): void => {
      answer.resume();
      const { statusCode = 0 } = answer;
      resolve(
        statusCode >= 200 && statusCode < 300
          ? undefined
          : `the probe ${url} was answered with ${statusCode}`,
      );
    };
    // What listens in the Pod may have any certificate; a fresh connection, so that no old worker answers.
    const request: ClientRequest = get(
      url,
      { signal, timeout: limitMs, agent: false, rejectUnauthorized: false },
      onAnswer,
    );
    request.once('timeout', () => request.destroy(new Error(`no answer within ${limitMs / 1000} s`)));
    request.once('error', (error) => resolve(`the probe ${url} failed (${error.message})`));
  });
}
