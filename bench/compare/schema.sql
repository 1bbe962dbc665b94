-- The registry's core as a careful engineer would write it in PostgreSQL: accounts, balances per
-- (account, ledger), an append-only journal, and functions that check before they move.
-- Variables: firms, batches (staged batches of 8,190 transfers).

create table account (
  id       int primary key,
  blocked  boolean not null default false,
  source   boolean not null default false  -- Issuance and bank: may be negative.
);

-- Half-empty pages, so that an update finds room beside the old row and touches no index.
create table balance (
  account  int      not null references account,
  ledger   smallint not null,
  amount   bigint   not null,
  primary key (account, ledger)
) with (fillfactor = 50);

-- No foreign keys: the functions check both accounts, as the registry does.
create table journal (
  sequence  bigint   primary key generated always as identity,
  id        uuid     not null,
  debit     int      not null,
  credit    int      not null,
  ledger    smallint not null,
  amount    bigint   not null check (amount > 0),
  code      smallint not null,
  year      smallint not null,
  reference bigint   not null,
  at        timestamptz not null
);
create unique index journal_id on journal (id);

-- The same without an id a transfer: one id a request, as TransferBatch has it.
create table journal_of_requests (
  sequence  bigint   primary key generated always as identity,
  debit     int      not null,
  credit    int      not null,
  ledger    smallint not null,
  amount    bigint   not null check (amount > 0),
  code      smallint not null,
  year      smallint not null,
  reference bigint   not null,
  at        timestamptz not null
);
create table request (id uuid primary key, first_sequence bigint not null, count int not null);

insert into account select n, false, n = 0 from generate_series(0, :firms) n;
insert into balance select n, 1, case n when 0 then -1000000000::bigint * :firms else 1000000000 end
  from generate_series(0, :firms) n;

-- What the client would send, waiting in the server already: no network, no parsing is measured.
create unlogged table staged (
  batch int, place int, id uuid, debit int, credit int, amount bigint,
  primary key (batch, place)
);
insert into staged
  select batch, place, gen_random_uuid(), debit,
         1 + (debit - 1 + 1 + floor(random() * (:firms - 1))::int) % :firms, 1
  from (select batch, place, 1 + floor(random() * :firms)::int as debit
        from generate_series(1, :batches) batch, generate_series(1, 8190) place) pair;
create sequence next_batch;

-- One transfer. Empty when done, else the first rule it broke. Rows are locked in the order of
-- accounts, so that two transfers never wait for each other.
create function transfer(the_id uuid, the_debit int, the_credit int, the_amount bigint,
                         the_ledger smallint default 1) returns text language plpgsql as $$
declare
  debit_account account; credit_account account; available bigint;
begin
  select * into debit_account from account where id = the_debit;
  if not found then return 'ACCOUNT_NOT_FOUND'; end if;
  select * into credit_account from account where id = the_credit;
  if not found then return 'ACCOUNT_NOT_FOUND'; end if;
  if the_debit = the_credit then return 'SAME_ACCOUNT'; end if;
  if the_amount <= 0 then return 'AMOUNT_NOT_POSITIVE'; end if;
  if debit_account.blocked then return 'ACCOUNT_BLOCKED'; end if;
  if the_debit < the_credit then
    select amount into available from balance
      where account = the_debit and ledger = the_ledger for no key update;
  end if;
  update balance set amount = amount + the_amount
    where account = the_credit and ledger = the_ledger;
  if not found then insert into balance values (the_credit, the_ledger, the_amount); end if;
  update balance set amount = amount - the_amount
    where account = the_debit and ledger = the_ledger
      and (amount >= the_amount or debit_account.source);
  if not found then raise exception 'INSUFFICIENT_HOLDING'; end if;
  insert into journal (id, debit, credit, ledger, amount, code, year, reference, at)
    values (the_id, the_debit, the_credit, the_ledger, the_amount, 22, 0, 0, now());
  return '';
end $$;

-- A batch, one transfer after the other.
create function batch_by_row(the_batch int) returns int language plpgsql as $$
declare one record; done int := 0; refusal text;
begin
  for one in select * from staged where batch = the_batch order by place loop
    refusal := transfer(one.id, one.debit, one.credit, one.amount);
    if refusal <> '' then raise exception '%', refusal; end if;
    done := done + 1;
  end loop;
  return done;
end $$;

-- The rules over a whole batch at once: every debit account's running balance, in the order of the
-- batch, must stay at or above zero. A batch that breaks one goes row by row.
create function batch_keeps_the_rules(the_batch int) returns boolean language sql as $$
  with leg as materialized (
    select place, debit as account, -amount as delta from staged where batch = the_batch
    union all
    select place, credit, amount from staged where batch = the_batch),
  running as (
    select a.id, leg.delta, a.blocked, a.source,
           coalesce(b.amount, 0) + sum(leg.delta) over (partition by leg.account order by leg.place)
             as left_over
    from leg left join account a on a.id = leg.account
             left join balance b on b.account = leg.account and b.ledger = 1)
  select not exists (select from running
                     where id is null
                        or delta < 0 and (blocked or left_over < 0 and not source))
     and not exists (select from staged
                     where batch = the_batch and (debit = credit or amount <= 0))
$$;

-- Moves the balances of a batch: one update an account, not one a transfer.
create function move_balances(the_batch int) returns void language sql as $$
  insert into balance
  select account, 1, 0 from (select distinct credit as account from staged where batch = the_batch) c
  where not exists (select from balance b where b.account = c.account and b.ledger = 1);
  update balance b set amount = b.amount + net.delta
  from (select account, sum(delta) as delta
        from (select debit as account, -amount as delta from staged where batch = the_batch
              union all
              select credit, amount from staged where batch = the_batch) leg
        group by account) net
  where b.account = net.account and b.ledger = 1
$$;

create function lock_accounts(the_batch int) returns void language plpgsql as $$
begin
  perform from balance b
  where b.ledger = 1 and b.account in (select debit from staged where batch = the_batch
                                       union select credit from staged where batch = the_batch)
  order by b.account for no key update;
end $$;

-- A batch as sets, an id a transfer.
create function batch_as_sets(the_batch int) returns int language plpgsql as $$
declare done int;
begin
  perform lock_accounts(the_batch);
  if not batch_keeps_the_rules(the_batch) then return batch_by_row(the_batch); end if;
  perform move_balances(the_batch);
  insert into journal (id, debit, credit, ledger, amount, code, year, reference, at)
    select id, debit, credit, 1, amount, 22, 0, 0, now()
    from staged where batch = the_batch order by place;
  get diagnostics done = row_count;
  return done;
end $$;

-- A batch as sets, one id for the whole request: what the registry's TransferBatch does.
create function batch_as_request(the_batch int) returns int language plpgsql as $$
declare first bigint; last bigint;
begin
  perform lock_accounts(the_batch);
  if not batch_keeps_the_rules(the_batch) then raise exception 'refused'; end if;
  perform move_balances(the_batch);
  with written as (
    insert into journal_of_requests (debit, credit, ledger, amount, code, year, reference, at)
      select debit, credit, 1, amount, 22, 0, 0, now()
      from staged where batch = the_batch order by place
      returning sequence)
  select min(sequence), max(sequence) into first, last from written;
  insert into request values (gen_random_uuid(), first, last - first + 1);
  return last - first + 1;
end $$;

analyze;
