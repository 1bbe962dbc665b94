// What happened: the story, headline numbers, prices, auctions, emissions. A section says so in words
// where it has nothing to show.

const yearly = years.map(year => {
  const all = ofYear(sectorYears, year),
    under = all.filter(r => r.cap_t > 0),
    ledger = ofYear(rows('ledger'), year)[0];
  return {
    year,
    verified: sum(all, r => r.verified_t) / 1e6,
    baseline: sum(all, r => r.baseline_t) / 1e6,
    free: sum(all, r => r.allocated_t) / 1e6,
    sold: ledger ? ledger.sold_t / 1e6 : null,
    bank: ledger ? ledger.bank_t / 1e6 : null,
    cap: under.length ? sum(under, r => r.cap_t) / 1e6 : null,
    underCap: sum(under, r => r.verified_t) / 1e6,
    sectors: all.length,
    firms: sum(all, r => r.firms),
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
  $('eyebrow').textContent = [
    'CapClear',
    run.scenario && `scenario ${run.scenario}`,
    run.seed && `seed ${run.seed}`,
  ]
    .filter(Boolean)
    .join(' · ');
  $('premise').textContent = (run.description || '').replaceAll('+-', '±');
  if (!daily.length || !closed.length) {
    $('story-text').textContent = `“${title}” left no full year of trading to tell about.`;
    return;
  }
  const say = [];
  const a = closed[0],
    z = last(closed),
    top = yearlyPrice.reduce((m, r) => (r.mean_cny > m.mean_cny ? r : m));
  say.push(
    `From ${dayInWords(daily[0].date)} to ${dayInWords(last(daily).date)}, ${count(Math.max(...yearly.map(r => r.firms)), 'firm')} in ${smallNumber(sectorIds.length)} sectors ` +
      `trade under the rules of “${title}”.`,
  );
  say.push(
    `An allowance costs ${price(daily[0].price)} on the first day and ${price(last(daily).price)} on the last; the dearest year is ${top.year}, at ${price(top.mean_cny)} on average.`,
  );
  say.push(
    `Verified emissions are ${mt(a.verified * 1e6)} in ${a.year} (${smallNumber(a.sectors)} sectors) and ${mt(z.verified * 1e6)} in ${z.year}` +
      `${z.sectors === a.sectors ? '' : ` (${smallNumber(z.sectors)} sectors)`}, which is ${percent(1 - z.verified / z.baseline)} less than the same demand would cause without a carbon price.`,
  );
  if (capped.length) {
    const firstYear = capped[0].year,
      ends = ofYear(capped, z.year)
        .filter(r => r.paid_share > 0)
        .map(r => r.paid_share);
    say.push(
      `Absolute caps begin with vintage ${firstYear} and cover ${percent(z.underCap / z.verified, 0)} of emissions in ${z.year}` +
        `${ends.length ? `, when between ${percent(Math.min(...ends), 0)} and ${percent(Math.max(...ends), 0)} of a cap is sold rather than given`.replace(/between (\S+) and \1/, '$1') : ''}.`,
    );
  } else {
    say.push(
      'No sector ever has a cap: free allowances follow output, so scarcity comes only from benchmarks that are stricter than what firms emit.',
    );
  }
  say.push(
    hasAuction
      ? `Auctions sell ${mt(sum(revenue, r => r.sold_t))} for ${money(sum(revenue, r => r.revenue_cny))}.`
      : 'Nothing is auctioned.',
  );
  if (assessed.length) {
    const shorts = sum(assessed, r => r.short);
    say.push(
      `${percent(1 - sum(assessed, r => r.shortfall_t) / sum(assessed, r => r.obligation_t), 2)} of all obligations are met in time` +
        `${shorts ? `; ${count(shorts, 'firm-year')} fall short and cost ${money(sum(assessed, r => r.fine_cny))} in fines` : ''}.`,
    );
  }
  if (cbam.length) {
    const gross = sum(cbam, r => r.gross_eur),
      cut = sum(cbam, r => r.deduction_eur);
    say.push(
      `At Europe’s border the same years cost exporters ${money(
        sum(cbam, r => r.net_eur),
        'EUR',
      )}` +
        `${cut > 0 ? `, after a deduction of ${money(cut, 'EUR')} (${percent(cut / gross, cut < gross / 1000 ? 2 : 1)}) for the price paid in China` : ', with nothing deducted for a price paid in China'}.`,
    );
  }
  $('story-text').textContent = say.join(' ');
}

function numbers() {
  const cards = [];
  const card = (label, value, unit, beside) => cards.push({label, value, unit, beside});
  if (yearlyPrice.length) {
    const a = yearlyPrice[0],
      z = last(yearlyPrice);
    card(
      `Mean headline price, ${z.year}`,
      number(z.mean_cny, 2),
      'CNY/t',
      `${a.year}: ${number(a.mean_cny, 2)}`,
    );
    const high = daily.reduce((m, r) => (r.price > m.price ? r : m)),
      low = daily.reduce((m, r) => (r.price < m.price ? r : m));
    card(
      'Highest and lowest close',
      `${number(low.price, 0)} – ${number(high.price, 0)}`,
      'CNY/t',
      `low ${dayInWords(low.date)}, high ${dayInWords(high.date)}`,
    );
    const traded = sum(daily, r => r.listed_t + r.block_t);
    card(
      'Traded on the exchange',
      short(traded / 1e9),
      'bn t',
      `${percent(sum(daily, r => r.block_t) / traded, 0)} of it in blocks`,
    );
  }
  if (closed.length) {
    const z = last(closed);
    card(
      `Verified emissions, ${z.year}`,
      number(z.verified),
      'Mt',
      `${number(z.baseline - z.verified)} Mt below the path without a price`,
    );
    card(
      `Under an absolute cap, ${z.year}`,
      percent(z.underCap / z.verified, 0),
      '',
      capped.length ? `first cap: vintage ${capped[0].year}` : 'no cap in this scenario',
    );
  }
  card(
    'Auction revenue',
    hasAuction ? short(sum(revenue, r => r.revenue_cny) / 1e9) : 'none',
    hasAuction ? 'CNY bn' : '',
    hasAuction
      ? `${mt(sum(revenue, r => r.sold_t))} sold in ${count(
          sum(revenue, r => r.auctions),
          'auction',
        )}`
      : 'no auction was held',
  );
  if (assessed.length) {
    card(
      'Obligations met in time',
      percent(
        1 -
          sum(assessed, r => r.shortfall_t) /
            Math.max(
              1,
              sum(assessed, r => r.obligation_t),
            ),
        2,
      ),
      '',
      `fines of ${money(sum(assessed, r => r.fine_cny))}`,
    );
  }
  if (cbam.length) {
    const z = last(cbam).year,
      rowsOf = ofYear(cbam, z);
    card(
      `CBAM bill, ${z}`,
      short(sum(rowsOf, r => r.net_eur) / 1e6),
      'EUR m',
      `without the deduction: ${money(
        sum(rowsOf, r => r.gross_eur),
        'EUR',
      )}`,
    );
  }
  const ledger = rows('ledger');
  if (ledger.length)
    card(
      last(ledger).bank_t < 0 ? 'Owed beyond what is held, at the end' : 'Private bank at the end',
      short(Math.abs(last(ledger).bank_t) / 1e6),
      'Mt',
      `${ledger[0].year}: ${mt(Math.abs(ledger[0].bank_t))} ${ledger[0].bank_t < 0 ? 'owed' : 'held'} beyond`,
    );
  $('numbers').insertAdjacentHTML(
    'beforeend',
    '<dl class="cards">' +
      cards
        .map(
          c =>
            `<div class="card"><dt>${escaped(c.label)}</dt><dd class="value">${escaped(c.value)} <small>${escaped(c.unit)}</small></dd><dd class="beside">${escaped(c.beside)}</dd></div>`,
        )
        .join('') +
      '</dl>',
  );
}

function dailyPrice() {
  if (!daily.length) return nothing('price', 'Nothing was listed for trading in this run.');
  figure('price', 'Headline price and volume by day', () => ({
    x: 'date',
    zoom: true,
    panels: [
      {height: narrow() ? 200 : 250, left: {name: 'Price (CNY/t)', scale: true}},
      {height: 110, left: {name: 'Volume (Mt)', short: 'Mt'}},
    ],
    rows: daily.map(r => ({
      ...r,
      listed: r.listed_t / 1e6,
      block: r.block_t / 1e6,
      auction: r.auction_t / 1e6,
    })),
    series: [
      line('price', 'Headline price', 'CNY/t', 'price', {digits: 2}),
      bar('listed', 'Listed', 'Mt', 'listed', {panel: 1, stack: 'volume', digits: 3}),
      bar('block', 'Blocks', 'Mt', 'block', {panel: 1, stack: 'volume', digits: 3}),
      ...(hasAuction
        ? [
            bar('auction', 'Auction', 'Mt', 'auction', {
              panel: 1,
              stack: 'volume',
              digits: 3,
              hideZero: true,
            }),
          ]
        : []),
    ],
    columns: [
      text('date', 'Day'),
      text('instrument', 'Headline instrument'),
      column('price', 'Headline price', 'CNY/t', 2),
      column('listed_t', 'Listed', 't'),
      column('block_t', 'Blocks', 't'),
      column('auction_t', 'Auction', 't'),
    ],
    note: 'Drag the handles below the chart to look closer. Numbered lines are policy steps, dashed lines are deadlines for surrender; hover near one to read it.',
  }));
  if (policyDates.length) {
    const items = policyDates.map(
      date =>
        `<li><b>${events
          .filter(e => e.date === date && e.kind === 'policy')
          .map(e => escaped(e.label))
          .join('; ')}</b>, ${dayInWords(date)}</li>`,
    );
    $('price').insertAdjacentHTML(
      'beforeend',
      `<ol class="steps" aria-label="Policy steps, as numbered in the charts">${items.join('')}</ol>`,
    );
  }
}

function auctions() {
  const weekly = rows('weekly').map(r => ({
    ...r,
    auction: r.auction_cny || null,
    certificate: r.certificate_eur || null,
    european: r.eu_auction_eur || null,
    cover: r.reserve_cny === null ? null : r.cover_ratio || null,
    sold: r.sold_t / 1e6,
  }));
  if (!weekly.length) return nothing('auctions', 'This run recorded no weeks.');
  const european = rows('european')[0];
  if (hasAuction) {
    const n = sum(revenue, r => r.auctions),
      floor = sum(revenue, r => r.at_reserve);
    paragraph(
      'auctions',
      `The paid share of the caps is sold every week in a sealed-bid auction at one price. Of ${count(n, 'auction')}, ${floor ? number(floor) : 'none'} ended at the reserve price.`,
    );
  } else {
    nothing(
      'auctions',
      'No Chinese auction was held, so there is no auction price, reserve price or cover ratio to show.',
    );
  }
  const domestic = (value('cbam.source') || {}).plain === 'domestic';
  paragraph(
    'auctions',
    `The certificate is what an importer into the European Union surrenders for a tonne embedded in goods. In this scenario its price follows ${domestic ? 'the scheme’s own auction' : 'the European auctions with the law’s lag'}; it is in euro${hasAuction ? ', on its own axis' : ''}.` +
      (european && european.facts && !domestic
        ? ` ${number(european.facts)} of the ${number(european.auctions)} European auctions behind it are published results (volume-weighted EUR ${number(european.fact_eur, 2)}), the rest are simulated.`
        : ''),
  );
  figure(
    'auctions',
    hasAuction
      ? 'Auction price, reserve price, cover ratio and certificate price by week'
      : 'CBAM certificate price by week',
    () => ({
      x: 'date',
      xName: 'monday',
      zoom: true,
      near: 6,
      rows: weekly,
      empty: !hasAuction && !weekly.some(r => r.certificate),
      panels: hasAuction
        ? [
            {
              height: narrow() ? 200 : 250,
              left: {name: 'Chinese auction (CNY/t)', short: 'CNY/t'},
              right: {name: 'Certificate (EUR/t)', short: 'EUR/t'},
            },
            {height: 110, left: {name: 'Cover ratio, log.', short: 'Cover, log.', log: true}},
          ]
        : [{height: 240, left: {name: 'Price (EUR/t)', scale: true}}],
      series: [
        ...(hasAuction
          ? [
              line('auction', 'Auction price', 'CNY/t', 'auction', {digits: 2, connect: true}),
              line('reserve_cny', 'Reserve price', 'CNY/t', 'floor', {
                digits: 2,
                dashed: true,
                connect: true,
              }),
            ]
          : []),
        line('certificate', 'CBAM certificate', 'EUR/t', 'foreign', {digits: 2, right: hasAuction}),
        ...(hasAuction
          ? [line('cover', 'Cover ratio', 'bid per offered', 'emissions', {panel: 1, digits: 2, connect: true})]
          : []),
      ],
      columns: [
        text('week', 'Week'),
        text('monday', 'Monday'),
        column('auction', 'Auction price', 'CNY/t', 2),
        column('reserve_cny', 'Reserve price', 'CNY/t', 2),
        column('cover', 'Cover ratio', 'bid per offered', 2),
        column('sold_t', 'Sold', 't'),
        column('headline_cny', 'Headline price', 'CNY/t', 2),
        column('european', 'European auctions', 'EUR/t', 2),
        column('certificate', 'CBAM certificate', 'EUR/t', 2),
      ],
      note: hasAuction
        ? 'Cover ratio: volume bid over volume offered, on a logarithmic axis; below 1 the auction sells what was bid, at the reserve price.'
        : weekly.some(r => r.certificate)
          ? ''
          : 'No certificate had a price yet when the run ended.',
    }),
  );
}

// The private bank as a clause; `bank` in Mt.
const bankInWords = bank =>
  bank < 0
    ? `owe ${mt(-bank * 1e6)} more than they hold`
    : `hold ${mt(bank * 1e6)} beyond all that they owe`;

function emissions() {
  if (!yearly.length) return nothing('emissions', 'No emission year was recorded.');
  const a = closed.find(r => r.bank !== null),
    z = last(closed);
  if (a && z.bank !== null) {
    paragraph(
      'emissions',
      `${z.baseline > z.verified ? `In ${z.year} firms emit ${number(z.baseline - z.verified)} Mt less than the same demand would cause without a price. ` : ''}` +
        `Firms ${bankInWords(a.bank)} at the end of ${a.year} and ${bankInWords(z.bank)} at the end of ${z.year}.`,
      'finding',
    );
  }
  figure('emissions', 'Supply and emissions by year, and what firms hold', () => ({
    x: 'year',
    rows: yearly,
    panels: [
      {height: 260, left: {name: 'Allowances, emissions (Mt)', short: 'Mt'}},
      {height: 90, left: {name: 'Bank (Mt)'}},
    ],
    series: [
      bar('free', 'Free allocation', 'Mt', 'free', {stack: 'supply'}),
      ...(hasAuction ? [bar('sold', 'Sold at auction', 'Mt', 'auction', {stack: 'supply'})] : []),
      line('verified', 'Emissions', 'Mt', 'emissions'),
      line('baseline', 'Emissions without a price', 'Mt', 'baseline', {dashed: true}),
      ...(capped.length
        ? [line('cap', 'Cap (capped sectors)', 'Mt', 'cap', {symbol: 'diamond'})]
        : []),
      bar('bank', 'Private bank at the year’s end', 'Mt', 'bank', {panel: 1}),
    ],
    note:
      (capped.length
        ? 'The cap binds only the sectors that have one; the others add to emissions and free allocation. '
        : 'No sector has a cap in this scenario. ') +
      'Allocation and emissions are of the emission year, auctions of the calendar year. The bank is what firms hold beyond everything emitted and still owed, the free allocation due for it counted in; below 0, firms as a whole still have to buy or abate what they already emitted.' +
      (openYears.length
        ? ` ${list(openYears.map(String))}: not yet verified and allocated when the run ends.`
        : ''),
  }));
}
