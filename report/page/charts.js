// Tables, figures and the one chart builder.

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
  holder.innerHTML =
    '<table><thead><tr>' +
    columns
      .map(
        c =>
          `<th scope="col" class="${kind(c)}">${escaped(c.label)}${c.unit ? `<span>${escaped(c.unit)}</span>` : ''}</th>`,
      )
      .join('') +
    '</tr></thead><tbody>' +
    body
      .map(
        row =>
          `<tr class="${rowClass(row)}">` +
          columns
            .map((c, i) => {
              const tag = i === 0 ? 'th' : 'td';
              return `<${tag}${i === 0 ? ' scope="row"' : ''} class="${kind(c)}">${cell(c, row)}</${tag}>`;
            })
            .join('') +
          '</tr>',
      )
      .join('') +
    '</tbody></table>';
  return holder;
}

function csv(columns, body) {
  const field = x => {
    const text = x === null || x === undefined ? '' : String(x);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return (
    [
      columns.map(c => field(c.unit ? `${c.label} (${c.unit})` : c.label)),
      ...body.map(r => columns.map(c => field(r[c.name]))),
    ]
      .map(line => line.join(','))
      .join('\n') + '\n'
  );
}

// The clipboard where the browser lets us, else a field to copy from.
function copyButton(content) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy data as CSV';
  const done = words => {
    button.textContent = words;
    $('announce').textContent = words;
    setTimeout(() => {
      button.textContent = 'Copy data as CSV';
    }, 2500);
  };
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(content());
      done('Copied');
    } catch {
      const field =
        button.closest('figure').querySelector('textarea') || document.createElement('textarea');
      field.value = content();
      field.readOnly = true;
      field.setAttribute('aria-label', 'Data as CSV');
      button.closest('figure').append(field);
      field.select();
      done(
        document.execCommand && document.execCommand('copy') ? 'Copied' : 'Press Ctrl+C to copy',
      );
    }
  };
  return button;
}

const narrow = () => window.innerWidth < 700;
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const value = name => style.getPropertyValue(name).trim();
  const theme = {
    font: getComputedStyle(document.body).fontFamily,
    sectors: value('--sectors').split(/\s+/),
    vintages: value('--vintages').split(/\s+/),
  };
  for (const name of 'ink muted line grid panel paper accent'.split(' ')) {
    theme[name] = value(`--${name}`);
  }
  const colours =
    'price listed block auction floor foreign emissions baseline free cap bank fine policy deadline';
  for (const name of colours.split(' ')) theme[name] = value(`--c-${name}`);
  return theme;
}
let theme = readTheme();
const redraws = [];
const sectorColour = id => theme.sectors[Math.max(0, sectorIds.indexOf(id)) % theme.sectors.length];

// Thin vertical lines: a numbered one for each policy step, a dashed one for each deadline.
function markers(from, to) {
  const visible = date => time(date) >= from && time(date) <= to;
  let previous = -Infinity,
    level = 0;
  const policies = policyDates.filter(visible).map(date => {
    level = time(date) - previous < (to - from) * (narrow() ? 0.08 : 0.045) ? (level + 1) % 3 : 0;
    previous = time(date);
    return {
      xAxis: time(date),
      lineStyle: {color: theme.policy, type: 'solid', width: 1, opacity: 0.65},
      label: {
        show: true,
        formatter: String(policyNumber(date)),
        position: 'end',
        distance: 2 + 12 * level,
        color: theme.policy,
        fontSize: 11,
        opacity: 1,
      },
    };
  });
  const deadlines = deadlineDates.filter(visible).map(date => ({
    xAxis: time(date),
    lineStyle: {color: theme.deadline, type: [2, 4], width: 1, opacity: 0.8},
    label: {show: false},
  }));
  return {silent: true, symbol: 'none', animation: false, data: [...deadlines, ...policies]};
}

