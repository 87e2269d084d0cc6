{#- One row an enterprise, day and kind of baseline: those that report, and those that should. -#}
with energy as (
  select enterprise_id, data_date, energy_kwh
  from {{ ref('stg_power__energy_daily') }}
  where {{ in_window() }}
),

periods as (
  select distinct data_date, baseline_kind, period_start_date
  from {{ ref('int_power__baseline_day') }}
),

kinds as (
  -- a kind without any period for the day still counts those that report
  select days.data_date, baselines.baseline_kind, periods.period_start_date
  from (select distinct data_date from energy) as days
  cross join (
    select baseline_kind from {{ ref('power_baselines') }} where is_published
  ) as baselines
  left join periods
    on days.data_date = periods.data_date and baselines.baseline_kind = periods.baseline_kind
),

expected as (
  select kinds.data_date, kinds.baseline_kind, baseline.enterprise_id, baseline.baseline_kwh
  from kinds
  inner join {{ ref('int_power__enterprise_baseline') }} as baseline
    on kinds.baseline_kind = baseline.baseline_kind
    and kinds.period_start_date = baseline.period_start_date
),

reported as (
  select kinds.data_date, kinds.baseline_kind, energy.enterprise_id, energy.energy_kwh
  from kinds
  inner join energy on kinds.data_date = energy.data_date
),

matched as (
  select
    coalesce(reported.data_date, expected.data_date) as data_date,
    coalesce(reported.baseline_kind, expected.baseline_kind) as baseline_kind,
    coalesce(reported.enterprise_id, expected.enterprise_id) as enterprise_id,
    reported.energy_kwh,
    expected.baseline_kwh
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
  matched.baseline_kwh,
  matched.energy_kwh is not null and matched.baseline_kwh is not null as is_counted,
  coalesce({{ is_resumed('matched.energy_kwh', 'matched.baseline_kwh') }}, false) as is_resumed
from matched
left join {{ ref('stg_power__enterprises') }} as register
  on matched.enterprise_id = register.enterprise_id
