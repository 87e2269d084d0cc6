{#- Trips and distinct devices by pair of regions and date; trips within a region included. A device
    counts once a day, so this is not the sum of the hours. Not yet suppressed. -#}
select
  data_date,
  from_region_id,
  to_region_id,
  count(*) as trip_count,
  count(distinct device_id) as device_count
from {{ ref('int_mobility__trip') }}
where from_region_id is not null and to_region_id is not null
group by data_date, from_region_id, to_region_id
