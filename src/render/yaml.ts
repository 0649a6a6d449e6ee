/** A part of its own in the bundle: a CommonJS package has no named exports when it is imported by itself on demand. */
export { LineCounter, parseDocument } from 'yaml';
