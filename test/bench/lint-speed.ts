/** How fast a configuration is read and linted: megabytes a second, and 10,000 servers at once. */
import { overlayFiles } from '../../src/nginx/language/config-files.ts';
import { readConfiguration } from '../../src/nginx/language/read-configuration.ts';
import { lint } from '../../src/nginx/lint/lint.ts';
import { type Figure, median, round } from './figure.ts';

const rounds = 9;
const servers = 10_000;

export async function lintSpeed(): Promise<Figure[]> {
  const many = `events {}\nhttp {\n${Array.from({ length: servers }, (_, index) => serverOf(index)).join('')}}\n`;
  const content = Buffer.from(many);
  const nothing = { read: () => undefined, list: () => undefined };
  const files = overlayFiles(new Map([['/bench/nginx.conf', content]]), nothing);
  const times: number[] = [];
  for (let count = 0; count < rounds; count += 1) {
    const start = performance.now();
    const findings = lint(readConfiguration(files, '/bench/nginx.conf', { serverPrefix: '/etc/nginx' }), {
      tree: '/bench',
    });
    times.push(performance.now() - start);
    if (findings.some(({ severity }) => severity === 'error'))
      throw new Error('the configuration of the bench has an error');
  }
  const milliseconds = median(times);
  const megabytes = content.length / 1e6;
  const speed = megabytes / (milliseconds / 1000);
  return [
    {
      what: `lint of ${round(megabytes)} MB`,
      measured: `${round(speed)} MB/s (first, cold: ${round(megabytes / ((times[0] ?? 0) / 1000))} MB/s)`,
      target: '≥ 20 MB/s',
      reached: speed >= 20,
      numbers: { megabytesPerSecond: speed, megabytes },
    },
    {
      what: `lint of ${servers} servers`,
      measured: `${round(milliseconds, 0)} ms (first, cold: ${round(times[0] ?? 0, 0)} ms)`,
      target: '≤ 300 ms',
      reached: milliseconds <= 300,
      numbers: { milliseconds, coldMilliseconds: times[0] ?? 0 },
    },
  ];
}

function serverOf(index: number): string {
  return `  server {
    listen 127.0.0.1:8080;
    server_name site-${index}.example www.site-${index}.example;
    # The answer of site ${index}.
    location / {
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For "$proxy_add_x_forwarded_for";
      proxy_pass http://127.0.0.1:${10_000 + (index % 1000)};
    }
    location ~* \\.(png|jpg|css)$ { expires 30d; add_header Cache-Control 'public'; }
  }
`;
}
