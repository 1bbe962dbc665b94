-- What the page gets. Each query becomes one table of its data, by column: the script reads rows('daily').
-- Prices are rounded to 0.01 and shares to 0.0001 where the page shows no more; tonnes are exact.

-- name: run
SELECT "key", value FROM run;

-- name: inputs
SELECT "key", value, unit, mark, source, title FROM inputs;

-- name: events
SELECT date, kind, label FROM events ORDER BY date, rowid;

-- name: sectors
SELECT sector, title, unit, firms FROM sectors;

-- name: daily
SELECT date, round(max(CASE WHEN headline THEN close END), 2) AS price,
       max(CASE WHEN headline THEN instrument END) AS instrument,
       sum(listed_t) AS listed_t, sum(block_t) AS block_t, sum(auction_t) AS auction_t
FROM prices GROUP BY date ORDER BY date;

-- name: weekly
-- A week's reserve price is that of its auctions; their Monday is six days before the next Sunday.
SELECT w.monday, w.week, round(w.cn_auction_cny, 2) AS auction_cny, a.reserve_cny,
       round(w.cn_cover_ratio, 3) AS cover_ratio, w.cn_sold_t AS sold_t,
       round(w.headline_cny, 2) AS headline_cny, round(w.eu_auction_eur, 2) AS eu_auction_eur,
       round(w.certificate_eur, 2) AS certificate_eur
FROM weekly w
LEFT JOIN (SELECT date(date, 'weekday 0', '-6 days') AS monday, round(max(reserve_price), 2) AS reserve_cny
           FROM auctions WHERE market = 'cn' GROUP BY 1) a USING (monday)
ORDER BY w.monday;

-- name: sector_years
SELECT sector, year, rule, round(cap_t) AS cap_t, baseline_t, verified_t, allocated_t, offered_t, sold_at_auction_t,
       paid_share, round(balance_value, 4) AS balance_value, round(marginal_price_cny, 2) AS marginal_price_cny,
       round(marginal_share, 4) AS marginal_share, long_t, short_t, firms, firms_short,
       round(abatement_cny) AS abatement_cny, round(carbon_cost_cny) AS carbon_cost_cny
FROM sector_years ORDER BY year, rowid;

-- name: ledger
SELECT *, held_before_t + issued_free_t - taken_back_t + sold_t + offsets_used_t
          - obligations_met_t - expired_t - cancelled_t - held_after_t AS check_t
FROM ledger ORDER BY year;

-- name: circulation
SELECT year, published, circulation_t, upper_t, lower_t, floor_t, branch, intake_t, release_t, held_t
FROM circulation ORDER BY year;

-- name: stability
SELECT * FROM stability ORDER BY year;

-- name: trigger_years
-- With max(), SQLite takes the other columns from the row of the highest price.
SELECT rule, CAST(substr(date, 1, 4) AS INTEGER) AS year, count(*) AS readings, sum(triggered) AS triggered,
       round(max(recent_cny), 2) AS highest_cny, round(threshold_cny, 2) AS threshold_cny, sum(volume_t) AS volume_t
FROM triggers GROUP BY rule, 2 ORDER BY rule, 2;

-- name: compliance
SELECT year, sum(status <> 'open') AS assessed, sum(status = 'compliant') AS compliant, sum(status = 'short') AS short,
       sum(status = 'open') AS open, sum(CASE WHEN status <> 'open' THEN verified_t ELSE 0 END) AS obligation_t,
       sum(surrendered_t) AS surrendered_t, sum(offsets_t) AS offsets_t, sum(shortfall_t) AS shortfall_t,
       round(sum(fine_cny)) AS fine_cny
FROM firm_years GROUP BY year ORDER BY year;

-- name: costs
-- How many firms pay how much: bins of 5 CNY per tonne emitted, from -300 to 600.
SELECT year, sector, max(-60, min(119, CAST(floor(cost / verified_t / 5) AS INTEGER))) AS bin, count(*) AS firms
FROM (SELECT year, sector, verified_t,
             bought_listed_cny + bought_block_cny + bought_auction_cny - sold_cny + fine_cny AS cost
      FROM firm_years WHERE verified_t > 0)
GROUP BY 1, 2, 3;

-- name: cost_shares
-- The same as a share of product value: bins of 0.25%, from -15% to 30%.
SELECT year, sector, max(-60, min(119, CAST(floor(cost / product_value_cny / 0.0025) AS INTEGER))) AS bin, count(*) AS firms
FROM (SELECT year, sector, product_value_cny,
             bought_listed_cny + bought_block_cny + bought_auction_cny - sold_cny + fine_cny AS cost
      FROM firm_years WHERE product_value_cny > 0)
GROUP BY 1, 2, 3;

-- name: cost_quantiles
-- CNY per tonne emitted, by sector and year: a tenth of the firms pay no more than p10, half no more than p50.
SELECT sector, year, count(*) AS firms, round(max(CASE WHEN below <= 0.1 THEN cost END), 2) AS p10,
       round(max(CASE WHEN below <= 0.5 THEN cost END), 2) AS p50,
       round(max(CASE WHEN below <= 0.9 THEN cost END), 2) AS p90, round(sum(total)) AS total_cny
FROM (SELECT sector, year, total, cost, percent_rank() OVER (PARTITION BY year, sector ORDER BY cost) AS below
      FROM (SELECT sector, year, total, total / verified_t AS cost
            FROM (SELECT sector, year, verified_t,
                         bought_listed_cny + bought_block_cny + bought_auction_cny - sold_cny + fine_cny AS total
                  FROM firm_years WHERE verified_t > 0)))
GROUP BY year, sector;

