/*
 * What may import what; docs/architecture.md shows it. `npm run lint` checks it.
 */

/** Packages from the bottom up, and those that each must not import. */
const ABOVE = {
  'cramfs-format': [
    'cramfs-elf',
    'cramfs-archive',
    'cramfs-reader',
    'mkcramfs',
    'xip-emu',
    'cramfs-planner',
    'cli',
  ],
  'cramfs-elf': ['cramfs-archive', 'cramfs-reader', 'mkcramfs', 'xip-emu', 'cramfs-planner', 'cli'],
  'cramfs-archive': ['cramfs-elf', 'cramfs-reader', 'mkcramfs', 'xip-emu', 'cramfs-planner', 'cli'],
  'cramfs-reader': ['mkcramfs', 'xip-emu', 'cramfs-planner', 'cli'],
  mkcramfs: ['xip-emu', 'cramfs-planner', 'cli'],
  'xip-emu': ['mkcramfs', 'cramfs-planner', 'cli'],
  'cramfs-planner': ['cramfs-archive', 'cli'],
};

const SOURCES = '^packages/[^/]+/src/';
const TESTS = '[.]test[.]ts$';

/** Where modules may need each other's types, and why. Outside these folders no circle may pass. */
const CIRCLES_OF_TYPES = [
  // Linux' own structures point at each other: inode, super block, address space, area, process.
  '^packages/xip-emu/src/(?:fs|mm|nommu|phys|vfs)/',
  // What is traced names its file, and the VFS calls the trace.
  '^packages/xip-emu/src/trace[.]ts$',
  // A system call is a method of Process, and gets the process as kernel code has `current`.
  '^packages/xip-emu/src/(?:process|file-calls|exec/open-exec|exec/mmapfd/mmapfd)[.]ts$',
  // index.ts declares a command's options and loads run.ts when it runs; run.ts needs their types.
  '^packages/cli/src/commands/[^/]+/(?:index|run)[.]ts$',
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(ABOVE).map(([name, above]) => ({
      name: `${name}-imports-downward`,
      severity: 'error',
      from: { path: `^packages/${name}/src/`, pathNot: TESTS },
      to: { path: `^packages/(?:${above.join('|')})/` },
    })),
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
      to: { couldNotResolve: true, pathNot: '^#deflate-module$' },
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
