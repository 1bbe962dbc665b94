'use strict';
// The page's story, told from the data that data.sql selects. These files make one script, in this
// order: words.js (data, numbers, words), charts.js (tables and charts), then the page's parts in the
// order in which they are read: what_happened.js, scarcity.js, stability.js, who_pays.js, market.js,
// rules.js, and page.js, which sets them going.

const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);

const cache = {};
function rows(table) {
  if (!cache[table]) {
    const columns = Object.keys(data[table]),
      first = data[table][columns[0]];
    cache[table] = first.map((_, i) =>
      Object.fromEntries(columns.map(c => [c, data[table][c][i]])),
    );
  }
  return cache[table];
}

const sum = (list, value) => list.reduce((total, x) => total + (value(x) || 0), 0);
const unique = list => [...new Set(list)];
const last = list => list[list.length - 1];
const groupBy = (list, key) =>
  list.reduce((groups, x) => groups.set(key(x), [...(groups.get(key(x)) || []), x]), new Map());

const escaped = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
function number(x, digits = 0) {
  if (x === null || x === undefined || Number.isNaN(x)) return '–';
  return (Math.abs(x) < 0.5 * 10 ** -digits ? 0 : x)
    .toLocaleString('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits})
    .replace('-', '−');
}
// As many digits as carry meaning: 8,003 / 92.1 / 3.52.
const digitsFor = x => (Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 10 ? 1 : 2);
const short = x => number(x, x ? digitsFor(x) : 0);
const mt = t => `${short(t / 1e6)} Mt`;
const money = (x, currency = 'CNY') => {
  const a = Math.abs(x);
  if (a >= 1e9) return `${currency} ${short(x / 1e9)} bn`;
  if (a >= 1e6) return `${currency} ${short(x / 1e6)} m`;
  return `${currency} ${number(x)}`;
};
const price = x => `CNY ${number(x, 2)}`;
const percent = (x, digits = 1) => `${number(100 * x, digits)}%`;
const count = (n, one, many = one + 's') => `${number(n)} ${n === 1 ? one : many}`;
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const dayInWords = iso => `${+iso.slice(8)} ${months[+iso.slice(5, 7) - 1]} ${iso.slice(0, 4)}`;
const list = words =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${last(words)}`;
const axisNumber = v =>
  Math.abs(v) >= 1e5
    ? `${number(v / 1e3)}k`
    : number(v, Math.abs(v) < 10 && v % 1 ? ((v * 10) % 1 ? 2 : 1) : 0);
const smallNumber = n =>
  ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'][n] ||
  number(n);

const run = Object.fromEntries(rows('run').map(r => [r.key, r.value]));
const sectors = rows('sectors');
const sectorIds = unique([
  ...sectors.map(s => s.sector),
  ...rows('sector_years').map(s => s.sector),
]);
const sectorTitle = id => (sectors.find(s => s.sector === id) || {title: id}).title || id;
const sectorYears = rows('sector_years');
const years = unique(sectorYears.map(r => r.year)).sort();
const capped = sectorYears.filter(r => r.cap_t > 0);
const hasAuction = rows('revenue').length > 0;
const compliance = rows('compliance');
const assessed = compliance.filter(r => r.assessed > 0);
const openYears = compliance.filter(r => r.open > 0 && r.assessed === 0).map(r => r.year);
const ofYear = (table, year) => table.filter(r => r.year === year);

const ruleWords = {
  neutral: ['neutral', 'free units equal verified emissions: nobody gains, nobody loses'],
  benchmark: ['benchmark', 'free units follow output: benchmark × output, with adjustments'],
  band: [
    'band',
    'free units equal verified emissions ± 3%, by intensity around the sector’s balance value',
  ],
  cap: [
    'cap',
    'an absolute cap: free units are a share of the cap’s free pool, the paid share is auctioned',
  ],
};
const ruleName = rule => (ruleWords[rule] || [rule.replaceAll('_', ' ')])[0];

// Policy steps and deadlines.

const events = rows('events');
const policyDates = unique(events.filter(e => e.kind === 'policy').map(e => e.date));
const policyNumber = date => policyDates.indexOf(date) + 1;
const deadlineDates = unique(events.filter(e => e.kind === 'deadline').map(e => e.date));
const time = iso => Date.UTC(+iso.slice(0, 4), +iso.slice(5, 7) - 1, +iso.slice(8));
const yearOf = at => new Date(at).getUTCFullYear();

function eventLines(near) {
  return near
    .map(
      e =>
        `<div class="event">${e.kind === 'policy' ? `<b>${policyNumber(e.date)}</b> · ` : ''}` +
        `${escaped(e.label)} <span class="quiet">${dayInWords(e.date)}</span></div>`,
    )
    .join('');
}
