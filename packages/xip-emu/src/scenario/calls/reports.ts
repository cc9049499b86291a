import { call, type CallTable } from './call.js';

/** Reports that the agent reads in /proc. */
export const REPORT_CALLS: CallTable = {
  maps: call(
    () => undefined,
    ({ ops, process }) => ops.maps(process),
  ),
  pages: call(
    (args) => args.text(),
    ({ ops, process, mappings }, id) => {
      if (id === '*') {
        const all: Record<string, unknown> = {};
        for (const mapping of mappings.values()) all[mapping.id] = ops.pagesOf(process, mapping);
        return { all };
      }
      const mapping = mappings.get(id);
      return mapping === undefined ? { ret: 'no-such-id' } : ops.pages(process, mapping);
    },
  ),
};
