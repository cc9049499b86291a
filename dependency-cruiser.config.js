/*
 * What may import what; docs/architecture.md shows it. `npm run lint` checks it.
 */

/** Packages from the bottom up, and those that each may import. */
const IMPORTS = {
  'cramfs-format': [],
  'cramfs-deflate': [],
  'cramfs-elf': ['cramfs-format'],
  'cramfs-archive': ['cramfs-format'],
  'cramfs-reader': ['cramfs-format', 'cramfs-deflate', 'cramfs-elf', 'cramfs-archive'],
  mkcramfs: ['cramfs-format', 'cramfs-deflate', 'cramfs-elf', 'cramfs-archive', 'cramfs-reader'],
  'xip-emu': ['cramfs-format', 'cramfs-elf', 'cramfs-archive', 'cramfs-reader'],
  'xip-cpu': ['cramfs-format', 'cramfs-elf', 'xip-emu'],
  'cramfs-planner': ['cramfs-format', 'cramfs-elf', 'cramfs-reader', 'mkcramfs', 'xip-emu'],
  viewer: [
    'cramfs-format',
    'cramfs-elf',
    'cramfs-archive',
    'cramfs-reader',
    'mkcramfs',
    'xip-emu',
    'xip-cpu',
    'cramfs-planner',
  ],
};

const SOURCES = '^packages/[^/]+/src/';
const TESTS = '[.]test[.]ts$';

/** Where modules may need each other's types, and why. Outside these folders no circle may pass. */
const CIRCLES_OF_TYPES = [
  // Linux' own structures point at each other: inode, super block, address space, area, process.
  '^packages/xip-emu/src/(?:fs|mm|nommu|phys|vfs)/',
  // What is traced names its file, and the VFS calls the trace.
  '^packages/xip-emu/src/trace[.]ts$',
  // Tasks, processes and the kernel point at each other, as in Linux; a system call gets all of them.
  '^packages/xip-cpu/src/linux/',
  // index.ts declares a command's options and loads run.ts when it runs; run.ts needs their types.
  '^packages/cli/src/commands/[^/]+/(?:index|run|execute/run)[.]ts$',
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(IMPORTS).map(([name, allowed]) => ({
      name: `${name}-imports-downward`,
      severity: 'error',
      from: { path: `^packages/${name}/src/`, pathNot: TESTS },
      to: { path: '^packages/', pathNot: `^packages/(?:${[name, ...allowed].join('|')})/` },
    })),
    {
      name: 'processors-know-no-kernel',
      comment: 'A processor sees memory through UserMemory; the kernel around it is in src/linux/.',
      severity: 'error',
      from: { path: '^packages/xip-cpu/src/(?!linux/)', pathNot: TESTS },
      to: { path: '^packages/', pathNot: '^packages/xip-cpu/(?:src/(?!linux/)|bundle/)' },
    },
    {
      name: 'runs-in-a-browser',
      comment: 'Code for Node.js lives in src/node/ and in the command line.',
      severity: 'error',
      from: { path: SOURCES, pathNot: [TESTS, '^packages/cli/', '^packages/[^/]+/src/node/'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-circle-of-values',
      comment: 'Modules that need each other before they can run.',
      severity: 'error',
      from: { path: SOURCES },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-circle-of-types',
      severity: 'error',
      from: { path: SOURCES },
      to: { circular: true, via: { pathNot: CIRCLES_OF_TYPES.join('|') } },
    },
    {
      name: 'everything-is-found',
      comment: 'What is not found is not checked.',
      severity: 'error',
      from: { path: SOURCES },
      to: { couldNotResolve: true, pathNot: '^#[a-z]+-module$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(?:dist|bundle)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
    },
  },
};