// One chart of one or more panels above one another on one horizontal axis.
//   x: 'date', 'year' or {label, min, max, step, words} for plain numbers
//   rows: the data, one object per x; xName: the member that holds x
//   panels: [{height, left: {name, short (on narrow screens), scale, min, minInterval, log}, right}]
//   series: {name (member of a row), label, tip (label in the hover), unit, digits, type, panel, right,
//     stack, colour (function), dashed, width, symbol, connect (over gaps), full (bars without a gap),
//     hideZero (in the hover)}
// What the eye sees is also there as a table and as CSV; columns default to x and the series.
function draw(element, spec, hidden) {
  const isDate = spec.x === 'date',
    isYear = spec.x === 'year',
    isTime = isDate || isYear,
    small = narrow();
  const panels = spec.panels,
    xName = spec.xName || spec.x;
  // A year's values stand at its middle; its policy steps and deadlines find their place beside them.
  const point = row =>
    isDate ? time(row[xName]) : isYear ? Date.UTC(row[xName], 6, 2) : row[xName];
  const from = isYear
    ? Date.UTC(spec.rows[0].year, 0, 1)
    : isDate
      ? point(spec.rows[0])
      : spec.x.min;
  const to = isYear
    ? Date.UTC(last(spec.rows).year + 1, 0, 1)
    : isDate
      ? point(last(spec.rows))
      : spec.x.max;
  const withEvents = isTime && events.length > 0;
  const left = small ? 66 : 76,
    right = panels.some(p => p.right) ? (small ? 58 : 66) : 18,
    gap = 30;
  let y = withEvents ? 42 : 12;
  const grids = panels.map(panel => {
    const grid = {left, right, top: y, height: panel.height};
    y += panel.height + gap;
    return grid;
  });
  element.style.height = `${y - gap + (spec.zoom ? 92 : 48)}px`;

  const lettering = {color: theme.muted, fontSize: 12, fontFamily: theme.font};
  const valueAxis = (axis, i, side) => ({
    type: axis.log ? 'log' : 'value',
    gridIndex: i,
    position: side,
    scale: axis.scale || false,
    min: axis.min,
    minInterval: axis.minInterval,
    splitNumber: panels[i].height < 130 ? 3 : 5,
    name: small && axis.short ? axis.short : axis.name,
    nameLocation: 'middle',
    nameRotate: side === 'left' ? 90 : 270,
    nameGap: small ? (side === 'left' ? 50 : 36) : 56,
    nameTextStyle: lettering,
    axisLabel: {...lettering, fontSize: small ? 11 : 12, formatter: axisNumber},
    splitLine: {show: side === 'left', lineStyle: {color: theme.grid}},
    axisLine: {show: false},
    axisTick: {show: false},
  });
  const yAxes = [],
    axisOf = [];
  panels.forEach((panel, i) => {
    axisOf[i] = [yAxes.push(valueAxis(panel.left, i, 'left')) - 1];
    if (panel.right) axisOf[i].push(yAxes.push(valueAxis(panel.right, i, 'right')) - 1);
  });

  const xAxes = panels.map((_, i) => {
    const bottomOne = i === panels.length - 1;
    const label = isYear
      ? {
          customValues: spec.rows.map(point),
          formatter: at => (small ? `’${String(yearOf(at)).slice(2)}` : String(yearOf(at))),
        }
      : isDate
        ? {}
        : {formatter: v => number(v, spec.x.digits || 0)};
    return {
      type: isTime ? 'time' : 'value',
      gridIndex: i,
      min: from,
      max: to,
      interval: isTime ? undefined : spec.x.step,
      name: bottomOne ? (isDate ? 'Day' : isYear ? 'Year' : spec.x.label) : '',
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: lettering,
      axisLine: {lineStyle: {color: theme.line}, onZero: false},
      splitLine: {show: false},
      axisTick: {show: !isYear, lineStyle: {color: theme.line}},
      axisLabel: {...lettering, show: bottomOne, hideOverlap: true, ...label},
      axisPointer: {lineStyle: {color: theme.muted}, label: {show: false}},
    };
  });

  const series = spec.series
    .filter(s => !hidden.has(s.label))
    .map(s => {
      const colour = s.colour();
      const bars = s.type === 'bar';
      return {
        type: s.type,
        name: s.tip || s.label,
        xAxisIndex: s.panel || 0,
        yAxisIndex: axisOf[s.panel || 0][s.right ? 1 : 0],
        stack: s.stack,
        data: spec.rows.map(r => [point(r), r[s.name] ?? null]),
        color: colour,
        itemStyle: {color: colour},
        animation: false,
        z: bars ? 2 : 3,
        ...(bars
          ? {
              barMaxWidth: 46,
              barGap: '8%',
              barCategoryGap: isDate ? 0 : '30%',
              ...(isDate ? {barMinWidth: 1} : {}),
              ...(s.full ? {barWidth: '96%'} : {}),
            }
          : {
              symbol: isYear ? s.symbol || 'circle' : 'none',
              symbolSize: isYear ? 6 : 4,
              connectNulls: s.connect || false,
              lineStyle: {
                color: colour,
                width: s.width || (isDate ? 1.6 : 2.2),
                type: s.dashed ? [6, 4] : 'solid',
              },
            }),
      };
    });
  if (withEvents) {
    panels.forEach((_, i) => {
      const mark = markers(from, to);
      if (i > 0)
        mark.data.forEach(line => {
          line.label.show = false;
        });
      series.push({
        type: 'line',
        name: 'events',
        xAxisIndex: i,
        yAxisIndex: axisOf[i][0],
        data: [],
        markLine: mark,
        animation: false,
        z: 1,
      });
    });
  }
  (spec.lines || []).forEach(line =>
    series.push({
      type: 'line',
      name: 'events',
      data: [],
      animation: false,
      markLine: {
        silent: true,
        symbol: 'none',
        animation: false,
        label: {formatter: line.label, color: theme.ink, fontSize: 12, position: 'end'},
        lineStyle: {color: theme.ink, type: 'dashed', width: 1.2},
        data: [{xAxis: line.at}],
      },
    }),
  );

  const units = new Map(spec.series.map(s => [s.tip || s.label, s]));
  const tooltip = params => {
    const at = params[0].axisValue;
    const heading = isDate
      ? dayInWords(new Date(at).toISOString().slice(0, 10))
      : isYear
        ? String(yearOf(at))
        : spec.x.words(at);
    const reach = (spec.near || 3) * 864e5;
    const near = !withEvents
      ? []
      : isDate
        ? events.filter(
            e =>
              Math.abs(time(e.date) - at) <= reach &&
              (e.kind !== 'issue' || Math.abs(time(e.date) - at) <= 864e5),
          )
        : events.filter(e => e.kind === 'policy' && yearOf(time(e.date)) === yearOf(at));
    return (
      `<div class="tip"><b>${heading}</b>` +
      params
        .filter(p => p.value[1] !== null && units.has(p.seriesName))
        .map(p => {
          const s = units.get(p.seriesName);
          if (s.hideZero && !p.value[1]) return '';
          return `<div class="row"><span>${p.marker}${escaped(p.seriesName)}</span><b>${number(p.value[1], s.digits ?? digitsFor(p.value[1]))} ${escaped(s.unit)}</b></div>`;
        })
        .join('') +
      eventLines(near) +
      '</div>'
    );
  };

  const chart =
    echarts.getInstanceByDom(element) || echarts.init(element, null, {renderer: 'canvas'});
  chart.setOption(
    {
      useUTC: true,
      textStyle: {fontFamily: theme.font},
      animation: false,
      grid: grids,
      xAxis: xAxes,
      yAxis: yAxes,
      series,
      axisPointer: {link: [{xAxisIndex: 'all'}]},
      tooltip: {
        trigger: 'axis',
        confine: true,
        backgroundColor: theme.panel,
        borderColor: theme.line,
        textStyle: {color: theme.ink, fontSize: 13},
        axisPointer: {type: 'line', snap: !isDate},
        formatter: tooltip,
      },
      ...(spec.zoom
        ? {
            dataZoom: [
              {
                type: 'slider',
                xAxisIndex: panels.map((_, i) => i),
                bottom: 6,
                height: 24,
                left,
                right,
                filterMode: 'filter',
                showDetail: false,
                showDataShadow: spec.shadow !== false,
                borderColor: theme.line,
                fillerColor: theme.accent + '22',
                handleStyle: {color: theme.panel, borderColor: theme.muted},
                moveHandleStyle: {color: theme.line},
                dataBackground: {lineStyle: {color: theme.muted}, areaStyle: {color: theme.grid}},
                selectedDataBackground: {
                  lineStyle: {color: theme.accent},
                  areaStyle: {color: theme.accent + '33'},
                },
                brushSelect: false,
              },
            ],
          }
        : {}),
    },
    true,
  );
  chart.resize();
}

