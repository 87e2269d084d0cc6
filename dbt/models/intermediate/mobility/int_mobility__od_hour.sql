{#- Trips and distinct devices by pair of regions, date and hour; trips within a region included. Not
    yet suppressed. -#}
select
  data_date,
  hour,
  from_region_id,
  to_region_id,
  count(*) as trip_count,
  count(distinct device_id) as device_count
from {{ ref('int_mobility__trip') }}
where from_region_id is not null and to_region_id is not null
group by data_date, hour, from_region_id, to_region_id
