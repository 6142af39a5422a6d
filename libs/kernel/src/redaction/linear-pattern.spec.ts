import { describe, expect, it } from '@jest/globals';
import { BUILT_IN_FORMS } from './built-in-forms.js';
import { compileLinear } from './linear-pattern.js';

describe('a linear pattern', () => {
  it.each([
    'TCK-[0-9]{4,8}',
    '\\bacme_[A-Za-z0-9]{20,}',
    'pin[:=] ?(\\d{4,8})',
    '(?:a|b)?c{3}',
    '[^\\s"]{4,64}"',
    'x{1,20}y{1,20}z',
    '^\\x41\\u0042$',
    'ends in .*',
    '\\{[\\]\\-a-z]{1,4}\\}',
    'a{2}',
  ])('may be %s', (pattern) => {
    expect(compileLinear(pattern)).toBeInstanceOf(RegExp);
  });

  it.each([
    ['(a+)+b', /repeated group/],
    ['(?:ab){2,5}', /repeated group/],
    ['(?:ab)+', /repeated group/],
    ['a+b', /bound/],
    ['.*x', /bound/],
    ['(?:a*)?b', /bound/],
    ['(\\w{4})\\1', /\\1/],
    ['(?=a)b', /look-around/],
    ['(?<!a)b', /look-around/],
    ['(?<name>a)', /look-around or a named group/],
    ['(a)(b)', /second group/],
    ['a{1,90}a{1,90}b', /too many ways/],
    ['[a-f]{1,90}[d-k]{1,90}z', /too many ways/],
    ['\\w{1,200}\\b', /too many ways/],
    ['(?:a|ab|abc)(?:a|ab|abc)(?:a|ab|abc)(?:a|ab|abc)(?:a|ab|abc)(?:a|ab|abc)x', /too many ways/],
    ['a{1,5000}b', /beyond 1000/],
    ['a+?', /lazy/],
    ['a{2}{3}', /repeat of a repeat/],
    ['\\b*', /edge/],
    ['a*', /empty text/],
    ['a|', /empty text/],
    ['(?:)', /empty text/],
    ['(a', /\( without/],
    ['a)', /\) without/],
    ['[a', /\[ without/],
    ['*a', /nothing to repeat/],
    ['a{', /no count/],
    ['\\p', /\\p/],
    ['a\\', /at the end/],
    ['a'.repeat(513), /512/],
  ])('may not be %s', (pattern, said) => {
    expect(() => compileLinear(pattern)).toThrow(said);
  });

  it('knows that letters of either case are the same where case does not count', () => {
    expect(compileLinear('[a-f]{1,90}[X-Z]{1,90}1')).toBeInstanceOf(RegExp);
    expect(() => compileLinear('[a-f]{1,90}[A-F]{1,90}1', true)).toThrow(/too many ways/);
  });

  it('is what every built-in form is', () => {
    for (const { pattern, ignoreCase } of BUILT_IN_FORMS) compileLinear(pattern, ignoreCase);
    expect(BUILT_IN_FORMS.length).toBeGreaterThan(25);
  });
});
