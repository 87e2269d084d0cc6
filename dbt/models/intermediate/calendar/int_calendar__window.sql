with days as (
  {{ dbt.date_spine('day', window_start(), add_days(window_end(), 1)) }}
),

distances as (
  select
    cast(days.date_day as date) as data_date,
    festivals.new_year_date,
    {{ days_between('festivals.new_year_date', 'cast(days.date_day as date)') }} as days_from
  from days
  cross join {{ ref('lunar_new_year') }} as festivals
),

ranked as (
  select
    *,
    row_number() over (partition by data_date order by abs(days_from), new_year_date desc) as place
  from distances
)

select
  data_date,
  new_year_date as lunar_new_year_date,
  cast(days_from as integer) as days_from_lunar_new_year
from ranked
where place = 1