// A figure: title, selectors, chart, "Copy data as CSV", table, note. `make(choice)` gives the chart's spec; `choice` holds
// the selectors' values. Without rows the figure is a sentence.
function figure(section, title, make, selectors = []) {
  const box = document.createElement('figure');
  const choice = Object.fromEntries(selectors.map(s => [s.name, s.value]));
  box.innerHTML =
    `<div class="head"><h4>${escaped(title)}</h4><div class="selectors"></div></div><div class="legend"></div><div class="chart" role="img"></div>` +
    '<div class="foot"><details><summary>Show as a table</summary></details></div><figcaption></figcaption>';
  const element = box.querySelector('.chart'),
    legend = box.querySelector('.legend'),
    details = box.querySelector('details');
  const hidden = new Set();
  $(section).append(box);
  let spec;
  const columns = () =>
    spec.columns || [
      {name: spec.xName || spec.x, label: spec.x === 'date' ? 'Day' : 'Year', text: true},
      ...spec.series.map(s => ({digits: 2, ...s})),
    ];
  const fillTable = () => {
    if (!details.open) return;
    details.querySelector('.scroll')?.remove();
    const table = tableElement(columns(), spec.tableRows || spec.rows);
    table.setAttribute('role', 'region');
    table.setAttribute('aria-label', `${title}, as a table`);
    details.append(table);
  };
  const fillLegend = () => {
    const entries = unique(spec.series.map(s => s.label)).map(label =>
      spec.series.find(s => s.label === label),
    );
    legend.replaceChildren(
      ...(entries.length < 2
        ? []
        : entries.map(s => {
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
          })),
    );
  };
  const redraw = () => {
    spec = make(choice);
    element.setAttribute(
      'aria-label',
      `Chart: ${title}. ${spec.note || ''} The same data follows as a table.`,
    );
    box.querySelector('figcaption').textContent = spec.note || '';
    element.hidden = legend.hidden = Boolean(spec.empty);
    fillLegend();
    if (!spec.empty) draw(element, spec, hidden);
    fillTable();
  };
  for (const s of selectors) {
    const label = document.createElement('label'),
      select = document.createElement('select');
    label.textContent = `${s.label} `;
    for (const [value, words] of s.options)
      select.add(new Option(words, value, value === s.value, value === s.value));
    select.onchange = () => {
      choice[s.name] = s.options[select.selectedIndex][0];
      redraw();
    };
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
  if (options.note)
    box.insertAdjacentHTML('beforeend', `<figcaption>${escaped(options.note)}</figcaption>`);
  (typeof place === 'string' ? $(place) : place).append(box);
  return box;
}

const paragraph = (section, text, kind = '') =>
  $(section).insertAdjacentHTML('beforeend', `<p class="${kind}">${escaped(text)}</p>`);
const nothing = (section, text) => paragraph(section, text, 'nothing');

// A line or bars of a chart; `colour` is a name of the theme.
const series =
  type =>
  (name, label, unit, colour, more = {}) => ({
    name,
    label,
    unit,
    type,
    colour: () => theme[colour],
    ...more,
  });
const line = series('line'),
  bar = series('bar');
// A column of a table: numbers, or words.
const column = (name, label, unit = '', digits = 0) => ({name, label, unit, digits});
const text = (name, label, more = {}) => ({name, label, text: true, ...more});
