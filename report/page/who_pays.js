// Who pays: compliance, cost per firm, one firm's year, cash, revenue, the border.

function complianceSection() {
  if (!assessed.length)
    return nothing(
      'compliance',
      'No deadline passed in this run, so no obligation has been assessed.',
    );
  const shorts = sum(assessed, r => r.short);
  paragraph(
    'compliance',
    shorts
      ? `${count(shorts, 'time')} a firm misses its obligation, out of ${number(sum(assessed, r => r.assessed))} assessments; fines come to ${money(sum(assessed, r => r.fine_cny))}.`
      : `Every firm meets its obligation in all of ${number(sum(assessed, r => r.assessed))} assessments; there are no fines.`,
    'finding',
  );
  const body = assessed.map(r => ({
    ...r,
    units: r.surrendered_t / 1e6,
    offsets: r.offsets_t / 1e6,
    shortfall: r.shortfall_t / 1e6,
    fine: r.fine_cny / 1e9,
    rate: (100 * r.compliant) / r.assessed,
  }));
  figure('compliance', 'How obligations are met, by emission year', () => ({
    x: 'year',
    rows: body,
    panels: [
      {height: 230, left: {name: 'Obligation (Mt)', short: 'Mt'}},
      {height: 90, left: {name: 'Fines (CNY bn)', short: 'CNY bn'}},
    ],
    series: [
      bar('units', 'Allowances surrendered', 'Mt', 'free', {stack: 'met'}),
      bar('offsets', 'Offsets', 'Mt', 'auction', {stack: 'met'}),
      bar('shortfall', 'Shortfall', 'Mt', 'cap', {stack: 'met', digits: 3}),
      bar('fine', 'Fines', 'CNY bn', 'fine', {panel: 1, digits: 3}),
    ],
    columns: [
      text('year', 'Emission year'),
      column('assessed', 'Firms assessed'),
      column('compliant', 'Compliant'),
      column('short', 'Short'),
      column('rate', 'Compliant', '%', 2),
      column('obligation_t', 'Obligation', 't'),
      column('surrendered_t', 'Surrendered', 't'),
      column('offsets_t', 'Offsets', 't'),
      column('shortfall_t', 'Shortfall', 't'),
      column('fine_cny', 'Fines', 'CNY'),
    ],
    note: 'The obligation for a year is due on 31 December of the next one. Offsets may cover a small share of it.',
  }));
}

