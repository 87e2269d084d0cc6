{#- Devices that stand for persons, by home region and carrier. -#}
select data_date, home_region_id, carrier, count(*) as device_count
from {{ ref('int_mobility__sample_day') }}
group by data_date, home_region_id, carrier
