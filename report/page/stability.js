// The stability stock and the rules that feed and open it.

const triggerWords = {
  excessive_price: 'excessive price',
  cost_containment: 'cost containment',
  tier: 'tier inside an auction',
  withholding: 'withholding inside an auction',
  ceiling: 'ceiling of the collar',
};
const branchWords = {
  rate: 'above the upper threshold: a part of it is taken in',
  band: 'between the thresholds: what lies above the lower one is taken in',
  nothing: 'no action',
  release: 'below the floor: units are released',
};

function circulationChart(figures, stock) {
  const at = (list, year, name) => list.find(r => r.year === year)?.[name] ?? null;
  const inMt = t => (t === null ? null : t / 1e6);
  figure('stability', 'Circulation, its thresholds, and the stability stock', () => ({
    x: 'year',
    panels: [
      {height: 240, left: {name: 'In circulation (Mt)', short: 'Mt'}},
      {height: 150, left: {name: 'Stock and moves (Mt)', short: 'Mt'}},
    ],
    rows: stock.map(r => ({
      year: r.year,
      circulation: inMt(at(figures, r.year, 'circulation_t')),
      upper: inMt(at(figures, r.year, 'upper_t')),
      lower: inMt(at(figures, r.year, 'lower_t')),
      floor: inMt(at(figures, r.year, 'floor_t')),
      held: r.held_after_t / 1e6,
      taken: (r.withheld_t + r.set_aside_t) / 1e6,
      offered: -(r.released_t + r.price_rules_t + r.containment_t - r.returned_t) / 1e6,
      cancelled: -r.cancelled_t / 1e6,
    })),
    series: [
      line('circulation', 'In circulation', 'Mt', 'bank', {symbol: 'diamond'}),
      line('upper', 'Upper threshold', 'Mt', 'cap', {dashed: true, symbol: 'none'}),
      line('lower', 'Lower threshold', 'Mt', 'baseline', {dashed: true, symbol: 'none'}),
      line('floor', 'Floor', 'Mt', 'floor', {dashed: true, symbol: 'none'}),
      line('held', 'Stock at the year’s end', 'Mt', 'emissions', {panel: 1}),
      bar('taken', 'Withheld from auctions', 'Mt', 'free', {panel: 1, stack: 'moves', hideZero: true}),
      bar('offered', 'Offered at auctions', 'Mt', 'auction', {
        panel: 1,
        stack: 'moves',
        hideZero: true,
      }),
      bar('cancelled', 'Cancelled', 'Mt', 'fine', {panel: 1, stack: 'moves', hideZero: true}),
    ],
    note: 'A year’s circulation is published in the next one and acts on auctions from September to August. Below: into the stock upwards, out of it downwards; what came back unsold is left out.',
  }));
}

function stability() {
  const stock = rows('stability'),
    figures = rows('circulation'),
    readings = rows('trigger_years');
  const moved = stock.filter(r => r.held_before_t || r.held_after_t || r.withheld_t);
  if (!figures.length && !readings.length && !moved.length)
    return nothing('stability', 'Nothing was withheld from firms, and no stability rule is on.');
  paragraph(
    'stability',
    'What auctions leave unsold and what the reserve for entrants does not use stands in the stability stock, out of firms’ reach, until a rule offers it. Every move is a transfer in the registry.',
  );
  for (const r of figures) {
    const volume = r.intake_t ? `, ${mt(r.intake_t)} in` : r.release_t ? `, ${mt(r.release_t)} out` : '';
    paragraph(
      'stability',
      `Circulation of ${r.year}, published ${r.published}: ${mt(r.circulation_t)} (thresholds ${mt(r.upper_t)}, ${mt(r.lower_t)}, ${mt(r.floor_t)}); ${branchWords[r.branch]}${volume}.`,
      'finding',
    );
  }
  if (stock.length && figures.length) circulationChart(figures, stock);
  const items = [
    ['held_before_t', 'Held before', ''],
    ['withheld_t', '+ withheld from auctions by the reserve rule', ''],
    ['set_aside_t', '+ set aside for tiers inside auctions', ''],
    ['unsold_t', '+ unsold', ''],
    ['left_over_t', '+ left of the reserve for entrants', ''],
    ['released_t', '− released by the reserve rule', ''],
    ['price_rules_t', '− released by price rules and at the ceiling', ''],
    ['containment_t', '− offered at the containment trigger and in tiers', ''],
    ['returned_t', '+ of these three, unsold and back', ''],
    ['cancelled_t', '− cancelled', ''],
    ['held_after_t', '= held after', 'sum'],
    ['above_caps_t', 'Issued above the caps at the ceiling, and sold', 'beside'],
  ];
  tableFigure(
    'stability',
    'The stability stock (t)',
    [text('item', 'Tonnes'), ...stock.map(r => column(`y${r.year}`, String(r.year)))],
    items.map(([name, item, kind]) => ({
      item,
      kind,
      ...Object.fromEntries(stock.map(r => [`y${r.year}`, r[name]])),
    })),
    {rowClass: r => r.kind},
  );
  if (!readings.length) return;
  tableFigure(
    'stability',
    'Prices held against a rule',
    [
      text('rule', 'Rule'),
      text('year', 'Year'),
      column('readings', 'Readings'),
      column('triggered', 'Triggered'),
      column('highest_cny', 'Highest price read', 'CNY/t', 2),
      column('threshold_cny', 'Threshold then', 'CNY/t', 2),
      column('volume_t', 'Volume moved', 't'),
    ],
    readings.map(r => ({...r, rule: triggerWords[r.rule] ?? r.rule})),
    {note: 'Monthly rules are read once a month; inside auctions only those count that moved a volume.'},
  );
}
