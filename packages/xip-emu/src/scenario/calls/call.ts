import type { Agent } from '../agent.js';
import type { Arguments } from '../arguments.js';
import type { Fields, Mapping, RangeOperation } from '../ops.js';

/**
 * Performs a statement in a process of the agent.
 *
 * @returns further fields of its record.
 * @throws SyscallError, AccessFault: they become fields of the record as well.
 */
export type Call = (agent: Agent) => Fields;

/** Parses what follows the first word of a statement. @throws ScenarioError */
export type ParseCall = (args: Arguments) => Call;

/** Rows of the table of calls, by the first word of their statements. */
export type CallTable = Readonly<Record<string, ParseCall>>;

/** A row: how the operands are parsed, and what the call does. */
export function call<Operands>(
  parse: (args: Arguments) => Operands,
  perform: (agent: Agent, operands: Operands) => Fields,
): ParseCall {
  return (args) => {
    const operands = parse(args);
    return (agent) => perform(agent, operands);
  };
}

/** A row whose call only succeeds or fails. */
export function plainCall<Operands>(
  parse: (args: Arguments) => Operands,
  perform: (agent: Agent, operands: Operands) => void,
): ParseCall {
  return call(parse, (agent, operands) => {
    perform(agent, operands);
    return { ret: 'ok' };
  });
}

/** Bytes from the start of what an ID stands for. */
export interface Span {
  readonly offset: number;
  readonly length: number;
  /** True for a store. */
  readonly write?: boolean;
}

/**
 * A row for a call on the addresses of an ID, which is the first operand. It is skipped where the
 * agent would not perform it: {@link ScenarioOps.skip}.
 *
 * @param span the bytes that the call is about.
 */
export function rangeCall<Operands>(
  op: RangeOperation,
  parse: (args: Arguments) => Operands,
  span: (operands: Operands, mapping: Mapping, pageSize: number) => Span,
  perform: (agent: Agent, operands: Operands, address: number, mapping: Mapping) => Fields,
): ParseCall {
  return call(
    (args) => ({ id: args.text(), operands: parse(args) }),
    (agent, { id, operands }) => {
      const mapping = agent.mappings.get(id);
      if (mapping === undefined) return { ret: 'no-such-id' };
      const { ops } = agent;
      const { offset, length, write = false } = span(operands, mapping, ops.machine.pageSize);
      const skip = ops.skip(agent.process, { op, mapping, offset, length, write });
      if (skip !== undefined) return { ret: skip };
      return perform(agent, operands, mapping.address + offset, mapping);
    },
  );
}
