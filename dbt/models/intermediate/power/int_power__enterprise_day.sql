{#- One row an enterprise, day and kind of baseline: those that report, and those that should. -#}
with periods as (
  select distinct data_date, baseline_kind, period_start_date
  from {{ ref('int_power__baseline_day') }}
),

kinds as (
  -- a kind without any period for the day still counts those that report
  select days.data_date, baselines.baseline_kind, periods.period_start_date
  from (select distinct data_date from {{ ref('int_power__carried_day') }}) as days
  cross join {{ ref('power_baselines') }} as baselines
  left join periods
    on days.data_date = periods.data_date and baselines.baseline_kind = periods.baseline_kind
),

shifts as (
  select enterprise_id, data_date as shift_date
  from {{ ref('int_power__reading') }}
  where check_code = 'level_shift'
),

expected as (
  select
    kinds.data_date,
    kinds.baseline_kind,
    baseline.enterprise_id,
    baseline.baseline_kwh,
    baseline.workday_kwh,
    baseline.off_day_kwh
  from kinds
  inner join {{ ref('int_power__enterprise_baseline') }} as baseline
    on kinds.baseline_kind = baseline.baseline_kind
    and kinds.period_start_date = baseline.period_start_date
  -- what was metered before a change of the meter says nothing about what is metered after it
  where not exists (
    select 1 from shifts
    where
      shifts.enterprise_id = baseline.enterprise_id
      and shifts.shift_date between kinds.period_start_date and kinds.data_date
  )
),

reported as (
  select
    kinds.data_date,
    kinds.baseline_kind,
    carried.enterprise_id,
    carried.energy_kwh,
    carried.reading_date,
    carried.is_imputed,
    carried.refused_code
  from kinds
  inner join {{ ref('int_power__carried_day') }} as carried on kinds.data_date = carried.data_date
),

matched as (
  select
    coalesce(reported.data_date, expected.data_date) as data_date,
    coalesce(reported.baseline_kind, expected.baseline_kind) as baseline_kind,
    coalesce(reported.enterprise_id, expected.enterprise_id) as enterprise_id,
    reported.energy_kwh,
    reported.reading_date,
    coalesce(reported.is_imputed, false) as is_imputed,
    reported.refused_code,
    expected.baseline_kwh,
    expected.workday_kwh,
    expected.off_day_kwh
  from reported
  full outer join expected
    on reported.data_date = expected.data_date
    and reported.baseline_kind = expected.baseline_kind
    and reported.enterprise_id = expected.enterprise_id
)

select
  matched.data_date,
  matched.baseline_kind,
  matched.enterprise_id,
  -- an enterprise of no district in particular must not pass for the city's total
  coalesce(nullif(register.region_id, '{{ var("city_region_id") }}'), 'unknown') as region_id,
  coalesce(register.industry_code, 'unknown') as industry_code,
  case
    when register.above_scale then 'above'
    when not register.above_scale then 'below'
    else 'unknown'
  end as scale,
  matched.energy_kwh,
  matched.reading_date,
  matched.refused_code,
  matched.baseline_kwh,
  matched.workday_kwh,
  matched.off_day_kwh,
  matched.energy_kwh is not null and not matched.is_imputed as is_reported,
  matched.energy_kwh is not null and matched.baseline_kwh is not null as is_counted,
  matched.is_imputed and matched.baseline_kwh is not null as is_imputed
from matched
left join {{ ref('stg_power__enterprises') }} as register
  on matched.enterprise_id = register.enterprise_id
