// The rules behind it, fact or assumption, and the calendar.

// The scenario's rules as sentences: the keys a sentence speaks of, the words, when it is said, and a
// mark where no key carries one. A key that ends in '.' takes its first year.
const value = (key, percentOf) => {
  const found = rows('inputs').find(r =>
    key.endsWith('.') ? r.key.startsWith(key) : r.key === key,
  );
  if (!found) return null;
  const plain = found.value.replace(/^"|"$/g, '');
  return {
    ...found,
    plain: percentOf ? percent(+plain, 2).replace(/\.?0+%/, '%') : plain,
    year: found.key.split('.').pop(),
  };
};
const sentences = [
  [
    ['caps.reserve_share%'],
    r => `Of every cap ${r} is kept back as a reserve for entrants and special cases.`,
  ],
  [
    [
      'auction.first_year',
      'auction.reserve_cny.',
      'auction.reserve_growth%',
      'auction.bidder_limit%',
    ],
    (year, floor, growth, limit) =>
      `From ${year} the paid share of the caps is sold in a weekly sealed-bid auction at one price. The reserve price starts at CNY ${floor} and rises ${growth} a year; one bidder may buy ${limit} of an auction.`,
    () => hasAuction,
  ],
  [
    ['auction.containment.trigger_cny.', 'auction.containment.window'],
    (trigger, window) =>
      `When the mean of ${window} auctions in a row reaches the trigger (CNY ${trigger} at first), the next one offers a part of the stability stock in addition.`,
    () => hasAuction,
  ],
  [
    ['market.listed_band%', 'market.block_band%', 'market.block_from_t'],
    (listed, block, from) =>
      `On the exchange a listed order may stand ${listed} from the previous close, a block (from ${number(+from)} t) ${block}; what is bought can be sold the next trading day.`,
  ],
  [
    ['compliance.first_banking_vintage'],
    year => `Vintages from ${year} may be kept without limit.`,
  ],
  [[], () => 'No vintage pays for a year before its own.', () => true, 'assumption'],
  [
    ['carry_over.multiple'],
    multiple =>
      `Older units live on only by the carry-over rule: ${multiple} times what a firm sold on balance, and a base amount; the rest expires.`,
  ],
  [
    ['offsets.limit%'],
    limit => `Offsets may cover ${limit} of an obligation.`,
  ],
  [
    ['offsets.supply_mt.'],
    supply => `No more offsets are used than projects supply: ${number(+supply)} Mt in the first year.`,
  ],
  [
    ['compliance.fine_first', 'compliance.fine_second', 'compliance.fine_later'],
    (a, b, c) =>
      `A tonne missed at the deadline costs ${a} times the last month’s mean price, ${b} and then ${c} times on repetition, and stays due.`,
  ],
  [
    ['credit.line_share%', 'credit.rate%'],
    (share, rate) => `Firms may borrow up to ${share} of a year’s product value at ${rate} a year.`,
  ],
  [['behaviour.discount_mean%'], rate => `Firms discount the future at ${rate} a year on average.`],
  [
    ['cbam.source', 'cbam.cny_per_eur'],
    (source, rate) =>
      `CBAM certificates are priced by ${source === 'domestic' ? 'the scheme’s own auctions' : 'the European auctions'}; a euro is CNY ${rate}.`,
  ],
  [
    ['cbam.recognition_from'],
    day =>
      `Europe recognises the Chinese price from ${/^\d{4}-/.test(day) ? dayInWords(day) : day}, for exporters that declare actual emissions.`,
  ],
];

function ruleSentences() {
  return sentences
    .filter(([keys, , when]) => (!when || when()) && keys.every(key => value(key.replace('%', ''))))
    .map(([keys, words, , mark]) => {
      const values = keys.map(key => value(key.replace('%', ''), key.endsWith('%'))),
        marks = unique(mark ? [mark] : values.map(v => v.mark));
      return `<li>${escaped(words(...values.map(v => v.plain)))} ${marks.sort().map(markElement).join(' ')}</li>`;
    });
}
const markElement = mark =>
  `<span class="mark ${mark === 'fact' ? 'fact' : ''}">${escaped(mark)}</span>`;

