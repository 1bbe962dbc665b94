// Where scarcity comes from: caps, the ledger, short and long, the price at the margin.

function caps() {
  if (!capped.length) {
    return nothing(
      'caps',
      'No sector has a cap in this scenario. Supply follows output, so there is no path to hold emissions against; the benchmarks’ strictness shows in who is short and who is long.',
    );
  }
  const ids = sectorIds.filter(id => capped.some(r => r.sector === id));
  figure(
    'caps',
    'Cap, emissions and emissions without a price',
    choice => ({
      x: 'year',
      panels: [
        {
          height: 280,
          left: {name: 'Emissions, allowances (Mt)', short: 'Mt', scale: choice.sector !== 'all'},
        },
      ],
      rows: years.map(year => {
        const of = ofYear(sectorYears, year).filter(r =>
          choice.sector === 'all' ? r.cap_t > 0 : r.sector === choice.sector,
        );
        const total = name => (of.length ? sum(of, r => r[name]) / 1e6 : null);
        return {
          year,
          cap: of.length && sum(of, r => r.cap_t) ? total('cap_t') : null,
          baseline: total('baseline_t'),
          verified: total('verified_t'),
          free: total('allocated_t'),
          n: of.length,
        };
      }),
      series: [
        bar('free', 'Free allocation', 'Mt', 'free'),
        line('cap', 'Cap', 'Mt', 'cap', {symbol: 'diamond'}),
        line('verified', 'Emissions', 'Mt', 'emissions'),
        line('baseline', 'Emissions without a price', 'Mt', 'baseline', {dashed: true}),
      ],
      note:
        choice.sector === 'all'
          ? 'Only sectors that have a cap in the year: the total grows when a sector joins, not because emissions grow.'
          : 'A cap below the dashed line is one that costs something to keep. The vertical axis need not start at 0.',
    }),
    [
      {
        name: 'sector',
        label: 'Sector',
        value: 'all',
        options: [['all', 'All capped'], ...ids.map(id => [id, sectorTitle(id)])],
      },
    ],
  );
}

function ledger() {
  const ledgers = rows('ledger');
  if (!ledgers.length) return nothing('ledger', 'No calendar year was closed in this run.');
  const wrong = ledgers.filter(r => r.check_t !== 0);
  paragraph(
    'ledger',
    'Every allowance that firms could use, by calendar year, in tonnes: what they held, what came in, what went out, what is left.',
  );
  paragraph(
    'ledger',
    wrong.length
      ? `The ledger does not add up in ${list(wrong.map(r => String(r.year)))}.`
      : `All ${smallNumber(ledgers.length)} years add up to the tonne.`,
    wrong.length ? 'wrong' : 'finding',
  );
  const items = [
    ['held_before_t', 'Held by firms before', ''],
    ['issued_free_t', '+ issued free', ''],
    ['taken_back_t', '− taken back', ''],
    ['sold_t', '+ sold at auction', ''],
    ['offsets_used_t', '+ offsets used', ''],
    ['obligations_met_t', '− obligations met', ''],
    ['expired_t', '− expired', ''],
    ['cancelled_t', '− cancelled', ''],
    ['held_after_t', '= held by firms after', 'sum'],
    ['check_t', 'Check (must be 0)', 'check'],
    ['containment_t', 'Of the sold: containment', 'beside'],
    ['converted_t', 'Converted to a later vintage', 'beside'],
    ['reserve_t', 'Withheld: reserve', 'beside'],
    ['stability_t', 'Withheld: stability stock', 'beside'],
    ['unsold_stock_t', 'Withheld: unsold, to be offered again', 'beside'],
    ['bank_t', 'Private bank, beyond all that is owed', 'beside'],
  ];
  const body = items.map(([name, item, kind]) => ({
    item,
    kind,
    ...Object.fromEntries(ledgers.map(r => [`y${r.year}`, r[name]])),
  }));
  const box = tableFigure(
    'ledger',
    'Scarcity ledger (t)',
    [text('item', 'Tonnes'), ...ledgers.map(r => column(`y${r.year}`, String(r.year)))],
    body,
    {
      rowClass: r => r.kind,
      note: 'What firms hold at a year’s end includes what they owe for that year, due a year later: under a cap, units come in the year itself. Below the check, what stands beside the ledger: withheld from firms, and conversion, which nets to zero.',
    },
  );
  box.querySelectorAll('tr.check td').forEach((cell, i) => {
    cell.className = ledgers[i].check_t === 0 ? 'right' : 'wrong';
    cell.textContent = ledgers[i].check_t === 0 ? '0 ✓' : `${number(ledgers[i].check_t)} ✗`;
  });
}