function costs() {
  const quantiles = rows('cost_quantiles');
  if (!quantiles.length || !tradedYears.length)
    return nothing('costs', 'No firm had verified emissions in this run.');
  paragraph(
    'costs',
    'What carbon costs each firm in a year, net: allowances bought, less allowances sold, plus fines. Firms left of zero earn more by selling than they pay.',
  );
  const withValue = unique(rows('cost_shares').map(r => r.sector));
  const newest = last(tradedYears.filter(y => !openYears.includes(y))) || last(tradedYears);
  const measures = {
    tonne: {
      table: 'costs',
      width: 5,
      unit: 'CNY per tonne emitted',
      digits: 0,
      label: 'Net cost (CNY per tonne emitted)',
      money: x => `CNY ${number(x)}`,
    },
    share: {
      table: 'cost_shares',
      width: 0.25,
      unit: '% of product value',
      digits: 2,
      label: 'Net cost (% of product value)',
      money: x => `${number(x, 2)}%`,
    },
  };
  const table = document.createElement('div');
  const fillTable = year => {
    table.replaceChildren();
    tableFigure(
      table,
      `Net cost per tonne emitted, by sector, ${year}`,
      [
        text('title', 'Sector'),
        column('firms', 'Firms'),
        column('p10', 'A tenth pay below', 'CNY/t', 2),
        column('p50', 'Half pay below', 'CNY/t', 2),
        column('p90', 'A tenth pay above', 'CNY/t', 2),
        column('bn', 'Sector, net', 'CNY bn', 2),
      ],
      sectorIds
        .flatMap(id => quantiles.filter(r => r.sector === id && r.year === year))
        .map(r => ({...r, title: sectorTitle(r.sector), bn: r.total_cny / 1e9})),
    );
  };
  figure(
    'costs',
    'Firms by net cost of carbon',
    choice => {
      fillTable(choice.year);
      const m = measures[choice.measure];
      const of = rows(m.table).filter(
        r => r.year === choice.year && (choice.sector === 'all' || r.sector === choice.sector),
      );
      const firms = new Map();
      of.forEach(r => firms.set(r.bin, (firms.get(r.bin) || 0) + r.firms));
      const bins = [...firms.keys()].sort((a, b) => a - b),
        total = sum(bins, bin => firms.get(bin));
      // A few firms far out would press all others into one bar: they are put together at each end.
      const quantile = share => {
        let below = 0;
        return bins.find(bin => (below += firms.get(bin)) > share * total) ?? 0;
      };
      const low = Math.min(-4, quantile(0.01)) - 1,
        high = Math.max(4, quantile(0.97)) + 1,
        body = [];
      for (let bin = low; bin <= high; ++bin)
        body.push({
          x: (bin + 0.5) * m.width,
          from: bin === low ? null : bin * m.width,
          to: bin === high ? null : (bin + 1) * m.width,
          firms: sum(
            bins.filter(b => Math.min(high, Math.max(low, b)) === bin),
            b => firms.get(b),
          ),
        });
      let seen = 0;
      const middle = body.find(r => (seen += r.firms) >= total / 2);
      const words = at => {
        const r = body.find(b => Math.abs(b.x - at) < m.width / 2) || body[0];
        return `${r.from === null ? 'less than' : m.money(r.from) + ' to'} ${r.to === null ? 'more' : m.money(r.to)}`;
      };
      const steps = [1, 2, 5, 10, 20, 50, 100, 200].find(
        s => (body.length * m.width) / s <= (narrow() ? 6 : 14),
      );
      return {
        x: {
          label: m.label,
          min: Math.floor((low * m.width) / steps) * steps,
          max: Math.ceil(((high + 1) * m.width) / steps) * steps,
          step: steps,
          words,
        },
        xName: 'x',
        rows: body,
        panels: [{height: 240, left: {name: 'Firms'}}],
        series: [bar('firms', 'Firms', '', 'price', {digits: 0, full: true})],
        lines: [{at: 0, label: ''}],
        empty: !total,
        columns: [
          {name: 'from', label: 'From', unit: m.unit, digits: m.digits},
          {name: 'to', label: 'to below', unit: m.unit, digits: m.digits},
          column('firms', 'Firms'),
        ],
        tableRows: bins.map(bin => ({
          from: bin <= -60 ? null : bin * m.width,
          to: bin >= 119 ? null : (bin + 1) * m.width,
          firms: firms.get(bin),
        })),
        note: !total
          ? choice.measure === 'share'
            ? 'The scenario gives no product value for this sector, so there is no share of it.'
            : 'No firm of this sector in this year.'
          : `${count(total, 'firm')}; half of them pay less than ${m.money(middle.to ?? middle.from)}${choice.measure === 'share' ? ` of product value. Sectors with a product value: ${list(withValue.map(sectorTitle))}` : ' per tonne emitted'}. The outermost bars hold everything beyond.`,
      };
    },
    [
      {name: 'year', label: 'Year', value: newest, options: tradedYears.map(y => [y, String(y)])},
      {
        name: 'sector',
        label: 'Sector',
        value: 'all',
        options: [['all', 'All'], ...sectorIds.map(id => [id, sectorTitle(id)])],
      },
      {
        name: 'measure',
        label: 'Measure',
        value: 'tonne',
        options: [
          ['tonne', 'CNY per tonne'],
          ['share', '% of product value'],
        ],
      },
    ],
  );
  $('costs').append(table);
}

