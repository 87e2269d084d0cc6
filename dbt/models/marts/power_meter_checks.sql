{#- Meters the power company should look at: one row an enterprise and episode of findings of one
    kind, as known on the date. No reading is in it. -#}
with findings as (
  select
    enterprise_id,
    data_date,
    check_code,
    evidence_from_date,
    {{ days_between(day('1970-01-01'), 'data_date') }} as day_number
  from {{ ref('int_power__reading') }}
  where check_code is not null
),

steps as (
  select
    *,
    case
      when day_number - lag(day_number) over (
        partition by enterprise_id, check_code order by day_number
      ) <= {{ param('meter_episode_gap_days') }} then null
      else day_number
    end as episode_start
  from findings
),

episodes as (
  select
    *,
    coalesce(max(episode_start) over recent, min(day_number) over recent) as episode_day
  from steps
  window recent as (
    partition by enterprise_id, check_code order by day_number
    range between {{ var('meter_history_days') }} preceding and current row
  )
),

listed as (
  select
    days.data_date,
    episodes.enterprise_id,
    episodes.check_code,
    min(episodes.evidence_from_date) as first_date,
    max(episodes.data_date) as last_date,
    count(*) as evidence_days
  from {{ ref('int_calendar__window') }} as days
  inner join episodes
    on episodes.data_date <= days.data_date
    and {{ days_between('episodes.data_date', 'days.data_date') }} <= {{ var('meter_history_days') }}
  group by days.data_date, episodes.enterprise_id, episodes.check_code, episodes.episode_day
),

silences as (
  select
    day.data_date,
    day.enterprise_id,
    'silent' as check_code,
    {{ add_days('max(reading.data_date)', 1) }} as first_date,
    day.data_date as last_date,
    {{ days_between('max(reading.data_date)', 'day.data_date') }} as evidence_days
  from {{ ref('int_power__enterprise_day') }} as day
  inner join {{ ref('int_power__reading') }} as reading
    on day.enterprise_id = reading.enterprise_id and reading.data_date <= day.data_date
  where
    day.baseline_kind = (
      select baseline_kind from {{ ref('power_variants') }} where is_primary
    )
    and day.baseline_kwh is not null
    and day.energy_kwh is null
    and day.refused_code is null
  group by day.data_date, day.enterprise_id
),

every as (
  select data_date, enterprise_id, check_code, first_date, last_date, evidence_days from listed
  where {{ days_between('last_date', 'data_date') }} <= {{ param('meter_list_days') }}
  union all
  select data_date, enterprise_id, check_code, first_date, last_date, evidence_days from silences
)

select
  every.data_date,
  every.enterprise_id,
  coalesce(register.region_id, 'unknown') as region_id,
  coalesce(register.industry_code, 'unknown') as industry_code,
  every.check_code,
  every.first_date,
  max(every.last_date) as last_date,
  cast(sum(every.evidence_days) as bigint) as evidence_days,
  checks.excludes_reading as is_excluded
from every
inner join {{ ref('meter_checks') }} as checks on every.check_code = checks.check_code
left join {{ ref('stg_power__enterprises') }} as register
  on every.enterprise_id = register.enterprise_id
group by 1, 2, 3, 4, 5, 6, 9
