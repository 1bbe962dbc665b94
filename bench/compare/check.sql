-- What must hold afterwards: every journal row moved its balances, money was neither made nor lost.
\set ON_ERROR_STOP on
do $$
begin
  if (select sum(amount) from balance) <> 0 then raise 'debits and credits differ'; end if;
  if exists (select from balance b join account a on a.id = b.account
             where b.amount < 0 and not a.source) then raise 'an account is overdrawn'; end if;
  if exists (
    with rows as (select debit, credit, amount from journal
                  union all select debit, credit, amount from journal_of_requests),
    moved as (select account, sum(delta) as delta
              from (select debit as account, -amount as delta from rows
                    union all select credit, amount from rows) leg group by account)
    select from balance b left join moved m using (account)
    where b.account <> 0 and b.amount <> 1000000000 + coalesce(m.delta, 0))
  then raise 'a balance is not what the journal says'; end if;
end $$;
