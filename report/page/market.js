// How well the market worked: vintages and channels, days, the benchmark.

function vintages() {
  const monthly = rows('vintages');
  if (!monthly.length) return nothing('vintages', 'Nothing was listed for trading in this run.');
  paragraph(
    'vintages',
    'Every vintage is an instrument of its own. They differ in price by what they can still pay for: the headline price is the close of the oldest listed vintage that may be surrendered at the next deadline, ' +
      'and it moves to the next vintage when that deadline has passed.',
  );
  const names = unique(monthly.map(r => r.instrument)).sort(
    (a, b) =>
      monthly.find(r => r.instrument === a).vintage - monthly.find(r => r.instrument === b).vintage,
  );
  const colour = i =>
    theme.vintages[Math.round((i * (theme.vintages.length - 1)) / Math.max(1, names.length - 1))];
  const byMonth = [...groupBy(monthly, r => r.date.slice(0, 7)).values()]
    .map(of =>
      Object.fromEntries([
        ['date', of.reduce((m, r) => (r.date > m ? r.date : m), '')],
        ...of.map(r => [r.instrument, r.close]),
      ]),
    )
    .sort((a, b) => (a.date < b.date ? -1 : 1));
  figure('vintages', 'Close at the end of each month, by vintage', () => ({
    x: 'date',
    zoom: true,
    shadow: false,
    near: 16,
    rows: byMonth,
    panels: [{height: 270, left: {name: 'Price (CNY/t)', scale: true}}],
    series: names.map((name, i) => ({
      name,
      label: name,
      unit: 'CNY/t',
      type: 'line',
      colour: () => colour(i),
      digits: 2,
      width: 1.8,
    })),
    note: 'Without a listed trade, a close stays what it was.',
  }));
  const channels = rows('channels');
  const mean = (of, channel) => {
    const t = sum(of, r => r[`${channel}_t`]);
    return t ? sum(of, r => r[`${channel}_cny`]) / t : null;
  };
  const channelRow = of => ({
    listed: mean(of, 'listed'),
    block: mean(of, 'block'),
    auction: mean(of, 'auction'),
    listed_t: sum(of, r => r.listed_t),
    block_t: sum(of, r => r.block_t),
    auction_t: sum(of, r => r.auction_t),
  });
  figure('vintages', 'Mean price by channel, all vintages', () => ({
    x: 'year',
    rows: [...groupBy(channels, r => r.year)].map(([year, of]) => ({year, ...channelRow(of)})),
    panels: [{height: 220, left: {name: 'Price (CNY/t)', scale: true}}],
    series: [
      line('listed', 'Listed', 'CNY/t', 'price', {digits: 2}),
      line('block', 'Blocks', 'CNY/t', 'block', {digits: 2}),
      ...(hasAuction ? [line('auction', 'Auction', 'CNY/t', 'auction', {digits: 2})] : []),
    ],
    note: 'Volume-weighted. Listed orders may move within 10% of the previous close, blocks within 30%.',
  }));
  tableFigure(
    'vintages',
    'Volume-weighted price and volume by vintage and channel, whole run',
    [
      text('instrument', 'Vintage'),
      column('listed', 'Listed', 'CNY/t', 2),
      column('block', 'Blocks', 'CNY/t', 2),
      column('auction', 'Auction', 'CNY/t', 2),
      column('listed_t', 'Listed', 't'),
      column('block_t', 'Blocks', 't'),
      column('auction_t', 'Auction', 't'),
    ],
    names.map(instrument => ({
      instrument,
      ...channelRow(channels.filter(r => r.instrument === instrument)),
    })),
  );
}

function days() {
  const of = rows('days');
  if (!of.length) return nothing('days', 'Nothing was listed for trading in this run.');
  const limit = sum(of, r => r.upper + r.lower),
    without = sum(of, r => r.without_trade),
    all = sum(of, r => r.days);
  paragraph(
    'days',
    `On ${number(limit)} of ${number(all)} trading days the headline vintage closes at a daily limit, and on ${number(without)} it does not trade at all.`,
    'finding',
  );
  figure('days', 'Trading days of the headline vintage, by year', () => ({
    x: 'year',
    rows: of,
    panels: [{height: 210, left: {name: 'Days', min: 0, minInterval: 1}}],
    series: [
      bar('upper', 'Close at the upper limit', 'days', 'price', {digits: 0}),
      bar('lower', 'Close at the lower limit', 'days', 'cap', {digits: 0}),
      bar('without_trade', 'Without a trade', 'days', 'floor', {digits: 0}),
    ],
    columns: [
      text('year', 'Year'),
      column('days', 'Trading days'),
      column('upper', 'At the upper limit'),
      column('lower', 'At the lower limit'),
      column('without_trade', 'Without a trade'),
      column('all_days', 'All vintages: listed days'),
      column('all_limit', 'All vintages: at a limit'),
      column('all_without_trade', 'All vintages: without a trade'),
    ],
    note: 'A trade is listed or in a block. The table also counts the days of all vintages; old and far ones often do not trade.',
  }));
}

function benchmark() {
  const equilibrium = rows('equilibrium');
  const body = yearlyPrice.map(r => {
    const e = ofYear(equilibrium, r.year)[0];
    return {
      ...r,
      benchmark: e ? e.price_cny : null,
      high: e ? e.price_cny * 1.5 : null,
      low: e ? e.price_cny / 1.5 : null,
      ratio: e && e.price_cny ? r.mean_cny / e.price_cny : null,
    };
  });
  const compared = body.filter(r => r.ratio !== null);
  if (!compared.length)
    return nothing('benchmark', 'No competitive benchmark was solved for this run.');
  paragraph(
    'benchmark',
    'The benchmark is the price of the same scenario in a frictionless market: everyone sees the future, trades at no cost, may bank and may not borrow. The distance is what frictions, calendars and expectations do.',
  );
  const inside = compared.filter(r => r.ratio <= 1.5 && r.ratio >= 1 / 1.5),
    outside = compared.filter(r => !inside.includes(r));
  paragraph(
    'benchmark',
    `The simulated yearly mean lies within a factor of 1.5 of the benchmark in ${inside.length} of ${compared.length} years${outside.length ? `; not in ${list(outside.map(r => `${r.year} (${number(r.ratio, 2)} times)`))}` : ''}.`,
    'finding',
  );
  figure('benchmark', 'Yearly mean of the headline price, and the benchmark', () => ({
    x: 'year',
    rows: body,
    panels: [{height: 250, left: {name: 'Price (CNY/t)'}}],
    series: [
      line('mean_cny', 'Simulated mean', 'CNY/t', 'price', {digits: 2}),
      line('benchmark', 'Benchmark', 'CNY/t', 'cap', {digits: 2, symbol: 'diamond'}),
      line('high', 'Benchmark × 1.5', 'CNY/t', 'floor', {
        digits: 2,
        dashed: true,
        symbol: 'none',
        width: 1.2,
      }),
      line('low', 'Benchmark ÷ 1.5', 'CNY/t', 'floor', {
        digits: 2,
        dashed: true,
        symbol: 'none',
        width: 1.2,
      }),
    ],
    columns: [
      text('year', 'Year'),
      column('mean_cny', 'Simulated mean', 'CNY/t', 2),
      column('low_cny', 'Lowest close', 'CNY/t', 2),
      column('high_cny', 'Highest close', 'CNY/t', 2),
      column('benchmark', 'Benchmark', 'CNY/t', 2),
      column('ratio', 'Simulated over benchmark', '', 3),
    ],
    note: 'Mean of the daily headline closes.',
  }));
}