function rules() {
  if (sectorYears.length) {
    const used = unique(sectorYears.map(r => r.rule));
    $('rules').insertAdjacentHTML(
      'beforeend',
      '<ul>' +
        used
          .map(
            r =>
              `<li><b>${escaped(ruleName(r))}</b>${ruleWords[r] ? `: ${escaped(ruleWords[r][1])}` : ''}</li>`,
          )
          .join('') +
        '</ul>',
    );
    tableFigure(
      'rules',
      'Rule by sector and emission year (cap in Mt, paid share of it)',
      [
        text('sector', 'Sector'),
        ...years.map(y => ({name: `y${y}`, label: String(y), html: v => escaped(v ?? '–')})),
      ],
      sectorIds.map(id => ({
        sector: sectorTitle(id),
        ...Object.fromEntries(
          sectorYears
            .filter(r => r.sector === id)
            .map(r => [
              `y${r.year}`,
              r.cap_t > 0
                ? `${ruleName(r.rule)} ${short(r.cap_t / 1e6)}, ${percent(r.paid_share, 0)}`
                : ruleName(r.rule),
            ]),
        ),
      })),
    );
  }
  const told = ruleSentences();
  if (told.length)
    $('rules').insertAdjacentHTML('beforeend', `<ul class="told">${told.join('')}</ul>`);
  const inputs = rows('inputs');
  if (!inputs.length) return nothing('rules', 'The scenario’s inputs were not recorded.');
  const facts = inputs.filter(r => r.mark === 'fact').length;
  paragraph(
    'rules',
    `Everything the run was told, ${count(inputs.length, 'value')}: ${count(facts, 'fact')} with a source, ${count(inputs.length - facts, 'assumption')} that anyone may change.`,
    'finding',
  );
  $('rules').insertAdjacentHTML(
    'beforeend',
    '<div class="filter"><input type="search" aria-label="Search the inputs" placeholder="Search key, words, source …"><select aria-label="Show">' +
      '<option value="">facts and assumptions</option><option value="fact">facts</option><option value="assumption">assumptions</option></select><span class="quiet" role="status"></span></div><div id="inputs"></div>',
  );
  const columns = [
    text('title', 'Input', {wrap: true}),
    text('value', 'Value', {wrap: true}),
    text('unit', 'Unit'),
    {name: 'mark', label: 'Mark', html: markElement},
    text('source', 'Source or reason', {wrap: true}),
    text('key', 'Key'),
  ];
  const search = document.querySelector('#rules input'),
    mark = document.querySelector('#rules select'),
    found = document.querySelector('#rules .quiet');
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = inputs.filter(
      r =>
        (!mark.value || r.mark === mark.value) &&
        words.every(w => `${r.key} ${r.title} ${r.value} ${r.source}`.toLowerCase().includes(w)),
    );
    found.textContent = words.length || mark.value ? `${count(hits.length, 'input')} found` : '';
    $('inputs').replaceChildren(
      ...[
        ...groupBy(hits, r => (r.key.includes('.') ? r.key.split('.')[0] : 'the run itself')),
      ].map(([group, of]) => {
        const details = document.createElement('details');
        details.className = 'group';
        details.innerHTML = `<summary>${escaped(group.replaceAll('_', ' '))} <span class="quiet">(${of.length})</span></summary>`;
        const fill = () => {
          if (details.open && !details.querySelector('table'))
            details.append(tableElement(columns, of));
        };
        details.ontoggle = fill;
        details.open = words.length > 0 && hits.length <= 200;
        fill();
        return details;
      }),
    );
  };
  search.oninput = mark.onchange = show;
  show();
}

function calendar() {
  if (!events.length) return nothing('calendar', 'No policy step or deadline was recorded.');
  const kinds = {policy: 'policy step', deadline: 'deadline', issue: 'allocation'};
  tableFigure(
    'calendar',
    'What happens when',
    [
      text('date', 'Day'),
      text('label', 'What', {wrap: true}),
      text('words', 'Kind'),
      text('number', 'In the charts'),
    ],
    events.map(e => ({
      ...e,
      words: kinds[e.kind] || e.kind,
      number:
        e.kind === 'policy'
          ? `line ${policyNumber(e.date)}`
          : e.kind === 'deadline'
            ? 'dashed line'
            : 'in the hover',
    })),
  );
}