function positions() {
  if (!sectorYears.length) return nothing('positions', 'No emission year was recorded.');
  paragraph(
    'positions',
    'Free allocation less emissions, firm by firm, before any trade. A sector’s long firms stand above the line, its short ones below: both exist in the same sector and year, and that is what trade is for.' +
      (capped.length
        ? ' Under a cap with a paid share nearly every firm is short of free units: it must buy the rest at auction.'
        : ''),
  );
  const make = () => ({
    x: 'year',
    panels: [{height: 320, left: {name: 'Short (−) and long (+), Mt', short: 'Mt'}}],
    rows: years.map(year =>
      Object.fromEntries([
        ['year', year],
        ...ofYear(sectorYears, year).flatMap(r => [
          [`long_${r.sector}`, r.long_t / 1e6],
          [`short_${r.sector}`, -r.short_t / 1e6],
        ]),
      ]),
    ),
    series: sectorIds.flatMap(id =>
      ['long', 'short'].map(side => ({
        name: `${side}_${id}`,
        label: sectorTitle(id),
        tip: `${sectorTitle(id)}, ${side}`,
        unit: 'Mt',
        type: 'bar',
        stack: 'position',
        colour: () => sectorColour(id),
        hideZero: true,
      })),
    ),
    tableRows: sectorYears.map(r => ({
      ...r,
      title: sectorTitle(r.sector),
      net: r.long_t - r.short_t,
    })),
    columns: [
      text('title', 'Sector'),
      text('year', 'Year'),
      column('long_t', 'Long firms', 't'),
      column('short_t', 'Short firms', 't'),
      column('net', 'Net', 't'),
      column('firms', 'Firms'),
      column('firms_short', 'Short firms'),
    ],
    note: 'Long firms above the line, short firms below it.',
  });
  figure('positions', 'Sum of long and of short firms, by sector and year', make);
}

function margin() {
  if (!tradedYears.length) return nothing('margin', 'No emission year with a price was recorded.');
  paragraph(
    'margin',
    'What one more tonne really costs a firm, when the allocation that the tonne brings or loses is counted in. Under a cap, or a benchmark on output, it is the full price. ' +
      'Where allocation follows emissions, most of the price is given back: under the ± 3% band about 15% of it remains, and where allocation equals emissions nothing does.',
  );
  figure(
    'margin',
    'Effective price of one more tonne, by sector',
    choice => ({
      x: 'year',
      panels: [
        {
          height: 280,
          left: {
            name: choice.measure === 'price' ? 'Effective price (CNY/t)' : '% of the price',
            short: choice.measure === 'price' ? 'CNY/t' : '%',
          },
        },
      ],
      rows: tradedYears.map(year =>
        Object.fromEntries([
          ['year', year],
          ...ofYear(sectorYears, year).map(r => [
            r.sector,
            choice.measure === 'price' ? r.marginal_price_cny : 100 * r.marginal_share,
          ]),
        ]),
      ),
      series: sectorIds.map(id => ({
        name: id,
        label: sectorTitle(id),
        unit: choice.measure === 'price' ? 'CNY/t' : '%',
        type: 'line',
        colour: () => sectorColour(id),
        digits: choice.measure === 'price' ? 2 : 1,
      })),
      note: 'Mean over the sector’s firms, weighted by emissions. Lines of sectors under the same rule lie on one another.',
    }),
    [
      {
        name: 'measure',
        label: 'Shown',
        value: 'price',
        options: [
          ['price', 'CNY per tonne'],
          ['share', 'share of the price'],
        ],
      },
    ],
  );
  tableFigure(
    'margin',
    'Effective price at the margin: CNY/t (share of the year’s mean price)',
    [
      text('sector', 'Sector'),
      ...tradedYears.map(y => ({name: `y${y}`, label: String(y), html: v => escaped(v ?? '–')})),
    ],
    sectorIds.map(id => ({
      sector: sectorTitle(id),
      ...Object.fromEntries(
        sectorYears
          .filter(r => r.sector === id)
          .map(r => [
            `y${r.year}`,
            `${number(r.marginal_price_cny, 1)} (${percent(r.marginal_share, 0)})`,
          ]),
      ),
    })),
  );
}
