// The page as a whole: footer, contents, the order of the sections, light and dark, width.

function about() {
  $('about').innerHTML =
    '<p>Written by CapClear. ' +
    rows('run')
      .filter(r => !['title', 'description'].includes(r.key))
      .map(r => `${escaped(r.key.replaceAll('_', ' '))}: ${escaped(r.value)}`)
      .join(' · ') +
    '</p><p>Charts: Apache ECharts, Apache-2.0.</p>';
}

function contents() {
  const items = [...document.querySelectorAll('main > h2.part, main > section')].map(e =>
    e.matches('h2')
      ? `<li class="part">${e.textContent}</li>`
      : `<li><a href="#${e.id}">${e.querySelector('h2, h3').textContent}</a></li>`,
  );
  $('contents').innerHTML =
    `<details><summary>Contents</summary><ol><li><a href="#story">The story</a></li>${items.join('')}</ol></details>`;
  const details = $('contents').querySelector('details'),
    wide = matchMedia('(min-width: 1120px)');
  const adapt = () => {
    details.open = wide.matches;
  };
  adapt();
  wide.onchange = adapt;
  $('contents').onclick = event => {
    if (event.target.matches('a') && !wide.matches) details.open = false;
  };
  const links = new Map([...$('contents').querySelectorAll('a')].map(a => [a.hash.slice(1), a]));
  const watcher = new IntersectionObserver(
    seen =>
      seen
        .filter(s => s.isIntersecting)
        .forEach(s => {
          links.forEach(a => a.removeAttribute('aria-current'));
          links.get(s.target.id)?.setAttribute('aria-current', 'true');
        }),
    {rootMargin: '-10% 0px -75% 0px'},
  );
  links.forEach((_, id) => watcher.observe($(id)));
}

[
  story,
  numbers,
  dailyPrice,
  auctions,
  emissions,
  caps,
  ledger,
  stability,
  positions,
  margin,
  complianceSection,
  costs,
  firm,
  cash,
  revenueSection,
  cbamSection,
  vintages,
  days,
  benchmark,
  rules,
  calendar,
  about,
  contents,
].forEach(part => part());

const redrawAll = () => {
  theme = readTheme();
  redraws.forEach(redraw => redraw());
};
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawAll);
let width = window.innerWidth,
  waiting;
addEventListener('resize', () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(redrawAll, 120);
});
