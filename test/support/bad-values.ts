/** Values that a field must refuse, as the JSON text that a client sends. */
export type BadValues = readonly string[];

const KIB = 1024;
const quoted = (length: number): string => `"${'x'.repeat(length)}"`;
const UNSTORABLE = ['"a\\u0000b"', '"\\ud800"', '"\\udc00x"'];
const NO_TEXT = ['0', '1.5', 'true', '{}', '[]', '["x"]'];
const NO_NUMBER = ['"1"', '""', 'true', 'false', '{}', '[]', '[1]', '1e400', '-1e400'];

export const badText: BadValues = [...NO_TEXT, ...UNSTORABLE, quoted(4 * KIB + 1), `"${'€'.repeat(1366)}"`];
/** What is mended or cut instead of refused: only what is no text at all is wrong. */
export const noText: BadValues = NO_TEXT;
export const badName: BadValues = [...NO_TEXT, ...UNSTORABLE, '""', '" "', quoted(65), '"Ä"'];
export const badNumber = (max: number): BadValues => [
  ...NO_NUMBER,
  '-0.000001',
  '-1',
  `${max * 1.001}`,
  '1e308',
];
export const badInteger = (max: number): BadValues => [...badNumber(max), '1.5', '1e-7', `${max + 1}`];
export const badPositive = (bad: BadValues): BadValues => [...bad, '0', '-0'];
export const badBoolean: BadValues = ['0', '1', '"true"', '"false"', '""', '{}', '[]', '[true]'];
export const badEnum: BadValues = [
  ...NO_TEXT,
  ...UNSTORABLE,
  '""',
  '"other"',
  '"constructor"',
  '"__proto__"',
];
export const badUuid: BadValues = [...NO_TEXT, '""', '"x"', '"5f1c2f1e6d0a4b559a430d5a3e0b7c11"'];
export const badTime: BadValues = [
  ...NO_TEXT,
  '""',
  '"now"',
  '"10:00"',
  '"2026-02-30"',
  '1767607200000',
  quoted(99),
];
export const badObject: BadValues = ['0', '"x"', 'true', '[]', '[{}]', `{"a":${quoted(64 * KIB)}}`];
export const badTexts: BadValues = [
  ...[
    '0',
    '"x"',
    'true',
    '{}',
    '{"0":"x","length":1}',
    '[1]',
    '[null]',
    '[""]',
    '[["x"]]',
    '[{}]',
    '["x",true]',
  ],
  ...UNSTORABLE.map((text) => `["x",${text}]`),
  `[${quoted(4 * KIB + 1)}]`,
  `[${new Array(1001).fill('"x"').join(',')}]`,
];

/** `levels` lists inside each other. */
export const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** The JSON text of `body` with `field` set to the JSON text `value`. */
export function withField(body: Record<string, unknown>, field: string, value: string): string {
  const others = Object.entries(body).filter(([name]) => name !== field);
  const members = others.map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`);
  return `{${[...members, `${JSON.stringify(field)}:${value}`].join(',')}}`;
}
