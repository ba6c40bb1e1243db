// Turns one parametric WGSL module into the variant that is compiled.
//
// The files in shaders/ are whole, valid modules. Shapes are `override` constants; what decides the size of
// an array, whether a binding exists or how far a loop is unrolled cannot be one in WGSL and is a plain
// `const`. Four things are done to the text here:
//   `const ROWS = 8u;`                       takes the value given for ROWS;
//   `... // when BIAS`                       a line that is kept only if the const BIAS is not 0; bindings
//                                            are renumbered in order after that;
//   `// begin BIAS` to `// end BIAS`         the same for all lines between;
//   `for (var i = 0u; i < ROWS; i++) { // unroll`  is written out, so that every index into a function-scope
//                                            array is a literal and the array can live in registers.
// Unrolling matters: the software adapter runs the 8 x 8 matrix product 6.7 times slower with the loops left
// in, since an array with a running index is memory to it. What it does not do: parse WGSL.

import type { Shader } from '../engine/pipeline.ts';

const conditionalBlock = /^\/\/ begin (\w+)\n[^]*?^\/\/ end \1\n/gm;
const loopHead = /for \(var (\w+) = 0u; \1 < (\w+); \1\+\+\) \{ \/\/ unroll\n/;

function valueOf(code: string, name: string): number {
  const literal = /^\d+u?$/.test(name) ? name : new RegExp(`const ${name} = (\\d+)u?;`).exec(code)?.[1];
  if (literal === undefined) {
    throw new Error(`The loop bound '${name}' is not an integer const of the module.`);
  }
  return Number.parseInt(literal, 10);
}

function closingBrace(code: string, start: number): number {
  let depth = 1;
  for (let at = start; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}') depth--;
    if (depth === 0) return at;
  }
  throw new Error('A loop to unroll has no closing brace.');
}

/** Writes out every loop marked `// unroll`; each turn is a block of its own. */
export function unroll(code: string): string {
  let rest = code;
  for (let head = loopHead.exec(rest); head; head = loopHead.exec(rest)) {
    const [text, variable, bound] = head;
    const start = head.index + text.length;
    const end = closingBrace(rest, start);
    const body = rest.slice(start, end).trimEnd();
    const use = new RegExp(`\\b${variable}\\b`, 'g');
    const turns = Array.from({ length: valueOf(rest, bound) }, (_, turn) => `{\n${body.replace(use, `${turn}u`)}\n}\n`);
    rest = rest.slice(0, head.index) + turns.join('') + rest.slice(end + 1);
  }
  return rest;
}

/** Sets the module's `const`s; throws when it has none of that name. What X = 0 leaves out goes. */
export function setConstants(code: string, values: Record<string, number>): string {
  let text = code;
  for (const [name, value] of Object.entries(values)) {
    const declaration = new RegExp(`const ${name} = \\d+(u?);`);
    if (!declaration.test(text)) {
      throw new Error(`The module has no const ${name}.`);
    }
    text = text.replace(declaration, `const ${name} = ${value}$1;`);
  }
  let bindings = 0;
  return text
    .replace(conditionalBlock, (block, condition: string) => (valueOf(text, condition) !== 0 ? block : ''))
    .split('\n')
    .filter((line) => {
      const condition = / \/\/ when (\w+)$/.exec(line)?.[1];
      return condition === undefined || valueOf(text, condition) !== 0;
    })
    .join('\n')
    .replace(/@binding\(\d+\)/g, () => `@binding(${bindings++})`);
}

const cache = new Map<string, Shader>();

/**
 * The variant of a module with these `const` values, unrolled. `name` is the module's own name; the variant's
 * name appends the values, so that the pipeline cache tells variants apart.
 */
export function specialize(name: string, code: string, values: Record<string, number>): Shader {
  const suffix = Object.entries(values).map(([constant, value]) => `${constant}=${value}`).join(',');
  const key = suffix ? `${name}(${suffix})` : name;
  let shader = cache.get(key);
  if (!shader) {
    shader = { name: key, code: unroll(setConstants(code, values)) };
    cache.set(key, shader);
  }
  return shader;
}
