{#- Mean daily energy of each enterprise over each distinct baseline period. -#}
with period_days as (
  select distinct baseline_kind, period_start_date, period_end_date, baseline_date
  from {{ ref('int_power__baseline_day') }}
),

sums as (
  select
    period_days.baseline_kind,
    period_days.period_start_date,
    period_days.period_end_date,
    energy.enterprise_id,
    count(*) as day_count,
    sum(energy.energy_kwh) as energy_kwh
  from {{ ref('stg_power__energy_daily') }} as energy
  inner join period_days on energy.data_date = period_days.baseline_date
  where energy.data_date >= {{ days_before_window(var('power_history_days')) }}
  group by 1, 2, 3, 4
)

select
  baseline_kind,
  period_start_date,
  enterprise_id,
  day_count,
  cast(round(cast(energy_kwh as double) / day_count, 6) as decimal(18, 6)) as baseline_kwh
from sums
where
  day_count >= {{ param('baseline_min_days_share') }}
  * ({{ days_between('period_start_date', 'period_end_date') }} + 1)
  and energy_kwh > {{ param('baseline_min_mean_kwh') }} * day_count
