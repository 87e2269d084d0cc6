{#- Each enterprise's reading of each day of the window; where none came or the meter checks refuse
    it, its own of the newest day of the same kind (workday or day off), else of the newest day, not
    older than impute_max_age_days. A cell must not swing because its largest user's reading is late. -#}
with readings as (
  select * from {{ ref('int_power__reading') }}
),

days as (
  select data_date, {{ is_off_day('data_date', 'calendar.is_workday') }} as is_off_day
  from (select distinct data_date from readings where {{ in_window() }}) as reported
  left join {{ ref('stg_reference__calendar') }} as calendar on reported.data_date = calendar.date
),

candidates as (
  select
    days.data_date,
    readings.enterprise_id,
    readings.energy_kwh,
    readings.data_date as reading_date,
    row_number() over (
      partition by days.data_date, readings.enterprise_id
      order by
        case
          when readings.data_date = days.data_date then 0
          when readings.is_off_day = days.is_off_day then 1
          else 2
        end,
        readings.data_date desc
    ) as place
  from days
  inner join readings
    on readings.data_date <= days.data_date
    and {{ days_between('readings.data_date', 'days.data_date') }}
    <= {{ param('impute_max_age_days') }}
  where readings.is_accepted
),

refused as (
  select data_date, enterprise_id, check_code
  from readings
  where not is_accepted and {{ in_window() }}
)

select
  coalesce(candidates.data_date, refused.data_date) as data_date,
  coalesce(candidates.enterprise_id, refused.enterprise_id) as enterprise_id,
  candidates.energy_kwh,
  candidates.reading_date,
  coalesce(candidates.reading_date < candidates.data_date, false) as is_imputed,
  refused.check_code as refused_code
from (select * from candidates where place = 1) as candidates
full outer join refused
  on candidates.data_date = refused.data_date
  and candidates.enterprise_id = refused.enterprise_id