function firm() {
  const f = rows('firm')[0];
  if (!f)
    return nothing(
      'firm',
      'No firm was short and bought allowances in an assessed year, so there is no such year to tell.',
    );
  const s = sectors.find(x => x.sector === f.sector) || {unit: 'units'};
  const paid = f.bought_listed_cny + f.bought_block_cny + f.bought_auction_cny,
    net = paid - f.sold_cny + f.fine_cny;
  const bought = [
    [f.bought_auction_t, f.bought_auction_cny, 'at auction'],
    [f.bought_listed_t, f.bought_listed_cny, 'on the exchange'],
    [f.bought_block_t, f.bought_block_cny, 'in blocks'],
  ]
    .filter(x => x[0] > 0)
    .map(([t, c, where]) => `${number(t)} t ${where} at ${price(c / t)}`);
  const kind = {
    1: 'short power firms that bought at auction',
    2: 'short firms that bought at auction',
    3: 'short power firms that bought allowances',
    4: 'short firms that bought allowances',
  }[f.kind];
  paragraph(
    'firm',
    `Of the ${number(f.alike)} ${kind} in ${f.year}, ${f.kind <= 2 ? 'the first year with such firms under a cap' : 'the first year with such firms'}, the one of middle size.`,
    'quiet',
  );
  const lines = [
    `It is ${f.name} (no. ${f.firm}), in ${f.province}${f.unit_class ? `, unit class ${f.unit_class.replaceAll('_', ' ')}` : ''}${f.group ? `, part of ${f.group}` : ''}. It makes ${number(f.output)} ${s.unit} in ${f.year}.`,
    `It gets ${number(f.allocated_t)} t free under the rule “${ruleName(f.rule)}”, ${number(f.pre_allocated_t)} t of them in advance${f.taken_back_t ? `; ${number(f.taken_back_t)} t are taken back` : ''}.`,
    `It emits ${number(f.verified_t)} t, ${number(Math.max(0, f.baseline_t - f.verified_t))} t less than it would without a price; cutting them costs ${money(f.abatement_cny)}. It is short by ${number(f.verified_t - f.allocated_t)} t.`,
    `It buys ${list(bought)}${f.sold_t ? `, and sells ${number(f.sold_t)} t at ${price(f.sold_cny / f.sold_t)}` : ' and sells none'}.`,
    `It surrenders ${number(f.surrendered_t)} t${f.offsets_t ? ` and ${number(f.offsets_t)} t of offsets` : ''}${f.shortfall_t ? `, misses ${number(f.shortfall_t)} t and pays a fine of ${money(f.fine_cny)}` : ', all that is due'}. ` +
      `Carbon costs it ${money(net)} net: ${price(net / f.verified_t)} per tonne emitted${f.product_value_cny ? `, ${percent(net / f.product_value_cny, 2)} of its product’s value` : ''}.`,
  ];
  $('firm').insertAdjacentHTML(
    'beforeend',
    `<ol class="five">${lines.map(l => `<li>${escaped(l)}</li>`).join('')}</ol>`,
  );
  paragraph(
    'firm',
    'Purchases and sales are those of the calendar year, surrender is for the emission year and falls in the next; the difference is bought or banked later.',
    'quiet',
  );
}

