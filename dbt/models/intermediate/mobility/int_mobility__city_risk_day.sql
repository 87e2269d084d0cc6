{#- Risk level of every city on each date: the greatest any area of it has on the list, as a traveller
    is only known to come from the city; the level of what no list names otherwise. -#}
with days as (
  {{ dbt.date_spine('day', days_before_window(var('stale_max_days')), add_days(window_end(), 1)) }}
),

listed as (
  select
    cast(days.date_day as date) as data_date,
    cities.city_region_id,
    max(levels.severity) as severity
  from {{ ref('risk_areas') }} as areas
  inner join {{ ref('risk_levels') }} as levels on areas.risk_level = levels.risk_level
  inner join {{ ref('int_reference__region_city') }} as cities on areas.region_id = cities.region_id
  inner join days
    on cast(days.date_day as date) >= areas.valid_from_date
    and (areas.valid_to_date is null or cast(days.date_day as date) <= areas.valid_to_date)
  group by cast(days.date_day as date), cities.city_region_id
),

cities as (
  select distinct city_region_id from {{ ref('int_reference__region_city') }}
)

select
  cast(days.date_day as date) as data_date,
  cities.city_region_id,
  levels.risk_level
from days
cross join cities
left join listed
  on cities.city_region_id = listed.city_region_id
  and cast(days.date_day as date) = listed.data_date
inner join {{ ref('risk_levels') }} as levels
  on (listed.severity is null and levels.is_unlisted) or levels.severity = listed.severity
