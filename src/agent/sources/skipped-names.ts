/**
 * Names in a source directory that are never part of a configuration, with the reason for people. They are what tools
 * leave beside the files that they change: to take them would make every save two changes, and the first one wrong.
 */
const rules: readonly (readonly [pattern: RegExp, reason: string])[] = [
  // The kubelet's own: `..data`, `..data_tmp`, `..2026_01_02_03_04_05.123456789`.
  [/^\.\./, "the kubelet's own"],
  [/^\.(?:git|svn|hg)$/, "a version control's own data"],
  [/^lost\+found$/, "a file system's own"],
  [/^\.nfs[0-9a-f]+$/, 'a deleted file that NFS keeps'],
  // Vim writes, then deletes, a file with this name to learn whether it may create files here.
  [/^4913$/, "vim's test for writing"],
  [/^\..*\.sw[a-z]$/, "vim's swap file"],
  [/^\.#/, "emacs' lock"],
  [/^#.*#$/, "emacs' unsaved changes"],
  [/~$/, "an editor's backup"],
];

/** Why a file or directory of this name is left out; undefined when it is taken. */
export function skipReason(name: string): string | undefined {
  return rules.find(([pattern]) => pattern.test(name))?.[1];
}
