'use strict';
// The page's story, told from the data that report/page/data.sql selects. Three parts: words and numbers,
// the one chart builder, and the sections in the order in which they are read.

// ---------------------------------------------------------------- data, numbers, words

const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);

const cache = {};
function rows(table) {
  if (!cache[table]) {
    const columns = Object.keys(data[table]), first = data[table][columns[0]];
    cache[table] = first.map((_, i) => Object.fromEntries(columns.map(c => [c, data[table][c][i]])));
  }
  return cache[table];
}

const sum = (list, value) => list.reduce((total, x) => total + (value(x) || 0), 0);
const unique = list => [...new Set(list)];
const last = list => list[list.length - 1];
const groupBy = (list, key) => list.reduce((groups, x) => groups.set(key(x), [...(groups.get(key(x)) || []), x]), new Map());

const escaped = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
function number(x, digits = 0) {
  if (x === null || x === undefined || Number.isNaN(x)) return '–';
  return (Math.abs(x) < 0.5 * 10 ** -digits ? 0 : x)
      .toLocaleString('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits}).replace('-', '−');
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
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const dayInWords = iso => `${+iso.slice(8)} ${months[+iso.slice(5, 7) - 1]} ${iso.slice(0, 4)}`;
const list = words => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${last(words)}`);
const smallNumber = n => ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'][n] || number(n);

const run = Object.fromEntries(rows('run').map(r => [r.key, r.value]));
const sectors = rows('sectors');
const sectorIds = unique([...sectors.map(s => s.sector), ...rows('sector_years').map(s => s.sector)]);
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
  band: ['band', 'free units equal verified emissions ± 3%, by intensity around the sector’s balance value'],
  cap: ['cap', 'an absolute cap: free units are a share of the cap’s free pool, the paid share is auctioned'],
};
const ruleName = rule => (ruleWords[rule] || [rule.replaceAll('_', ' ')])[0];

// ---------------------------------------------------------------- policy steps and deadlines

const events = rows('events');
const policyDates = unique(events.filter(e => e.kind === 'policy').map(e => e.date));
const policyNumber = date => policyDates.indexOf(date) + 1;
const deadlineDates = unique(events.filter(e => e.kind === 'deadline').map(e => e.date));
const time = iso => Date.UTC(+iso.slice(0, 4), +iso.slice(5, 7) - 1, +iso.slice(8));
const yearOf = at => new Date(at).getUTCFullYear();

function eventLines(near) {
  return near.map(e => `<div class="event">${e.kind === 'policy' ? `<b>${policyNumber(e.date)}</b> · ` : ''}` +
                       `${escaped(e.label)} <span class="quiet">${dayInWords(e.date)}</span></div>`).join('');
}

// Thin vertical lines: a numbered one for each policy step, a dashed one for each deadline.
function markers(from, to) {
  const visible = date => time(date) >= from && time(date) <= to;
  let previous = -Infinity, level = 0;
  const policies = policyDates.filter(visible).map(date => {
    level = time(date) - previous < (to - from) * (narrow() ? 0.08 : 0.045) ? (level + 1) % 3 : 0;
    previous = time(date);
    return {xAxis: time(date), lineStyle: {color: theme.policy, type: 'solid', width: 1, opacity: 0.65},
            label: {show: true, formatter: String(policyNumber(date)), position: 'end', distance: 2 + 12 * level,
                    color: theme.policy, fontSize: 11}};
  });
  const deadlines = deadlineDates.filter(visible).map(
      date => ({xAxis: time(date), lineStyle: {color: theme.deadline, type: [2, 4], width: 1, opacity: 0.8}, label: {show: false}}));
  return {silent: true, symbol: 'none', animation: false, data: [...deadlines, ...policies]};
}

// ---------------------------------------------------------------- tables

// columns: {name, label, unit, digits, text, wrap, html}; the first one names the row.
function tableElement(columns, body, {rowClass = () => ''} = {}) {
  const cell = (column, row) => {
    const value = row[column.name];
    if (column.html) return column.html(value, row);
    return column.text ? escaped(value ?? '') : number(value, column.digits ?? 0);
  };
  const kind = c => (c.text || c.html ? `text${c.wrap ? ' wrap' : ''}` : '');
  const holder = document.createElement('div');
  holder.className = 'scroll';
  holder.tabIndex = 0;
  holder.innerHTML = '<table><thead><tr>' +
      columns.map(c => `<th scope="col" class="${kind(c)}">${escaped(c.label)}${c.unit ? `<span>${escaped(c.unit)}</span>` : ''}</th>`).join('') +
      '</tr></thead><tbody>' +
      body.map(row => `<tr class="${rowClass(row)}">` + columns.map((c, i) => {
        const tag = i === 0 ? 'th' : 'td';
        return `<${tag}${i === 0 ? ' scope="row"' : ''} class="${kind(c)}">${cell(c, row)}</${tag}>`;
      }).join('') + '</tr>').join('') + '</tbody></table>';
  return holder;
}

function csv(columns, body) {
  const field = x => {
    const text = x === null || x === undefined ? '' : String(x);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns.map(c => field(c.unit ? `${c.label} (${c.unit})` : c.label)), ...body.map(r => columns.map(c => field(r[c.name])))]
             .map(line => line.join(',')).join('\n') + '\n';
}

// The clipboard where the browser lets us, else a field to copy from.
function copyButton(text) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy data as CSV';
  const done = words => {
    button.textContent = words;
    $('announce').textContent = words;
    setTimeout(() => { button.textContent = 'Copy data as CSV'; }, 2500);
  };
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(text());
      done('Copied');
    } catch {
      const field = button.closest('figure').querySelector('textarea') || document.createElement('textarea');
      field.value = text();
      field.readOnly = true;
      field.setAttribute('aria-label', 'Data as CSV');
      button.closest('figure').append(field);
      field.select();
      done(document.execCommand && document.execCommand('copy') ? 'Copied' : 'Press Ctrl+C to copy');
    }
  };
  return button;
}

// ---------------------------------------------------------------- charts

const narrow = () => window.innerWidth < 700;
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const value = name => style.getPropertyValue(name).trim();
  const theme = {font: getComputedStyle(document.body).fontFamily, sectors: value('--sectors').split(/\s+/), vintages: value('--vintages').split(/\s+/)};
  for (const name of ['ink', 'muted', 'line', 'grid', 'panel', 'paper', 'accent']) theme[name] = value(`--${name}`);
  for (const name of ['price', 'listed', 'block', 'auction', 'floor', 'foreign', 'emissions', 'baseline', 'free', 'cap', 'bank', 'fine',
                      'policy', 'deadline']) theme[name] = value(`--c-${name}`);
  return theme;
}
let theme = readTheme();
const redraws = [];
const sectorColour = id => theme.sectors[Math.max(0, sectorIds.indexOf(id)) % theme.sectors.length];

// One chart of one or more panels above one another on one horizontal axis.
//   x: 'date', 'year' or {label, unit, min, max, step} for plain numbers; rows: the data, one object per x; xName: its member
//   panels: [{height, left: {name, unit, ...}, right: the same}]
//   series: {name (member of a row), label, tip (label in the hover), unit, digits, type, panel, right, stack, colour (function), dashed,
//            width, symbol, connect (over gaps), full (bars without a gap), hideZero (in the hover)}
// What the eye sees is also there as a table and as CSV; columns default to x and the series.
function draw(element, spec, hidden) {
  const isDate = spec.x === 'date', isYear = spec.x === 'year', isTime = isDate || isYear, small = narrow();
  const panels = spec.panels, xName = spec.xName || spec.x;
  // A year's values stand at its middle, so that its policy steps and deadlines find their place beside them.
  const point = row => (isDate ? time(row[xName]) : isYear ? Date.UTC(row[xName], 6, 2) : row[xName]);
  const from = isYear ? Date.UTC(spec.rows[0].year, 0, 1) : isDate ? point(spec.rows[0]) : spec.x.min;
  const to = isYear ? Date.UTC(last(spec.rows).year + 1, 0, 1) : isDate ? point(last(spec.rows)) : spec.x.max;
  const withEvents = isTime && events.length > 0;
  const left = small ? 54 : 76, right = panels.some(p => p.right) ? (small ? 54 : 66) : 18, gap = 30;
  let y = withEvents ? 42 : 12;
  const grids = panels.map(panel => {
    const grid = {left, right, top: y, height: panel.height};
    y += panel.height + gap;
    return grid;
  });
  element.style.height = `${y - gap + (spec.zoom ? 92 : 48)}px`;

  const text = {color: theme.muted, fontSize: 12, fontFamily: theme.font};
  const valueAxis = (axis, i, side) => ({
    type: 'value', gridIndex: i, position: side, scale: axis.scale || false, min: axis.min, minInterval: axis.minInterval, splitNumber: panels[i].height < 130 ? 3 : 5,
    name: small && axis.short ? axis.short : axis.name, nameLocation: 'middle', nameRotate: side === 'left' ? 90 : 270, nameGap: small ? 40 : 56, nameTextStyle: text,
    axisLabel: {...text, fontSize: small ? 11 : 12, formatter: v => number(v, Math.abs(v) < 10 && v % 1 ? (v * 10 % 1 ? 2 : 1) : 0)}, splitLine: {show: side === 'left', lineStyle: {color: theme.grid}},
    axisLine: {show: false}, axisTick: {show: false},
  });
  const yAxes = [], axisOf = [];
  panels.forEach((panel, i) => {
    axisOf[i] = [yAxes.push(valueAxis(panel.left, i, 'left')) - 1];
    if (panel.right) axisOf[i].push(yAxes.push(valueAxis(panel.right, i, 'right')) - 1);
  });

  const xAxes = panels.map((_, i) => {
    const bottomOne = i === panels.length - 1;
    const label = isYear ? {customValues: spec.rows.map(point), formatter: at => (small ? `’${String(yearOf(at)).slice(2)}` : String(yearOf(at)))}
                         : isDate ? {} : {formatter: v => number(v, spec.x.digits || 0)};
    return {
      type: isTime ? 'time' : 'value', gridIndex: i, min: from, max: to, interval: isTime ? undefined : spec.x.step,
      name: bottomOne ? (isDate ? 'Day' : isYear ? 'Year' : spec.x.label) : '', nameLocation: 'middle', nameGap: 28, nameTextStyle: text,
      axisLine: {lineStyle: {color: theme.line}, onZero: false}, splitLine: {show: false}, axisTick: {show: !isYear, lineStyle: {color: theme.line}},
      axisLabel: {...text, show: bottomOne, hideOverlap: true, ...label}, axisPointer: {lineStyle: {color: theme.muted}, label: {show: false}},
    };
  });

  const series = spec.series.filter(s => !hidden.has(s.label)).map(s => {
    const colour = s.colour();
    const bar = s.type === 'bar';
    return {
      type: s.type, name: s.tip || s.label, xAxisIndex: s.panel || 0, yAxisIndex: axisOf[s.panel || 0][s.right ? 1 : 0], stack: s.stack,
      data: spec.rows.map(r => [point(r), r[s.name] ?? null]), color: colour,
      itemStyle: {color: colour}, animation: false, z: bar ? 2 : 3,
      ...(bar ? {barMaxWidth: 46, barGap: '8%', barCategoryGap: isDate ? 0 : '30%', ...(isDate ? {barMinWidth: 1} : {}), ...(s.full ? {barWidth: '96%'} : {})}
              : {symbol: isYear ? (s.symbol || 'circle') : 'none', symbolSize: isYear ? 6 : 4, connectNulls: s.connect || false,
                 lineStyle: {color: colour, width: s.width || (isDate ? 1.6 : 2.2), type: s.dashed ? [6, 4] : 'solid'}}),
    };
  });
  if (withEvents) {
    panels.forEach((_, i) => {
      const mark = markers(from, to);
      if (i > 0) mark.data.forEach(line => { line.label.show = false; });
      series.push({type: 'line', name: 'events', xAxisIndex: i, yAxisIndex: axisOf[i][0], data: [], markLine: mark, animation: false, z: 1});
    });
  }
  (spec.lines || []).forEach(line => series.push({
    type: 'line', name: 'events', data: [], animation: false, markLine: {silent: true, symbol: 'none', animation: false,
      label: {formatter: line.label, color: theme.ink, fontSize: 12, position: 'end'}, lineStyle: {color: theme.ink, type: 'dashed', width: 1.2}, data: [{xAxis: line.at}]}}));

  const units = new Map(spec.series.map(s => [s.tip || s.label, s]));
  const tooltip = params => {
    const at = params[0].axisValue;
    const heading = isDate ? dayInWords(new Date(at).toISOString().slice(0, 10)) : isYear ? String(yearOf(at)) : spec.x.words(at);
    const reach = (spec.near || 3) * 864e5;
    const near = !withEvents ? []
        : isDate ? events.filter(e => Math.abs(time(e.date) - at) <= reach && (e.kind !== 'issue' || Math.abs(time(e.date) - at) <= 864e5))
                 : events.filter(e => e.kind === 'policy' && yearOf(time(e.date)) === yearOf(at));
    return `<div class="tip"><b>${heading}</b>` + params.filter(p => p.value[1] !== null && units.has(p.seriesName)).map(p => {
      const s = units.get(p.seriesName);
      if (s.hideZero && !p.value[1]) return '';
      return `<div class="row"><span>${p.marker}${escaped(p.seriesName)}</span><b>${number(p.value[1], s.digits ?? digitsFor(p.value[1]))} ${escaped(s.unit)}</b></div>`;
    }).join('') + eventLines(near) + '</div>';
  };

  const chart = echarts.getInstanceByDom(element) || echarts.init(element, null, {renderer: 'canvas'});
  chart.setOption({
    useUTC: true, textStyle: {fontFamily: theme.font}, animation: false, grid: grids, xAxis: xAxes, yAxis: yAxes, series,
    axisPointer: {link: [{xAxisIndex: 'all'}]},
    tooltip: {trigger: 'axis', confine: true, backgroundColor: theme.panel, borderColor: theme.line, textStyle: {color: theme.ink, fontSize: 13},
              axisPointer: {type: 'line', snap: !isDate}, formatter: tooltip},
    ...(spec.zoom ? {dataZoom: [{type: 'slider', xAxisIndex: panels.map((_, i) => i), bottom: 6, height: 24, left, right, filterMode: 'filter', showDetail: false, showDataShadow: spec.shadow !== false,
                                 borderColor: theme.line, fillerColor: theme.accent + '22', handleStyle: {color: theme.panel, borderColor: theme.muted},
                                 moveHandleStyle: {color: theme.line}, dataBackground: {lineStyle: {color: theme.muted}, areaStyle: {color: theme.grid}},
                                 selectedDataBackground: {lineStyle: {color: theme.accent}, areaStyle: {color: theme.accent + '33'}},
                                 brushSelect: false}]} : {}),
  }, true);
  chart.resize();
}

// A figure: title, selectors, chart, "Copy data as CSV", table, note. `make(choice)` gives the chart's spec; `choice` holds
// the selectors' values. Without rows the figure is a sentence.
function figure(section, title, make, selectors = []) {
  const box = document.createElement('figure');
  const choice = Object.fromEntries(selectors.map(s => [s.name, s.value]));
  box.innerHTML = `<div class="head"><h4>${escaped(title)}</h4><div class="selectors"></div></div><div class="legend"></div><div class="chart" role="img"></div>` +
      '<div class="foot"><details><summary>Show as a table</summary></details></div><figcaption></figcaption>';
  const element = box.querySelector('.chart'), legend = box.querySelector('.legend'), details = box.querySelector('details');
  const hidden = new Set();
  $(section).append(box);
  let spec;
  const columns = () => spec.columns ||
      [{name: spec.xName || spec.x, label: spec.x === 'date' ? 'Day' : 'Year', text: true}, ...spec.series.map(s => ({digits: 2, ...s}))];
  const fillTable = () => {
    if (!details.open) return;
    details.querySelector('.scroll')?.remove();
    const table = tableElement(columns(), spec.tableRows || spec.rows);
    table.setAttribute('role', 'region');
    table.setAttribute('aria-label', `${title}, as a table`);
    details.append(table);
  };
  const fillLegend = () => {
    const entries = unique(spec.series.map(s => s.label)).map(label => spec.series.find(s => s.label === label));
    legend.replaceChildren(...(entries.length < 2 ? [] : entries.map(s => {
      const button = document.createElement('button');
      button.type = 'button';
      button.ariaPressed = String(!hidden.has(s.label));
      button.title = 'Show or hide';
      button.innerHTML = `<i class="${s.type}${s.dashed ? ' dashed' : ''}" style="color:${s.colour()}"></i>${escaped(s.label)}`;
      button.onclick = () => {
        if (!hidden.delete(s.label)) hidden.add(s.label);
        button.ariaPressed = String(!hidden.has(s.label));
        draw(element, spec, hidden);
      };
      return button;
    })));
  };
  const redraw = () => {
    spec = make(choice);
    element.setAttribute('aria-label', `Chart: ${title}. ${spec.note || ''} The same data follows as a table.`);
    box.querySelector('figcaption').textContent = spec.note || '';
    element.hidden = legend.hidden = Boolean(spec.empty);
    fillLegend();
    if (!spec.empty) draw(element, spec, hidden);
    fillTable();
  };
  for (const s of selectors) {
    const label = document.createElement('label'), select = document.createElement('select');
    label.textContent = `${s.label} `;
    for (const [value, words] of s.options) select.add(new Option(words, value, value === s.value, value === s.value));
    select.onchange = () => { choice[s.name] = s.options[select.selectedIndex][0]; redraw(); };
    label.append(select);
    box.querySelector('.selectors').append(label);
  }
  box.querySelector('.foot').append(copyButton(() => csv(columns(), spec.tableRows || spec.rows)));
  details.ontoggle = fillTable;
  redraw();
  redraws.push(redraw);
  return redraw;
}

// A table that is always visible, with the same button.
function tableFigure(place, title, columns, body, options = {}) {
  const box = document.createElement('figure');
  box.innerHTML = `<div class="head"><h4>${escaped(title)}</h4></div>`;
  const table = tableElement(columns, body, options);
  table.setAttribute('role', 'region');
  table.setAttribute('aria-label', title);
  box.append(table);
  const foot = document.createElement('div');
  foot.className = 'foot';
  foot.append(copyButton(() => csv(columns, body)));
  box.append(foot);
  if (options.note) box.insertAdjacentHTML('beforeend', `<figcaption>${escaped(options.note)}</figcaption>`);
  (typeof place === 'string' ? $(place) : place).append(box);
  return box;
}

const paragraph = (section, text, kind = '') => $(section).insertAdjacentHTML('beforeend', `<p class="${kind}">${escaped(text)}</p>`);
const nothing = (section, text) => paragraph(section, text, 'nothing');
const series = (name, label, unit, type, colour, more = {}) => ({name, label, unit, type, colour: () => theme[colour] || colour, ...more});

// ---------------------------------------------------------------- the sections

const yearly = years.map(year => {
  const all = ofYear(sectorYears, year), under = all.filter(r => r.cap_t > 0), ledger = ofYear(rows('ledger'), year)[0];
  return {
    year, verified: sum(all, r => r.verified_t) / 1e6, baseline: sum(all, r => r.baseline_t) / 1e6, free: sum(all, r => r.allocated_t) / 1e6,
    sold: ledger ? ledger.sold_t / 1e6 : null, bank: ledger ? ledger.held_after_t / 1e6 : null, cap: under.length ? sum(under, r => r.cap_t) / 1e6 : null,
    underCap: sum(under, r => r.verified_t) / 1e6, sectors: all.length, firms: sum(all, r => r.firms),
  };
});
const closed = yearly.filter(r => !openYears.includes(r.year));
const daily = rows('daily').filter(r => r.price !== null);
const yearlyPrice = rows('yearly_price');
// The years that were traded in; an emission year before the first day has obligations but no price.
const tradedYears = years.filter(y => yearlyPrice.some(r => r.year === y));
const revenue = rows('revenue');
const cbam = rows('cbam');

function story() {
  const title = run.title || run.scenario || 'A run';
  $('eyebrow').textContent = ['CapClear', run.scenario && `scenario ${run.scenario}`, run.seed && `seed ${run.seed}`].filter(Boolean).join(' · ');
  if (!daily.length || !closed.length) {
    $('story-text').textContent = `“${title}” left no full year of trading to tell about.`;
    return;
  }
  const say = [];
  const a = closed[0], z = last(closed), top = yearlyPrice.reduce((m, r) => (r.mean_cny > m.mean_cny ? r : m));
  say.push(`From ${dayInWords(daily[0].date)} to ${dayInWords(last(daily).date)}, ${count(Math.max(...yearly.map(r => r.firms)), 'firm')} in ${smallNumber(sectorIds.length)} sectors ` +
           `trade under the rules of “${title}”.`);
  say.push(`An allowance costs ${price(daily[0].price)} on the first day and ${price(last(daily).price)} on the last; the dearest year is ${top.year}, at ${price(top.mean_cny)} on average.`);
  say.push(`Verified emissions are ${mt(a.verified * 1e6)} in ${a.year} (${smallNumber(a.sectors)} sectors) and ${mt(z.verified * 1e6)} in ${z.year}` +
           `${z.sectors === a.sectors ? '' : ` (${smallNumber(z.sectors)} sectors)`}, which is ${percent(1 - z.verified / z.baseline)} less than the same demand would cause without a carbon price.`);
  if (capped.length) {
    const firstYear = capped[0].year, ends = ofYear(capped, z.year).filter(r => r.paid_share > 0).map(r => r.paid_share);
    say.push(`Absolute caps begin with vintage ${firstYear} and cover ${percent(z.underCap / z.verified, 0)} of emissions in ${z.year}` +
             `${ends.length ? `, when between ${percent(Math.min(...ends), 0)} and ${percent(Math.max(...ends), 0)} of a cap is sold rather than given`.replace(/between (\S+) and \1/, '$1') : ''}.`);
  } else {
    say.push('No sector ever has a cap: free allowances follow output, so scarcity comes only from benchmarks that are stricter than what firms emit.');
  }
  say.push(hasAuction ? `Auctions sell ${mt(sum(revenue, r => r.sold_t))} for ${money(sum(revenue, r => r.revenue_cny))}.` : 'Nothing is auctioned.');
  if (assessed.length) {
    const shorts = sum(assessed, r => r.short);
    say.push(`${percent(1 - sum(assessed, r => r.shortfall_t) / sum(assessed, r => r.obligation_t), 2)} of all obligations are met in time` +
             `${shorts ? `; ${count(shorts, 'firm-year')} fall short and cost ${money(sum(assessed, r => r.fine_cny))} in fines` : ''}.`);
  }
  if (cbam.length) {
    const gross = sum(cbam, r => r.gross_eur), cut = sum(cbam, r => r.deduction_eur);
    say.push(`At Europe’s border the same years cost exporters ${money(sum(cbam, r => r.net_eur), 'EUR')}` +
             `${cut > 0 ? `, after a deduction of ${money(cut, 'EUR')} (${percent(cut / gross)}) for the price paid in China` : ', with nothing deducted for a price paid in China'}.`);
  }
  $('story-text').textContent = say.join(' ');
}

function numbers() {
  const cards = [];
  const card = (label, value, unit, beside) => cards.push({label, value, unit, beside});
  if (yearlyPrice.length) {
    const a = yearlyPrice[0], z = last(yearlyPrice);
    card(`Mean headline price, ${z.year}`, number(z.mean_cny, 2), 'CNY/t', `${a.year}: ${number(a.mean_cny, 2)}`);
    const high = daily.reduce((m, r) => (r.price > m.price ? r : m)), low = daily.reduce((m, r) => (r.price < m.price ? r : m));
    card('Highest and lowest close', `${number(low.price, 0)} – ${number(high.price, 0)}`, 'CNY/t', `low ${dayInWords(low.date)}, high ${dayInWords(high.date)}`);
    const traded = sum(daily, r => r.listed_t + r.block_t);
    card('Traded on the exchange', short(traded / 1e9), 'bn t', `${percent(sum(daily, r => r.block_t) / traded, 0)} of it in blocks`);
  }
  if (closed.length) {
    const z = last(closed);
    card(`Verified emissions, ${z.year}`, number(z.verified), 'Mt', `${number(z.baseline - z.verified)} Mt below the path without a price`);
    card(`Under an absolute cap, ${z.year}`, percent(z.underCap / z.verified, 0), '', capped.length ? `first cap: vintage ${capped[0].year}` : 'no cap in this scenario');
  }
  card('Auction revenue', hasAuction ? short(sum(revenue, r => r.revenue_cny) / 1e9) : 'none', hasAuction ? 'CNY bn' : '',
       hasAuction ? `${mt(sum(revenue, r => r.sold_t))} sold in ${count(sum(revenue, r => r.auctions), 'auction')}` : 'no auction in this scenario');
  if (assessed.length) {
    card('Obligations met in time', percent(1 - sum(assessed, r => r.shortfall_t) / Math.max(1, sum(assessed, r => r.obligation_t)), 2), '',
         `fines of ${money(sum(assessed, r => r.fine_cny))}`);
  }
  if (cbam.length) {
    const z = last(cbam).year, rowsOf = ofYear(cbam, z);
    card(`CBAM bill, ${z}`, short(sum(rowsOf, r => r.net_eur) / 1e6), 'EUR m', `without the deduction: ${money(sum(rowsOf, r => r.gross_eur), 'EUR')}`);
  }
  const ledger = rows('ledger');
  if (ledger.length) card('Held by firms at the end', short(last(ledger).held_after_t / 1e6), 'Mt', `at the start: ${mt(ledger[0].held_before_t)}`);
  $('numbers').insertAdjacentHTML('beforeend', '<dl class="cards">' + cards.map(c =>
      `<div class="card"><dt>${escaped(c.label)}</dt><dd class="value">${escaped(c.value)} <small>${escaped(c.unit)}</small></dd><dd class="beside">${escaped(c.beside)}</dd></div>`).join('') + '</dl>');
}

function dailyPrice() {
  if (!daily.length) return nothing('price', 'Nothing was listed for trading in this run.');
  figure('price', 'Headline price and volume by day', () => ({
    x: 'date', zoom: true, panels: [{height: narrow() ? 200 : 250, left: {name: 'Price (CNY/t)', scale: true}}, {height: 110, left: {name: 'Volume (Mt)', short: 'Mt'}}],
    rows: daily.map(r => ({...r, listed: r.listed_t / 1e6, block: r.block_t / 1e6, auction: r.auction_t / 1e6})),
    series: [series('price', 'Headline price', 'CNY/t', 'line', 'price', {digits: 2}),
             series('listed', 'Listed', 'Mt', 'bar', 'listed', {panel: 1, stack: 'volume', digits: 3}),
             series('block', 'Blocks', 'Mt', 'bar', 'block', {panel: 1, stack: 'volume', digits: 3}),
             ...(hasAuction ? [series('auction', 'Auction', 'Mt', 'bar', 'auction', {panel: 1, stack: 'volume', digits: 3, hideZero: true})] : [])],
    columns: [{name: 'date', label: 'Day', text: true}, {name: 'instrument', label: 'Headline instrument', text: true}, {name: 'price', label: 'Headline price', unit: 'CNY/t', digits: 2},
              {name: 'listed_t', label: 'Listed', unit: 't'}, {name: 'block_t', label: 'Blocks', unit: 't'}, {name: 'auction_t', label: 'Auction', unit: 't'}],
    note: 'Drag the handles below the chart to look closer. Numbered lines are policy steps, dashed lines are deadlines for surrender; hover near one to read it.',
  }));
  if (policyDates.length) {
    const items = policyDates.map(date => `<li><b>${events.filter(e => e.date === date && e.kind === 'policy').map(e => escaped(e.label)).join('; ')}</b>, ${dayInWords(date)}</li>`);
    $('price').insertAdjacentHTML('beforeend', `<ol class="steps" aria-label="Policy steps, as numbered in the charts">${items.join('')}</ol>`);
  }
}

function auctions() {
  const weekly = rows('weekly').map(r => ({...r, auction: r.auction_cny || null, certificate: r.certificate_eur || null, european: r.eu_auction_eur || null,
                                           cover: r.reserve_cny === null ? null : r.cover_ratio, sold: r.sold_t / 1e6}));
  if (!weekly.length) return nothing('auctions', 'This run recorded no weeks.');
  const european = rows('european')[0];
  if (hasAuction) {
    const n = sum(revenue, r => r.auctions), floor = sum(revenue, r => r.at_reserve);
    paragraph('auctions', `The paid share of the caps is sold every week in a sealed-bid auction at one price. Of ${count(n, 'auction')}, ${floor ? number(floor) : 'none'} ended at the reserve price.`);
  } else {
    nothing('auctions', 'This scenario has no Chinese auction, so there is no auction price, reserve price or cover ratio to show.');
  }
  const domestic = (value('cbam.source') || {}).plain === 'domestic';
  paragraph('auctions', `The certificate is what an importer into the European Union surrenders for a tonne embedded in goods. In this scenario its price follows ${domestic ? 'the scheme’s own auction' : 'the European auctions with the law’s lag'}; it is in euro${hasAuction ? ', on its own axis' : ''}.` +
      (european && european.facts && !domestic ? ` ${number(european.facts)} of the ${number(european.auctions)} European auctions behind it are published results (volume-weighted EUR ${number(european.fact_eur, 2)}), the rest are simulated.` : ''));
  figure('auctions', hasAuction ? 'Auction price, reserve price, cover ratio and certificate price by week' : 'CBAM certificate price by week', () => ({
    x: 'date', xName: 'monday', zoom: true, near: 6, rows: weekly,
    panels: hasAuction ? [{height: narrow() ? 200 : 250, left: {name: 'Chinese auction (CNY/t)', short: 'CNY/t'}, right: {name: 'Certificate (EUR/t)', short: 'EUR/t'}},
                          {height: 100, left: {name: 'Cover ratio', short: 'Cover'}}]
                       : [{height: 240, left: {name: 'Price (EUR/t)', scale: true}}],
    series: [...(hasAuction ? [series('auction', 'Auction price', 'CNY/t', 'line', 'auction', {digits: 2, connect: true}),
                               series('reserve_cny', 'Reserve price', 'CNY/t', 'line', 'floor', {digits: 2, dashed: true, connect: true})] : []),
             series('certificate', 'CBAM certificate', 'EUR/t', 'line', 'foreign', {digits: 2, right: hasAuction}),
             ...(hasAuction ? [series('cover', 'Cover ratio', 'bid per offered', 'bar', 'auction', {panel: 1, digits: 2})] : [])],
    columns: [{name: 'week', label: 'Week', text: true}, {name: 'monday', label: 'Monday', text: true}, {name: 'auction', label: 'Auction price', unit: 'CNY/t', digits: 2},
              {name: 'reserve_cny', label: 'Reserve price', unit: 'CNY/t', digits: 2}, {name: 'cover', label: 'Cover ratio', unit: 'bid per offered', digits: 2},
              {name: 'sold_t', label: 'Sold', unit: 't'}, {name: 'headline_cny', label: 'Headline price', unit: 'CNY/t', digits: 2},
              {name: 'european', label: 'European auctions', unit: 'EUR/t', digits: 2}, {name: 'certificate', label: 'CBAM certificate', unit: 'EUR/t', digits: 2}],
    note: hasAuction ? 'Cover ratio: volume bid over volume offered; below 1 the auction sells what was bid, at the reserve price.' : '',
  }));
}

function emissions() {
  if (!yearly.length) return nothing('emissions', 'No emission year was recorded.');
  const a = closed.find(r => r.bank !== null), z = last(closed);
  if (a && z.bank !== null) {
    paragraph('emissions', `${z.baseline > z.verified ? `In ${z.year} firms emit ${number(z.baseline - z.verified)} Mt less than the same demand would cause without a price. ` : ''}` +
        `They hold ${mt(a.bank * 1e6)} at the end of ${a.year} and ${mt(z.bank * 1e6)} at the end of ${z.year}: what is saved for later years.`, 'finding');
  }
  figure('emissions', 'Supply and emissions by year, and what firms hold', () => ({
    x: 'year', rows: yearly, panels: [{height: 260, left: {name: 'Allowances, emissions (Mt)', short: 'Mt'}}, {height: 90, left: {name: 'Held (Mt)'}}],
    series: [series('free', 'Free allocation', 'Mt', 'bar', 'free', {stack: 'supply'}),
             ...(hasAuction ? [series('sold', 'Sold at auction', 'Mt', 'bar', 'auction', {stack: 'supply'})] : []),
             series('verified', 'Emissions', 'Mt', 'line', 'emissions'), series('baseline', 'Emissions without a price', 'Mt', 'line', 'baseline', {dashed: true}),
             ...(capped.length ? [series('cap', 'Cap (capped sectors)', 'Mt', 'line', 'cap', {symbol: 'diamond'})] : []),
             series('bank', 'Held by firms at the year’s end', 'Mt', 'bar', 'bank', {panel: 1})],
    note: (capped.length ? 'The cap binds only the sectors that have one; the others add to emissions and free allocation. ' : 'No sector has a cap in this scenario. ') +
          'Allocation and emissions are of the emission year, auctions and holdings of the calendar year.' +
          (openYears.length ? ` ${list(openYears.map(String))}: not yet verified and allocated when the run ends.` : ''),
  }));
}

function caps() {
  if (!capped.length) {
    return nothing('caps', 'No sector has a cap in this scenario. Supply follows output, so there is no path to hold emissions against; the benchmarks’ strictness shows in who is short and who is long.');
  }
  const ids = sectorIds.filter(id => capped.some(r => r.sector === id));
  figure('caps', 'Cap, emissions and emissions without a price', choice => ({
    x: 'year', panels: [{height: 280, left: {name: 'Emissions, allowances (Mt)', short: 'Mt', scale: choice.sector !== 'all'}}],
    rows: years.map(year => {
      const of = ofYear(sectorYears, year).filter(r => (choice.sector === 'all' ? r.cap_t > 0 : r.sector === choice.sector));
      const total = name => (of.length ? sum(of, r => r[name]) / 1e6 : null);
      return {year, cap: of.length && sum(of, r => r.cap_t) ? total('cap_t') : null, baseline: total('baseline_t'), verified: total('verified_t'), free: total('allocated_t'), n: of.length};
    }),
    series: [series('free', 'Free allocation', 'Mt', 'bar', 'free'), series('cap', 'Cap', 'Mt', 'line', 'cap', {symbol: 'diamond'}), series('verified', 'Emissions', 'Mt', 'line', 'emissions'),
             series('baseline', 'Emissions without a price', 'Mt', 'line', 'baseline', {dashed: true})],
    note: choice.sector === 'all' ? 'Only sectors that have a cap in the year: the total grows when a sector joins, not because emissions grow.' : 'A cap below the dashed line is one that costs something to keep. The vertical axis need not start at 0.',
  }), [{name: 'sector', label: 'Sector', value: 'all', options: [['all', 'All capped'], ...ids.map(id => [id, sectorTitle(id)])]}]);
}

function ledger() {
  const ledgers = rows('ledger');
  if (!ledgers.length) return nothing('ledger', 'No calendar year was closed in this run.');
  const wrong = ledgers.filter(r => r.check_t !== 0);
  paragraph('ledger', 'Every allowance that firms could use, by calendar year, in tonnes: what they held, what came in, what went out, what is left.');
  paragraph('ledger', wrong.length ? `The ledger does not add up in ${list(wrong.map(r => String(r.year)))}.` : `All ${smallNumber(ledgers.length)} years add up to the tonne.`, wrong.length ? 'wrong' : 'finding');
  const items = [
    ['held_before_t', 'Held by firms before', ''], ['issued_free_t', '+ issued free', ''], ['taken_back_t', '− taken back', ''], ['sold_t', '+ sold at auction', ''],
    ['offsets_used_t', '+ offsets used', ''], ['obligations_met_t', '− obligations met', ''], ['expired_t', '− expired', ''], ['cancelled_t', '− cancelled', ''],
    ['held_after_t', '= held by firms after', 'sum'], ['check_t', 'Check (must be 0)', 'check'], ['containment_t', 'Of the sold: containment', 'beside'],
    ['converted_t', 'Converted to a later vintage', 'beside'], ['reserve_t', 'Withheld: reserve', 'beside'], ['stability_t', 'Withheld: stability stock', 'beside'],
    ['unsold_stock_t', 'Withheld: unsold, to be offered again', 'beside']];
  const body = items.map(([name, item, kind]) => ({item, kind, ...Object.fromEntries(ledgers.map(r => [`y${r.year}`, r[name]]))}));
  const box = tableFigure('ledger', 'Scarcity ledger (t)', [{name: 'item', label: 'Tonnes', text: true}, ...ledgers.map(r => ({name: `y${r.year}`, label: String(r.year)}))], body,
      {rowClass: r => r.kind, note: 'Below the check, what stands beside the ledger at the year’s end: withheld from firms, and conversion, which nets to zero.'});
  box.querySelectorAll('tr.check td').forEach((cell, i) => {
    cell.className = ledgers[i].check_t === 0 ? 'right' : 'wrong';
    cell.textContent = ledgers[i].check_t === 0 ? '0 ✓' : `${number(ledgers[i].check_t)} ✗`;
  });
}

function positions() {
  if (!sectorYears.length) return nothing('positions', 'No emission year was recorded.');
  paragraph('positions', 'Free allocation less emissions, firm by firm, before any trade. A sector’s long firms stand above the line, its short ones below: both exist in the same sector and year, and that is what trade is for.' +
      (capped.length ? ' Under a cap with a paid share nearly every firm is short of free units: it must buy the rest at auction.' : ''));
  const make = () => ({
    x: 'year', panels: [{height: 320, left: {name: 'Short (−) and long (+), Mt', short: 'Mt'}}],
    rows: years.map(year => Object.fromEntries([['year', year], ...ofYear(sectorYears, year).flatMap(r => [[`long_${r.sector}`, r.long_t / 1e6], [`short_${r.sector}`, -r.short_t / 1e6]])])),
    series: sectorIds.flatMap(id => ['long', 'short'].map(side => ({name: `${side}_${id}`, label: sectorTitle(id), tip: `${sectorTitle(id)}, ${side}`, unit: 'Mt', type: 'bar', stack: 'position',
                                                                    colour: () => sectorColour(id), hideZero: true}))),
    tableRows: sectorYears.map(r => ({...r, title: sectorTitle(r.sector), net: r.long_t - r.short_t})),
    columns: [{name: 'title', label: 'Sector', text: true}, {name: 'year', label: 'Year', text: true}, {name: 'long_t', label: 'Long firms', unit: 't'}, {name: 'short_t', label: 'Short firms', unit: 't'},
              {name: 'net', label: 'Net', unit: 't'}, {name: 'firms', label: 'Firms'}, {name: 'firms_short', label: 'Short firms'}],
    note: 'Long firms above the line, short firms below it.',
  });
  figure('positions', 'Sum of long and of short firms, by sector and year', make);
}

function margin() {
  if (!tradedYears.length) return nothing('margin', 'No emission year with a price was recorded.');
  paragraph('margin', 'What one more tonne really costs a firm, when the allocation that the tonne brings or loses is counted in. Under a cap, or a benchmark on output, it is the full price. ' +
      'Where allocation follows emissions, most of the price is given back: under the ± 3% band about 15% of it remains, and where allocation equals emissions nothing does.');
  figure('margin', 'Effective price of one more tonne, by sector', choice => ({
    x: 'year', panels: [{height: 280, left: {name: choice.measure === 'price' ? 'Effective price (CNY/t)' : '% of the price', short: choice.measure === 'price' ? 'CNY/t' : '%'}}],
    rows: tradedYears.map(year => Object.fromEntries([['year', year], ...ofYear(sectorYears, year).map(r => [r.sector, choice.measure === 'price' ? r.marginal_price_cny : 100 * r.marginal_share])])),
    series: sectorIds.map(id => ({name: id, label: sectorTitle(id), unit: choice.measure === 'price' ? 'CNY/t' : '%', type: 'line', colour: () => sectorColour(id), digits: choice.measure === 'price' ? 2 : 1})),
    note: 'Mean over the sector’s firms, weighted by emissions. Lines of sectors under the same rule lie on one another.',
  }), [{name: 'measure', label: 'Shown', value: 'price', options: [['price', 'CNY per tonne'], ['share', 'share of the price']]}]);
  tableFigure('margin', 'Effective price at the margin: CNY/t (share of the year’s mean price)',
      [{name: 'sector', label: 'Sector', text: true}, ...tradedYears.map(y => ({name: `y${y}`, label: String(y), html: v => escaped(v ?? '–')}))],
      sectorIds.map(id => ({sector: sectorTitle(id), ...Object.fromEntries(sectorYears.filter(r => r.sector === id)
          .map(r => [`y${r.year}`, `${number(r.marginal_price_cny, 1)} (${percent(r.marginal_share, 0)})`]))})));
}

function complianceSection() {
  if (!assessed.length) return nothing('compliance', 'No deadline passed in this run, so no obligation has been assessed.');
  const shorts = sum(assessed, r => r.short);
  paragraph('compliance', shorts ? `${count(shorts, 'time')} a firm misses its obligation, out of ${number(sum(assessed, r => r.assessed))} assessments; fines come to ${money(sum(assessed, r => r.fine_cny))}.`
                                 : `Every firm meets its obligation in all of ${number(sum(assessed, r => r.assessed))} assessments; there are no fines.`, 'finding');
  const body = assessed.map(r => ({...r, units: r.surrendered_t / 1e6, offsets: r.offsets_t / 1e6, shortfall: r.shortfall_t / 1e6, fine: r.fine_cny / 1e9, rate: 100 * r.compliant / r.assessed}));
  figure('compliance', 'How obligations are met, by emission year', () => ({
    x: 'year', rows: body, panels: [{height: 230, left: {name: 'Obligation (Mt)', short: 'Mt'}}, {height: 90, left: {name: 'Fines (CNY bn)', short: 'CNY bn'}}],
    series: [series('units', 'Allowances surrendered', 'Mt', 'bar', 'free', {stack: 'met'}), series('offsets', 'Offsets', 'Mt', 'bar', 'auction', {stack: 'met'}),
             series('shortfall', 'Shortfall', 'Mt', 'bar', 'cap', {stack: 'met', digits: 3}), series('fine', 'Fines', 'CNY bn', 'bar', 'fine', {panel: 1, digits: 3})],
    columns: [{name: 'year', label: 'Emission year', text: true}, {name: 'assessed', label: 'Firms assessed'}, {name: 'compliant', label: 'Compliant'}, {name: 'short', label: 'Short'},
              {name: 'rate', label: 'Compliant', unit: '%', digits: 2}, {name: 'obligation_t', label: 'Obligation', unit: 't'}, {name: 'surrendered_t', label: 'Surrendered', unit: 't'},
              {name: 'offsets_t', label: 'Offsets', unit: 't'}, {name: 'shortfall_t', label: 'Shortfall', unit: 't'}, {name: 'fine_cny', label: 'Fines', unit: 'CNY'}],
    note: 'The obligation for a year is due on 31 December of the next one. Offsets may cover a small share of it.',
  }));
}

function costs() {
  const quantiles = rows('cost_quantiles');
  if (!quantiles.length || !tradedYears.length) return nothing('costs', 'No firm had verified emissions in this run.');
  paragraph('costs', 'What carbon costs each firm in a year, net: allowances bought, less allowances sold, plus fines. Firms left of zero earn more by selling than they pay.');
  const withValue = unique(rows('cost_shares').map(r => r.sector));
  const newest = last(tradedYears.filter(y => !openYears.includes(y))) || last(tradedYears);
  const measures = {tonne: {table: 'costs', width: 5, unit: 'CNY per tonne emitted', digits: 0, label: 'Net cost (CNY per tonne emitted)', money: x => `CNY ${number(x)}`},
                    share: {table: 'cost_shares', width: 0.25, unit: '% of product value', digits: 2, label: 'Net cost (% of product value)', money: x => `${number(x, 2)}%`}};
  const table = document.createElement('div');
  const fillTable = year => {
    table.replaceChildren();
    tableFigure(table, `Net cost per tonne emitted, by sector, ${year}`,
        [{name: 'title', label: 'Sector', text: true}, {name: 'firms', label: 'Firms'}, {name: 'p10', label: 'A tenth pay below', unit: 'CNY/t', digits: 2}, {name: 'p50', label: 'Half pay below', unit: 'CNY/t', digits: 2},
         {name: 'p90', label: 'A tenth pay above', unit: 'CNY/t', digits: 2}, {name: 'bn', label: 'Sector, net', unit: 'CNY bn', digits: 2}],
        sectorIds.flatMap(id => quantiles.filter(r => r.sector === id && r.year === year)).map(r => ({...r, title: sectorTitle(r.sector), bn: r.total_cny / 1e9})));
  };
  figure('costs', 'Firms by net cost of carbon', choice => {
    fillTable(choice.year);
    const m = measures[choice.measure];
    const of = rows(m.table).filter(r => r.year === choice.year && (choice.sector === 'all' || r.sector === choice.sector));
    const firms = new Map();
    of.forEach(r => firms.set(r.bin, (firms.get(r.bin) || 0) + r.firms));
    const bins = [...firms.keys()], low = Math.min(-4, ...bins) - 1, high = Math.max(4, ...bins) + 1, body = [];
    for (let bin = low; bin <= high; ++bin) body.push({x: (bin + 0.5) * m.width, from: bin <= -60 ? null : bin * m.width, to: bin >= 119 ? null : (bin + 1) * m.width, firms: firms.get(bin) || 0});
    const total = sum(body, r => r.firms);
    let seen = 0;
    const middle = body.find(r => (seen += r.firms) >= total / 2);
    const words = at => { const r = body.find(b => Math.abs(b.x - at) < m.width / 2) || body[0]; return `${r.from === null ? 'less than' : m.money(r.from) + ' to'} ${r.to === null ? 'more' : m.money(r.to)}`; };
    const steps = [1, 2, 5, 10, 20, 50, 100, 200].find(s => (body.length * m.width) / s <= (narrow() ? 6 : 14));
    return {
      x: {label: m.label, min: Math.floor(low * m.width / steps) * steps, max: Math.ceil((high + 1) * m.width / steps) * steps, step: steps, words}, xName: 'x', rows: body,
      panels: [{height: 240, left: {name: 'Firms'}}], series: [series('firms', 'Firms', 'firms', 'bar', 'price', {digits: 0, full: true})],
      lines: [{at: 0, label: ''}], empty: !total,
      columns: [{name: 'from', label: 'From', unit: m.unit, digits: m.digits}, {name: 'to', label: 'to below', unit: m.unit, digits: m.digits}, {name: 'firms', label: 'Firms'}],
      tableRows: body.filter(r => r.firms),
      note: !total ? (choice.measure === 'share' ? 'The scenario gives no product value for this sector, so there is no share of it.' : 'No firm of this sector in this year.')
                   : `${count(total, 'firm')}; half of them pay less than ${m.money(middle.to ?? middle.from)}${choice.measure === 'share' ? ` of product value. Sectors with a product value: ${list(withValue.map(sectorTitle))}` : ' per tonne emitted'}. The outermost bars hold everything beyond.`,
    };
  }, [{name: 'year', label: 'Year', value: newest, options: tradedYears.map(y => [y, String(y)])},
      {name: 'sector', label: 'Sector', value: 'all', options: [['all', 'All'], ...sectorIds.map(id => [id, sectorTitle(id)])]},
      {name: 'measure', label: 'Measure', value: 'tonne', options: [['tonne', 'CNY per tonne'], ['share', '% of product value']]}]);
  $('costs').append(table);
}

function firm() {
  const f = rows('firm')[0];
  if (!f) return nothing('firm', 'No firm was short and bought allowances in an assessed year, so there is no such year to tell.');
  const s = sectors.find(x => x.sector === f.sector) || {unit: 'units'};
  const paid = f.bought_listed_cny + f.bought_block_cny + f.bought_auction_cny, net = paid - f.sold_cny + f.fine_cny;
  const bought = [[f.bought_auction_t, f.bought_auction_cny, 'at auction'], [f.bought_listed_t, f.bought_listed_cny, 'on the exchange'], [f.bought_block_t, f.bought_block_cny, 'in blocks']]
      .filter(x => x[0] > 0).map(([t, c, where]) => `${number(t)} t ${where} at ${price(c / t)}`);
  const kind = {1: 'short power firms that bought at auction', 2: 'short firms that bought at auction', 3: 'short power firms that bought allowances', 4: 'short firms that bought allowances'}[f.kind];
  paragraph('firm', `Of the ${number(f.alike)} ${kind} in ${f.year}, ${f.kind <= 2 ? 'the first year with such firms under a cap' : 'the first year with such firms'}, the one of middle size.`, 'quiet');
  const lines = [
    `It is ${f.name} (no. ${f.firm}), in ${f.province}${f.unit_class ? `, unit class ${f.unit_class.replaceAll('_', ' ')}` : ''}${f.group ? `, part of ${f.group}` : ''}. It makes ${number(f.output)} ${s.unit} in ${f.year}.`,
    `It gets ${number(f.allocated_t)} t free under the rule “${ruleName(f.rule)}”, ${number(f.pre_allocated_t)} t of them in advance${f.taken_back_t ? `; ${number(f.taken_back_t)} t are taken back` : ''}.`,
    `It emits ${number(f.verified_t)} t, ${number(Math.max(0, f.baseline_t - f.verified_t))} t less than it would without a price; cutting them costs ${money(f.abatement_cny)}. It is short by ${number(f.verified_t - f.allocated_t)} t.`,
    `It buys ${list(bought)}${f.sold_t ? `, and sells ${number(f.sold_t)} t at ${price(f.sold_cny / f.sold_t)}` : ' and sells none'}.`,
    `It surrenders ${number(f.surrendered_t)} t${f.offsets_t ? ` and ${number(f.offsets_t)} t of offsets` : ''}${f.shortfall_t ? `, misses ${number(f.shortfall_t)} t and pays a fine of ${money(f.fine_cny)}` : ', all that is due'}. ` +
        `Carbon costs it ${money(net)} net: ${price(net / f.verified_t)} per tonne emitted${f.product_value_cny ? `, ${percent(net / f.product_value_cny, 2)} of its product’s value` : ''}.`,
  ];
  $('firm').insertAdjacentHTML('beforeend', `<ol class="five">${lines.map(l => `<li>${escaped(l)}</li>`).join('')}</ol>`);
  paragraph('firm', 'Purchases and sales are those of the calendar year, surrender is for the emission year and falls in the next; the difference is bought or banked later.', 'quiet');
}

function cash() {
  const cashRows = rows('cash').filter(r => tradedYears.includes(r.year));
  const total = year => sum(ofYear(cashRows, year), r => r.drawn_cny);
  if (!sum(cashRows, r => r.drawn_cny)) return nothing('cash', 'No firm ever draws on its credit line in this run.');
  const peak = unique(cashRows.map(r => r.year)).reduce((m, y) => (total(y) > total(m) ? y : m));
  paragraph('cash', 'Firms are funded by a credit line, so that scarcity and not the purse sets the price. What they draw is the cash the rules demand.');
  paragraph('cash', `The need is greatest in ${peak}: highest loans of ${money(total(peak))} in all, drawn by ${count(sum(ofYear(cashRows, peak), r => r.borrowers), 'firm')}.`, 'finding');
  figure('cash', 'Highest loan of the year, summed over firms', () => ({
    x: 'year', panels: [{height: 260, left: {name: 'Credit drawn (CNY bn)', short: 'CNY bn'}}],
    rows: unique(cashRows.map(r => r.year)).map(year => Object.fromEntries([['year', year], ...ofYear(cashRows, year).map(r => [r.sector, r.drawn_cny / 1e9])])),
    series: sectorIds.map(id => ({name: id, label: sectorTitle(id), unit: 'CNY bn', type: 'bar', stack: 'cash', colour: () => sectorColour(id), hideZero: true})),
    tableRows: cashRows.map(r => ({...r, title: sectorTitle(r.sector)})),
    columns: [{name: 'title', label: 'Sector', text: true}, {name: 'year', label: 'Year', text: true}, {name: 'drawn_cny', label: 'Sum of highest loans', unit: 'CNY'},
              {name: 'largest_cny', label: 'Largest of one firm', unit: 'CNY'}, {name: 'borrowers', label: 'Firms that borrow'}],
    note: 'Firms reach their highest loan on different days, so the sum is more than is ever drawn at once.',
  }));
}

function revenueSection() {
  if (!hasAuction) return nothing('revenue', 'This scenario sells no allowances at auction, so there is no revenue: all allowances are given free.');
  figure('revenue', 'Auction revenue and volume by year', () => ({
    x: 'year', panels: [{height: 220, left: {name: 'Revenue (CNY bn)', short: 'CNY bn'}}, {height: 90, left: {name: 'Volume (Mt)', short: 'Mt'}}],
    rows: revenue.map(r => ({...r, revenue: r.revenue_cny / 1e9, offered: r.offered_t / 1e6, sold: r.sold_t / 1e6, mean: r.sold_t ? r.revenue_cny / r.sold_t : null})),
    series: [series('revenue', 'Revenue', 'CNY bn', 'bar', 'auction'), series('sold', 'Sold', 'Mt', 'bar', 'free', {panel: 1}), series('offered', 'Offered', 'Mt', 'line', 'emissions', {panel: 1})],
    columns: [{name: 'year', label: 'Year', text: true}, {name: 'auctions', label: 'Auctions'}, {name: 'offered_t', label: 'Offered', unit: 't'}, {name: 'sold_t', label: 'Sold', unit: 't'}, {name: 'unsold_t', label: 'Unsold', unit: 't'},
              {name: 'containment_t', label: 'Containment', unit: 't'}, {name: 'mean', label: 'Mean price', unit: 'CNY/t', digits: 2}, {name: 'at_reserve', label: 'At the reserve price'}, {name: 'revenue_cny', label: 'Revenue', unit: 'CNY'}],
    note: 'Unsold volume is offered again, so the same tonne can count twice in what was offered.',
  }));
}

function cbamSection() {
  if (!cbam.length) return nothing('cbam', 'No exporter of covered goods was recorded.');
  const ids = unique(cbam.map(r => r.sector)), cbamYears = unique(cbam.map(r => r.year));
  const recognised = cbam.filter(r => r.recognised);
  paragraph('cbam', 'Exporters of covered goods to the European Union cause a certificate bill. What was already paid for carbon in China is deducted, once Europe recognises it and where actual data prove it.' +
      (recognised.length ? ` In this scenario that begins with ${recognised[0].year}.` : ' In this scenario it is not recognised, so nothing is deducted.'));
  figure('cbam', 'CBAM bill with and without the deduction', choice => ({
    x: 'year', panels: [{height: 230, left: {name: 'Bill (EUR m)', short: 'EUR m'}}],
    rows: cbamYears.map(year => {
      const of = ofYear(cbam, year).filter(r => choice.sector === 'all' || r.sector === choice.sector);
      return {year, gross: sum(of, r => r.gross_eur) / 1e6, net: sum(of, r => r.net_eur) / 1e6};
    }),
    series: [series('gross', 'Without the deduction', 'EUR m', 'bar', 'free'), series('net', 'With the deduction', 'EUR m', 'bar', 'foreign')],
    tableRows: cbam.map(r => ({...r, title: sectorTitle(r.sector), yes: r.recognised ? 'yes' : 'no'})),
    columns: [{name: 'title', label: 'Sector', text: true}, {name: 'year', label: 'Year', text: true}, {name: 'exporters', label: 'Exporters'}, {name: 'exports_t', label: 'Exports', unit: 't of goods'},
              {name: 'embedded_t', label: 'Embedded', unit: 't'}, {name: 'chargeable_t', label: 'Chargeable', unit: 't'}, {name: 'certificate_eur', label: 'Certificate', unit: 'EUR/t', digits: 2},
              {name: 'gross_eur', label: 'Without deduction', unit: 'EUR'}, {name: 'deduction_eur', label: 'Deduction', unit: 'EUR'}, {name: 'net_eur', label: 'With deduction', unit: 'EUR'},
              {name: 'paid_cny_per_t', label: 'Paid in China', unit: 'CNY/t', digits: 2}, {name: 'break_even_cny', label: 'Break-even', unit: 'CNY/t', digits: 2}, {name: 'yes', label: 'Recognised', text: true}],
    note: 'The bill grows while free allowances in Europe are phased out: a growing part of the embedded tonnes is charged.',
  }), [{name: 'sector', label: 'Sector', value: 'all', options: [['all', 'All'], ...ids.map(id => [id, sectorTitle(id)])]}]);
  const colours = ['price', 'foreign', 'auction', 'block'];
  // While nearly all units are free, the break-even price is far above any price and would flatten the rest.
  const limit = 5 * Math.max(100, ...yearlyPrice.map(r => r.high_cny));
  const beyond = ids.map(id => [id, cbam.filter(r => r.sector === id && r.break_even_cny > limit).map(r => String(r.year))]).filter(([, of]) => of.length);
  figure('cbam', 'The break-even Chinese price', () => ({
    x: 'year', panels: [{height: 240, left: {name: 'CNY per tonne', short: 'CNY/t'}}],
    rows: cbamYears.map(year => Object.fromEntries([['year', year], ['headline', (ofYear(yearlyPrice, year)[0] || {mean_cny: null}).mean_cny],
                                                    ...ofYear(cbam, year).flatMap(r => [[`even_${r.sector}`, r.break_even_cny > limit ? null : r.break_even_cny || null], [`paid_${r.sector}`, r.paid_cny_per_t]])])),
    series: [...ids.flatMap((id, i) => [series(`even_${id}`, `${sectorTitle(id)}: break-even`, 'CNY/t', 'line', colours[i % 4], {dashed: true, digits: 2, symbol: 'diamond'}),
                                        series(`paid_${id}`, `${sectorTitle(id)}: paid per tonne`, 'CNY/t', 'line', colours[i % 4], {digits: 2})]),
             series('headline', 'Mean headline price', 'CNY/t', 'line', 'baseline', {digits: 2})],
    note: 'Break-even: the Chinese price at which the deduction would cover the whole bill, given the share of their emissions that exporters really pay for. ' +
          'Paid: purchases less sales over all emissions; free units cost nothing, so it stays below the market price.' +
          (beyond.length ? ` Not drawn because above ${money(limit)}: ${list(beyond.map(([id, of]) => `${sectorTitle(id)} in ${list(of)}`))} (the bill’s table has the numbers).` : '') +
          (cbam.some(r => r.break_even_cny > 0) ? '' : ' In this scenario nothing is paid that could be deducted, so there is no break-even price.'),
  }));
}

function vintages() {
  const monthly = rows('vintages');
  if (!monthly.length) return nothing('vintages', 'Nothing was listed for trading in this run.');
  paragraph('vintages', 'Every vintage is an instrument of its own. They differ in price by what they can still pay for: the headline price is the close of the oldest vintage that may be surrendered at the next deadline, ' +
      'and it moves to the next vintage when that deadline has passed.');
  const names = unique(monthly.map(r => r.instrument)).sort((a, b) => monthly.find(r => r.instrument === a).vintage - monthly.find(r => r.instrument === b).vintage);
  const colour = i => theme.vintages[Math.round(i * (theme.vintages.length - 1) / Math.max(1, names.length - 1))];
  const byMonth = [...groupBy(monthly, r => r.date.slice(0, 7)).values()].map(of => Object.fromEntries([['date', of.reduce((m, r) => (r.date > m ? r.date : m), '')], ...of.map(r => [r.instrument, r.close])]))
      .sort((a, b) => (a.date < b.date ? -1 : 1));
  figure('vintages', 'Close at the end of each month, by vintage', () => ({
    x: 'date', zoom: true, shadow: false, near: 16, rows: byMonth, panels: [{height: 270, left: {name: 'Price (CNY/t)', scale: true}}],
    series: names.map((name, i) => ({name, label: name, unit: 'CNY/t', type: 'line', colour: () => colour(i), digits: 2, width: 1.8})), note: 'Without a listed trade, a close stays what it was.',
  }));
  const channels = rows('channels');
  const mean = (of, channel) => { const t = sum(of, r => r[`${channel}_t`]); return t ? sum(of, r => r[`${channel}_cny`]) / t : null; };
  const channelRow = of => ({listed: mean(of, 'listed'), block: mean(of, 'block'), auction: mean(of, 'auction'), listed_t: sum(of, r => r.listed_t), block_t: sum(of, r => r.block_t), auction_t: sum(of, r => r.auction_t)});
  figure('vintages', 'Mean price by channel, all vintages', () => ({
    x: 'year', rows: [...groupBy(channels, r => r.year)].map(([year, of]) => ({year, ...channelRow(of)})), panels: [{height: 220, left: {name: 'Price (CNY/t)', scale: true}}],
    series: [series('listed', 'Listed', 'CNY/t', 'line', 'price', {digits: 2}), series('block', 'Blocks', 'CNY/t', 'line', 'block', {digits: 2}),
             ...(hasAuction ? [series('auction', 'Auction', 'CNY/t', 'line', 'auction', {digits: 2})] : [])],
    note: 'Volume-weighted. Listed orders may move within 10% of the previous close, blocks within 30%.',
  }));
  tableFigure('vintages', 'Volume-weighted price and volume by vintage and channel, whole run',
      [{name: 'instrument', label: 'Vintage', text: true}, {name: 'listed', label: 'Listed', unit: 'CNY/t', digits: 2}, {name: 'block', label: 'Blocks', unit: 'CNY/t', digits: 2}, {name: 'auction', label: 'Auction', unit: 'CNY/t', digits: 2},
       {name: 'listed_t', label: 'Listed', unit: 't'}, {name: 'block_t', label: 'Blocks', unit: 't'}, {name: 'auction_t', label: 'Auction', unit: 't'}],
      names.map(instrument => ({instrument, ...channelRow(channels.filter(r => r.instrument === instrument))})));
}

function days() {
  const of = rows('days');
  if (!of.length) return nothing('days', 'Nothing was listed for trading in this run.');
  const limit = sum(of, r => r.upper + r.lower), without = sum(of, r => r.without_trade), all = sum(of, r => r.days);
  paragraph('days', `On ${number(limit)} of ${number(all)} trading days the headline vintage closes at a daily limit, and on ${number(without)} it does not trade at all.`, 'finding');
  figure('days', 'Trading days of the headline vintage, by year', () => ({
    x: 'year', rows: of, panels: [{height: 210, left: {name: 'Days', min: 0, minInterval: 1}}],
    series: [series('upper', 'Close at the upper limit', 'days', 'bar', 'price', {digits: 0}), series('lower', 'Close at the lower limit', 'days', 'bar', 'cap', {digits: 0}), series('without_trade', 'Without a trade', 'days', 'bar', 'floor', {digits: 0})],
    columns: [{name: 'year', label: 'Year', text: true}, {name: 'days', label: 'Trading days'}, {name: 'upper', label: 'At the upper limit'}, {name: 'lower', label: 'At the lower limit'}, {name: 'without_trade', label: 'Without a trade'},
              {name: 'all_days', label: 'All vintages: listed days'}, {name: 'all_limit', label: 'All vintages: at a limit'}, {name: 'all_without_trade', label: 'All vintages: without a trade'}],
    note: 'A trade is listed or in a block. The table also counts the days of all vintages; old and far ones often do not trade.',
  }));
}

function benchmark() {
  const equilibrium = rows('equilibrium');
  const body = yearlyPrice.map(r => { const e = ofYear(equilibrium, r.year)[0]; return {...r, benchmark: e ? e.price_cny : null, high: e ? e.price_cny * 1.5 : null, low: e ? e.price_cny / 1.5 : null, ratio: e && e.price_cny ? r.mean_cny / e.price_cny : null}; });
  const compared = body.filter(r => r.ratio !== null);
  if (!compared.length) return nothing('benchmark', 'No competitive benchmark was solved for this run.');
  paragraph('benchmark', 'The benchmark is the price of the same scenario in a frictionless market: everyone sees the future, trades at no cost, may bank and may not borrow. The distance is what frictions, calendars and expectations do.');
  const inside = compared.filter(r => r.ratio <= 1.5 && r.ratio >= 1 / 1.5), outside = compared.filter(r => !inside.includes(r));
  paragraph('benchmark', `The simulated yearly mean lies within a factor of 1.5 of the benchmark in ${inside.length} of ${compared.length} years${outside.length ? `; not in ${list(outside.map(r => `${r.year} (${number(r.ratio, 2)} times)`))}` : ''}.`, 'finding');
  figure('benchmark', 'Yearly mean of the headline price, and the benchmark', () => ({
    x: 'year', rows: body, panels: [{height: 250, left: {name: 'Price (CNY/t)'}}],
    series: [series('mean_cny', 'Simulated mean', 'CNY/t', 'line', 'price', {digits: 2}), series('benchmark', 'Benchmark', 'CNY/t', 'line', 'cap', {digits: 2, symbol: 'diamond'}),
             series('high', 'Benchmark × 1.5', 'CNY/t', 'line', 'floor', {digits: 2, dashed: true, symbol: 'none', width: 1.2}), series('low', 'Benchmark ÷ 1.5', 'CNY/t', 'line', 'floor', {digits: 2, dashed: true, symbol: 'none', width: 1.2})],
    columns: [{name: 'year', label: 'Year', text: true}, {name: 'mean_cny', label: 'Simulated mean', unit: 'CNY/t', digits: 2}, {name: 'low_cny', label: 'Lowest close', unit: 'CNY/t', digits: 2}, {name: 'high_cny', label: 'Highest close', unit: 'CNY/t', digits: 2},
              {name: 'benchmark', label: 'Benchmark', unit: 'CNY/t', digits: 2}, {name: 'ratio', label: 'Simulated over benchmark', digits: 3}],
    note: 'Mean of the daily headline closes.',
  }));
}

// The scenario's rules as sentences: the keys a sentence speaks of, then the words. A key that ends in '.' takes its first year.
const value = (key, percentOf) => {
  const found = rows('inputs').find(r => (key.endsWith('.') ? r.key.startsWith(key) : r.key === key));
  if (!found) return null;
  const plain = found.value.replace(/^"|"$/g, '');
  return {...found, plain: percentOf ? percent(+plain, 2).replace(/\.?0+%/, '%') : plain, year: found.key.split('.').pop()};
};
const sentences = [
  [['caps.reserve_share%'], r => `Of every cap ${r} is kept back as a reserve for entrants and special cases.`],
  [['auction.first_year', 'auction.reserve_cny.', 'auction.reserve_growth%', 'auction.bidder_limit%'],
   (year, floor, growth, limit) => `From ${year} the paid share of the caps is sold in a weekly sealed-bid auction at one price. The reserve price starts at CNY ${floor} and rises ${growth} a year; one bidder may buy ${limit} of an auction.`, () => hasAuction],
  [['auction.containment.trigger_cny.', 'auction.containment.window'],
   (trigger, window) => `When the mean of ${window} auctions in a row reaches the trigger (CNY ${trigger} at first), the next one offers a part of the stability stock in addition.`, () => hasAuction],
  [['market.listed_band%', 'market.block_band%', 'market.block_from_t'],
   (listed, block, from) => `On the exchange a listed order may stand ${listed} from the previous close, a block (from ${number(+from)} t) ${block}; what is bought can be sold the next trading day.`],
  [['compliance.first_banking_vintage'], year => `Vintages from ${year} may be kept without limit; no vintage pays for a year before its own.`],
  [['carry_over.multiple'], multiple => `Older units live on only by the carry-over rule: ${multiple} times what a firm sold on balance, and a base amount; the rest expires.`],
  [['offsets.limit%'], limit => `Offsets may cover ${limit} of an obligation, as far as the scenario’s supply of them reaches.`],
  [['compliance.fine_first', 'compliance.fine_second', 'compliance.fine_later'],
   (a, b, c) => `A tonne missed at the deadline costs ${a} times the last month’s mean price, ${b} and then ${c} times on repetition, and stays due.`],
  [['credit.line_share%', 'credit.rate%'], (share, rate) => `Firms may borrow up to ${share} of a year’s product value at ${rate} a year.`],
  [['behaviour.discount_mean%'], rate => `Firms discount the future at ${rate} a year on average.`],
  [['cbam.source', 'cbam.cny_per_eur'], (source, rate) => `CBAM certificates are priced by ${source === 'domestic' ? 'the scheme’s own auctions' : 'the European auctions'}; a euro is CNY ${rate}.`],
  [['cbam.recognition_from'], day => `Europe recognises the Chinese price from ${/^\d{4}-/.test(day) ? dayInWords(day) : day}, for exporters that declare actual emissions.`],
];

function ruleSentences() {
  return sentences.filter(([keys, , when]) => (!when || when()) && keys.every(key => value(key.replace('%', '')))).map(([keys, words]) => {
    const values = keys.map(key => value(key.replace('%', ''), key.endsWith('%'))), marks = unique(values.map(v => v.mark));
    return `<li>${escaped(words(...values.map(v => v.plain)))} ${marks.sort().map(markElement).join(' ')}</li>`;
  });
}
const markElement = mark => `<span class="mark ${mark === 'fact' ? 'fact' : ''}">${escaped(mark)}</span>`;

function rules() {
  if (sectorYears.length) {
    const used = unique(sectorYears.map(r => r.rule));
    $('rules').insertAdjacentHTML('beforeend', '<ul>' + used.map(r => `<li><b>${escaped(ruleName(r))}</b>${ruleWords[r] ? `: ${escaped(ruleWords[r][1])}` : ''}</li>`).join('') + '</ul>');
    tableFigure('rules', 'Rule by sector and emission year (cap in Mt, paid share of it)',
        [{name: 'sector', label: 'Sector', text: true}, ...years.map(y => ({name: `y${y}`, label: String(y), html: v => escaped(v ?? '–')}))],
        sectorIds.map(id => ({sector: sectorTitle(id), ...Object.fromEntries(sectorYears.filter(r => r.sector === id)
            .map(r => [`y${r.year}`, r.cap_t > 0 ? `${ruleName(r.rule)} ${short(r.cap_t / 1e6)}, ${percent(r.paid_share, 0)}` : ruleName(r.rule)]))})));
  }
  const told = ruleSentences();
  if (told.length) $('rules').insertAdjacentHTML('beforeend', `<ul class="told">${told.join('')}</ul>`);
  const inputs = rows('inputs');
  if (!inputs.length) return nothing('rules', 'The scenario’s inputs were not recorded.');
  const facts = inputs.filter(r => r.mark === 'fact').length;
  paragraph('rules', `Everything the run was told, ${count(inputs.length, 'value')}: ${count(facts, 'fact')} with a source, ${count(inputs.length - facts, 'assumption')} that anyone may change.`, 'finding');
  $('rules').insertAdjacentHTML('beforeend', '<div class="filter"><input type="search" aria-label="Search the inputs" placeholder="Search key, words, source …"><select aria-label="Show">' +
      '<option value="">facts and assumptions</option><option value="fact">facts</option><option value="assumption">assumptions</option></select><span class="quiet" role="status"></span></div><div id="inputs"></div>');
  const columns = [{name: 'title', label: 'Input', text: true, wrap: true}, {name: 'value', label: 'Value', text: true, wrap: true}, {name: 'unit', label: 'Unit', text: true},
                   {name: 'mark', label: 'Mark', html: markElement}, {name: 'source', label: 'Source or reason', text: true, wrap: true}, {name: 'key', label: 'Key', text: true}];
  const search = document.querySelector('#rules input'), mark = document.querySelector('#rules select'), found = document.querySelector('#rules .quiet');
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = inputs.filter(r => (!mark.value || r.mark === mark.value) && words.every(w => `${r.key} ${r.title} ${r.value} ${r.source}`.toLowerCase().includes(w)));
    found.textContent = words.length || mark.value ? `${count(hits.length, 'input')} found` : '';
    $('inputs').replaceChildren(...[...groupBy(hits, r => (r.key.includes('.') ? r.key.split('.')[0] : 'the run itself'))].map(([group, of]) => {
      const details = document.createElement('details');
      details.className = 'group';
      details.innerHTML = `<summary>${escaped(group.replaceAll('_', ' '))} <span class="quiet">(${of.length})</span></summary>`;
      const fill = () => { if (details.open && !details.querySelector('table')) details.append(tableElement(columns, of)); };
      details.ontoggle = fill;
      details.open = words.length > 0 && hits.length <= 200;
      fill();
      return details;
    }));
  };
  search.oninput = mark.onchange = show;
  show();
}

function calendar() {
  if (!events.length) return nothing('calendar', 'No policy step or deadline was recorded.');
  const kinds = {policy: 'policy step', deadline: 'deadline', issue: 'allocation'};
  tableFigure('calendar', 'What happens when', [{name: 'date', label: 'Day', text: true}, {name: 'words', label: 'Kind', text: true}, {name: 'number', label: 'In the charts', text: true}, {name: 'label', label: 'What', text: true, wrap: true}],
      events.map(e => ({...e, words: kinds[e.kind] || e.kind, number: e.kind === 'policy' ? `line ${policyNumber(e.date)}` : e.kind === 'deadline' ? 'dashed line' : 'in the hover'})));
}

function about() {
  $('about').innerHTML = '<p>Written by CapClear. ' + rows('run').map(r => `${escaped(r.key.replaceAll('_', ' '))}: ${escaped(r.value)}`).join(' · ') + '</p><p>Charts: Apache ECharts, Apache-2.0.</p>';
}

function contents() {
  const items = [...document.querySelectorAll('main > h2.part, main > section')].map(e => e.matches('h2') ? `<li class="part">${e.textContent}</li>` : `<li><a href="#${e.id}">${e.querySelector('h2, h3').textContent}</a></li>`);
  $('contents').innerHTML = `<details><summary>Contents</summary><ol><li><a href="#story">The story</a></li>${items.join('')}</ol></details>`;
  const details = $('contents').querySelector('details'), wide = matchMedia('(min-width: 1120px)');
  const adapt = () => { details.open = wide.matches; };
  adapt();
  wide.onchange = adapt;
  $('contents').onclick = event => { if (event.target.matches('a') && !wide.matches) details.open = false; };
  const links = new Map([...$('contents').querySelectorAll('a')].map(a => [a.hash.slice(1), a]));
  const watcher = new IntersectionObserver(seen => seen.filter(s => s.isIntersecting).forEach(s => {
    links.forEach(a => a.removeAttribute('aria-current'));
    links.get(s.target.id)?.setAttribute('aria-current', 'true');
  }), {rootMargin: '-10% 0px -75% 0px'});
  links.forEach((_, id) => watcher.observe($(id)));
}

[story, numbers, dailyPrice, auctions, emissions, caps, ledger, positions, margin, complianceSection, costs, firm, cash, revenueSection, cbamSection, vintages, days, benchmark, rules, calendar, about, contents]
    .forEach(part => part());

const redrawAll = () => { theme = readTheme(); redraws.forEach(redraw => redraw()); };
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawAll);
let width = window.innerWidth, waiting;
addEventListener('resize', () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(redrawAll, 120);
});
