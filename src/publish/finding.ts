/** Something that works, and that whoever runs steward should know of. */
export interface Finding {
  /** What it is about, one word for tools. */
  readonly type: string;
  /** Which case of it, one word for tools. */
  readonly reason: string;
  /** For people: what is the matter, and what to do. */
  readonly message: string;
}