-- name: cash
SELECT year, sector, round(sum(credit_drawn_cny)) AS drawn_cny, round(max(credit_drawn_cny)) AS largest_cny,
       sum(credit_drawn_cny > 0) AS borrowers
FROM firm_years GROUP BY year, sector ORDER BY year;

-- name: revenue
SELECT CAST(substr(date, 1, 4) AS INTEGER) AS year, count(*) AS auctions, sum(offered_t) AS offered_t,
       sum(sold_t) AS sold_t, sum(unsold_t) AS unsold_t, sum(containment_t) AS containment_t,
       sum(sold_t = 0 OR price <= reserve_price) AS at_reserve, round(sum(revenue)) AS revenue_cny
FROM auctions WHERE market = 'cn' GROUP BY 1 ORDER BY 1;

-- name: european
SELECT count(*) AS auctions, coalesce(sum(fact), 0) AS facts,
       round(sum(CASE WHEN fact THEN price * sold_t END) / sum(CASE WHEN fact THEN sold_t END), 2) AS fact_eur
FROM auctions WHERE market = 'eu';

-- name: cbam
SELECT sector, year, exporters, round(exports_t) AS exports_t, round(embedded_t) AS embedded_t,
       round(chargeable_t) AS chargeable_t, round(certificate_eur, 2) AS certificate_eur, round(gross_eur) AS gross_eur,
       round(deduction_eur) AS deduction_eur, round(net_eur) AS net_eur, round(paid_cny_per_t, 2) AS paid_cny_per_t,
       round(break_even_cny, 2) AS break_even_cny, recognised, with_data, round(home_eur) AS home_eur,
       round(cost_recognised_eur) AS cost_recognised_eur, round(cost_unrecognised_eur) AS cost_unrecognised_eur,
       round(cost_free_eur) AS cost_free_eur
FROM cbam ORDER BY year, rowid;

-- name: cbam_provinces
SELECT sector, province, year, exporters, with_data, round(exports_t) AS exports_t, round(net_eur) AS net_eur,
       round(data_worth_eur) AS data_worth_eur, round(data_gained_eur) AS data_gained_eur,
       round(hidden_eur) AS hidden_eur, round(penalties_eur) AS penalties_eur
FROM cbam_provinces ORDER BY year, sector, province;

-- name: cbam_importers
SELECT sector, year, due, bought, surrendered, repurchased, remaining, round(cost_eur) AS cost_eur,
       round(penalty_eur) AS penalty_eur
FROM cbam_importers ORDER BY year, sector;

-- name: vintages
-- The last close of every month and instrument (with max(), SQLite takes the other columns from that row).
SELECT max(date) AS date, instrument, vintage, round(close, 2) AS close, sum(listed_t) AS listed_t,
       sum(block_t) AS block_t, sum(auction_t) AS auction_t
FROM prices GROUP BY substr(date, 1, 7), instrument ORDER BY 1, vintage;

-- name: channels
SELECT CAST(substr(date, 1, 4) AS INTEGER) AS year, instrument, vintage, sum(listed_t) AS listed_t,
       sum(block_t) AS block_t, sum(auction_t) AS auction_t, round(sum(listed_cny)) AS listed_cny,
       round(sum(block_cny)) AS block_cny, round(sum(auction_cny)) AS auction_cny
FROM prices GROUP BY 1, instrument ORDER BY 1, vintage;

-- name: days
SELECT CAST(substr(date, 1, 4) AS INTEGER) AS year, sum(headline) AS days, sum(headline AND at_limit > 0) AS upper,
       sum(headline AND at_limit < 0) AS lower, sum(headline AND listed_t + block_t = 0) AS without_trade,
       count(*) AS all_days, sum(at_limit <> 0) AS all_limit, sum(listed_t + block_t = 0) AS all_without_trade
FROM prices GROUP BY 1 ORDER BY 1;

-- name: yearly_price
SELECT CAST(substr(date, 1, 4) AS INTEGER) AS year, round(avg(close), 2) AS mean_cny, round(min(close), 2) AS low_cny,
       round(max(close), 2) AS high_cny
FROM prices WHERE headline GROUP BY 1 ORDER BY 1;

-- name: equilibrium
SELECT year, round(price_cny, 2) AS price_cny, round(bank_mt, 2) AS bank_mt, round(emissions_mt, 2) AS emissions_mt
FROM equilibrium ORDER BY year;

-- name: firm
-- One firm's year: of the short firms of the earliest best kind, the one of middle size. Best are power firms
-- under a cap that bought at auction, then power firms that bought, then any firm that bought.
WITH candidates AS (
  SELECT y.rowid AS id, y.firm, y.year, y.verified_t,
         CASE WHEN y.sector = 'power' AND s.cap_t > 0 AND y.bought_auction_t > 0 THEN 1
              WHEN s.cap_t > 0 AND y.bought_auction_t > 0 THEN 2 WHEN y.sector = 'power' THEN 3 ELSE 4 END AS kind
  FROM firm_years y JOIN sector_years s USING (sector, year)
  WHERE y.status <> 'open' AND y.verified_t > y.allocated_t
    AND y.bought_listed_t + y.bought_block_t + y.bought_auction_t > 0),
first AS (SELECT kind, year FROM candidates ORDER BY kind, year LIMIT 1),
alike AS (
  SELECT c.id, kind, row_number() OVER (ORDER BY c.verified_t, c.firm) AS rank, count(*) OVER () AS alike
  FROM candidates c JOIN first USING (kind, year))
SELECT y.*, a.kind, a.alike, f.name, f.province, f.unit_class, f."group"
FROM alike a JOIN firm_years y ON y.rowid = a.id JOIN firms f USING (firm)
WHERE a.rank = (a.alike + 1) / 2;
