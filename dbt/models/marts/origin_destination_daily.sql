{#- Trips between regions and within them by day; a cell under k devices is empty. -#}
with flows as (
  select
    data_date,
    from_region_id,
    to_region_id,
    {{ suppressed_under_k('trip_count', 'device_count') }} as trip_count,
    {{ suppressed_under_k('device_count', 'device_count') }} as device_count
  from {{ history('int_mobility__od_day', var('stale_max_days')) }} as flows
)

select
  good.data_date,
  good.value_date,
  flows.from_region_id,
  flows.to_region_id,
  flows.trip_count,
  flows.device_count,
  case
    when flows.device_count is null then 'suppressed'
    when good.value_date < good.data_date then 'stale'
  end as missing_reason
from {{ last_good_dates('int_mobility__od_day') }} as good
inner join flows on good.value_date = flows.data_date
