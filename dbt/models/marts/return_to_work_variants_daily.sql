{#- The index by kind of baseline, with and without the largest user, and the distance from the lunar
    new year on which years are compared. -#}
with cells as (
  select
    data_date, baseline_kind, region_id, industry_code, 'all' as users,
    enterprise_count, resumed_count, energy_kwh, resumed_energy_kwh, baseline_kwh
  from {{ history('int_power__cell_day', var('stale_max_days')) }} as cells
  where scale = 'all'
  union all
  select
    data_date, baseline_kind, region_id, industry_code, 'without_largest' as users,
    enterprise_count, resumed_count, energy_kwh, resumed_energy_kwh, baseline_kwh
  from {{ history('int_power__variant_day', var('stale_max_days')) }} as cells
),

rates as (
  select
    *,
    {{ pct_of('resumed_count', 'enterprise_count') }} as resumption_rate_pct,
    {{ recovery_rate_pct('energy_kwh', 'resumed_energy_kwh', 'baseline_kwh') }}
      as recovery_rate_pct,
    enterprise_count >= {{ param('min_enterprises_per_cell') }} as is_published
  from cells
)

select
  good.data_date,
  good.value_date,
  calendar.lunar_new_year_date,
  calendar.days_from_lunar_new_year,
  rates.region_id,
  rates.industry_code,
  rates.baseline_kind,
  rates.users,
  rates.enterprise_count,
  case when rates.is_published then rates.resumption_rate_pct end as resumption_rate_pct,
  case when rates.is_published then rates.recovery_rate_pct end as recovery_rate_pct,
  case
    when rates.is_published
      then {{ power_index('rates.resumption_rate_pct', 'rates.recovery_rate_pct') }}
  end as index_value,
  case
    when rates.enterprise_count = 0 then 'not_collected'
    when not rates.is_published then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_power__cell_day') }} as good
inner join rates on good.value_date = rates.data_date
inner join {{ ref('int_calendar__window') }} as calendar on good.data_date = calendar.data_date
