import { parse, type AnyNode, type LocationRange } from '@humanwhocodes/momoa';

/** Something in a JSON document that should be different. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  /** Names and indexes from the top on. */
  readonly at: readonly (string | number)[];

  constructor(at: readonly (string | number)[], message: string) {
    super(message);
    this.at = at;
  }
}

/** The fields of an object, and no others. @throws JsonError. */
export function jsonObject<Required extends string, Optional extends string>(
  value: unknown,
  at: readonly (string | number)[],
  fields: { readonly required: readonly Required[]; readonly optional: readonly Optional[] },
): Readonly<Record<Required | Optional, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new JsonError(at, 'should be an object');
  }
  const missing = fields.required.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new JsonError(at, `should have a field "${missing}"`);
  const names: readonly string[] = [...fields.required, ...fields.optional];
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new JsonError([...at, unknown], 'is not a field of this');
  return value as Readonly<Record<Required | Optional, unknown>>;
}

/** Says what is wrong with a JSON document, and where: `line 3: files[0].path should be ...`. */
export function jsonLocation(text: string, error: JsonError | SyntaxError): string {
  let top: AnyNode;
  try {
    top = parse(text).body;
  } catch (cause) {
    const { line, column, message } = cause as { line: number; column: number; message: string };
    const what = message.replace(/ \(\d+:\d+\)$/, '').replace(/\.$/, '');
    const end = text.trimEnd();
    // At the end of the text its position is wrong, and that of JSON.parse() is right.
    const at = Number(/at position (\d+)/.exec(error.message)?.[1] ?? 0);
    if (/unexpected end/i.test(`${error.message} ${what}`) || at >= end.length) {
      return `line ${end.split('\n').length}: not JSON: cut off`;
    }
    return `line ${line}, column ${column}: not JSON: ${what}`;
  }
  // The other parser accepts what JSON.parse() refuses.
  if (!(error instanceof JsonError)) return `not JSON: ${error.message}`;
  const { start } = locate(top, error.at);
  return `line ${start.line}: ${pathText(error.at)} ${error.message}`;
}

/** The value at a path, or the part of the path that exists. */
function locate(top: AnyNode, at: readonly (string | number)[]): LocationRange {
  let node = top;
  for (const step of at) {
    const next =
      node.type === 'Array'
        ? node.elements[Number(step)]?.value
        : node.type === 'Object'
          ? // Of fields with the same name, the last one counts.
            node.members.findLast(
              ({ name }) => step === (name.type === 'String' ? name.value : name.name),
            )?.value
          : undefined;
    if (next === undefined) break;
    node = next;
  }
  return node.loc;
}

/** `files[0].path` */
function pathText(at: readonly (string | number)[]): string {
  const steps = at.map((step) =>
    typeof step === 'number' ? `[${step}]` : `.${step.slice(0, 40).replace(/[^ -~]/g, '?')}`,
  );
  return at.length === 0 ? 'the document' : steps.join('').replace(/^\./, '');
}
