{#- The city of each station on a ticket: the one whose name the station's begins with, the longest
    if several do (安原西站 is in 安原市, 海宁站 in 海宁州). A name that begins with no city's is 'unknown'. -#}
with stations as (
  select distinct station
  from (
    select from_station as station from {{ ref('stg_ticketing__trips') }} where {{ in_window() }}
    union all
    select to_station from {{ ref('stg_ticketing__trips') }} where {{ in_window() }}
  ) as ends
  where station is not null
),

cities as (
  select
    region_id,
    case
      when name_zh like '%市' or name_zh like '%州'
        then substring(name_zh, 1, length(name_zh) - 1)
      else name_zh
    end as short_name
  from {{ ref('stg_reference__regions') }}
  where level = 'city'
),

ranked as (
  select
    stations.station,
    cities.region_id,
    row_number() over (
      partition by stations.station order by length(cities.short_name) desc, cities.region_id
    ) as place
  from stations
  left join cities
    on substring(stations.station, 1, length(cities.short_name)) = cities.short_name
)

select station, coalesce(region_id, 'unknown') as region_id
from ranked
where place = 1