function cash() {
  const cashRows = rows('cash').filter(r => tradedYears.includes(r.year));
  const total = year => sum(ofYear(cashRows, year), r => r.drawn_cny);
  if (!sum(cashRows, r => r.drawn_cny))
    return nothing('cash', 'No firm ever draws on its credit line in this run.');
  const peak = unique(cashRows.map(r => r.year)).reduce((m, y) => (total(y) > total(m) ? y : m));
  paragraph(
    'cash',
    'Firms are funded by a credit line, so that scarcity and not the purse sets the price. What they draw is the cash the rules demand.',
  );
  paragraph(
    'cash',
    `The need is greatest in ${peak}: highest loans of ${money(total(peak))} in all, drawn by ${count(
      sum(ofYear(cashRows, peak), r => r.borrowers),
      'firm',
    )}.`,
    'finding',
  );
  figure('cash', 'Highest loan of the year, summed over firms', () => ({
    x: 'year',
    panels: [{height: 260, left: {name: 'Credit drawn (CNY bn)', short: 'CNY bn'}}],
    rows: unique(cashRows.map(r => r.year)).map(year =>
      Object.fromEntries([
        ['year', year],
        ...ofYear(cashRows, year).map(r => [r.sector, r.drawn_cny / 1e9]),
      ]),
    ),
    series: sectorIds.map(id => ({
      name: id,
      label: sectorTitle(id),
      unit: 'CNY bn',
      type: 'bar',
      stack: 'cash',
      colour: () => sectorColour(id),
      hideZero: true,
    })),
    tableRows: cashRows.map(r => ({...r, title: sectorTitle(r.sector)})),
    columns: [
      text('title', 'Sector'),
      text('year', 'Year'),
      column('drawn_cny', 'Sum of highest loans', 'CNY'),
      column('largest_cny', 'Largest of one firm', 'CNY'),
      column('borrowers', 'Firms that borrow'),
    ],
    note: 'Firms reach their highest loan on different days, so the sum is more than is ever drawn at once.',
  }));
}

function revenueSection() {
  if (!hasAuction)
    return nothing(
      'revenue',
      'This scenario sells no allowances at auction, so there is no revenue: all allowances are given free.',
    );
  figure('revenue', 'Auction revenue and volume by year', () => ({
    x: 'year',
    panels: [
      {height: 220, left: {name: 'Revenue (CNY bn)', short: 'CNY bn'}},
      {height: 90, left: {name: 'Volume (Mt)', short: 'Mt'}},
    ],
    rows: revenue.map(r => ({
      ...r,
      revenue: r.revenue_cny / 1e9,
      offered: r.offered_t / 1e6,
      sold: r.sold_t / 1e6,
      mean: r.sold_t ? r.revenue_cny / r.sold_t : null,
    })),
    series: [
      bar('revenue', 'Revenue', 'CNY bn', 'auction'),
      bar('sold', 'Sold', 'Mt', 'free', {panel: 1}),
      line('offered', 'Offered', 'Mt', 'emissions', {panel: 1}),
    ],
    columns: [
      text('year', 'Year'),
      column('auctions', 'Auctions'),
      column('offered_t', 'Offered', 't'),
      column('sold_t', 'Sold', 't'),
      column('unsold_t', 'Unsold', 't'),
      column('containment_t', 'Containment', 't'),
      column('mean', 'Mean price', 'CNY/t', 2),
      column('at_reserve', 'At the reserve price'),
      column('revenue_cny', 'Revenue', 'CNY'),
    ],
    note: 'Unsold volume is offered again, so the same tonne can count twice in what was offered.',
  }));
}

