{#- Devices that travel between regions and within them by hour; a cell under k devices is empty. No
    trips here: with those of the day, the trips of a suppressed hour could be found by subtraction. -#}
with flows as (
  select
    data_date,
    hour,
    from_region_id,
    to_region_id,
    {{ suppressed_under_k('device_count', 'device_count') }} as device_count
  from {{ history('int_mobility__od_hour', var('stale_max_days')) }} as flows
)

select
  good.data_date,
  good.value_date,
  flows.hour,
  flows.from_region_id,
  flows.to_region_id,
  flows.device_count,
  case
    when flows.device_count is null then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_mobility__od_hour') }} as good
inner join flows on good.value_date = flows.data_date
