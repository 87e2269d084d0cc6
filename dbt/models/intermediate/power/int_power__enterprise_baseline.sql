{#- Mean daily energy of each enterprise over each distinct baseline period, of all its days and of
    workdays and days off apart. Readings the meter checks refuse take no part, nor do those far
    beyond the period's own median, which no history could judge in a feed's first days. -#}
with period_days as (
  select distinct baseline_kind, period_start_date, period_end_date, baseline_date
  from {{ ref('int_power__baseline_day') }}
),

readings as (
  select
    period_days.*,
    reading.enterprise_id,
    reading.energy_kwh,
    reading.is_off_day,
    median(reading.energy_kwh) over (
      partition by
        period_days.baseline_kind, period_days.period_start_date, reading.enterprise_id
    ) as middle_kwh
  from {{ ref('int_power__reading') }} as reading
  inner join period_days on reading.data_date = period_days.baseline_date
  where reading.is_accepted
),

sums as (
  select
    baseline_kind,
    period_start_date,
    period_end_date,
    enterprise_id,
    count(*) as day_count,
    sum(energy_kwh) as energy_kwh,
    {{ share_of(
      'sum(case when not is_off_day then energy_kwh end)',
      'count(case when not is_off_day then 1 end)') }} as workday_kwh,
    {{ share_of(
      'sum(case when is_off_day then energy_kwh end)',
      'count(case when is_off_day then 1 end)') }} as off_day_kwh
  from readings
  where
    middle_kwh <= {{ param('meter_placeholder_kwh') }}
    or energy_kwh <= {{ param('meter_impossible_factor') }} * middle_kwh
  group by 1, 2, 3, 4
)

select
  baseline_kind,
  period_start_date,
  enterprise_id,
  day_count,
  cast({{ share_of('energy_kwh', 'day_count') }} as decimal(18, 6)) as baseline_kwh,
  cast(coalesce(workday_kwh, {{ share_of('energy_kwh', 'day_count') }}) as decimal(18, 6))
    as workday_kwh,
  cast(coalesce(off_day_kwh, {{ share_of('energy_kwh', 'day_count') }}) as decimal(18, 6))
    as off_day_kwh
from sums
where
  day_count >= {{ param('baseline_min_days_share') }}
  * ({{ days_between('period_start_date', 'period_end_date') }} + 1)
  and energy_kwh > {{ param('baseline_min_mean_kwh') }} * day_count
