{#- Devices by the region of the city they spent most of the day in, and how many of them made a trip
    within the city: what is left of the city's own traffic. -#}
with travellers as (
  select distinct trips.data_date, trips.device_id
  from {{ ref('int_mobility__trip') }} as trips
  inner join {{ ref('int_reference__region_city') }} as origin
    on trips.from_region_id = origin.region_id
  inner join {{ ref('int_reference__region_city') }} as destination
    on trips.to_region_id = destination.region_id
    and origin.city_region_id = destination.city_region_id
)

select
  days.data_date,
  days.main_region_id as region_id,
  count(*) as device_count,
  count(travellers.device_id) as traveller_count
from {{ ref('int_mobility__device_day') }} as days
left join {{ ref('int_mobility__machine_day') }} as machines
  on days.data_date = machines.data_date and days.device_id = machines.device_id
left join travellers
  on days.data_date = travellers.data_date and days.device_id = travellers.device_id
where days.main_region_id is not null and machines.device_id is null
group by days.data_date, days.main_region_id
