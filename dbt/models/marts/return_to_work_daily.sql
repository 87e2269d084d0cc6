with cells as (
  select * from {{ history('int_power__cell_day', var('stale_max_days')) }} as cells
  where baseline_kind = (
    select baseline_kind from {{ ref('power_baselines') }} where is_primary
  )
),

rates as (
  select
    *,
    {{ pct_of('resumed_count', 'enterprise_count') }} as resumption_rate_pct,
    {{ recovery_rate_pct('energy_kwh', 'resumed_energy_kwh', 'baseline_kwh') }}
      as recovery_rate_pct,
    {{ share_of('enterprise_count', 'registered_count') }} as reporting_share,
    enterprise_count >= {{ param('min_enterprises_per_cell') }} as is_published
  from cells
)

select
  good.data_date,
  good.value_date,
  rates.region_id,
  rates.industry_code,
  rates.scale,
  rates.registered_count,
  rates.enterprise_count,
  rates.no_baseline_count,
  case when rates.is_published then rates.resumed_count end as resumed_count,
  case when rates.is_published then rates.resumption_rate_pct end as resumption_rate_pct,
  case when rates.is_published then rates.recovery_rate_pct end as recovery_rate_pct,
  case
    when rates.is_published
      then {{ power_index('rates.resumption_rate_pct', 'rates.recovery_rate_pct') }}
  end as index_value,
  case when rates.is_published then rates.energy_kwh end as energy_kwh,
  case when rates.is_published then rates.baseline_kwh end as baseline_kwh,
  rates.reporting_share,
  case
    when rates.enterprise_count = 0 then 'not_collected'
    when not rates.is_published then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_power__cell_day') }} as good
inner join rates on good.value_date = rates.data_date
