/**
 * Files mounted with `subPath`: the kubelet never updates them, so a change of their ConfigMap or Secret does not arrive
 * before the Pod starts anew. No watching helps; the mount table gives them away, for the mount's root is a file inside
 * one version (`..2026_01_02_…`) of a volume.
 */

/** The mount points in a `/proc/<pid>/mountinfo` that are single files or directories out of a kubelet volume. */
function subPathMounts(mountinfo: string): readonly string[] {
  const points: string[] = [];
  for (const line of mountinfo.split('\n')) {
    // 36 35 98:0 /inside/its/filesystem /mount/point options … (proc_pid_mountinfo(5))
    const [, , , root, point] = line.split(' ');
    if (root !== undefined && point !== undefined && /\/\.\.[^/]+\/./.test(unescaped(root)))
      points.push(unescaped(point));
  }
  return points;
}

/** Those of `paths` that lie in or under such a mount. */
export function neverUpdated(paths: readonly string[], mountinfo: string): readonly string[] {
  const points = subPathMounts(mountinfo);
  return paths.filter((path) => points.some((point) => path === point || path.startsWith(`${point}/`)));
}

/** Spaces and the like are written as `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
