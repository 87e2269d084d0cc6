{#- How far a day of the baseline strays from its mean, over all modes: the standard error of one
    day's recovery over the recovery. -#}
with totals as (
  select kinds.data_date, counts.data_date as baseline_date, sum(counts.boardings) as boardings
  from {{ ref('int_ticketing__baseline_kind') }} as kinds
  inner join {{ ref('int_ticketing__baseline_day') }} as days
    on kinds.data_date = days.data_date and kinds.baseline_kind = days.baseline_kind
  inner join {{ ref('int_ticketing__station_count') }} as counts
    on days.baseline_date = counts.data_date and kinds.mode = counts.mode
  group by kinds.data_date, counts.data_date
),

means as (
  select data_date, cast(sum(boardings) as double) / count(*) as mean_boardings, count(*) as days
  from totals
  group by data_date
),

squares as (
  select
    totals.data_date,
    sum(cast(round(power(totals.boardings / means.mean_boardings - 1, 2), 12) as decimal(24, 12)))
      as square_sum,
    max(means.days) as days
  from totals
  inner join means on totals.data_date = means.data_date
  where means.mean_boardings > 0
  group by totals.data_date
)

select
  data_date,
  days as baseline_day_count,
  -- s * sqrt(1 + 1/n): a new day strays by s, and the mean of n days is uncertain itself
  round(sqrt(cast(square_sum as double) / nullif(days - 1, 0) * (1 + 1.0 / days)), 6)
    as relative_error
from squares
