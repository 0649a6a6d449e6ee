/** Goes through a configuration in the order in which nginx reads it, into blocks and included files. */
import { type Context, contextInside } from './contexts.ts';
import type { Configuration } from './read-configuration.ts';
import type { Directive, ParsedFile } from './syntax-tree.ts';

/** One block as nginx opens it: an included file's directives belong to the block that includes it. */
export interface Scope {
  readonly context: Context;
  /** The directive whose block it is; undefined for the main level. */
  readonly owner: Directive | undefined;
  readonly parent: Scope | undefined;
}

export interface Visitor {
  /** Every directive, before its block or its included files. */
  directive?(directive: Directive, scope: Scope): void;
  open?(scope: Scope): void;
  close?(scope: Scope): void;
  /** Reading reached a file's end, or the place where it stops. */
  fileEnd?(file: ParsedFile): void;
}

/** `context`: of the entry file, `main` unless it is known to be a fragment. */
export function walk(configuration: Configuration, visitor: Visitor, context: Context = 'main'): void {
  const main: Scope = { context, owner: undefined, parent: undefined };
  visitor.open?.(main);
  walkFile({ configuration, visitor }, configuration.entry, main, 0);
  visitor.close?.(main);
}

interface Walk {
  readonly configuration: Configuration;
  readonly visitor: Visitor;
}

/** Blocks and files within each other; what lies deeper is not looked at. */
const deepest = 1000;

function walkFile(walk: Walk, file: ParsedFile, scope: Scope, depth: number): void {
  walkBlock(walk, file.directives, scope, depth);
  walk.visitor.fileEnd?.(file);
}

function walkBlock(walk: Walk, directives: readonly Directive[], scope: Scope, depth: number): void {
  const { configuration, visitor } = walk;
  for (const directive of directives) {
    visitor.directive?.(directive, scope);
    if (directive.block !== undefined) {
      if (depth > deepest) continue;
      const context = contextInside(directive.name, scope.context);
      const inner: Scope = { context, owner: directive, parent: scope };
      visitor.open?.(inner);
      walkBlock(walk, directive.block, inner, depth + 1);
      visitor.close?.(inner);
    } else if (directive.name === 'include' && depth <= deepest) {
      const files = configuration.includes.get(directive)?.files ?? [];
      for (const file of files) walkFile(walk, file, scope, depth + 1);
    }
  }
}