function cbamSection() {
  if (!cbam.length) return nothing('cbam', 'No exporter of covered goods was recorded.');
  const ids = unique(cbam.map(r => r.sector)),
    cbamYears = unique(cbam.map(r => r.year));
  const recognised = cbam.filter(r => r.recognised);
  paragraph(
    'cbam',
    'Exporters of covered goods to the European Union cause a certificate bill. What was already paid for carbon in China is deducted, once Europe recognises it and where actual data prove it.' +
      (recognised.length
        ? ` In this scenario that begins with ${recognised[0].year}.`
        : ' In this scenario it is not recognised, so nothing is deducted.'),
  );
  figure(
    'cbam',
    'CBAM bill with and without the deduction',
    choice => ({
      x: 'year',
      panels: [{height: 230, left: {name: 'Bill (EUR m)', short: 'EUR m'}}],
      rows: cbamYears.map(year => {
        const of = ofYear(cbam, year).filter(
          r => choice.sector === 'all' || r.sector === choice.sector,
        );
        return {year, gross: sum(of, r => r.gross_eur) / 1e6, net: sum(of, r => r.net_eur) / 1e6};
      }),
      series: [
        bar('gross', 'Without the deduction', 'EUR m', 'free'),
        bar('net', 'With the deduction', 'EUR m', 'foreign'),
      ],
      tableRows: cbam.map(r => ({
        ...r,
        title: sectorTitle(r.sector),
        yes: r.recognised ? 'yes' : 'no',
      })),
      columns: [
        text('title', 'Sector'),
        text('year', 'Year'),
        column('exporters', 'Exporters'),
        column('exports_t', 'Exports', 't of goods'),
        column('embedded_t', 'Embedded', 't'),
        column('chargeable_t', 'Chargeable', 't'),
        column('certificate_eur', 'Certificate', 'EUR/t', 2),
        column('gross_eur', 'Without deduction', 'EUR'),
        column('deduction_eur', 'Deduction', 'EUR'),
        column('net_eur', 'With deduction', 'EUR'),
        column('paid_cny_per_t', 'Paid in China', 'CNY/t', 2),
        column('break_even_cny', 'Break-even', 'CNY/t', 2),
        text('yes', 'Recognised'),
      ],
      note: 'The bill grows while free allowances in Europe are phased out: a growing part of the embedded tonnes is charged.',
    }),
    [
      {
        name: 'sector',
        label: 'Sector',
        value: 'all',
        options: [['all', 'All'], ...ids.map(id => [id, sectorTitle(id)])],
      },
    ],
  );
  const colours = ['price', 'foreign', 'auction', 'block'];
  const drawable = x => (x >= 1 ? x : null); // On a logarithmic axis.
  figure('cbam', 'The break-even Chinese price', () => ({
    x: 'year',
    panels: [
      {height: 250, left: {name: 'CNY per tonne, logarithmic', short: 'CNY/t, log.', log: true}},
    ],
    rows: cbamYears.map(year =>
      Object.fromEntries([
        ['year', year],
        ['headline', (ofYear(yearlyPrice, year)[0] || {mean_cny: null}).mean_cny],
        ...ofYear(cbam, year).flatMap(r => [
          [`even_${r.sector}`, drawable(r.break_even_cny)],
          [`paid_${r.sector}`, drawable(r.paid_cny_per_t)],
        ]),
      ]),
    ),
    series: [
      ...ids.flatMap((id, i) => [
        line(`even_${id}`, `${sectorTitle(id)}: break-even`, 'CNY/t', colours[i % 4], {
          dashed: true,
          digits: 2,
          symbol: 'diamond',
        }),
        line(`paid_${id}`, `${sectorTitle(id)}: paid per tonne`, 'CNY/t', colours[i % 4], {
          digits: 2,
        }),
      ]),
      line('headline', 'Mean headline price', 'CNY/t', 'baseline', {digits: 2}),
    ],
    note:
      'Break-even: the Chinese price at which the deduction would cover the whole bill, given the share of their emissions that exporters really pay for. ' +
      'Paid: purchases less sales over all emissions; free units cost nothing, so it stays below the market price. The axis is logarithmic; what is below CNY 1 is left out.' +
      (cbam.some(r => r.break_even_cny > 0)
        ? ''
        : ' In this scenario nothing is paid that could be deducted, so there is no break-even price.'),
  }));
  cbamSides(ids, cbamYears);
  dataWorth();
  importersSection();
}

