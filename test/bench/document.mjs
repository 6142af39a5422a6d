// @ts-check
/** Puts the figures of a run into a Markdown file, between two marks; the words around them are people's. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { exportCells } from './export.mjs';
import { growthCells, growthChart } from './growth/report-growth.mjs';
import { rowCells } from './report.mjs';
import { soakCells } from './soak.mjs';

const BEGIN = '<!-- figures: written by npm run bench -- --doc -->';
const END = '<!-- end of figures -->';

/**
 * @param {string} file
 * @param {object} run
 * @param {ReturnType<typeof import('./report.mjs').describeMachine>} run.machine
 * @param {number} run.seconds a measurement
 * @param {import('./report.mjs').Judged[]} run.rows
 * @param {import('./growth/measure-growth.mjs').SizeFigures[]} run.growth
 * @param {import('./soak.mjs').Soak | null} run.soaked
 * @param {import('./export.mjs').Exported | null} run.exported
 * @throws {Error} when the file lacks the marks
 */
export async function writeDocument(file, { machine, seconds, rows, growth, soaked, exported }) {
  const text = await readFile(file, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${file} must hold ${BEGIN} and ${END}`);
  const { cpu, cores, memoryGb, node, date } = machine;
  const parts = [
    `${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}, ${date.slice(0, 10)}; ${seconds} s a measurement.`,
  ];
  if (rows.length > 0) parts.push('## One store', markdown(rowCells(rows)));
  if (growth.length > 0) {
    const chart = file.replace(/\.md$/, '.svg');
    await writeFile(chart, growthChart(growth));
    parts.push('## Growing stores', `![p99 against rows](${basename(chart)})`, markdown(growthCells(growth)));
  }
  if (soaked) parts.push('## At full rate for a long time', markdown(soakCells(soaked)));
  if (exported) parts.push('## A long export', markdown(exportCells(exported)));
  await writeFile(file, `${text.slice(0, from)}${BEGIN}\n\n${parts.join('\n\n')}\n\n${text.slice(to)}`);
}

/** @param {string[][]} cells @returns {string} */
function markdown(cells) {
  const [heading = [], ...lines] = cells;
  const line = (/** @type {string[]} */ values) => `| ${values.join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...lines.map(line)].join('\n');
}
