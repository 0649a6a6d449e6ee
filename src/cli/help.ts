/** The manual: `steward --help`, and each command's own. Pure. */
import type { Command, Flag } from './flags/flag.ts';
import { environmentName } from './flags.ts';
import { type Program, steward } from './program.ts';

const width = 96;

const contract = `nginx is never restarted, and gets no signal but SIGHUP and SIGUSR1. A change that nginx refused never
stays published. "Unproven" is never counted as success. A serving nginx is never taken out of its Service because an
edit was bad: /readyz is false only before the first proof, without a master, or when a put back failed. Killed at any
instruction, the agent leaves one complete tree in PUBLISH_DIR/current and goes on from there. No private key is written
to a log, an error, a metric or the status. Names and meanings of flags, exit codes, verdicts, metrics and error codes
are stable; log messages and the wording of findings are not.`;

/** Of everything, or of one command. */
export function manual(command?: Command, program: Program = steward): string {
  return command === undefined ? overview(program) : commandPage(command, program);
}

function overview({ name: called, commands }: Program): string {
  const longest = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${called}: keeps nginx current, and proves it.`,
    '',
    'USAGE',
    `  ${called} COMMAND [FLAGS]`,
    '',
    'COMMANDS',
    ...commands.flatMap(({ name, summary }) => hanging(`  ${name.padEnd(longest)}  `, summary)),
    '',
    ...wrap(
      `${called} COMMAND --help shows a command's flags and exit codes. Every flag is also an environment variable:`,
      105,
    ).map((line) => `  ${line}`),
    '  --publish-dir is STEWARD_PUBLISH_DIR; a repeatable one takes one value a line.',
    '',
    'CONTRACT: what you may rely on',
    ...wrap(contract.replaceAll('\n', ' '), width - 2).map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function commandPage(command: Command, { name: called }: Program): string {
  const operands = command.operands === undefined ? '' : ` ${command.operands.placeholder}`;
  return [
    ...wrap(`${called} ${command.name}: ${lowerFirst(command.summary)}`, width),
    '',
    'USAGE',
    `  ${called} ${command.name}${operands} [FLAGS]`,
    '',
    'FLAGS',
    ...command.flags.flatMap(flagLines),
    '',
    'EXIT CODES',
    ...command.exits.flatMap(([code, meaning]) => hanging(`  ${code}  `, meaning)),
    '',
  ].join('\n');
}

function flagLines(flag: Flag): string[] {
  const value = flag.kind === 'switch' ? '' : ` ${placeholderOf(flag)}`;
  const facts = [
    flag.default === undefined ? undefined : `default ${flag.default}`,
    environmentName(flag),
  ].filter(Boolean);
  return [
    `  --${flag.name}${value}`,
    ...wrap(`${flag.help} (${facts.join('; ')})`, width - 6).map((line) => `      ${line}`),
  ];
}

/** What stands for a flag's value. */
export function placeholderOf(flag: Flag): string {
  return flag.placeholder ?? (flag.kind === 'duration' ? 'DURATION' : flag.kind === 'count' ? 'N' : 'VALUE');
}

function hanging(head: string, text: string): string[] {
  return wrap(text, width - head.length).map(
    (line, index) => (index === 0 ? head : ' '.repeat(head.length)) + line,
  );
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
