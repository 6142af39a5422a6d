// @ts-check
/** Draws latency against rows, both on logarithmic axes, as SVG. */

const WIDTH = 760;
const HEIGHT = 420;
const PLOT = { left: 60, right: 520, top: 20, bottom: 370 };
const COLOURS = ['#1b6ca8', '#c0392b', '#218c5a', '#8e44ad', '#b9770e', '#117a8b', '#7f5539', '#566573'];

/**
 * @typedef {object} Line
 * @property {string} title
 * @property {{ rows: number, ms: number }[]} points
 *
 * @param {Line[]} lines
 * @returns {string} an SVG document
 */
export function latencyChart(lines) {
  const points = lines.flatMap((line) => line.points);
  const x = axis(
    points.map(({ rows }) => rows),
    [PLOT.left, PLOT.right],
  );
  const y = axis(
    points.map(({ ms }) => ms),
    [PLOT.bottom, PLOT.top],
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...x.ticks.map((rows) => vertical(x.at(rows), rows.toLocaleString('en-US'))),
    ...y.ticks.map((ms) => horizontal(y.at(ms), `${ms} ms`)),
    ...lines.map((line, index) => curve(line, index, x.at, y.at)),
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 8, 'rows', 'middle'),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/**
 * @param {number[]} values above 0
 * @param {[number, number]} range where the first and the last power of ten are drawn
 */
function axis(values, [from, to]) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  /** @param {number} value */
  const at = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  return { at, ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)) };
}

/** @param {number} x @param {string} label */
function vertical(x, label) {
  return stroke(`M${x} ${PLOT.top}V${PLOT.bottom}`, '#ddd') + text(x, PLOT.bottom + 18, label, 'middle');
}

/** @param {number} y @param {string} label */
function horizontal(y, label) {
  return stroke(`M${PLOT.left} ${y}H${PLOT.right}`, '#ddd') + text(PLOT.left - 6, y + 4, label, 'end');
}

/**
 * @param {Line} line
 * @param {number} index
 * @param {(rows: number) => number} x
 * @param {(ms: number) => number} y
 */
function curve({ title, points }, index, x, y) {
  const colour = COLOURS[index % COLOURS.length] ?? '#000';
  const dash = index < COLOURS.length ? '' : ' stroke-dasharray="5 3"';
  const path = points.map(
    ({ rows, ms }, n) => `${n === 0 ? 'M' : 'L'}${x(rows).toFixed(1)} ${y(ms).toFixed(1)}`,
  );
  const key = PLOT.top + 10 + index * 22;
  return [
    stroke(path.join(''), colour, ` stroke-width="2"${dash}`),
    ...points.map(
      ({ rows, ms }) =>
        `<circle cx="${x(rows).toFixed(1)}" cy="${y(ms).toFixed(1)}" r="3" fill="${colour}"/>`,
    ),
    stroke(`M${PLOT.right + 16} ${key}h20`, colour, ` stroke-width="2"${dash}`),
    text(PLOT.right + 42, key + 4, title, 'start'),
  ].join('');
}

/** @param {string} path @param {string} colour */
function stroke(path, colour, more = '') {
  return `<path d="${path}" fill="none" stroke="${colour}"${more}/>`;
}

/** @param {number} x @param {number} y @param {string} words @param {'start' | 'middle' | 'end'} anchor */
function text(x, y, words, anchor) {
  const escaped = words.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333">${escaped}</text>`;
}
