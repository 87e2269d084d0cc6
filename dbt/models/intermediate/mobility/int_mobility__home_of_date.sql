{#- The reference date whose homes hold on each date of the window and on the date before it: the last
    Monday (with `home_refresh_days` of 7), the date itself included. -#}
with dates as (
  select data_date from {{ ref('int_calendar__window') }}
  union all
  select {{ days_before_window(1) }}
)

select
  data_date,
  {{ add_days(
    'data_date',
    '-mod(' ~ days_between(day('1970-01-05'), 'data_date') ~ ', ' ~ var('home_refresh_days') ~ ')'
  ) }} as reference_date
from dates
