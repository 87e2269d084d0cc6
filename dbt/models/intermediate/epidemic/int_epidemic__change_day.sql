{#- Changes of each report against the region's report before it and against the one a week before,
    for the window and for the days a stale value can come from. -#}
{%- set stale = var('stale_max_days') %}
with reports as (
  select * from {{ history('int_epidemic__cases_day', stale * 2 + 7) }} as reports
),

previous_dates as (
  select
    reports.region_id,
    reports.data_date,
    max(case when earlier.data_date < reports.data_date then earlier.data_date end)
      as previous_date,
    max(case when earlier.data_date <= {{ add_days('reports.data_date', -7) }}
      then earlier.data_date end) as week_ago_date
  from reports
  inner join reports as earlier
    on reports.region_id = earlier.region_id
    and earlier.data_date <= reports.data_date
    and earlier.data_date >= {{ add_days('reports.data_date', -(stale + 7)) }}
  where reports.data_date >= {{ days_before_window(stale) }}
  group by reports.region_id, reports.data_date
)

select
  reports.region_id,
  reports.data_date,
  reports.confirmed,
  reports.suspected,
  reports.cured,
  reports.dead,
  reports.confirmed - previous.confirmed as new_confirmed,
  reports.cured - previous.cured as new_cured,
  reports.dead - previous.dead as new_dead,
  reports.confirmed - week_ago.confirmed as new_confirmed_7d,
  {{ days_between('previous.data_date', 'reports.data_date') }} as days_since_previous
from reports
inner join previous_dates
  on reports.region_id = previous_dates.region_id
  and reports.data_date = previous_dates.data_date
left join reports as previous
  on previous_dates.region_id = previous.region_id
  and previous_dates.previous_date = previous.data_date
left join reports as week_ago
  on previous_dates.region_id = week_ago.region_id
  and previous_dates.week_ago_date = week_ago.data_date
