export {
  AccessFault,
  InvariantError,
  PageSizeError,
  SyscallError,
  UnmodelledError,
  isSyscallError,
  type Errno,
  type Signal,
  type SignalCode,
} from './errno.js';
export { KernelCorruption, type CorruptionDetails } from './kernel-corruption.js';
export type { PageGeometry } from './units.js';
export type { Architecture, ArchitectureName } from './arch/architecture.js';
export {
  ARCHITECTURES,
  architectureOf,
  elfCheckArch,
  type KernelBuild,
} from './arch/kernel-build.js';
export {
  configKeys,
  parseConfigLine,
  type ConfigKey,
  type KernelConfig,
} from './arch/kernel-config.js';
export { Machine, type MachineOptions } from './machine.js';
export {
  explainProgram,
  type ExplainedObject,
  type ProgramExplanation,
  type ProgramQuestion,
} from './board/explain-program.js';
export { failureOf, failureText, type EmulatorFailure } from './board/failure.js';
export { notDirectReason } from './board/not-direct.js';
export {
  elfArchitecture,
  fileArchitecture,
  fileHead,
  flatArchitecture,
  programArchitecture,
  type AskedArchitecture,
} from './board/program-architecture.js';
export {
  mountRoot,
  ramBeside,
  ROM_MACHINE_RAM,
  romMachine,
  type RomMachineOptions,
} from './board/rom-machine.js';
export {
  Process,
  type ExitOptions,
  type FileStatus,
  type MmapOptions,
  type OpenOptions,
} from './process.js';
export {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_SYNC,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type Advice,
  type MemoryMap,
  type MmapRequest,
} from './memory-map.js';
export type {
  MemoryAccount,
  MemoryArea,
  MemoryPage,
  MemoryReport,
  PageEntry,
  SmapsCounts,
} from './memory-report.js';
export { LINUX_POLICIES, type LinuxPolicy, type PolicyName } from './policy.js';
export type { RomWindow } from './phys/rom-windows.js';
export type { Mm } from './mm/mm-struct.js';
export { MmuMemory } from './mm/mmu-memory.js';
export { validateMm } from './mm/validate.js';
export { NommuMemory } from './nommu/nommu-memory.js';
export { validateNommu } from './nommu/validate-nommu.js';
export { filePageAt } from './report/rom-pages.js';
export { CramfsSuperBlock } from './fs/cramfs/super.js';
export {
  FOPEN_DIRECT_IO,
  FOPEN_KEEP_CACHE,
  FOPEN_NOFLUSH,
  FOPEN_PASSTHROUGH,
  FUSE_ROOT_ID,
  type FuseAttributes,
  type FuseDevice,
  type FuseEntry,
  type FuseInit,
  type FuseOpened,
  type FuseServer,
} from './fs/fuse/protocol.js';
export { FuseSuperBlock } from './fs/fuse/super.js';
export { DevSuperBlock } from './fs/devfs/super.js';
export { OverlaySuperBlock } from './fs/overlay/super.js';
export { CowfsSuperBlock, type CowfsOptions } from './fs/cowfs/super.js';
export { TarfsSuperBlock, type TarfsOptions } from './fs/tarfs/super.js';
export { RamfsSuperBlock, type RamfsOptions } from './fs/ramfs/super.js';
export { TmpfsSuperBlock } from './fs/tmpfs/super.js';
export { MirrorServer, type MirrorServerOptions } from './userland/mirror-server.js';
export { FileCalls } from './file-calls.js';
export {
  OpenFile,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  type FileOperations,
  type Whence,
} from './vfs/file.js';
export { fifoOperations, fifoStateOf, type FifoState } from './vfs/fifo.js';
export {
  Inode,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  SuperBlock,
  type BackingDevice,
  type DirectoryEntry,
} from './vfs/inode.js';
export type { ResolvedPath } from './vfs/namei.js';
export type { Mount } from './vfs/mount.js';
export { NOOP_BDI, simpleDirectoryOperations } from './vfs/libfs.js';
export { Clock, type Iattr, type Kstat } from './vfs/kstat.js';
export { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from './vfs/read-write.js';
export type { MountOptions, RemountOptions } from './vfs/mount.js';
export { Pipe } from './vfs/pipe.js';
export type { CloneRange, DedupeRange, DedupeResult } from './vfs/remap-range.js';
export { copySpliceRead, iterFileSpliceWrite, type FilePlace } from './vfs/splice.js';
export type { MissingLibrary } from './exec/dynamic-linker/link.js';
export type { LoaderName } from './exec/dynamic-linker/loader.js';
export type { ExecArguments } from './exec/arguments.js';
export type {
  ExecutedFile,
  LoadedObject,
  LoadedSegment,
  MappedFile,
  ThreadStart,
} from './exec/loaded-object.js';
export { ADVICE } from './memory-map.js';
export {
  MMFD_INTERPRET,
  MMFD_PADDING,
  TooFewElementsError,
  mmapfd,
  type MmapfdOptions,
  type MmapfdResult,
} from './exec/mmapfd/mmapfd.js';
export { MR_HDR_AOUT, MR_HDR_ELF, MR_PADDING } from './exec/mmapfd/plan.js';
export {
  programCost,
  type ObjectCost,
  type ProgramCost,
  type RamPages,
  type SegmentCost,
} from './exec/program-cost.js';
export {
  systemCost,
  type ProgramOutcome,
  type ProgramRun,
  type SharedFile,
  type SystemCost,
} from './exec/system-cost.js';
export { whyNotMapped, type LoaderBuild } from './exec/not-mapped.js';
export { touchAll } from './exec/touch.js';
export {
  execProgram,
  startProgram,
  type StartOptions,
  type StartedProgram,
} from './exec/start-program.js';
export {
  accountMachine,
  nrBlockdevPages,
  type FileAccount,
  type MachineAccount,
  type ProcessAccount,
} from './report/accounting.js';
export type { VmEvents } from './vm-events.js';
export { cachedPages, type CachedFile } from './report/cached-pages.js';
export { areasIn, type AreaReport } from './report/areas.js';
export { mapsLine, mapsText, type MapsOptions } from './report/maps.js';
export { nodeStat, type NodeStat } from './report/node-stat.js';
export { pagesIn } from './report/pages.js';
export {
  PM_FILE,
  PM_MMAP_EXCLUSIVE,
  PM_PFRAME_MASK,
  PM_PRESENT,
  pagemapEntries,
} from './report/pagemap.js';
export { ramFrames, type FilePage, type FrameUser, type RamFrame } from './report/ram-frames.js';
export { regionsIn, type RegionAllocation, type RegionReport } from './report/regions.js';
export { smapsEntry, smapsText } from './report/smaps-text.js';
export {
  compareRecords,
  formatDifference,
  isDiagnosis,
  type Difference,
} from './scenario/compare.js';
export { Trace, type FaultReason, type FramePlace, type TraceEvent } from './trace.js';
export type { DeviceNumber } from './vfs/device.js';
export type { ArchiveSource } from './scenario/mounts.js';
export type { Agent as ScenarioAgent } from './scenario/agent.js';
export { parseScenario, parseScenarioLine } from './scenario/parse.js';
export { formatRecords, parseRecords } from './scenario/record-lines.js';
export {
  ScenarioRun,
  runScenario,
  type ScenarioRecord,
  type ScenarioWorld,
} from './scenario/run.js';
export { ScenarioError } from './scenario/scenario-error.js';
export type { Statement } from './scenario/statement.js';
export { createWorld, type WorldOptions } from './scenario/world.js';
export { ExecKilled } from './exec/point-of-no-return.js';
