import { describe, expect, it } from '@jest/globals';
import { markup, prose } from './markup.js';

describe('markup', () => {
  it('escapes whatever is put in', () => {
    const name = `<script>"x" & 'y'</script>`;
    expect(markup`<b title="${name}">${name}</b>`.text).toBe(
      '<b title="&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/script&gt;">' +
        '&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/script&gt;</b>',
    );
  });

  it('takes HTML of its own as it is, in lists too', () => {
    const items = ['a', '<'].map((item) => markup`<li>${item}</li>`);
    expect(markup`<ul>${items}</ul>${1}`.text).toBe('<ul><li>a</li><li>&lt;</li></ul>1');
  });

  it('sets what stands between backticks as code, escaped', () => {
    expect(markup`${prose('a `<b>` & c')}`.text).toBe('a <code>&lt;b&gt;</code> &amp; c');
  });
});
