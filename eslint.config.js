import tseslint from 'typescript-eslint';

const LAYERS_MESSAGE = 'Imports point downward only (docs/architecture.md).';

/** Imports point downward only: what each layer must not reach for. */
const layers = [
  { files: ['packages/cramfs-format/src/**'], banned: ['cramfs-*', 'mkcramfs', 'node:*'] },
  {
    files: ['packages/cramfs-elf/src/**'],
    banned: ['cramfs-reader*', 'cramfs-cli', 'mkcramfs', 'node:*'],
  },
  { files: ['packages/cramfs-reader/src/**'], banned: ['cramfs-cli', 'mkcramfs*'] },
  // Of the builder only its reader of archives, which needs no builder.
  {
    files: ['packages/xip-emu/src/**'],
    banned: ['cramfs-cli', 'node:*'],
    bannedExpression: '^mkcramfs(?!/tar$)',
  },
  { files: ['packages/mkcramfs/src/**'], banned: ['cramfs-cli'] },
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/bundle/',
      '**/node_modules/',
      'coverage/',
      'out/',
      'test/fixtures/',
      'packages/mkcramfs/deflate/',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          'packages/*/tsconfig.json',
          'bench/tsconfig.json',
          'scripts/tsconfig.json',
          'tsconfig.test.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines': ['error', { max: 600 }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // noUncheckedIndexedAccess makes every index maybe-undefined; where a loop bound proves it is
      // not, `!` says so in one character.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  ...layers.map(({ files, banned, bannedExpression }) => ({
    files,
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: banned, message: LAYERS_MESSAGE },
            ...(bannedExpression === undefined
              ? []
              : [{ regex: bannedExpression, message: LAYERS_MESSAGE }]),
          ],
        },
      ],
    },
  })),
  {
    // The browser-safe part of the core: node: is for the node/ subfolders.
    files: ['packages/cramfs-reader/src/**/*.ts', 'packages/mkcramfs/src/**/*.ts'],
    ignores: ['**/src/node/**', '**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'Node-only code lives in src/node/.' }] },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '/packages/[^/]+/src/',
              message:
                "What a package doesn't export is '#cli/...' or '#xip-emu/...' (test/README.md).",
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { process: 'readonly' } },
  },
);