function cbamSides(ids, cbamYears) {
  figure(
    'cbam',
    'Both sides of the border together',
    choice => ({
      x: 'year',
      panels: [{height: 230, left: {name: 'China and Europe (EUR m)', short: 'EUR m'}}],
      rows: cbamYears.map(year => {
        const of = ofYear(cbam, year).filter(
          r => choice.sector === 'all' || r.sector === choice.sector,
        );
        return {
          year,
          home: sum(of, r => r.home_eur) / 1e6,
          recognised: sum(of, r => r.cost_recognised_eur) / 1e6,
          unrecognised: sum(of, r => r.cost_unrecognised_eur) / 1e6,
          free: sum(of, r => r.cost_free_eur) / 1e6,
        };
      }),
      series: [
        line('recognised', 'Chinese price deducted', 'EUR m', 'price', {digits: 1}),
        line('unrecognised', 'Not deducted', 'EUR m', 'foreign', {digits: 1}),
        line('free', 'All Chinese allowances free', 'EUR m', 'auction', {digits: 1, dashed: true}),
        line('home', 'Of it, paid in China', 'EUR m', 'block', {digits: 1}),
      ],
      note: 'What exports to Europe cost in carbon: paid in China for what is embedded in them, and in Europe by those who import them.',
    }),
    [
      {
        name: 'sector',
        label: 'Sector',
        value: 'all',
        options: [['all', 'All'], ...ids.map(id => [id, sectorTitle(id)])],
      },
    ],
  );
}

function dataWorth() {
  const provinces = rows('cbam_provinces');
  if (!provinces.length) return;
  const dataYears = unique(provinces.map(r => r.year));
  figure('cbam', 'What credible data are worth', () => ({
    x: 'year',
    panels: [{height: 230, left: {name: 'EUR m', short: 'EUR m'}}],
    rows: dataYears.map(year => ({
      year,
      worth: sum(ofYear(provinces, year), r => r.data_worth_eur) / 1e6,
      gained: sum(ofYear(provinces, year), r => r.data_gained_eur) / 1e6,
    })),
    series: [
      bar('worth', 'If every exporter had them', 'EUR m', 'free'),
      bar('gained', 'Gained by those who have them', 'EUR m', 'foreign'),
    ],
    tableRows: provinces.map(r => ({...r, title: sectorTitle(r.sector)})),
    columns: [
      text('title', 'Sector'),
      text('province', 'Province'),
      text('year', 'Year'),
      column('exporters', 'Exporters'),
      column('with_data', 'With actual data'),
      column('exports_t', 'Exports', 't of goods'),
      column('net_eur', 'Bill', 'EUR'),
      column('data_worth_eur', 'Data worth', 'EUR'),
      column('data_gained_eur', 'Gained', 'EUR'),
      column('hidden_eur', 'Hidden', 'EUR'),
      column('penalties_eur', 'Penalties', 'EUR'),
    ],
    note: 'The bill on default values with their mark-up, less the bill on actual values. The table shows it by sector and province; hidden is what understated emissions left unpaid.',
  }));
}

function importersSection() {
  const importers = rows('cbam_importers');
  if (!importers.length) return;
  figure('cbam', 'The importers’ certificates', () => ({
    x: 'year',
    panels: [{height: 200, left: {name: 'Certificates (million)', short: 'm'}}],
    rows: unique(importers.map(r => r.year)).map(year => ({
      year,
      surrendered: sum(ofYear(importers, year), r => r.surrendered) / 1e6,
      repurchased: sum(ofYear(importers, year), r => r.repurchased) / 1e6,
      remaining: sum(ofYear(importers, year), r => r.remaining) / 1e6,
    })),
    series: [
      bar('surrendered', 'Surrendered', 'm', 'free', {stack: 'all', digits: 2}),
      bar('repurchased', 'Taken back', 'm', 'auction', {stack: 'all', digits: 2}),
      bar('remaining', 'Left over', 'm', 'cap', {stack: 'all', digits: 2}),
    ],
    tableRows: importers.map(r => ({...r, title: sectorTitle(r.sector)})),
    columns: [
      text('title', 'Sector'),
      text('year', 'Year of import'),
      column('due', 'Due'),
      column('bought', 'Bought'),
      column('surrendered', 'Surrendered'),
      column('repurchased', 'Taken back'),
      column('remaining', 'Left over'),
      column('cost_eur', 'Cost', 'EUR'),
      column('penalty_eur', 'Penalty', 'EUR'),
    ],
    note: 'Half of what is embedded is to be held at each quarter’s end, though less may be owed; what is over goes back at the price paid, as far as the duty made it necessary.',
  }));
}
