/** What is known of a directive by its name. */
import type { Context } from './contexts.ts';
import { directiveTable } from './directive-table.ts';

export interface DirectiveForm {
  readonly contexts: ReadonlySet<string>;
  readonly isBlock: boolean;
  /** A second one in the same block is refused as a duplicate. */
  readonly isOnce: boolean;
  /** For people: `1`, `2-3`, `1+`, `flag`, `any`. */
  readonly args: string;
  takes(count: number): boolean;
}

/** Most names have one form; `server` in `http` is a block, in `upstream` it is not. */
export type DirectiveForms = readonly DirectiveForm[];

/** The form that nginx uses in `context`, if the directive may stand there. */
export function formIn(forms: DirectiveForms, context: Context): DirectiveForm | undefined {
  for (const form of forms) if (form.contexts.has(context)) return form;
  return undefined;
}

function readTable(): ReadonlyMap<string, DirectiveForms> {
  const forms = new Map<string, DirectiveForm[]>();
  for (const [contexts, args, kind, names] of directiveTable) {
    const form: DirectiveForm = {
      contexts: new Set(contexts.split(', ')),
      isBlock: kind === 'block',
      isOnce: kind === 'once',
      args,
      takes: argumentTest(args),
    };
    for (const name of names.split(/\s+/)) {
      const others = forms.get(name);
      if (others === undefined) forms.set(name, [form]);
      else others.push(form);
    }
  }
  return forms;
}

function argumentTest(args: string): (count: number) => boolean {
  if (args === 'any') return () => true;
  if (args === 'flag') return (count) => count === 1;
  const open = /^(\d)\+$/.exec(args);
  if (open !== null) return (count) => count >= Number(open[1]);
  const range = /^(\d)-(\d)$/.exec(args);
  if (range !== null) return (count) => count >= Number(range[1]) && count <= Number(range[2]);
  const listed = new Set(args.split(',').map(Number));
  return (count) => listed.has(count);
}

/** The forms of every directive known, by name. */
export const knownDirectives: ReadonlyMap<string, DirectiveForms> = readTable();
