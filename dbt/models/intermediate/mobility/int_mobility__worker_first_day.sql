{#- The first date on which a device was at its workplace within a period: December, and the time from
    the seventh day of the lunar new year. Kept, about single devices, because distinct devices of a
    growing period cannot be added up from days. -#}
with periods as (
  select
    data_date,
    cast({{ dbt.date_trunc('month', 'data_date') }} as date) as period_start_date
  from {{ ref('int_calendar__window') }}
  where extract(month from data_date) = 12
  union all
  select
    data_date,
    {{ add_days('lunar_new_year_date', 'cast(' ~ param('return_from_lunar_day') ~ ' as integer) - 1') }}
  from {{ ref('int_calendar__window') }}
  where days_from_lunar_new_year
    between {{ param('return_from_lunar_day') }} - 1 and {{ param('return_until_day') }}
),

first_days as (
  select
    min(at_work.data_date) as data_date,
    periods.period_start_date,
    at_work.device_id
  from {{ ref('int_mobility__at_work_day') }} as at_work
  inner join periods on at_work.data_date = periods.data_date
  group by periods.period_start_date, at_work.device_id
)

select
  first_days.data_date,
  first_days.period_start_date,
  first_days.device_id,
  workers.work_region_id
from first_days
inner join {{ ref('int_mobility__home_of_date') }} as dates
  on first_days.data_date = dates.data_date
inner join {{ ref('int_mobility__worker') }} as workers
  on dates.reference_date = workers.reference_date and first_days.device_id = workers.device_id
where not exists (
  select 1
  from {{ published_before('int_mobility__worker_first_day', var('mobility_history_days')) }} as earlier
  where earlier.device_id = first_days.device_id
    and earlier.period_start_date = first_days.period_start_date
)
