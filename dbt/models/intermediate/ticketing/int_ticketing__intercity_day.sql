{#- Tickets of one service date by mode, direction and the city at the other end, with roll-ups in
    which a passenger counts once. Not suppressed. A service that arrives past midnight stays with the
    date it left. -#}
with trips as (
  select
    trips.data_date,
    trips.mode,
    trips.passenger_id,
    coalesce(origin.region_id, 'unknown') as from_region_id,
    coalesce(destination.region_id, 'unknown') as to_region_id,
    coalesce({{ local_date('trips.arrive_at') }} > trips.data_date, false) as is_past_midnight
  from {{ ref('stg_ticketing__trips') }} as trips
  left join {{ ref('int_ticketing__station_region') }} as origin
    on trips.from_station = origin.station
  left join {{ ref('int_ticketing__station_region') }} as destination
    on trips.to_station = destination.station
  -- a swipe at a gate of the metro is no journey between cities
  where {{ in_window('trips.data_date') }} and trips.mode <> 'metro'
),

directed as (
  select
    *,
    case
      when from_region_id = to_region_id then 'within'
      when to_region_id = '{{ var("city_region_id") }}' then 'arrival'
      when from_region_id = '{{ var("city_region_id") }}' then 'departure'
      else 'elsewhere'
    end as direction
  from trips
),

placed as (
  select
    *,
    case
      when direction = 'arrival' then from_region_id
      when direction = 'departure' then to_region_id
      else 'unknown'
    end as other_region_id
  from directed
)

select
  data_date,
  {{ rolled_up('mode') }} as mode,
  direction,
  {{ rolled_up('other_region_id') }} as other_region_id,
  count(*) as ticket_count,
  count(distinct passenger_id) as passenger_count,
  cast(sum(case when is_past_midnight then 1 else 0 end) as bigint) as past_midnight_count
from placed
group by data_date, direction, cube (mode, other_region_id)
