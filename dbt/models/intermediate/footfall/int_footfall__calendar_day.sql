{#- Every date a fit may need: the class of its weekday, its lunar position, whether it belongs to the
    Spring Festival, and since when an epidemic was known on it. -#}
with days as (
  {{ dbt.date_spine(
    'day', days_before_window(var('footfall_history_days')), add_days(window_end(), 1)
  ) }}
),

distances as (
  select
    cast(days.date_day as date) as data_date,
    festivals.new_year_date,
    {{ days_between('festivals.new_year_date', 'cast(days.date_day as date)') }} as days_from,
    row_number() over (
      partition by days.date_day
      order by
        abs({{ days_between('festivals.new_year_date', 'cast(days.date_day as date)') }}),
        festivals.new_year_date desc
    ) as place
  from days
  cross join {{ ref('lunar_new_year') }} as festivals
),

epidemics as (
  select distances.data_date, max(epidemics.known_from_date) as epidemic_from_date
  from distances
  inner join {{ ref('epidemics') }} as epidemics
    on epidemics.known_from_date <= distances.data_date
  group by distances.data_date
)

select
  distances.data_date,
  cast(
    case
      when calendar.is_workday and {{ weekday_of('distances.data_date') }} > 4 then 4
      when not calendar.is_workday and {{ weekday_of('distances.data_date') }} < 5 then 6
      else {{ weekday_of('distances.data_date') }}
    end as integer
  ) as day_class,
  distances.new_year_date as lunar_new_year_date,
  cast(distances.days_from as integer) as days_from_lunar_new_year,
  distances.days_from > {{ param('pre_festival_to_day') }}
    and distances.days_from <= {{ param('footfall_festival_to_day') }} as is_festival,
  epidemics.epidemic_from_date
from distances
left join epidemics on distances.data_date = epidemics.data_date
left join {{ ref('stg_reference__calendar') }} as calendar on distances.data_date = calendar.date
where distances.place = 1
