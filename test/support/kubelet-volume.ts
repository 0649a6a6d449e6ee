/**
 * A mounted ConfigMap, Secret or projected volume, changed exactly as the kubelet does it: a new `..TIMESTAMP` directory,
 * the link `..data_tmp`, a rename over `..data`, then the visible links (`nginx.conf -> ..data/nginx.conf`, for new and
 * vanished names), then the removal of the old directory. Read from Kubernetes' pkg/volume/util/atomic_writer.go.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Relative path (a ConfigMap's `items` may give it directories) to content; the mode is 0644 unless given. */
export type VolumeFiles = Readonly<
  Record<string, string | Uint8Array | { readonly content: string | Uint8Array; readonly mode: number }>
>;

export interface KubeletVolume {
  readonly directory: string;
  /** Makes exactly these files the volume's content, in one swap. */
  swap(files: VolumeFiles): void;
  /** All but the last step: `..data` points to the new files and the old directory is still there. Call the result to remove it. */
  swapKeepingOld(files: VolumeFiles): () => void;
}

/** Makes `directory` (created if need be, and empty) a volume that holds `files`. */
export function kubeletVolume(directory: string, files: VolumeFiles = {}): KubeletVolume {
  mkdirSync(directory, { recursive: true });
  const volume: KubeletVolume = {
    directory,
    swap: (next) => volume.swapKeepingOld(next)(),
    swapKeepingOld: (next) => {
      const old = currentVersion(directory);
      const version = writeVersion(directory, next);
      symlinkSync(version, join(directory, '..data_tmp'));
      renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
      mendVisibleLinks(directory, next);
      return () => {
        if (old !== undefined) rmSync(join(directory, old), { recursive: true, force: true });
      };
    },
  };
  volume.swap(files);
  return volume;
}

function currentVersion(directory: string): string | undefined {
  const link = lstatSync(join(directory, '..data'), { throwIfNoEntry: false });
  return link === undefined ? undefined : readlinkSync(join(directory, '..data'));
}

function writeVersion(directory: string, files: VolumeFiles): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_');
  const path = mkdtempSync(join(directory, `..${stamp}.`));
  chmodSync(path, 0o755);
  for (const [name, file] of Object.entries(files)) {
    const { content, mode } =
      typeof file === 'string' || file instanceof Uint8Array ? { content: file, mode: 0o644 } : file;
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
    chmodSync(join(path, name), mode);
  }
  return path.slice(directory.length + 1);
}

function mendVisibleLinks(directory: string, files: VolumeFiles): void {
  const wanted = new Set(Object.keys(files).map((name) => name.split('/', 1)[0] ?? name));
  const visible = new Set(readdirSync(directory).filter((name) => !name.startsWith('..')));
  for (const name of wanted) if (!visible.has(name)) symlinkSync(join('..data', name), join(directory, name));
  for (const name of visible) if (!wanted.has(name)) unlinkSync(join(directory, name));
}
