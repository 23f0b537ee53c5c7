/**
 * WASI preview 1 with nothing in it, for policies of somebody else's: no arguments, no environment, no files, no
 * sockets, and no way to tell one evaluation from another. The sandbox of the command line answers the same.
 */

/** What WASI needs of a guest. */
export interface Environment {
  /** The part of its memory that the guest names; throws if it does not lie there. */
  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer>;
  /** Keeps what is written for people to read. */
  log(written: Uint8Array): void;
}

/** A guest left through `proc_exit`. */
export class Exit extends Error {
  constructor(readonly code: number) {
    super(`it exited with code ${code}`);
  }
}

const [SUCCESS, BADF, NOSYS] = [0, 8, 52];

/** Refused with `EBADF`: there are no files and sockets. */
const FILES = [
  "fd_advise", "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_get", "fd_fdstat_set_flags",
  "fd_fdstat_set_rights", "fd_filestat_get", "fd_filestat_set_size", "fd_filestat_set_times", "fd_pread",
  "fd_prestat_dir_name", "fd_prestat_get", "fd_pwrite", "fd_read", "fd_readdir", "fd_renumber", "fd_seek", "fd_sync",
  "fd_tell", "path_create_directory", "path_filestat_get", "path_filestat_set_times", "path_link", "path_open",
  "path_readlink", "path_remove_directory", "path_rename", "path_symlink", "path_unlink_file", "sock_accept",
  "sock_recv", "sock_send", "sock_shutdown",
];

const refused = Object.fromEntries([
  ...FILES.map((name) => [name, () => BADF]),
  ["poll_oneoff", () => NOSYS],
  ["proc_raise", () => NOSYS],
]);

/** The imports of one evaluation. */
export function wasi(guest: Environment): WebAssembly.ModuleImports {
  let readings = 0n;
  let random = 0n;
  const view = (pointer: number, length: number) => new DataView(guest.bytes(pointer, length).buffer, pointer >>> 0, length);
  const numbers = (...pointers: number[]) => {
    for (const pointer of pointers) view(pointer, 4).setUint32(0, 0, true);
    return SUCCESS;
  };
  return {
    ...refused,
    args_get: () => SUCCESS,
    args_sizes_get: (count: number, size: number) => numbers(count, size),
    environ_get: () => SUCCESS,
    environ_sizes_get: (count: number, size: number) => numbers(count, size),
    clock_res_get: (_: number, pointer: number) => {
      view(pointer, 8).setBigUint64(0, 1_000n, true);
      return SUCCESS;
    },
    // One second after 1970, and a microsecond more each time: who waits goes on, and two runs see the same.
    clock_time_get: (_: number, __: bigint, pointer: number) => {
      readings += 1n;
      view(pointer, 8).setBigUint64(0, 1_000_000_000n + readings * 1_000n, true);
      return SUCCESS;
    },
    fd_write: (file: number, vectors: number, count: number, written: number) => {
      if (file !== 1 && file !== 2) return BADF;
      let total = 0;
      const list = view(vectors, Math.min((count >>> 0) * 8, 0xffff_ffff));
      for (let at = 0; at < list.byteLength; at += 8) {
        const written = guest.bytes(list.getUint32(at, true), list.getUint32(at + 4, true));
        guest.log(written);
        total += written.length;
      }
      view(written, 4).setUint32(0, total, true);
      return SUCCESS;
    },
    proc_exit: (code: number) => {
      throw new Exit(code);
    },
    // SplitMix64 from a fixed seed: it seeds hash maps, and a policy has no secrets to make.
    random_get: (pointer: number, length: number) => {
      const buffer = guest.bytes(pointer, length);
      for (let at = 0; at < buffer.length; at += 8) {
        random = BigInt.asUintN(64, random + 0x9e37_79b9_7f4a_7c15n);
        let word = BigInt.asUintN(64, (random ^ (random >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
        word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d0_49bb_1331_11ebn);
        word ^= word >> 31n;
        for (let byte = 0; byte < 8 && at + byte < buffer.length; byte++) {
          buffer[at + byte] = Number((word >> BigInt(8 * byte)) & 0xffn);
        }
      }
      return SUCCESS;
    },
    sched_yield: () => SUCCESS,
  };
}
